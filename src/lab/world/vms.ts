/** vCenter's inventory of virtual machines, and the power they are under. */
import type { LabDatastore, LabFile, LabHost, LabVm } from "./model.ts";
import { VimFault } from "./model.ts";
import { prune } from "./rescan.ts";
import { datastoreById, reachableHost, usable, vmById, volumeByNaa, type WorldState } from "./state.ts";

function badPower(vm: LabVm, requestedState: LabVm["powerState"]): VimFault {
  const message = "The attempted operation cannot be performed in the current state";
  return new VimFault("InvalidPowerState", `${message} (${vm.powerState})`, {
    requestedState,
    existingState: vm.powerState,
  });
}

/** The VM, when its host can be asked to do something with it. */
function manageable(state: WorldState, vmId: string): LabVm {
  const vm = vmById(state, vmId);
  reachableHost(state, vm.hostId);
  if (vm.template) throw new VimFault("NotSupported", "The operation is not supported on a template");
  if (vm.connectionState !== "connected") {
    throw new VimFault("InvalidState", `The virtual machine is ${vm.connectionState}`);
  }
  return vm;
}

/** A VM whose storage is lost runs on, and can be stopped where its host still gets hold of it. */
export function powerOff(state: WorldState, vmId: string): void {
  const vm = vmById(state, vmId);
  if (vm.connectionState !== "inaccessible") manageable(state, vmId);
  else reachableHost(state, vm.hostId);
  if (vm.powerState !== "poweredOn") throw badPower(vm, "poweredOff");
  refuseQuestion(vm);
  if (vm.powerOffFails !== undefined) {
    throw new VimFault(vm.powerOffFails, `The host cannot stop virtual machine ${vm.name}`);
  }
  switchOff(vm);
}

export function powerOn(state: WorldState, vmId: string): void {
  const vm = manageable(state, vmId);
  if (vm.powerState === "poweredOn") throw badPower(vm, "poweredOn");
  refuseQuestion(vm);
  if (reachableHost(state, vm.hostId).maintenance === true) {
    throw new VimFault("InvalidHostState", "The operation is not allowed while the host is in maintenance mode");
  }
  switchOn(vm);
}

function refuseQuestion({ question }: LabVm): void {
  if (question === undefined) return;
  throw new VimFault("QuestionPending", `The virtual machine waits for an answer: ${question.text}`, {
    text: question.text,
  });
}

export function answerVm(state: WorldState, vmId: string, questionId: string, choice: string): void {
  const vm = vmById(state, vmId);
  const { question } = vm;
  if (question?.id !== questionId) throw new VimFault("ConcurrentAccess", "The question is not there any more");
  if (!question.choices.some(({ key }) => key === choice)) {
    throw new VimFault("InvalidArgument", "A specified parameter was not correct: answerChoice", {
      invalidProperty: "answerChoice",
    });
  }
  delete vm.question;
}

export function switchOn(vm: LabVm): void {
  vm.powerState = "poweredOn";
  vm.toolsRunning = true;
}

/** Whether the guest heeds the request. */
export function shutdownGuest(state: WorldState, vmId: string): boolean {
  const vm = manageable(state, vmId);
  if (vm.powerState !== "poweredOn") throw badPower(vm, "poweredOff");
  refuseQuestion(vm);
  if (!vm.toolsRunning) {
    comeNearer(vm);
    throw new VimFault("ToolsUnavailable", "VMware Tools is not running in the guest, which the operation needs");
  }
  return !vm.ignoresShutdown;
}

/** Tools that are starting are one refused shutdown nearer to running. */
function comeNearer(vm: LabVm): void {
  if (vm.toolsStarting === undefined) return;
  vm.toolsStarting -= 1;
  if (vm.toolsStarting > 0) return;
  delete vm.toolsStarting;
  vm.toolsRunning = true;
}

/** Returns whether there was anything left to switch off. */
export function finishShutdown({ model }: WorldState, vmId: string): boolean {
  const vm = model.vms.find(({ id }) => id === vmId);
  if (vm?.powerState !== "poweredOn" || vm.connectionState !== "connected") return false;
  switchOff(vm);
  return true;
}

export function switchOff(vm: LabVm): void {
  vm.powerState = "poweredOff";
  vm.toolsRunning = false;
  delete vm.toolsStarting;
}

