/** The words of plans, runs, steps and the audit: closed sets, so that whoever handles one handles all of it. */

export const STEP_KINDS = [
  "power_off",
  "shut_down_guest",
  "unregister",
  "unmount",
  "detach",
  "attach",
  "forget_device",
  "unassign",
  "delete_clone",
  "create_clone",
  "take_snapshot",
  "rollback_volume",
  "assign",
  "rescan",
  "mount_copy",
  "mount",
  "register",
  "script",
] as const;
export type StepKindName = (typeof STEP_KINDS)[number];

/** `redeemed`: it became a run. `obsolete`: another plan for its family or client did. */
export const PLAN_STATES = ["open", "redeemed", "stale", "obsolete", "discarded"] as const;
export type PlanState = (typeof PLAN_STATES)[number];

export const RUN_STATES = [
  "queued",
  "running",
  "succeeded",
  "failed",
  "cancelled",
  "interrupted",
  "needs_operator",
] as const;
export type RunState = (typeof RUN_STATES)[number];

/** States of a run that goes on, or is about to. */
export const LIVE_RUN_STATES = ["queued", "running"] as const satisfies readonly RunState[];
export type FinishedRunState = Exclude<RunState, (typeof LIVE_RUN_STATES)[number]>;

export const isFinished = (state: RunState): state is FinishedRunState => state !== "queued" && state !== "running";

/** `skipped`: its goal was there already. `unknown`: begun, and nobody can tell from here whether it took effect. */
export const STEP_STATES = ["pending", "running", "done", "skipped", "failed", "unknown"] as const;
export type StepState = (typeof STEP_STATES)[number];

/** What an audit row can record. `plan_approved` and `plan_redeemed` decide over what may run (`hasAuditEvent`), `audit_cut` over where the chain may begin. */
export const AUDIT_EVENTS = [
  /** A call of a tool, whatever came of it: its arguments, outcome and duration. */
  "tool_called",
  "read",
  "read_refused",
  "plan_made",
  "plan_refused",
  "plan_approved",
  "plan_not_approved",
  "plan_declined",
  "approve_refused",
  "decline_refused",
  "plan_stale",
  "plan_obsolete",
  "plan_discarded",
  "discard_refused",
  "plan_redeemed",
  "confirm_refused",
  "confirm_repeated",
  "resume_refused",
  "run_claimed",
  "run_started",
  "run_succeeded",
  "run_failed",
  "run_cancelled",
  "run_interrupted",
  "run_needs_operator",
  "step_begin",
  "step_end",
  "cancel_requested",
  "clock_set_back",
  "store_moved",
  /** The rows up to one are about to be removed: see `retention.ts`. */
  "audit_cut",
  "cancel_refused",
  "call_refused",
  "token_created",
  "token_revoked",
  "token_refused",
  "console_link_made",
  "console_signed_in",
  "console_signed_out",
  "console_refused",
] as const;
export type AuditEvent = (typeof AUDIT_EVENTS)[number];
