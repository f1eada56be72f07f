/** One thing that `doctor` looked at, and what came of it. */
import { asPrepError, type PrepError } from "../../core/domain/errors.ts";

export interface Finding {
  /** What was looked at, such as `vCenter: clock`. */
  readonly what: string;
  readonly state: "ok" | "warning" | "failed";
  readonly text: string;
  /** What to do, where the state is not ok. */
  readonly fix?: string;
  /** Where something was refused: its hint is what to do. */
  readonly error?: PrepError;
}

export const ok = (what: string, text: string): Finding => ({ what, state: "ok", text });
export const warning = (what: string, text: string, fix: string): Finding => ({ what, state: "warning", text, fix });
export const failed = (what: string, text: string, fix: string): Finding => ({ what, state: "failed", text, fix });

export function failedBy(what: string, thrown: unknown): Finding {
  const error = asPrepError(thrown);
  return { what, state: "failed", text: error.message, error };
}

/** What `check` finds, or as one failure what it throws. */
export async function checked(what: string, check: () => Promise<Finding | Finding[]>): Promise<Finding[]> {
  try {
    return [await check()].flat();
  } catch (thrown) {
    return [failedBy(what, thrown)];
  }
}
