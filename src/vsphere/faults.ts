import { PrepError } from "../core/domain/errors.ts";
import { peerText } from "../net/peer-text.ts";
import { type Fault, localizedFault } from "./fault.ts";
import { meaningOf } from "./fault-meanings.ts";
import { ancestryOf } from "./fault-types.ts";
import { OPERATIONS, type OperationName } from "./operations.ts";
import { isUnsupportedFault, withoutCall } from "./unsupported-calls.ts";
import { at, list, text } from "./values.ts";

/**
 * vCenter understood and refused. `fault` is the vim25 type's name; `code` is `REMOTE_FAULT` unless the table of meanings
 * knows better. Message and `found` have whatever reasons vCenter gives.
 */
export class VimFault extends PrepError {
  readonly fault: string;
  readonly detail: unknown;
  /** The call that the server does not offer, where that is what the fault says. */
  readonly unsupported: OperationName | undefined;

  /** `action` completes "vCenter refused to …"; `operation` is the call that was answered by the fault. */
  constructor(fault: Fault, action: string, operation?: OperationName) {
    const unsupported = operation !== undefined && isUnsupportedFault(fault) ? operation : undefined;
    const { code, hint } = meaningOf(fault, operation);
    const offer = unsupported === undefined ? [] : [`it does not offer ${unsupported}.`];
    super(code ?? "REMOTE_FAULT", `vCenter refused to ${action}: ${[...offer, whyOf(fault)].join(" ")}`, {
      found: { ...(unsupported === undefined ? {} : { unsupported }), ...foundIn(fault) },
      hint: unsupported === undefined ? hint : withoutCall(unsupported),
      ...(isBusy(fault) ? { retryable: true } : {}),
    });
    this.fault = fault.type;
    this.detail = fault.detail;
    this.unsupported = unsupported;
  }
}

/** Refused for the moment: something else is at it. What extends these is as passing as they are. */
const BUSY: readonly string[] = ["ResourceInUse", "TaskInProgress", "ConcurrentAccess"];

/**
 * Also where such a fault is the cause of a general one, and for a bare `VimFault`, as which a busy host's own fault may
 * arrive.
 */
function isBusy(fault: Fault): boolean {
  if (fault.type === "VimFault") return true;
  return withCauses(fault).some(({ type }) => ancestryOf(type).some((ancestor) => BUSY.includes(ancestor)));
}

/** After these nobody can tell whether a change was made: vCenter had an internal error, or lost the host that was at it. */
const UNCLEAR: readonly string[] = ["SystemError", "HostCommunication", "HostNotReachable"];

/** The error for a fault in answer to a call: `VimFault`, or `OUTCOME_UNKNOWN` where a change may have been made all the same. */
export function refusal(fault: Fault, action: string, operation: OperationName): PrepError {
  if (!OPERATIONS[operation].changes || !UNCLEAR.includes(fault.type)) return new VimFault(fault, action, operation);
  const why = `and reported an internal error: ${whyOf(fault)}`;
  return outcomeUnknown(action, { operation, ...foundIn(fault) }, undefined, why);
}

function whyOf(fault: Fault): string {
  const privilege = text(fault.detail, "privilegeId");
  const object = text(fault.detail, "object");
  const on = object === undefined ? "" : ` on ${text(fault.detail, "object", "attributes", "type") ?? ""} ${object}`;
  const kind = privilege === undefined ? fault.type : `${fault.type}: ${privilege}${on}`;
  return [...reasonsOf(fault), `(${peerText(kind, 160)})`].join(" ");
}

function foundIn(fault: Fault): Record<string, unknown> {
  const [, ...more] = reasonsOf(fault);
  return {
    fault: peerText(fault.type, 60),
    ...scalarsOf(fault.detail),
    ...(more.length === 0 ? {} : { reasons: more }),
  };
}

/** More causes than these tell nobody anything, and a server may send a circle's worth. */
const MAX_REASONS = 5;

/** The fault, what caused it, and so on. */
function withCauses(fault: Fault): Fault[] {
  const chain: Fault[] = [];
  for (let here: Fault | undefined = fault; here !== undefined && chain.length < MAX_REASONS; ) {
    chain.push(here);
    here = localizedFault(at(here.detail, "faultCause"));
  }
  return chain;
}

/** VMware's own words, each once: the fault's, its messages, a pending question's, then those of what caused it. */
function reasonsOf(fault: Fault): string[] {
  const said = withCauses(fault).flatMap(({ type, message, detail }, depth) => {
    const messages = list(detail, "faultMessage").map((each) => text(each, "message"));
    const question = type === "QuestionPending" ? text(detail, "text") : undefined;
    return [depth === 0 ? "" : type, message, ...messages, question].map((words) => peerText(words ?? "", 300));
  });
  return [...new Set(said)].filter((words) => words !== "").slice(0, MAX_REASONS);
}

/** For an object that a server offers optionally and this one does not: as if its call were unknown. */
export const notOffered = (operation: OperationName, action: string): VimFault =>
  new VimFault({ type: "MethodNotFound", message: "", detail: undefined }, action, operation);

export const isUnsupported = (thrown: unknown): thrown is VimFault =>
  thrown instanceof VimFault && thrown.unsupported !== undefined;

const MEMBERS_OF_ALL = ["attributes", "faultCause", "faultMessage"];

/** The fault's own simple members, such as `privilegeId`, `existingState`, `object`. */
function scalarsOf(detail: unknown): Record<string, string> {
  if (typeof detail !== "object" || detail === null) return {};
  const members = Object.entries(detail).flatMap(([name, value]) => {
    const simple = MEMBERS_OF_ALL.includes(name) ? undefined : text(value);
    return simple === undefined ? [] : [[peerText(name, 40), peerText(simple)] as const];
  });
  return Object.fromEntries(members.slice(0, 8));
}

/** Whether it is a refusal by one of these faults, or by a kind of one. */
export const isFault = (thrown: unknown, ...types: string[]): thrown is VimFault =>
  thrown instanceof VimFault && ancestryOf(thrown.fault).some((type) => types.includes(type));

/** A change was asked for and nobody can tell from the reply whether it was made. */
export const outcomeUnknown = (
  action: string,
  found: Record<string, unknown>,
  cause: unknown,
  why = "but its answer was lost",
): PrepError =>
  new PrepError("OUTCOME_UNKNOWN", `vCenter was asked to ${action}, ${why}; it may or may not have done so.`, {
    found,
    hint: "Check in vCenter whether it was done (see its recent tasks), then resume the run: it goes by what is there.",
    cause,
  });

/** A reply that does not hold what vim25 says it holds. */
export const garbage = (action: string, found: Record<string, unknown>): PrepError =>
  new PrepError("REMOTE_GARBAGE", `vCenter's answer could not be understood when asked to ${action}.`, {
    found,
    hint: "Check that vcenter.address is a vCenter and that no proxy answers in its place, then ask again.",
  });
