import { type LabVm, VimFault } from "../world/model.ts";
import type { WorldState } from "../world/state.ts";
import { answerVm, finishShutdown, powerOff, powerOn, shutdownGuest, unregisterVm } from "../world/vms.ts";
import { MANAGED_ENTITY } from "./managed-entity.ts";
import { networksOf } from "./network.ts";
import { nameOf, type SoapCall, startTask } from "./service/call.ts";
import { datastoresUsedBy, entityName, type Lookups } from "./service/lookups.ts";
import { managedType, needs } from "./service/managed-type.ts";
import { text } from "./wire/args.ts";
import { type Data, Ref } from "./wire/value.ts";

const GUEST_ID = "ubuntu64Guest";
const GUEST_NAME = "Ubuntu Linux (64-bit)";
const MEMORY_MB = 4096;
const CPUS = 2;
const DISK_KB = 40 * 1024 * 1024;
const TOOLS_VERSION = 12_352;
const EPOCH = new Date(0);

/** A file on one of the VM's datastores, in the form that vCenter prints this VM's paths. */
function pathOf(vm: LabVm, datastoreId: string, file: string, lookups: Lookups): string {
  const datastore = lookups.datastore(datastoreId);
  if (vm.pathForm === "absolute") return `[] /vmfs/volumes/${datastore?.vmfsUuid ?? "unknown"}/${file}`;
  return `[${datastore?.name ?? ""}] ${file}`;
}

export const vmPathName = (vm: LabVm, lookups: Lookups): string => pathOf(vm, vm.datastoreId, vm.file, lookups);

const directoryOf = (path: string): string => path.slice(0, path.lastIndexOf("/") + 1);

/** vCenter has no configuration of a VM whose files it cannot read. */
const readable = (vm: LabVm): boolean =>
  vm.connectionState !== "inaccessible" && vm.connectionState !== "invalid" && vm.pathForm !== "none";

function devicesOf(vm: LabVm, lookups: Lookups): Data[] {
  const boot = { kind: "disk" as const, datastoreId: vm.datastoreId, file: vm.file.replace(/\.vmt?x$/, ".vmdk") };
  const count = { disk: 0, cdrom: 0 };
  const scsi = {
    $type: "ParaVirtualSCSIController",
    key: 1000,
    deviceInfo: { label: "SCSI controller 0", summary: "VMware paravirtual SCSI" },
    busNumber: 0,
    hotAddRemove: true,
    sharedBus: "noSharing",
    scsiCtlrUnitNumber: 7,
  };
  const ide = {
    $type: "VirtualIDEController",
    key: 200,
    deviceInfo: { label: "IDE 0", summary: "IDE 0" },
    busNumber: 0,
  };
  return [
    ide,
    scsi,
    ...[boot, ...vm.foreignDevices].map((device) => {
      const number = count[device.kind]++;
      const backing = {
        fileName: pathOf(vm, device.datastoreId, device.file, lookups),
        datastore: new Ref("Datastore", device.datastoreId),
      };
      return device.kind === "disk" ? diskOf(number, backing) : cdromOf(number, backing);
    }),
  ];
}

const diskOf = (number: number, backing: Data): Data => ({
  $type: "VirtualDisk",
  key: 2000 + number,
  deviceInfo: { label: `Hard disk ${number + 1}`, summary: `${DISK_KB.toLocaleString("en-US")} KB` },
  backing: { ...backing, $type: "VirtualDiskFlatVer2BackingInfo", diskMode: "persistent", thinProvisioned: true },
  controllerKey: 1000,
  // Unit 7 is the controller's own.
  unitNumber: number < 7 ? number : number + 1,
  capacityInKB: DISK_KB,
  capacityInBytes: DISK_KB * 1024,
});

const cdromOf = (number: number, backing: Data): Data => ({
  $type: "VirtualCdrom",
  key: 3000 + number,
  deviceInfo: { label: `CD/DVD drive ${number + 1}`, summary: `ISO ${String(backing["fileName"])}` },
  backing: { ...backing, $type: "VirtualCdromIsoBackingInfo" },
  connectable: { startConnected: true, allowGuestControl: true, connected: true, status: "ok" },
  controllerKey: 200,
  unitNumber: number,
});

