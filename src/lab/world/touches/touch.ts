/** Changes to the world behind the product's back, for drift and for the states that it must refuse. None is a mutation. */

import { assign, snapshotOf, unassign } from "../array.ts";
import type { LabVm } from "../model.ts";
import type { WorldState } from "../state.ts";
import { powerOn, registerVm, removeVm, switchOff } from "../vms.ts";
import { block } from "./blockers.ts";
import {
  addForeignDevice,
  duplicateGuid,
  loseDisk,
  rebootHost,
  shareDatastore,
  spanDatastore,
  strayCopy,
} from "./storage.ts";
import { assignedTo, goldOf, mountOf, pairOf, pick, type Touch, TouchError, vmOf } from "./targets.ts";

const on = (vm: LabVm): boolean => vm.powerState === "poweredOn";
const off = (vm: LabVm): boolean => vm.powerState === "poweredOff" && !vm.template;

/** Does it and returns the ids of what changed. Throws `TouchError` where there is nothing to do it to. */
export function touchWorld(state: WorldState, touch: Touch): string[] {
  const { model } = state;
  switch (touch.what) {
    case "power-on": {
      const vm = vmOf(state, touch, off);
      powerOn(state, vm.id);
      return [vm.id];
    }
    case "power-off":
      return changeVm(vmOf(state, touch, on), switchOff);
    case "suspend":
      return changeVm(vmOf(state, touch, on), (vm) => {
        vm.powerState = "suspended";
        vm.toolsRunning = false;
      });
    case "register-vm":
      return [registerMissing(state, touch)];
    case "unregister-vm":
      return changeVm(vmOf(state, touch, off), (vm) => removeVm(state, vm));
    case "rename-vm":
      return changeVm(vmOf(state, touch, off), (vm) => {
        vm.name = touch.name ?? `${vm.name}-renamed`;
      });
    case "orphan-vm":
      return changeVm(vmOf(state, touch, off), (vm) => {
        vm.connectionState = "orphaned";
        switchOff(vm);
      });
    case "lose-path":
      return changeVm(vmOf(state, touch, off), (vm) => {
        vm.connectionState = "orphaned";
        vm.pathForm = "none";
      });
    case "move-vm":
      return changeVm(vmOf(state, { ...touch, host: undefined }, on), (vm) => moveVm(state, touch, vm));
    case "no-tools":
      return changeVm(vmOf(state, touch, on), (vm) => {
        vm.toolsRunning = false;
      });
    case "tools-starting":
      return changeVm(vmOf(state, touch, on), (vm) => {
        vm.toolsRunning = false;
        vm.toolsStarting = Math.max(touch.refusals ?? 2, 1);
      });
    case "guest-ignores-shutdown":
      return changeVm(vmOf(state, touch, on), (vm) => {
        vm.ignoresShutdown = true;
      });
    case "foreign-disk":
      return addForeignDevice(state, touch);
    case "new-snapshot":
      return [addSnapshot(state, goldOf(state, touch).id, touch.name ?? touch.snapshot)];
    case "snapshot-clone":
      return [snapshotClone(state, touch)];
    case "delete-snapshot":
      return [deleteSnapshot(state, touch)];
    case "fill-array":
      model.clonesFit = model.volumes.filter(({ kind }) => kind === "clone").length;
      return model.policies.map(({ id }) => id);
    case "assign":
      return [assignBehind(state, touch)];
    case "unassign": {
      const { assignmentId } = pick(assignedTo(state, touch), "assignment");
      unassign(state, assignmentId);
      return [assignmentId];
    }
    case "rename-volume":
      return [renameVolume(state, touch)];
    case "rename-client": {
      const { client } = pairOf(state, touch);
      client.name = touch.name ?? `${client.name}-renamed`;
      return [client.id];
    }
    case "rename-host": {
      const { host } = pairOf(state, touch);
      host.name = touch.name ?? `${host.name}-renamed`;
      return [host.id];
    }
    case "readdress-client": {
      const { client } = pairOf(state, touch);
      client.hostAddress = touch.name ?? "192.0.2.1";
      // An array that keeps no address tells the host by its initiators.
      const other = state.model.clients.find((one) => one !== client && one.hostAddress === client.hostAddress);
      if (other !== undefined) client.initiators = [...other.initiators];
      return [client.id];
    }
    case "unreadable-folder":
      return spoilFolder(state, touch);
    case "add-places":
      return addPlaces(state, touch);
    case "span-datastore":
      return spanDatastore(state, touch);
    case "share-datastore":
      return shareDatastore(state, touch);
    case "stray-copy":
      return strayCopy(state, touch);
    case "disconnect-host": {
      const { host } = pairOf(state, touch);
      host.connected = false;
      for (const vm of model.vms) if (vm.hostId === host.id) vm.connectionState = "disconnected";
      return [host.id];
    }
    case "reboot-host":
      return rebootHost(state, touch);
    case "lag":
      return setLag(state, touch);
    case "copies-unresolvable": {
      const { host } = pairOf(state, touch);
      host.copiesUnresolvable = true;
      return [host.id];
    }
    case "lose-disk":
      return loseDisk(state, touch);
    case "power-off-fails":
      return changeVm(vmOf(state, touch, on), (vm) => {
        vm.powerOffFails = touch.fault ?? "InvalidState";
      });
    case "duplicate-guid":
      return duplicateGuid(state, touch);
    case "restricted-role":
      state.access.role = touch.privileges ?? [];
      return state.access.role.length === 0 ? ["ReadOnly"] : [...state.access.role];
    case "deny-privilege": {
      const { privilege = "VirtualMachine.Interact.PowerOff", object: objectId } = touch;
      state.access.denials.push({ privilege, objectId });
      return [objectId ?? privilege];
    }
    case "unreadable": {
      const objectId = touch.object ?? mountOf(state, touch).datastore.id;
      state.access.unreadable.push({ objectId, property: touch.property });
      return [objectId];
    }
    case "question":
    case "managed-vm":
    case "fault-tolerance":
    case "snapshot-elsewhere":
    case "datastore-cluster":
    case "io-control":
    case "ha-heartbeat":
    case "host-files":
    case "maintenance-mode":
    case "disabled-method":
      return block(state, { ...touch, what: touch.what });
    default:
      return touch.what satisfies never;
  }
}

