import type { MoRef } from "../core/domain/ids.ts";
import { plainName, safeText } from "../core/domain/safe-text.ts";
import type { Vm, VmDevice, VmOperation, VmState } from "../core/ports/hypervisor.ts";
import { garbage } from "./faults.ts";
import { unescapedName, unescapedPath } from "./names.ts";
import { type Properties, retrieve, type Selection } from "./properties.ts";
import type { Session } from "./session.ts";
import { at, reference, text, typeName } from "./values.ts";

/**
 * Paths below `summary.config` also have a value while the VM's files cannot be reached; `config` has none then.
 */
const STATE_PROPERTIES = ["name", "runtime.powerState", "summary.config.vmPathName"];

const VM_PROPERTIES = [
  ...STATE_PROPERTIES,
  "datastore",
  "disabledMethod",
  "guest.toolsRunningStatus",
  "runtime.connectionState",
  "runtime.faultToleranceState",
  "runtime.host",
  "runtime.question",
  "summary.config.instanceUuid",
  "summary.config.managedBy",
  "summary.config.template",
];

/** Every VM that uses one of the datastores. */
export const vmsOnDatastores = (datastoreIds: readonly MoRef[]): Selection => ({
  properties: { VirtualMachine: VM_PROPERTIES },
  from: datastoreIds.map((id) => ({
    object: { type: "Datastore", id },
    skip: true,
    traversals: [{ type: "Datastore", path: "vm" }],
  })),
});

const byReference = (ids: readonly MoRef[], paths: readonly string[]): Selection => ({
  properties: { VirtualMachine: paths },
  from: ids.map((id) => ({ object: { type: "VirtualMachine", id } })),
});

export async function readVmsOn(session: Session, datastoreIds: readonly MoRef[]): Promise<Vm[]> {
  if (datastoreIds.length === 0) return [];
  return vmsFrom(await retrieve(session, [vmsOnDatastores(datastoreIds)], "list the VMs on a datastore"));
}

/** By reference; a VM that is gone is left out. */
export async function readVmStates(session: Session, ids: readonly MoRef[]): Promise<VmState[]> {
  if (ids.length === 0) return [];
  return (await retrieve(session, [byReference(ids, STATE_PROPERTIES)], "report the state of VMs")).map(stateFrom);
}

export async function readVmsOfHost(session: Session, host: MoRef): Promise<Vm[]> {
  const selection: Selection = {
    properties: { VirtualMachine: VM_PROPERTIES },
    from: [{ object: { type: "HostSystem", id: host }, skip: true, traversals: [{ type: "HostSystem", path: "vm" }] }],
  };
  return vmsFrom(await retrieve(session, [selection], "list the VMs of a host"));
}

/** The VMs among `objects`, each once: one that uses two of the datastores may be reported for both. */
export function vmsFrom(objects: readonly Properties[]): Vm[] {
  const vms = new Map<MoRef, Vm>();
  for (const each of objects) {
    if (each.ref.type === "VirtualMachine" && !vms.has(each.ref.id)) vms.set(each.ref.id, vmFrom(each));
  }
  return [...vms.values()];
}

/** Longer paths are cut where they are shown, and device files are only shown. */
const PATH_LIMIT = 400;

const POWER_STATES = ["poweredOn", "poweredOff", "suspended"] as const;

function stateFrom(vm: Properties): VmState {
  const powerState = POWER_STATES.find((each) => each === vm.text("runtime.powerState"));
  if (powerState === undefined)
    throw garbage("report the state of VMs", { vm: vm.ref.id, missing: "runtime.powerState" });
  return {
    id: vm.ref.id,
    name: safeText(unescapedName(vm.text("name") ?? vm.ref.id)),
    path: unescapedPath(vm.text("summary.config.vmPathName") ?? ""),
    powerState,
  };
}

const TOOLS_RUNNING = "guestToolsRunning";
/** The API's reference: "VMware Tools is starting". */
const TOOLS_STARTING = "guestToolsExecutingScripts";

/** How the tools of one VM are; undefined for a VM that is gone, and where there are none. */
export async function readTools(session: Session, id: MoRef): Promise<"starting" | "running" | undefined> {
  const [vm] = await retrieve(session, [byReference([id], ["guest.toolsRunningStatus"])], "report the tools of VMs");
  const status = vm?.text("guest.toolsRunningStatus");
  return status === TOOLS_STARTING ? "starting" : status === TOOLS_RUNNING ? "running" : undefined;
}

/** Hosts without the feature say nothing of it. */
const FT_OFF: readonly (string | undefined)[] = [undefined, "", "notConfigured"];

function vmFrom(vm: Properties): Vm {
  const instanceUuid = vm.text("summary.config.instanceUuid");
  const hostId = vm.id("runtime.host");
  const question = vm.value("runtime.question") ?? undefined;
  const tools = vm.text("guest.toolsRunningStatus");
  const managedBy = vm.value("summary.config.managedBy") ?? undefined;
  const disabled = vm.items("disabledMethod").flatMap((method) => METHODS[text(method) ?? ""] ?? []);
  return {
    ...stateFrom(vm),
    ...(instanceUuid === undefined ? {} : { instanceUuid }),
    ...(hostId === undefined ? {} : { hostId }),
    connectionState: vm.text("runtime.connectionState") ?? "",
    template: vm.flag("summary.config.template") ?? false,
    toolsRunning: tools === TOOLS_RUNNING,
    ...(tools === TOOLS_STARTING ? { toolsStarting: true } : {}),
    datastoreIds: vm.ids("datastore"),
    ...(FT_OFF.includes(vm.text("runtime.faultToleranceState")) ? {} : { faultTolerant: true }),
    ...(question === undefined ? {} : { question: text(question, "text") ?? "" }),
    ...(managedBy === undefined ? {} : { managedBy: text(managedBy, "extensionKey") ?? "" }),
    ...(disabled.length === 0 ? {} : { disabled }),
  };
}

const METHODS: Readonly<Record<string, VmOperation>> = {
  PowerOffVM_Task: "powerOff",
  ShutdownGuest: "shutDownGuest",
  UnregisterVM: "unregister",
};

/** Disks (with the parents of a linked clone's), CDs and whatever else of the VMs lies in a file on a datastore. */
export async function readVmDevices(session: Session, vmIds: readonly MoRef[]): Promise<VmDevice[]> {
  if (vmIds.length === 0) return [];
  const objects = await retrieve(session, [byReference(vmIds, ["config.hardware.device"])], "list the devices of VMs");
  return objects.flatMap((vm) =>
    vm.items("config.hardware.device").flatMap((device) => {
      const label = plainName(text(device, "deviceInfo", "label") ?? typeName(device) ?? "device");
      return backingsOf(at(device, "backing")).map((backing) => ({ vmId: vm.ref.id, label, ...backing }));
    }),
  );
}

function backingsOf(first: unknown): Omit<VmDevice, "vmId" | "label">[] {
  const files: Omit<VmDevice, "vmId" | "label">[] = [];
  for (let backing = first; backing !== undefined && backing !== null; backing = at(backing, "parent")) {
    const fileName = text(backing, "fileName");
    if (fileName === undefined || fileName === "") break;
    const datastoreId = reference(backing, "datastore")?.id;
    files.push({ fileName: safeText(fileName, PATH_LIMIT), ...(datastoreId === undefined ? {} : { datastoreId }) });
  }
  return files;
}