function configOf(vm: LabVm, lookups: Lookups): Data | undefined {
  if (!readable(vm)) return undefined;
  return {
    changeVersion: "1",
    modified: EPOCH,
    name: entityName(vm.name),
    guestFullName: GUEST_NAME,
    version: "vmx-19",
    uuid: vm.uuid,
    instanceUuid: vm.instanceUuid,
    template: vm.template,
    guestId: GUEST_ID,
    alternateGuestName: "",
    files: () => {
      const path = vmPathName(vm, lookups);
      const directory = directoryOf(path);
      const working =
        vm.workingDatastoreId === undefined
          ? directory
          : directoryOf(pathOf(vm, vm.workingDatastoreId, vm.file, lookups));
      return { vmPathName: path, snapshotDirectory: working, suspendDirectory: working, logDirectory: directory };
    },
    tools: {
      toolsVersion: vm.toolsRunning ? TOOLS_VERSION : 0,
      afterPowerOn: true,
      afterResume: true,
      beforeGuestStandby: true,
      beforeGuestShutdown: true,
      lastInstallInfo: { counter: 0 },
    },
    flags: {},
    defaultPowerOps: {},
    hardware: () => ({
      numCPU: CPUS,
      numCoresPerSocket: 1,
      memoryMB: MEMORY_MB,
      device: () => devicesOf(vm, lookups),
    }),
    ...tiesOf(vm, lookups),
  };
}

/** What a VM is part of, as its configuration tells it. */
const tiesOf = (vm: LabVm, lookups: Lookups): Data => ({
  ...(vm.managedBy === undefined ? {} : { managedBy: vm.managedBy }),
  ...(vm.faultTolerant === true
    ? { ftInfo: { role: 1, instanceUuids: [vm.instanceUuid], configPaths: [vmPathName(vm, lookups)] } }
    : {}),
});

const questionOf = ({ question }: LabVm): Data | undefined =>
  question === undefined
    ? undefined
    : {
        id: question.id,
        text: question.text,
        choice: {
          choiceInfo: question.choices.map(({ key, label }) => ({ key, label, summary: label })),
          defaultIndex: 0,
        },
      };

const runtimeOf = (vm: LabVm): Data => ({
  host: new Ref("HostSystem", vm.hostId),
  connectionState: vm.connectionState,
  powerState: vm.powerState,
  faultToleranceState: vm.faultTolerant === true ? "running" : "notConfigured",
  toolsInstallerMounted: false,
  question: questionOf(vm),
  numMksConnections: 0,
  recordReplayState: "inactive",
  onlineStandby: false,
  consolidationNeeded: false,
});

const toolsUp = (vm: LabVm): boolean => vm.powerState === "poweredOn" && vm.toolsRunning;

function guestOf(vm: LabVm): Data {
  const up = toolsUp(vm);
  const starting = vm.powerState === "poweredOn" && vm.toolsStarting !== undefined;
  const missing = vm.powerState === "poweredOn" && !vm.toolsRunning && !starting;
  return {
    toolsStatus: up ? "toolsOk" : missing ? "toolsNotInstalled" : "toolsNotRunning",
    toolsVersionStatus: missing ? "guestToolsNotInstalled" : "guestToolsCurrent",
    toolsRunningStatus: up ? "guestToolsRunning" : starting ? "guestToolsExecutingScripts" : "guestToolsNotRunning",
    toolsVersion: missing ? "0" : String(TOOLS_VERSION),
    ...(up ? { guestId: GUEST_ID, guestFamily: "linuxGuest", guestFullName: GUEST_NAME } : {}),
    ...(up ? { hostName: guestHostName(vm), ipAddress: guestAddress(vm) } : {}),
    guestState: up ? "running" : "notRunning",
  };
}

/** What DNS would have of the guest; only a guest with tools tells it. */
const guestHostName = (vm: LabVm): string => vm.name.replace(/[^\w-]+/g, "-").toLowerCase();

/** An address that follows from the VM's id: the lab's guests have no network. */
function guestAddress(vm: LabVm): string {
  const number = Number(vm.id.slice(vm.id.lastIndexOf("-") + 1)) % 65_000;
  return `10.20.${Math.floor(number / 250)}.${1 + (number % 250)}`;
}

export const guestIdentity = (vm: LabVm): { hostName: string; address: string } | undefined =>
  toolsUp(vm) ? { hostName: guestHostName(vm), address: guestAddress(vm) } : undefined;

function summaryOf(vm: LabVm, lookups: Lookups): Data {
  const known = readable(vm);
  return {
    vm: new Ref("VirtualMachine", vm.id),
    runtime: () => runtimeOf(vm),
    guest: () => {
      const { toolsStatus, toolsVersionStatus, toolsRunningStatus, guestId, guestFullName, hostName, ipAddress } =
        guestOf(vm);
      return { toolsStatus, toolsVersionStatus, toolsRunningStatus, guestId, guestFullName, hostName, ipAddress };
    },
    config: () => ({
      name: entityName(vm.name),
      template: vm.template,
      ...(vm.pathForm === "none" ? {} : { vmPathName: vmPathName(vm, lookups) }),
      ...(known ? tiesOf(vm, lookups) : {}),
      ...(known ? { memorySizeMB: MEMORY_MB, numCpu: CPUS, numEthernetCards: 0, numVirtualDisks: 1 } : {}),
      ...(known ? { uuid: vm.uuid, instanceUuid: vm.instanceUuid, guestId: GUEST_ID, guestFullName: GUEST_NAME } : {}),
    }),
    quickStats: { guestHeartbeatStatus: toolsUp(vm) ? "green" : "gray" },
    overallStatus: "green",
  };
}

