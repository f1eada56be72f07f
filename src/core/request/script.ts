/** What of a request the site's own script can take. */
import { PrepError } from "../domain/errors.ts";
import { MODES, PREP_OPTIONS, traitsOf } from "../domain/modes.ts";
import type { Request } from "./request.ts";

export interface ScriptSettings {
  /** Its argument vector for a request, from the words that start it, without the password. */
  readonly words: (request: Request, snapshot: string | undefined, vcenter: string) => readonly string[];
  /** Whether the configured password follows these. */
  readonly withPassword: boolean;
  /** Such as `on this machine`. */
  readonly where: string;
  /** The condition in its `main()` that cleans up on every run is mended. */
  readonly conditionFixed: boolean;
  /** Whether an array can be asked for what is passed through to it. */
  readonly hasArray: boolean;
}

const IN_SCRIPT = MODES.map(traitsOf).flatMap(({ inScript, name }) => (inScript === "yes" ? [name] : []));

/** Errors: `BAD_REQUEST` for what the script does not have, or would get wrong. */
export function checkScriptCan(request: Request, script: ScriptSettings): void {
  const { inScript, flag, name } = traitsOf(request.mode);
  const short = flag.short === undefined ? `--${flag.long}` : `-${flag.short}`;
  if (inScript === "no") {
    throw new PrepError("BAD_REQUEST", `The site's script has no ${name} (${short}).`, {
      hint: `With \`engine: script\` it does ${IN_SCRIPT.join(", ")}.`,
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
