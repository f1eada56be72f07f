import type { ErrorCode } from "../core/domain/errors.ts";
import { peerText } from "../net/peer-text.ts";
import type { Fault } from "./fault.ts";
import { ancestryOf } from "./fault-types.ts";
import { OPERATIONS, type OperationName } from "./operations.ts";
import { text } from "./values.ts";

interface Meaning {
  readonly code?: ErrorCode;
  readonly hint: string;
  /** In place of `hint` where the call was about a VM, not about a host's storage. */
  readonly ofVm?: string;
}

/** By type, for all kinds of it that have no row of their own. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  InvalidLogin: {
    code: "AUTHENTICATION_FAILED",
    hint: "Check vcenter.username and vcenter.password in the configuration (with -vi also -vu and -vp).",
  },
  NotAuthenticated: {
    code: "AUTHENTICATION_FAILED",
    hint: "vCenter ended the session right after signing in; check the account and vCenter's session settings.",
  },
  ResourceInUse: {
    hint: "Something still uses it: a registered VM, an ISO in a CD drive, Storage I/O Control, a heartbeat, scratch or dump file. End that use, then ask again.",
    ofVm: "Something else works on the VM or holds its files; let that end, then ask again.",
  },
  QuiesceDatastoreIOForHAFailed: {
    hint: "vSphere HA could not stop its own use of the datastore; choose other heartbeat datastores for the cluster, then ask again.",
  },
  InvalidState: {
    hint: "It is already in that state, or inaccessible. Check the host's storage in vCenter, then plan again.",
    ofVm: "The VM is in a state in which this cannot be done. Check the VM in vCenter, then plan again.",
  },
  InvalidDatastoreState: { hint: "The datastore is not accessible; check its state in vCenter." },
  InvalidHostState: { hint: "The host is disconnected, in maintenance mode or starting; check it in vCenter." },
  QuestionPending: { hint: "Answer the VM's question in vCenter, then ask again." },
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
  ConcurrentAccess: { hint: "Somebody else changed it at the same time; ask again." },
  FileFault: { hint: "A file on the datastore cannot be used; check it in vCenter's datastore browser." },
  FileLocked: { hint: "Another host or process holds the file; find out which, end its use, then ask again." },
  NoDiskSpace: { hint: "The datastore is full; free space on it, then ask again." },
  VmConfigFault: { hint: "The VM's configuration does not suit the host; check its VMX file." },
  InsufficientResourcesFault: { hint: "The host or the pool has no room for it; free resources, then ask again." },
  TaskInProgress: { hint: "Another task works on it; wait for it in vCenter, then ask again." },
  HostConfigFault: {
    hint: "The host could not change its configuration; see vmkernel.log on it and its events in vCenter.",
  },
  HostNotConnected: { hint: "Reconnect the host in vCenter, then ask again." },
  InvalidDatastore: { hint: "The datastore is not accessible; check its state in vCenter." },
};

const UNKNOWN: Meaning = { hint: "Check the host's or VM's recent tasks and events in vCenter for the reason." };

/** What a refusal means to the operator, by the fault's type or the nearest that it is a kind of, and by the call. */
export function meaningOf(fault: Fault, operation: OperationName | undefined): { code?: ErrorCode; hint: string } {
  const ancestry = ancestryOf(fault.type);
  if (ancestry.includes("NoPermission")) return { hint: missingPrivilege(fault.detail) };
  const { code, hint, ofVm } = ancestry.map((type) => MEANINGS[type]).find((row) => row !== undefined) ?? UNKNOWN;
  const aboutVm = operation !== undefined && OPERATIONS[operation].timeout !== "storage";
  return { hint: aboutVm ? (ofVm ?? hint) : hint, ...(code === undefined ? {} : { code }) };
}

function missingPrivilege(detail: unknown): string {
  const [privilege, type, object] = [["privilegeId"], ["object", "attributes", "type"], ["object"]].map((path) =>
    peerText(text(detail, ...path) ?? "", 80),
  );
  const what = privilege === "" ? "at least the Read-only role" : `the privilege ${privilege}`;
  const where = object === "" ? "that object" : `${type} ${object}`;
  return `Give the account of vcenter.username ${what} on ${where}, or on what holds it with propagation.`;
}
