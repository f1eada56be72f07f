/** What went wrong at ONTAP, as the one error that is shown. Bodies and credentials are never part of it. */
import { type ErrorCode, PrepError } from "../../core/domain/errors.ts";
import { parsedJson } from "../../net/json.ts";
import { peerText } from "../../net/peer-text.ts";
import type { HttpReply } from "../transport.ts";
import { faultSchema } from "./schemas.ts";

/** A call, as errors name it: what was to be done, and the ids that it was about. */
export interface CallSummary {
  readonly action: string;
  readonly ids: Readonly<Record<string, string>>;
}

export interface OntapFault {
  /** ONTAP's own; decided by, since the HTTP status cannot be relied on. Empty where the body had none. */
  readonly code: string;
  readonly message: string;
}

/** Codes by what they mean to this driver (NetApp's REST reference, error tables of each endpoint). */
export const CODES = {
  notFound: ["4"],
  noPermission: ["6"],
  notAuthorized: ["6691623"],
  /** A clone's name, of any volume. */
  nameTaken: ["917526"],
  /** The parent of a clone is still being made. */
  parentNotReady: ["13107405"],
  mapExists: ["1254207"],
  mapAbsent: ["4", "5374922"],
  snapshotExists: ["525059"],
} as const;

export const isCode = (fault: OntapFault | undefined, ...codes: readonly string[]): boolean =>
  fault !== undefined && codes.includes(fault.code);

/** The fault in an answer that is no success. */
export function faultOf(reply: HttpReply): OntapFault {
  const read = faultSchema.safeParse(parsedJson(reply.text));
  return read.success ? read.data.error : { code: "", message: "" };
}

/** The array's own words of a fault, as they may be shown; empty where it had none. */
export const faultWords = ({ message }: OntapFault): string => (message === "" ? "" : peerText(message, 300));

/** No endpoint's table has a code of its own for it; these are the words of ONTAP's event catalogue. */
const NO_ROOM = /\b(insufficient|not enough|no|lack of)\b[^.]{0,40}\bspace\b/i;

/** The array's own refusal in its own words; `settled`: nothing was done, and nothing is going on any more. */
export class OntapError extends PrepError {
  readonly fault: OntapFault;
  constructor(code: ErrorCode, call: CallSummary, fault: OntapFault, status?: number) {
    const isFull = NO_ROOM.test(fault.message);
    const words = fault.message === "" ? "" : `: ${faultWords(fault)}`;
    const by = fault.code === "" ? (status === undefined ? "" : ` with status ${status}`) : ` with code ${fault.code}`;
    super(isFull ? "NO_SPACE" : code, `ONTAP refused to ${call.action}${by}${words}`, {
      found: {
        action: call.action,
        ...call.ids,
        ...(fault.code === "" ? {} : { code: fault.code }),
        ...(status === undefined ? {} : { status }),
      },
      hint: isFull ? "Free space in the aggregate, then plan again." : hintFor(fault, status),
      ...(isFull ? { next: [{ kind: "plan_with", option: "releaseFirst" }] } : {}),
      extra: { settled: true },
    });
    this.fault = fault;
  }
}

export function refusal(call: CallSummary, reply: HttpReply): OntapError {
  const fault = faultOf(reply);
  const unknown = reply.status === 401 || isCode(fault, ...CODES.notAuthorized);
  const forbidden = isCode(fault, ...CODES.noPermission);
  return new OntapError(unknown || forbidden ? "AUTHENTICATION_FAILED" : "REMOTE_FAULT", call, fault, reply.status);
}

function hintFor(fault: OntapFault, status: number | undefined): string {
  if (status === 401 || isCode(fault, ...CODES.notAuthorized)) {
    return "Check the configured username and the secret that its password, or token, names.";
  }
  if (isCode(fault, ...CODES.noPermission)) {
    return "The account's role lacks this right: docs/privileges.md has the role that is needed.";
  }
  const hint = HINTS[fault.code];
  if (hint !== undefined) return hint;
  if (status !== undefined && status >= 500) return "ONTAP reported an internal error: check its event log first.";
  return "Check the volume on the array and at what ONTAP says, then plan again.";
}

const HINTS: Readonly<Record<string, string>> = {
  "524601": "The gold volume is gone or was renamed: plan again.",
  "918243": "The snapshot was replaced by another of its name: plan again.",
  "1638600": "The snapshot is gone: plan again with a different snapshot.",
  "5374875": "The LUN is gone: plan again.",
  "5374878": "The igroup is gone: plan again.",
  "524615": "Delete or split the clones of this volume first, or plan with keep_clone.",
  "524486": "Something still uses the volume: check its LUN maps on the array.",
  "524511": "FlexClones of a newer snapshot, or SnapMirror, hold it: check the volume's snapshots on the array.",
  "1638480": "SnapMirror uses a newer snapshot as its reference: restoring past it is for the storage administrator.",
  "9437886": "A newer snapshot is locked: restoring past it is for the storage administrator.",
  "9437885": "Bring the volume online first.",
};

export function garbage(call: CallSummary, what: string): PrepError {
  return new PrepError("REMOTE_GARBAGE", `ONTAP's answer to "${call.action}" cannot be read: ${what}.`, {
    found: { action: call.action, ...call.ids, problem: what },
    hint: "Check that the configured address is an ONTAP cluster or SVM management address (no portal or proxy).",
  });
}

export function unavailable(call: CallSummary): PrepError {
  return new PrepError("UNREACHABLE", `ONTAP is not available now (${call.action}, status 503).`, {
    found: { action: call.action, ...call.ids, status: 503 },
    hint: "Wait until the cluster's management service is up again, then ask again.",
    extra: { settled: true },
  });
}

export function outcomeUnknown(
  call: CallSummary,
  why: string,
  more: { jobId?: string; cause?: unknown } = {},
): PrepError {
  return new PrepError(
    "OUTCOME_UNKNOWN",
    `ONTAP was asked to ${call.action}, and ${why}: it may or may not have been done.`,
    {
      found: { action: call.action, ...call.ids, ...(more.jobId === undefined ? {} : { jobId: more.jobId }) },
      hint: "Check these objects on the array. Resuming the run checks them as well, and does only what is not done.",
      cause: more.cause,
      extra: { settled: false },
    },
  );
}

/** Refused by this driver, before anything was sent. */
export function notSent(code: ErrorCode, message: string, found: object, hint: string): PrepError {
  return new PrepError(code, message, { found, hint, extra: { settled: true } });
}