export function unregisterVm(state: WorldState, vmId: string): void {
  const vm = vmById(state, vmId);
  reachableHost(state, vm.hostId);
  // Also where its storage is lost: its process is there until it is stopped, or its host boots.
  if (vm.powerState === "poweredOn") throw badPower(vm, "poweredOff");
  removeVm(state, vm);
}

export function removeVm(state: WorldState, vm: LabVm): void {
  state.model.vms = state.model.vms.filter((candidate) => candidate !== vm);
  prune(state);
}

export interface Registration {
  folderId: string;
  path: string;
  name?: string;
  asTemplate: boolean;
  poolId?: string;
  hostId?: string;
}

/** What a registration has to know of the world. */
interface LookUps {
  vmOf(datastoreId: string, path: string): LabVm | undefined;
  vmNamed(folderId: string, name: string): LabVm | undefined;
  fileOn(datastoreId: string, path: string): LabFile | undefined;
}

const scanning = (state: WorldState): LookUps => ({
  vmOf: (datastoreId, path) => state.model.vms.find((vm) => vm.datastoreId === datastoreId && vm.file === path),
  vmNamed: (folderId, name) => state.model.vms.find((vm) => vm.folderId === folderId && vm.name === name),
  fileOn: (datastoreId, path) => filesOn(state, datastoreId).find((candidate) => candidate.path === path),
});

/** For thousands of registrations in a row in one Datacenter, with nothing else going on between them. */
export function bulkRegistration(state: WorldState, datacenterId: string): (what: Registration) => LabVm {
  const vms = state.model.vms.filter((vm) => vm.datacenterId === datacenterId);
  const key = (place: string, name: string): string => `${place} ${name}`;
  const byFile = new Map(vms.map((vm) => [key(vm.datastoreId, vm.file), vm]));
  const byName = new Map(vms.map((vm) => [key(vm.folderId, vm.name), vm]));
  const files = new Map<string, Map<string, LabFile>>();
  const filesOf = (datastoreId: string): Map<string, LabFile> => {
    const known = files.get(datastoreId) ?? new Map(filesOn(state, datastoreId).map((item) => [item.path, item]));
    files.set(datastoreId, known);
    return known;
  };
  const lookUps: LookUps = {
    vmOf: (datastoreId, path) => byFile.get(key(datastoreId, path)),
    vmNamed: (folderId, name) => byName.get(key(folderId, name)),
    fileOn: (datastoreId, path) => filesOf(datastoreId).get(path),
  };
  return (what) => {
    const vm = register(state, what, lookUps);
    byFile.set(key(vm.datastoreId, vm.file), vm);
    byName.set(key(vm.folderId, vm.name), vm);
    return vm;
  };
}

/** Returns the new VM's id. */
export const registerVm = (state: WorldState, what: Registration): string => register(state, what, scanning(state)).id;

function register(state: WorldState, what: Registration, known: LookUps): LabVm {
  const { model, ids } = state;
  const datacenter = model.datacenters.find((candidate) =>
    [candidate.vmFolder, candidate.subfolder?.id].includes(what.folderId),
  );
  if (datacenter === undefined) {
    throw new VimFault("ManagedObjectNotFound", `There is no VM folder ${what.folderId}`, { obj: what.folderId });
  }
  const { name, path } = splitPath(what.path);
  const datastore = model.datastores.find(
    (candidate) => candidate.datacenterId === datacenter.id && candidate.name === name && candidate.late !== true,
  );
  if (datastore === undefined) {
    throw new VimFault("InvalidDatastore", `The datastore ${name} is not known here`, { name });
  }
  const host = placement(state, what, datacenter.id);
  if (!host.mounts.some((mount) => mount.datastoreId === datastore.id && usable(mount))) {
    throw new VimFault("InaccessibleDatastore", `Datastore ${name} is not accessible`, { name });
  }
  const registered = known.vmOf(datastore.id, path);
  if (registered !== undefined) {
    throw new VimFault("AlreadyExists", `The specified key, name or identifier ${path} already exists`, {
      name: registered.id,
    });
  }
  const file = known.fileOn(datastore.id, path);
  if (file === undefined) throw new VimFault("NotFound", `${what.path} was not found`);
  if (path.endsWith(".vmtx") && !what.asTemplate) {
    throw new VimFault("NotSupported", `${what.path} is a template and is registered as one only`);
  }
  const vmName = what.name ?? file.vmName;
  const twin = known.vmNamed(what.folderId, vmName);
  if (twin !== undefined) {
    throw new VimFault("DuplicateName", `The name ${vmName} already exists`, { name: vmName, object: twin.id });
  }
  const vm: LabVm = {
    id: ids.moref("vm"),
    name: vmName,
    instanceUuid: file.instanceUuid,
    uuid: biosUuid(file),
    datacenterId: datacenter.id,
    hostId: host.id,
    folderId: what.folderId,
    ...(what.poolId === undefined || what.poolId === host.resourcePool ? {} : { poolId: what.poolId }),
    datastoreId: datastore.id,
    file: path,
    pathForm: "bracket",
    powerState: "poweredOff",
    template: what.asTemplate,
    connectionState: "connected",
    toolsRunning: false,
    ignoresShutdown: false,
    foreignDevices: [],
  };
  model.vms.push(vm);
  return vm;
}

