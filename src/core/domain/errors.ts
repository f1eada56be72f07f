/** One error class, one table of codes (SURFACE: a contract). A code's row says what it means to whoever gets it. */

import * as z from "zod";
import { type NextAction, nextActionSchema } from "./next-action.ts";

/** What has to come before another try can succeed. */
type Remedy =
  | "mend_request"
  | "mend_installation"
  /** Something on the array or in vCenter is to be changed first; the hint says what. */
  | "mend_systems"
  | "approve"
  | "plan_again"
  | "wait"
  | "retry"
  /** A person finds out what became of it. */
  | "look_at_systems"
  | "report_defect"
  /** It stays a no. */
  | "none";

type HttpStatus = 400 | 403 | 404 | 409 | 410 | 423 | 429 | 500 | 502 | 503 | 504 | 507;

export interface ErrorTraits {
  readonly meaning: string;
  /** Of the command line. */
  readonly exitCode: number;
  readonly httpStatus: HttpStatus;
  /** Whether asking again unchanged can help: the other side may come back. Everything else needs a change first. */
  readonly retryable: boolean;
  /** Whether it says something about the plan or the request; if not, the world could not be looked at just now. */
  readonly aboutPlan: boolean;
  readonly remedy: Remedy;
}

/** `retryable: false` and `aboutPlan: true` where nothing else is said. */
const row = (
  exitCode: number,
  httpStatus: HttpStatus,
  remedy: Remedy,
  meaning: string,
  more: Partial<Pick<ErrorTraits, "retryable" | "aboutPlan">> = {},
): ErrorTraits => ({ meaning, exitCode, httpStatus, remedy, retryable: false, aboutPlan: true, ...more });

