/** What the process ends with, for scripts (SURFACE: Exit codes). */
import type { ErrorCode } from "../../core/domain/errors.ts";
import type { RunView } from "../../core/views.ts";

/** An error's exit code. A new code does not compile until it has been placed here. */
export function exitCodeOf(code: ErrorCode): number {
  switch (code) {
    case "BAD_REQUEST":
    case "CONFIG_INVALID":
    case "CREDENTIALS_MISSING":
      return 2;
    case "UNKNOWN_LUN":
    case "AMBIGUOUS_LUN":
    case "UNKNOWN_CLIENT":
    case "AMBIGUOUS_CLIENT":
    case "UNKNOWN_HOST":
    case "AMBIGUOUS_HOST":
    case "PAIR_CONFLICT":
    case "SNAPSHOT_NOT_FOUND":
    case "SNAPSHOT_AMBIGUOUS":
    case "NO_SNAPSHOTS":
    case "NOTHING_ASSIGNED":
    case "SEVERAL_ASSIGNED":
    case "DATASTORE_NOT_FOUND":
    case "DATASTORE_AMBIGUOUS":
    case "DATASTORE_SPANNED":
    case "DATASTORE_SHARED":
    case "VM_ELSEWHERE":
    case "VM_SPANS_DATASTORES":
    case "VOLUME_IN_USE":
    case "SIGNATURE_MOUNTED":
    case "COPY_AMBIGUOUS":
    case "COPY_NOT_FOUND":
    case "CLONE_HAS_CHILDREN":
    case "TOOLS_MISSING":
    case "FORBIDDEN":
    case "WRONG_PRINCIPAL":
    case "WRONG_CONTROLLER":
      return 3;
    case "NOT_APPROVED":
    case "DECLINED":
    case "PLAN_EXPIRED":
      return 4;
    case "LOCKED":
      return 5;
    case "STALE_PLAN":
    case "PLAN_OBSOLETE":
      return 6;
    case "OUTCOME_UNKNOWN":
    case "GUEST_STILL_RUNNING":
      return 7;
    case "TOO_MANY_PLANS":
    case "RATE_LIMITED":
    case "PLAN_UNKNOWN":
    case "RUN_UNKNOWN":
    case "UNREACHABLE":
    case "AUTHENTICATION_FAILED":
    case "CERTIFICATE_UNTRUSTED":
    case "REMOTE_FAULT":
    case "REMOTE_GARBAGE":
    case "TIMED_OUT":
    case "AUDIT_UNWRITABLE":
    case "STORE_UNUSABLE":
    case "INTERNAL":
      return 1;
  }
}

/** A run's exit code; a run that is still going counts as done, since it was started. */
export function exitCodeOfRun(run: Pick<RunView, "state" | "error">): number {
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