/** From now on; what is shown already stays. */
function setLag({ lags }: WorldState, { kind = "volume", rescans, reads, ms }: Touch): string[] {
  const given = { rescans, reads, ms };
  const lag = Object.values(given).every((value) => value === undefined) ? { rescans: 1 } : given;
  lags.settings = { ...lags.settings, [kind]: lag };
  return [kind];
}

function changeVm(vm: LabVm, change: (vm: LabVm) => void): string[] {
  change(vm);
  return [vm.id];
}

/** Registers a VMX of the mounted datastore that is not, by name or path or the first. */
function registerMissing(state: WorldState, touch: Touch): string {
  const { pair, datastore, volume } = mountOf(state, touch);
  const taken = state.model.vms.filter((vm) => vm.datastoreId === datastore.id).map((vm) => vm.file);
  const file = volume.files.find(
    ({ path, vmName, template }) => !taken.includes(path) && !template && [undefined, path, vmName].includes(touch.vm),
  );
  const { path } = pick(file, "unregistered VMX");
  const datacenter = state.model.datacenters.find(({ id }) => id === pair.host.datacenterId);
  return registerVm(state, {
    folderId: pick(datacenter, "datacenter").vmFolder,
    path: `[${datastore.name}] ${path}`,
    asTemplate: false,
    poolId: pair.host.resourcePool,
    ...(touch.name === undefined ? {} : { name: touch.name }),
  });
}

/** The folder named, else that of a VMX which is not registered, cannot be read any more. */
function spoilFolder(state: WorldState, touch: Touch): string[] {
  const { datastore, volume } = mountOf(state, touch);
  const taken = state.model.vms.filter((vm) => vm.datastoreId === datastore.id).map((vm) => vm.file);
  const folderOf = (path: string): string => path.slice(0, path.lastIndexOf("/"));
  const free = volume.files.find(({ path }) => !taken.includes(path));
  const folder = touch.name ?? folderOf(pick(free, "unregistered VMX").path);
  volume.files = volume.files.map((file) => (folderOf(file.path) === folder ? { ...file, unreadable: true } : file));
  return [volume.id];
}