const TABLE = {
  // Mend the request or the configuration.
  BAD_REQUEST: row(2, 400, "mend_request", "An argument is missing, malformed, or not one that the call takes."),
  CONFIG_INVALID: row(
    2,
    500,
    "mend_installation",
    "The configuration cannot be used; every issue is named with its place.",
  ),
  CREDENTIALS_MISSING: row(
    2,
    500,
    "mend_installation",
    "A user or a secret that the configuration names is not there.",
    { aboutPlan: false },
  ),
  // Refused as unsafe or ambiguous: nothing was changed.
  UNKNOWN_LUN: row(3, 404, "mend_request", "The array has no gold LUN of this name."),
  AMBIGUOUS_LUN: row(3, 409, "mend_systems", "Several gold LUNs have this name."),
  UNKNOWN_CLIENT: row(3, 404, "mend_request", "The array has no client of this name."),
  AMBIGUOUS_CLIENT: row(3, 409, "mend_systems", "Several clients have this name."),
  UNKNOWN_HOST: row(3, 404, "mend_request", "vCenter has no host of this address."),
  AMBIGUOUS_HOST: row(3, 409, "mend_systems", "Several hosts answer to this address."),
  PAIR_CONFLICT: row(3, 409, "mend_request", "Client and host do not belong together."),
  SNAPSHOT_NOT_FOUND: row(3, 404, "mend_request", "The LUN has no snapshot of this name."),
  SNAPSHOT_AMBIGUOUS: row(3, 409, "mend_systems", "The snapshot's name is not its own among the LUN's snapshots."),
  NO_SNAPSHOTS: row(3, 409, "mend_systems", "The LUN has no snapshots."),
  NOTHING_ASSIGNED: row(3, 409, "mend_systems", "The client has nothing of this LUN's family."),
  SEVERAL_ASSIGNED: row(3, 409, "mend_systems", "The client has several volumes of this LUN's family."),
  DATASTORE_NOT_FOUND: row(3, 409, "mend_systems", "The assigned volume carries no datastore that can be used."),
  DATASTORE_AMBIGUOUS: row(3, 409, "mend_systems", "Several datastores lie on the volume."),
  DATASTORE_SPANNED: row(3, 409, "mend_systems", "The datastore spans several disks."),
  DATASTORE_SHARED: row(3, 409, "mend_systems", "The datastore is mounted on other hosts too."),
  VM_ELSEWHERE: row(3, 409, "mend_systems", "A VM on the datastore runs on another host."),
  VM_SPANS_DATASTORES: row(3, 409, "mend_systems", "A VM that lives elsewhere uses a disk or an ISO on the datastore."),
  VOLUME_IN_USE: row(
    3,
    409,
    "mend_systems",
    "A volume that would be changed is used by another client, by clones of its own snapshots, or by VMs that run on it.",
  ),
  SIGNATURE_MOUNTED: row(3, 409, "mend_systems", "The VMFS signature is mounted where it would collide."),
  COPY_AMBIGUOUS: row(3, 409, "mend_systems", "The host shows another copy of the volume than the plan's."),
  COPY_NOT_FOUND: row(3, 409, "mend_systems", "The new disk or copy did not show on the host in time."),
  SAME_NAA: row(
    3,
    409,
    "mend_systems",
    "Several volumes of the array have one NAA, so that a host cannot tell them apart.",
  ),
  CLONE_HAS_CHILDREN: row(3, 409, "mend_systems", "A clone that would be deleted has snapshots or clones of its own."),
  NOT_SUPPORTED: row(3, 409, "mend_request", "The array, or its version, cannot do what was asked for."),
  VOLUME_UNUSABLE: row(3, 409, "mend_systems", "The array has the volume, and nothing may be done with it as it is."),
  ASSIGNED_THROUGH_GROUP: row(
    3,
    409,
    "mend_systems",
    "The volume is assigned to a group of clients, so that unassigning it would take it from other hosts too.",
  ),
  TOOLS_MISSING: row(
    3,
    409,
    "mend_systems",
    "A running VM on gold has no guest tools, and cannot be shut down cleanly.",
  ),
  VM_HAS_QUESTION: row(
    3,
    409,
    "mend_systems",
    "A VM on the datastore waits for an answer, and takes no power operation.",
  ),
  VM_MANAGED: row(
    3,
    409,
    "mend_systems",
    "A VM on the datastore belongs to vCenter or another product, which manages it.",
  ),
  METHOD_DISABLED: row(
    3,
    409,
    "mend_systems",
    "vCenter does not allow a VM on the datastore to be powered off, shut down or unregistered now.",
  ),
  HOST_IN_MAINTENANCE: row(3, 409, "mend_systems", "The host is in maintenance mode: nothing can run on it."),
  UNMOUNT_BLOCKED: row(
    3,
    409,
    "mend_systems",
    "Something in vSphere uses the datastore, and would not let it be unmounted.",
  ),
  FORBIDDEN: row(3, 403, "none", "This caller, or this channel, may not do it."),
  WRONG_PRINCIPAL: row(3, 403, "none", "The plan or run belongs to someone else."),
  WRONG_CONTROLLER: row(3, 403, "none", "Changes are made on another machine only."),
  // Approval: ask the person, or plan again.
  NOT_APPROVED: row(4, 403, "approve", "The plan has no approval that counts; it stays open.", { retryable: true }),
  DECLINED: row(4, 403, "none", "The operator said no; the plan stays open until it expires."),
  PLAN_EXPIRED: row(4, 410, "plan_again", "The plan has expired."),
  PLAN_UNKNOWN: row(1, 404, "plan_again", "There is no such plan."),
  STALE_PLAN: row(6, 409, "plan_again", "The state has changed since the plan was made; nothing was changed."),
  PLAN_OBSOLETE: row(6, 410, "plan_again", "The plan is no longer open."),
  // Wait, or follow the other run.
  LOCKED: row(5, 423, "wait", "Another run holds the LUN family or the client.", { retryable: true }),
  TOO_MANY_PLANS: row(1, 429, "wait", "Too many plans of this principal are open."),
  RATE_LIMITED: row(1, 429, "wait", "The array limits how often it may be called.", {
    retryable: true,
    aboutPlan: false,
  }),
  // A person has to look at the systems.
  OUTCOME_UNKNOWN: row(
    7,
    502,
    "look_at_systems",
    "A call was sent and no answer came: nobody can tell whether it took effect.",
  ),
  GUEST_STILL_RUNNING: row(7, 409, "look_at_systems", "A guest on gold did not shut down in time."),
  // Outside faults.
  UNREACHABLE: row(1, 502, "retry", "A system cannot be reached.", { retryable: true, aboutPlan: false }),
  AUTHENTICATION_FAILED: row(1, 502, "mend_installation", "A system refused user and password.", { aboutPlan: false }),
  CERTIFICATE_UNTRUSTED: row(1, 502, "mend_installation", "A system showed a certificate that is not trusted.", {
    aboutPlan: false,
  }),
  REMOTE_FAULT: row(1, 502, "mend_systems", "A system refused the call, in its own words.", { aboutPlan: false }),
  NO_SPACE: row(1, 507, "mend_systems", "The array refuses to make a volume: it has no room for it.", {
    aboutPlan: false,
  }),
  REMOTE_GARBAGE: row(1, 502, "retry", "A system answered something that is not its interface.", {
    retryable: true,
    aboutPlan: false,
  }),
  TIMED_OUT: row(1, 504, "retry", "A system did not answer in time.", { retryable: true, aboutPlan: false }),
  RUN_UNKNOWN: row(1, 404, "mend_request", "There is no such run."),
  AUDIT_UNWRITABLE: row(1, 503, "mend_installation", "The audit log cannot be written, so nothing is done.", {
    aboutPlan: false,
  }),
  STORE_UNUSABLE: row(
    1,
    503,
    "mend_installation",
    "The store cannot be opened, read or written, or a record in it was altered.",
    { aboutPlan: false },
  ),
  INTERNAL: row(1, 500, "report_defect", "A defect in atvm_prep itself.", { aboutPlan: false }),
} satisfies Readonly<Record<string, ErrorTraits>>;

