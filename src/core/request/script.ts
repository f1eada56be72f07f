/** What of a request the site's own script can take. */
import { PrepError } from "../domain/errors.ts";
import { PREP_OPTIONS, traitsOf } from "../domain/modes.ts";
import { commandWords } from "./command.ts";
import type { Request } from "./request.ts";

export interface ScriptSettings {
  /** The words that start it; the request's own follow. */
  readonly command: readonly string[];
  /** Such as `on this machine`. */
  readonly where: string;
  /** The condition in its `main()` that cleans up on every run is mended. */
  readonly conditionFixed: boolean;
  /** Handed over with the configured password; absent where it uses its own. */
  readonly username?: string | undefined;
  /** Whether an array can be asked for what is passed through to it. */
  readonly hasArray: boolean;
}

/** Errors: `BAD_REQUEST` for what the script does not have, or would get wrong. */
export function checkScriptCan(request: Request, script: ScriptSettings): void {
  const { inScript, flag, name } = traitsOf(request.mode);
  const short = flag.short === undefined ? `--${flag.long}` : `-${flag.short}`;
  if (inScript === "no") {
    throw new PrepError("BAD_REQUEST", `The site's script has no ${name} (${short}).`, {
      hint: "With `engine: script` it does -A, -M and -rvgd.",
    });
  }
  if (inScript !== "yes" && !script.conditionFixed) {
    throw new PrepError(
      "BAD_REQUEST",
      `The site's script cleans up on ${short} as well: a condition in its main() is true on almost every run.`,
      { hint: "Once the site has mended it, set script.conditionFixed: true." },
    );
  }
  const lacks = PREP_OPTIONS.filter((option) => request[option]);
  if (lacks.length > 0) {
    throw new PrepError("BAD_REQUEST", `The site's script does not have ${lacks.join(", ")}.`, {
      hint: "Leave it out, or have it done by hand afterwards.",
    });
  }
  if (request.mode === "rollback" && request.snapshot === undefined && !script.hasArray) {
    throw new PrepError("BAD_REQUEST", "No snapshot was named, and no array can be asked for the latest.", {
      hint: "Name the snapshot to roll back to: which one the script would take cannot be shown to whoever approves.",
    });
  }
}

/** The script's argument vector, without the password. */
export const scriptWords = (
  script: Pick<ScriptSettings, "command" | "username">,
  request: Request,
  snapshot: string | undefined,
  vcenter: string,
): string[] => [
  ...script.command,
  ...commandWords(request, snapshot, vcenter),
  ...(script.username === undefined ? [] : ["-vu", script.username]),
];
