/** One error class, one union of codes (SURFACE: a contract). A code's comment tells the caller what to do with it. */

export const ERROR_CODES = [
  // Mend the request or the configuration.
  "BAD_REQUEST",
  "CONFIG_INVALID",
  "CREDENTIALS_MISSING",
  // Refused as unsafe or ambiguous: nothing was changed; the hint says what would make it unambiguous.
  "UNKNOWN_LUN",
  "AMBIGUOUS_LUN",
  "UNKNOWN_CLIENT",
  "AMBIGUOUS_CLIENT",
  "UNKNOWN_HOST",
  "AMBIGUOUS_HOST",
  "PAIR_CONFLICT",
  "SNAPSHOT_NOT_FOUND",
  "SNAPSHOT_AMBIGUOUS",
  "NO_SNAPSHOTS",
  "NOTHING_ASSIGNED",
  "SEVERAL_ASSIGNED",
  "DATASTORE_NOT_FOUND",
  "DATASTORE_AMBIGUOUS",
  "DATASTORE_SPANNED",
  "DATASTORE_SHARED",
  "VM_ELSEWHERE",
  "VM_SPANS_DATASTORES",
  "VOLUME_IN_USE",
  "SIGNATURE_MOUNTED",
  "COPY_AMBIGUOUS",
  "COPY_NOT_FOUND",
  "CLONE_HAS_CHILDREN",
  "TOOLS_MISSING",
  "FORBIDDEN",
  "WRONG_PRINCIPAL",
  "WRONG_CONTROLLER",
  // Approval: ask the person, or plan again.
  "NOT_APPROVED",
  "DECLINED",
  "PLAN_EXPIRED",
  "PLAN_UNKNOWN",
  "STALE_PLAN",
  "PLAN_OBSOLETE",
  // Wait, or follow the other run.
  "LOCKED",
  "TOO_MANY_PLANS",
  "RATE_LIMITED",
  // A person has to look at the systems.
  "OUTCOME_UNKNOWN",
  "GUEST_STILL_RUNNING",
  // Outside faults.
  "UNREACHABLE",
  "AUTHENTICATION_FAILED",
  "CERTIFICATE_UNTRUSTED",
  "REMOTE_FAULT",
  "REMOTE_GARBAGE",
  "TIMED_OUT",
  "RUN_UNKNOWN",
  "AUDIT_UNWRITABLE",
  "STORE_UNUSABLE",
  "INTERNAL",
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

/** Whether asking again unchanged can help: the other side may come back. Everything else needs a change first. */
const RETRYABLE: ReadonlySet<ErrorCode> = new Set([
  "UNREACHABLE",
  "TIMED_OUT",
  "LOCKED",
  "RATE_LIMITED",
  "REMOTE_GARBAGE",
  "NOT_APPROVED",
]);

export interface PrepErrorOptions {
  /** What was found, with ids: plain JSON, no secrets, no names that were not made safe (`core/text.ts`). */
  readonly found?: unknown;
  /** What the operator can do now. Every error has one. */
  readonly hint: string;
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** More members of the `error` object, such as `diff` and `plan` of a stale plan. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** The `error` object that every door shows (SURFACE: Refusal). */
export interface ErrorView {
  code: ErrorCode;
  message: string;
  found?: unknown;
  hint: string;
  retryable: boolean;
  [extra: string]: unknown;
}

/**
 * The one error that is meant to be shown. Message, `found` and `hint` are safe to print: adapters translate what they
 * met at their edge and put no secret in. `cause` is for the log only.
 */
export class PrepError extends Error {
  override readonly name = "PrepError";
  readonly code: ErrorCode;
  readonly found: unknown;
  readonly hint: string;
  readonly retryable: boolean;
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: PrepErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.found = options.found;
    this.hint = options.hint;
    this.retryable = options.retryable ?? RETRYABLE.has(code);
    this.extra = options.extra ?? {};
  }

  toView(): ErrorView {
    return {
      code: this.code,
      message: this.message,
      ...(this.found === undefined ? {} : { found: this.found }),
      hint: this.hint,
      retryable: this.retryable,
      ...this.extra,
    };
  }
}

/** Anything thrown, as a PrepError: what is not one already is a defect of ours, `INTERNAL`, its text kept for the log. */
export function asPrepError(thrown: unknown): PrepError {
  if (thrown instanceof PrepError) return thrown;
  return new PrepError("INTERNAL", "Something in atvm_prep itself went wrong.", {
    hint: "Look at atvm_prep.log for the details and report it; `atvm_prep runs` shows what was done.",
    cause: thrown,
  });
}