export type ErrorCode = keyof typeof TABLE;

// `keys` forgets the type: these are the table's.
export const ERROR_CODES = Object.keys(TABLE) as readonly ErrorCode[];

export const errorTraits = (code: ErrorCode): ErrorTraits => TABLE[code];

export interface PrepErrorOptions {
  /** What was found, with ids: plain JSON, no secrets, no names that were not made safe (`core/text.ts`). */
  readonly found?: unknown;
  /** What the operator can do now, in words that hold at every door. Every error has one. */
  readonly hint: string;
  /** What of that this program can do: each door says it in its own words. */
  readonly next?: readonly NextAction[];
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** More members of the `error` object, such as `diff` of a stale plan. */
  readonly extra?: Readonly<Record<string, unknown>>;
}

/** An error as data, as the journal keeps it. */
export const errorRecord = z.lazy(() =>
  z.looseObject({
    code: z.enum(ERROR_CODES),
    message: z.string(),
    found: z.unknown().optional(),
    hint: z.string(),
    retryable: z.boolean(),
    next: z.array(nextActionSchema).default([]),
  }),
);
export type ErrorRecord = z.infer<typeof errorRecord>;

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
  readonly next: readonly NextAction[];
  readonly extra: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: PrepErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.found = options.found;
    this.hint = options.hint;
    this.retryable = options.retryable ?? errorTraits(code).retryable;
    this.next = options.next ?? [];
    this.extra = options.extra ?? {};
  }

  toRecord(): ErrorRecord {
    return {
      code: this.code,
      message: this.message,
      ...(this.found === undefined ? {} : { found: this.found }),
      hint: this.hint,
      retryable: this.retryable,
      next: [...this.next],
      ...this.extra,
    };
  }
}

/** Anything thrown, as a PrepError: what is not one already is a defect of ours, `INTERNAL`, its text kept for the log. */
export function asPrepError(thrown: unknown): PrepError {
  if (thrown instanceof PrepError) return thrown;
  return new PrepError("INTERNAL", "Something in atvm_prep itself went wrong.", {
    hint: "Report it with the details from atvm_prep.log.",
    next: [{ kind: "see_runs" }],
    cause: thrown,
  });
}
