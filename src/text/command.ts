/** The exact command that does what a plan does: names resolved, shell-quoted, no secrets. */
import { commandLine, commandWords } from "../core/request/command.ts";
import type { Request } from "../core/request/request.ts";

/** `atvm_prep -A -n LUN -s SNAPSHOT -c CLIENT -vi VCENTER -e HOST`, with every option that changes the plan. */
export const renderCommand = (request: Request, snapshot: string | undefined, vcenter: string): string =>
  commandLine(["atvm_prep", ...commandWords(request, snapshot, vcenter)]);
