import { type ErrorCode, PrepError } from "../core/domain/errors.ts";
import { safeText } from "../core/domain/safe-text.ts";
import type { OperationName } from "./operations.ts";
import { isUnsupportedFault, withoutCall } from "./unsupported-calls.ts";
import { at, text, typeName } from "./values.ts";

/** A vim25 fault as it came: its type's name, VMware's own words, and the fault object with its members. */
export interface Fault {
  readonly type: string;
  readonly message: string;
  readonly detail: unknown;
}

/** vCenter understood and refused. `fault` is the vim25 type's name; `code` is `REMOTE_FAULT` unless the table knows better. */
export class VimFault extends PrepError {
  readonly fault: string;
  readonly detail: unknown;
  /** The call that the server does not offer, where that is what the fault says. */
  readonly unsupported: OperationName | undefined;

  /** `action` completes "vCenter refused to …"; `operation` is the call that was answered by the fault. */
  constructor(fault: Fault, action: string, operation?: OperationName) {
    const known = MEANINGS[fault.type];
    const unsupported = operation !== undefined && isUnsupportedFault(fault) ? operation : undefined;
    const said = [unsupported === undefined ? "" : `it does not offer ${unsupported}.`, safeText(fault.message, 300)];
    super(
      known?.code ?? "REMOTE_FAULT",
      `vCenter refused to ${action}: ${[...said, `(${safeText(fault.type, 60)})`].filter(Boolean).join(" ")}`,
      {
        found: {
          ...(unsupported === undefined ? {} : { unsupported }),
          fault: safeText(fault.type, 60),
          ...scalarsOf(fault.detail),
        },
        hint:
          unsupported === undefined
            ? (known?.hint ?? "Look at the host's or VM's recent tasks and events in vCenter for the reason.")
            : withoutCall(unsupported),
      },
    );
    this.fault = fault.type;
    this.detail = fault.detail;
    this.unsupported = unsupported;
  }
}

/** For an object that a server offers optionally and this one does not: as if its call were unknown. */
export const notOffered = (operation: OperationName, action: string): VimFault =>
  new VimFault({ type: "MethodNotFound", message: "", detail: undefined }, action, operation);

export const isUnsupported = (thrown: unknown): thrown is VimFault =>
  thrown instanceof VimFault && thrown.unsupported !== undefined;

const MEANINGS: Readonly<Record<string, { readonly code?: ErrorCode; readonly hint: string }>> = {
  InvalidLogin: {
    code: "AUTHENTICATION_FAILED",
    hint: "Check vcenter.username and vcenter.password in the configuration (with -vi also -vu and -vp).",
  },
  NotAuthenticated: {
    code: "AUTHENTICATION_FAILED",
    hint: "vCenter ended the session right after signing in; check the account and vCenter's session settings.",
  },
  NoPermission: { hint: "Give the account of vcenter.username the privilege that is named, on that object." },
  ResourceInUse: {
    hint: "Something still uses it: a registered VM, an ISO in a CD drive, Storage I/O Control, a heartbeat, scratch or dump file. End that use, then ask again.",
  },
  InvalidState: {
    hint: "It is already in that state, or inaccessible. Look at the host's storage in vCenter, then plan again.",
  },
  InvalidPowerState: { hint: "The VM's power state changed meanwhile; plan again." },
  DuplicateName: {
    hint: "Another VM in that folder has this name. Rename it, or give these VMs a folder of their own (register.folder in the configuration).",
  },
  NotFound: { hint: "It is not on the host any more, or not yet: rescan the host's storage, then plan again." },
  ManagedObjectNotFound: { hint: "The object left vCenter's inventory meanwhile; plan again." },
  VmfsAlreadyMounted: {
    code: "SIGNATURE_MOUNTED",
    hint: "A volume with this VMFS signature is mounted in the same Datacenter. Clean up the other host, or give each host a Datacenter of its own.",
  },
  VmfsAmbiguousMount: {
    hint: "Several copies of this volume are visible to the host; leave only one presented to it.",
  },
  ToolsUnavailable: {
    code: "TOOLS_MISSING",
    hint: "Start VMware Tools in the guest, shut the VM down by hand, or allow --force_power_off.",
  },
  TaskInProgress: { hint: "Another task works on it; wait for it in vCenter, then ask again." },
  HostConfigFault: {
    hint: "The host could not change its configuration; see vmkernel.log on it and its events in vCenter.",
  },
  HostNotConnected: { hint: "Reconnect the host in vCenter, then ask again." },
  InvalidDatastore: { hint: "The datastore is not accessible; look at its state in vCenter." },
  InaccessibleDatastore: { hint: "The datastore is not accessible; look at its state in vCenter." },
};

/** The fault's own simple members, such as `privilegeId`, `existingState`, `object`. */
function scalarsOf(detail: unknown): Record<string, string> {
  if (typeof detail !== "object" || detail === null) return {};
  const members = Object.entries(detail).flatMap(([name, value]) => {
    const simple = name === "attributes" || name === "faultMessage" ? undefined : text(value);
    return simple === undefined ? [] : [[safeText(name, 40), safeText(simple)] as const];
  });
  return Object.fromEntries(members.slice(0, 8));
}

/** The fault in an envelope's body, or undefined when there is none. */
export function faultInBody(body: unknown): Fault | undefined {
  const fault = at(body, "Fault");
  if (typeof fault !== "object" || fault === null) return undefined;
  const detail = at(fault, "detail");
  const [name, value] = entriesOf(detail).find(([key]) => key !== "attributes" && key !== "$value") ?? ["", undefined];
  return {
    type: typeName(value) ?? (name === "" ? (text(fault, "faultcode") ?? "Fault") : name.replace(/Fault$/, "")),
    message: text(fault, "faultstring") ?? "",
    detail: value,
  };
}

/** A `LocalizedMethodFault`, as tasks, results and missing properties carry one. */
export function localizedFault(node: unknown): Fault | undefined {
  const fault = at(node, "fault");
  if (fault === undefined) return undefined;
  return {
    type: typeName(fault) ?? "MethodFault",
    message: text(node, "localizedMessage") ?? text(fault, "faultMessage", "message") ?? "",
    detail: fault,
  };
}

const entriesOf = (node: unknown): [string, unknown][] =>
  typeof node === "object" && node !== null ? Object.entries(node) : [];

export const isFault = (thrown: unknown, ...types: string[]): thrown is VimFault =>
  thrown instanceof VimFault && types.includes(thrown.fault);

/** A change was asked for and nobody can tell from the reply whether it was made. */
export const outcomeUnknown = (action: string, found: Record<string, unknown>, cause: unknown): PrepError =>
  new PrepError(
    "OUTCOME_UNKNOWN",
    `vCenter was asked to ${action}, but its answer was lost: it may or may not have done so.`,
    {
      found,
      hint: "Look in vCenter whether it was done (its recent tasks tell), then resume the run: it goes by what is there.",
      cause,
    },
  );

/** A reply that does not hold what vim25 says it holds. */
export const garbage = (action: string, found: Record<string, unknown>): PrepError =>
  new PrepError("REMOTE_GARBAGE", `vCenter's answer could not be understood when asked to ${action}.`, {
    found,
    hint: "Check that vcenter.address is a vCenter and that no proxy answers in its place, then ask again.",
  });
