/** What went wrong at DGS, as the one error that is shown. Bodies, tokens and passwords are never part of it. */
import { PrepError } from "../../core/domain/errors.ts";
import { safeText } from "../../core/domain/safe-text.ts";
import { parsedJson } from "../../net/json.ts";
import { peerText } from "../../net/peer-text.ts";
import { noSpace } from "../refusals.ts";
import type { HttpReply } from "../transport.ts";
import { type Job, problemSchema } from "./schemas.ts";

/** operationIds of docs/dgs-api.yaml. */
type OperationId =
  | "CreateSession"
  | "DeleteSession"
  | "ListClients"
  | "ListAssignments"
  | "ListVolumes"
  | "GetVolume"
  | "ListSnapshots"
  | "CloneSnapshot"
  | "RollbackSnapshot"
  | "CreateAssignment"
  | "DeleteAssignment"
  | "DeleteVolume"
  | "CreateSnapshot"
  | "GetJob";

/** A call, as errors name it: its name and the ids that it was about. */
export interface CallSummary {
  readonly operationId: OperationId;
  readonly ids: Readonly<Record<string, string>>;
}

/** The array's own refusal (4xx, 5xx) in its own words. */
export function refusal(call: CallSummary, reply: HttpReply): PrepError {
  const words = problemWords(reply);
  const said = `DGS refused ${call.operationId} with status ${reply.status}${words === "" ? "" : `: ${words}`}`;
  const found = { operationId: call.operationId, ...call.ids, status: reply.status };
  if (reply.status === NO_ROOM) return noSpace(said, found);
  return new PrepError("REMOTE_FAULT", said, { found, hint: refusalHint(reply.status) });
}

/** Insufficient Storage (RFC 4918), of a refusal as of a failed job. */
const NO_ROOM = 507;

function refusalHint(status: number): string {
  if (status >= 500)
    return "DGS reported an internal error: check its own log and health, then check the target again before repeating.";
  if (status === 403) return "The DGS account lacks this right, or DGS forbids it for this object.";
  if (status === 404)
    return "It is gone, or the configured address points to something else: check the target again and plan anew.";
  if (status === 409) return "The array's state has changed since the plan: check the target again and plan anew.";
  return "Check the configured address and that this DGS speaks the interface of docs/dgs-api.yaml.";
}

/** Title and detail of a problem document, made safe; empty for anything else. */
export function problemWords(reply: HttpReply): string {
  if (!reply.contentType.startsWith("application/problem+json")) return "";
  const problem = problemSchema.safeParse(parsedJson(reply.text));
  if (!problem.success) return "";
  const { title, detail } = problem.data;
  return [title, detail].flatMap((part) => (part == null || part === "" ? [] : [peerText(part)])).join(": ");
}

/** Whether the array itself speaks of a missing object, and not a proxy or web server of a missing page. */
export const isProblem = (reply: HttpReply): boolean =>
  reply.contentType.startsWith("application/problem+json") && problemSchema.safeParse(parsedJson(reply.text)).success;

/** Whether the array says that it has no room, which it does before it begins. */
export const isNoRoom = (reply: HttpReply): boolean => reply.status === NO_ROOM && isProblem(reply);

export function garbage(call: CallSummary, what: string): PrepError {
  return new PrepError(
    "REMOTE_GARBAGE",
    `DGS answered ${call.operationId} with something that its interface does not know: ${what}.`,
    {
      found: { operationId: call.operationId, ...call.ids, problem: what },
      hint: "Check that the configured address is the DGS appliance itself (no portal or proxy), and its version against docs/dgs-api.yaml.",
    },
  );
}

export function unavailable(call: CallSummary): PrepError {
  return new PrepError("UNREACHABLE", `DGS says that it is not available (${call.operationId}, status 503).`, {
    found: { operationId: call.operationId, ...call.ids, status: 503 },
    hint: "Wait until DGS is up again, then ask again.",
  });
}

export function signInRefused({
  section,
  url,
  username,
  status,
}: {
  section: string;
  url: string;
  username: string;
  status: number;
}): PrepError {
  return new PrepError("AUTHENTICATION_FAILED", `DGS refused the sign-in of ${safeText(username)}.`, {
    found: { url, username: safeText(username), status },
    hint: `Check ${section}.username and the secret that ${section}.password names.`,
  });
}

export function sessionRefused(call: CallSummary, url: string): PrepError {
  return new PrepError(
    "AUTHENTICATION_FAILED",
    `DGS refuses a session that it has only just given (${call.operationId}).`,
    {
      found: { url, operationId: call.operationId },
      hint: "Compare the clocks of DGS and this machine, and check that the DGS account is not locked.",
    },
  );
}

export function outcomeUnknown(
  call: CallSummary,
  key: string,
  why: string,
  more: { jobId?: string; cause?: unknown },
): PrepError {
  const { jobId, cause } = more;
  return new PrepError(
    "OUTCOME_UNKNOWN",
    `DGS was asked for ${call.operationId}, and ${why}: it may or may not have been done.`,
    {
      found: {
        operationId: call.operationId,
        ...call.ids,
        idempotencyKey: key,
        ...(jobId === undefined ? {} : { jobId }),
      },
      hint: "Check these objects on DGS. Resuming the run checks them as well, and does only what is not done.",
      cause,
      extra: { settled: false },
    },
  );
}

export function jobFailed(call: CallSummary, job: Job): PrepError {
  const words = job.error === undefined || job.error === "" ? "without a reason" : peerText(job.error, 300);
  const said = `The DGS job of ${call.operationId} failed: ${words}`;
  const found = { operationId: call.operationId, ...call.ids, jobId: job.id };
  if (job.errorStatus === NO_ROOM) return noSpace(said, found);
  return new PrepError("REMOTE_FAULT", said, {
    found,
    hint: "DGS gives the reason; check the target again before repeating.",
    extra: { settled: true },
  });
}

/** Whether it is the array's refusal with this status. */
export const hasStatus = (thrown: unknown, status: number): boolean =>
  thrown instanceof PrepError &&
  thrown.code === "REMOTE_FAULT" &&
  typeof thrown.found === "object" &&
  thrown.found !== null &&
  "status" in thrown.found &&
  thrown.found.status === status;

export function refusedUnsent(message: string, found: object): PrepError {
  return new PrepError("REMOTE_FAULT", message, {
    found,
    hint: "Nothing was sent. Check the volume on the array, then plan again.",
    extra: { settled: true },
  });
}

/** The call is an optional one of the interface. */
export const takesNone = (cause: unknown, ids: Readonly<Record<string, string>>): PrepError =>
  new PrepError("NOT_SUPPORTED", "This DGS takes no snapshots for others.", {
    found: { operationId: "CreateSnapshot", ...ids },
    hint: "Take the snapshot on the appliance itself.",
    cause,
    extra: { settled: true },
  });
