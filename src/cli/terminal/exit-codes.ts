/** What the process ends with, for scripts (SURFACE: Exit codes). */
import { type ErrorCode, errorTraits } from "../../core/domain/errors.ts";
import type { RunRecord } from "../../core/records.ts";

export const exitCodeOf = (code: ErrorCode): number => errorTraits(code).exitCode;

/** A run's exit code; a run that is still going counts as done, since it was started. */
export function exitCodeOfRun(run: Pick<RunRecord, "state" | "error">): number {
  switch (run.state) {
    case "queued":
    case "running":
    case "succeeded":
      return 0;
    case "failed":
      return run.error === undefined ? 1 : exitCodeOf(run.error.code);
    case "cancelled":
    case "interrupted":
      return 130;
    case "needs_operator":
      return 7;
  }
}