/** What a VM's state alone disables: vCenter lists that beside what somebody has disabled. */
function disabledByState(vm: LabVm): string[] {
  const on = vm.powerState === "poweredOn";
  return [
    ...(on ? ["PowerOnVM_Task", "UnregisterVM"] : ["PowerOffVM_Task"]),
    ...(toolsUp(vm) ? [] : ["ShutdownGuest"]),
  ];
}

/** A task that does one thing to the VM. */
function vmTask(call: SoapCall, descriptionId: string, act: (state: WorldState, vmId: string) => void): Ref {
  const { id } = call.self;
  return startTask(call, {
    descriptionId,
    entity: { ref: call.self, name: nameOf(call) },
    cancelable: false,
    run: () => {
      call.change(
        (state) => act(state, id),
        () => [id],
      );
      return undefined;
    },
  });
}

/** vCenter refuses a power change that leads nowhere at once, not in the task. */
function refusePowerState(call: SoapCall, requestedState: string, refused: string): void {
  const vm = call.vcenter.world.model.vms.find((candidate) => candidate.id === call.self.id);
  if (vm?.powerState !== refused) return;
  throw new VimFault(
    "InvalidPowerState",
    `The attempted operation cannot be performed in the current state (${vm.powerState}).`,
    { requestedState, existingState: vm.powerState },
  );
}

export const VIRTUAL_MACHINE = managedType<LabVm, Lookups>("VirtualMachine", MANAGED_ENTITY, {
  properties: {
    "name string": (vm) => entityName(vm.name),
    "parent &ManagedEntity?": (vm) => new Ref("Folder", vm.folderId),
    "disabledMethod string*": (vm) => [...disabledByState(vm), ...(vm.disabledMethods ?? [])],
    "config VirtualMachineConfigInfo?": configOf,
    // A template is in no pool.
    "resourcePool &ResourcePool?": (vm, lookups) => {
      const pool = vm.template ? undefined : (vm.poolId ?? lookups.host(vm.hostId)?.resourcePool);
      return pool === undefined ? undefined : new Ref("ResourcePool", pool);
    },
    "runtime VirtualMachineRuntimeInfo": runtimeOf,
    "guest GuestInfo?": guestOf,
    "summary VirtualMachineSummary": summaryOf,
    "datastore &Datastore*": (vm) => datastoresUsedBy(vm).map((id) => new Ref("Datastore", id)),
    "network &Network*": (vm, lookups) => {
      const host = lookups.host(vm.hostId);
      return host === undefined ? [] : networksOf(host, lookups);
    },
    "guestHeartbeatStatus ManagedEntityStatus": (vm) => (toolsUp(vm) ? "green" : "gray"),
  },
  unset:
    "parentVApp &ManagedEntity?, capability anyType?, layout anyType?, layoutEx anyType?, storage anyType?, environmentBrowser anyType?, resourceConfig anyType?, snapshot anyType?, rootSnapshot anyType?",
  methods: {
    "PowerOffVM_Task() -> &Task": needs("VirtualMachine.Interact.PowerOff", (call) => {
      refusePowerState(call, "poweredOff", "poweredOff");
      return vmTask(call, "VirtualMachine.powerOff", powerOff);
    }),
    "PowerOnVM_Task(host &HostSystem?) -> &Task": needs("VirtualMachine.Interact.PowerOn", (call) => {
      refusePowerState(call, "poweredOn", "poweredOn");
      return vmTask(call, "VirtualMachine.powerOn", powerOn);
    }),
    "ShutdownGuest()": needs("VirtualMachine.Interact.PowerOff", (call) => {
      const { world } = call.vcenter;
      const { id } = call.self;
      const heeded = call.change(
        (state) => shutdownGuest(state, id),
        (heeds) => (heeds ? [id] : []),
      );
      const finish = (): void => {
        if (finishShutdown(world.state, id)) world.announce();
      };
      if (heeded) call.vcenter.later(world.latency.task, finish);
      return undefined;
    }),
    "AnswerVM(questionId string, answerChoice string)": needs("VirtualMachine.Interact.AnswerQuestion", (call) => {
      const { id } = call.self;
      call.change(
        (state) => answerVm(state, id, text(call.args, "questionId"), text(call.args, "answerChoice")),
        () => [id],
      );
      return undefined;
    }),
    "UnregisterVM()": needs("VirtualMachine.Inventory.Unregister", (call) => {
      const { id } = call.self;
      call.change(
        (state) => unregisterVm(state, id),
        () => [id],
      );
      return undefined;
    }),
  },
});