/** A folder below each Datacenter's VM folder and a pool below each host's root pool, of the name given. */
function addPlaces({ model, ids }: WorldState, touch: Touch): string[] {
  const name = touch.name ?? "ATVM";
  for (const datacenter of model.datacenters) datacenter.subfolder = { id: ids.moref("group-v"), name };
  for (const host of model.hosts) host.subpool = { id: ids.moref("resgroup"), name };
  return [...model.datacenters, ...model.hosts].map(({ id }) => id);
}

/** To the host named, or else any other one. */
function moveVm({ model }: WorldState, { host }: Touch, vm: LabVm): void {
  const target = model.hosts.find(
    (candidate) =>
      candidate.id !== vm.hostId && (host === undefined || candidate.id === host || candidate.name === host),
  );
  vm.hostId = pick(target, "other host").id;
}

function addSnapshot(state: WorldState, volumeId: string, name?: string): string {
  const volume = pick(
    state.model.volumes.find(({ id }) => id === volumeId),
    "volume",
  );
  const stamp = state.now().toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  return snapshotOf(state, volume, name ?? `manual-${stamp}`).id;
}

/** A snapshot of the assigned clone, under the policy of its parent and, unless it is named, with the latest one's name like all of a policy's. */
function snapshotClone(state: WorldState, touch: Touch): string {
  const { volume } = pick(assignedTo(state, touch), "assigned clone");
  const parent = state.model.volumes.find(({ id }) => id === volume.parentVolumeId);
  const policyId = pick(parent, "assigned clone").policyId;
  if (policyId !== undefined) volume.policyId = policyId;
  const latest = state.model.snapshots.filter((snapshot) => snapshot.volumeId === parent?.id).at(-1);
  return addSnapshot(state, volume.id, touch.name ?? touch.snapshot ?? latest?.name);
}

/** The snapshot named, of the LUN if several carry the name; else the LUN's latest without clones. */
function deleteSnapshot(state: WorldState, touch: Touch): string {
  const { model } = state;
  const gold = goldOf(state, touch);
  const ref = touch.snapshot;
  const own = model.snapshots.filter((candidate) => candidate.volumeId === gold.id);
  const found =
    ref === undefined
      ? own.findLast((candidate) => !model.volumes.some((volume) => volume.parentSnapshotId === candidate.id))
      : (model.snapshots.find(({ id }) => id === ref) ?? own.find(({ name }) => name === ref));
  const { id } = pick(found, "snapshot");
  model.snapshots = model.snapshots.filter((candidate) => candidate.id !== id);
  return id;
}

/** Assigns the volume given, else the gold, to the client given, else one that has it not. No host rescans. */
function assignBehind(state: WorldState, touch: Touch): string {
  const { model } = state;
  const volume = model.volumes.find(({ id, name }) => touch.lun === id || touch.lun === name) ?? goldOf(state, touch);
  const holders = model.assignments
    .filter((assignment) => assignment.volumeId === volume.id)
    .map((one) => one.clientId);
  const given = touch.client ?? touch.host;
  const client =
    given === undefined ? model.clients.findLast(({ id }) => !holders.includes(id)) : pairOf(state, touch).client;
  const { id } = pick(client, "client without it");
  if (holders.includes(id)) throw new TouchError(`${volume.id} is assigned to ${id} already`);
  return assign(state, volume.id, id).id;
}

/** The volume named, else what is assigned, else the gold. */
function renameVolume(state: WorldState, touch: Touch): string {
  const named = state.model.volumes.find(({ id, name }) => touch.lun === id || touch.lun === name);
  const volume = named ?? assignedTo(state, touch)?.volume ?? goldOf(state, touch);
  volume.name = touch.name ?? `${volume.name}-renamed`;
  return volume.id;
}