/** A template is placed by its host, a VM by its pool. */
function placement({ model }: WorldState, what: Registration, datacenterId: string): LabHost {
  const inDatacenter = model.hosts.filter((host) => host.datacenterId === datacenterId);
  const byPool = inDatacenter.find(
    ({ resourcePool, subpool }) => what.poolId !== undefined && [resourcePool, subpool?.id].includes(what.poolId),
  );
  const byHost = inDatacenter.find((host) => host.id === what.hostId);
  const invalid = (property: string): VimFault =>
    new VimFault("InvalidArgument", `A specified parameter was not correct: ${property}`, {
      invalidProperty: property,
    });
  if (what.poolId !== undefined && byPool === undefined) throw invalid("pool");
  if (what.hostId !== undefined && byHost === undefined) throw invalid("host");
  if (what.asTemplate && what.poolId !== undefined) throw invalid("pool");
  const host = what.asTemplate ? byHost : (byPool ?? undefined);
  if (host === undefined) throw invalid(what.asTemplate ? "host" : "pool");
  if (byHost !== undefined && byHost !== host) throw invalid("host");
  if (!host.connected)
    throw new VimFault("HostNotConnected", `Unable to communicate with the remote host ${host.name}`);
  return host;
}

function splitPath(path: string): { name: string; path: string } {
  const [, name, rest] = /^\[([^\]]+)\] ?(.+)$/s.exec(path) ?? [];
  if (name === undefined || rest === undefined) {
    throw new VimFault("InvalidDatastorePath", `${path} is no datastore path`, { datastorePath: path });
  }
  return { name, path: rest };
}

/** A VMX carries its BIOS UUID too: the lab derives it, so that all clones of one file share it. */
const biosUuid = (file: LabFile): string => `42${file.instanceUuid.slice(2)}`;

export function filesOn(state: WorldState, datastoreId: string): LabFile[] {
  const datastore = datastoreById(state, datastoreId);
  const volume = contentOf(state, datastore);
  if (volume === undefined) {
    throw new VimFault("InaccessibleDatastore", `Datastore ${datastore.name} is not accessible`, {
      datastore: datastore.id,
      name: datastore.name,
    });
  }
  return volume.files;
}

/** The volume that the datastore shows now: its first extent on a host that can use it. */
function contentOf(state: WorldState, datastore: LabDatastore) {
  for (const host of state.model.hosts) {
    const mount = host.mounts.find((candidate) => candidate.datastoreId === datastore.id && usable(candidate));
    const [naa] = mount?.naas ?? [];
    if (naa !== undefined && host.connected) return volumeByNaa(state, naa);
  }
  return undefined;
}

/** `[datastore] dir/x.vmx`, or `[] /vmfs/volumes/…` where vCenter prints that. */
export function vmPath(state: WorldState, vm: LabVm): string {
  const datastore = datastoreById(state, vm.datastoreId);
  if (vm.pathForm === "absolute") return `[] /vmfs/volumes/${datastore.vmfsUuid}/${vm.file}`;
  return `[${datastore.name}] ${vm.file}`;
}
