import { assign, createClone, unassign } from "../array.ts";
import type { LabMount, LabVm, LabVolume } from "../model.ts";
import { prune, refreshAccess, refreshDisks, refreshVolumes } from "../rescan.ts";
import { addPair, type Pair, present } from "../scenario-parts.ts";
import { naaOfVolume, usable, type WorldState } from "../state.ts";
import { registerVm, switchOff } from "../vms.ts";
import { assignedTo, goldOf, mountOf, pairOf, pick, type Touch } from "./targets.ts";

/**
 * A device on another datastore than its VM's home: on the assigned one for a VM that lives elsewhere (made, if need
 * be, on a clone of another gold), or the other way round for a VM named that lives on the assigned one.
 */
export function addForeignDevice(state: WorldState, touch: Touch): string[] {
  const { pair, mount, datastore } = mountOf(state, touch);
  const other =
    pair.host.mounts.find((candidate) => usable(candidate) && candidate !== mount) ?? deploySpare(state, pair);
  const isNamed = (vm: LabVm): boolean => [vm.id, vm.name].includes(touch.vm ?? "");
  const vm =
    touch.vm === undefined
      ? vmElsewhere(state, pair, other)
      : pick(
          state.model.vms.find((candidate) => candidate.hostId === pair.host.id && isNamed(candidate)),
          `VM ${touch.vm}`,
        );
  const kind = touch.device ?? "disk";
  vm.foreignDevices.push({
    kind,
    datastoreId: vm.datastoreId === datastore.id ? other.datastoreId : datastore.id,
    file: kind === "disk" ? `shared/${vm.name}-data.vmdk` : "iso/test-media.iso",
  });
  return [vm.id];
}

/** A clone of a gold whose signature nobody in the Datacenter lists, mounted on the pair's host. */
function deploySpare(state: WorldState, pair: Pair): LabMount {
  const { model } = state;
  const listed = model.hosts
    .filter((host) => host.datacenterId === pair.host.datacenterId)
    .flatMap((host) => host.mounts.map((mount) => mount.vmfsUuid));
  const gold = model.volumes.findLast(
    (candidate) => candidate.kind === "gold" && !listed.includes(candidate.header.vmfsUuid),
  );
  const { id, name, policyId } = pick(gold, "other gold volume");
  const snapshot = pick(
    model.snapshots.findLast((candidate) => candidate.volumeId === id),
    "snapshot",
  );
  const clone = createClone(
    state,
    pick(policyId, "policy"),
    snapshot.id,
    state.ids.style.volumeName(`${name}-${pair.client.name}-aside`),
  );
  present(state, clone, pair);
  const naa = naaOfVolume(clone);
  return pick(
    pair.host.mounts.find(({ naas }) => naas.includes(naa)),
    "mount",
  );
}

/** A VM of the pair's host that lives on this mount, or on a clone of another gold, made if need be. */
export const elsewhere = (state: WorldState, pair: Pair, other: LabMount | undefined): LabVm =>
  vmElsewhere(state, pair, other ?? deploySpare(state, pair));

function vmElsewhere(state: WorldState, { host }: Pair, { datastoreId, naas }: LabMount): LabVm {
  const { model } = state;
  const there = model.vms.find((vm) => vm.datastoreId === datastoreId && !vm.template);
  if (there !== undefined) return there;
  const datastore = pick(
    model.datastores.find(({ id }) => id === datastoreId),
    "datastore",
  );
  const volume = pick(
    model.volumes.find((candidate) => naas.includes(naaOfVolume(candidate))),
    "volume",
  );
  const file = pick(
    volume.files.find(({ template }) => !template),
    "VMX",
  );
  const datacenter = pick(
    model.datacenters.find(({ id }) => id === host.datacenterId),
    "datacenter",
  );
  const vmId = registerVm(state, {
    folderId: datacenter.vmFolder,
    path: `[${datastore.name}] ${file.path}`,
    name: `appliance-${datastoreId}`,
    asTemplate: false,
    poolId: host.resourcePool,
  });
  return pick(
    model.vms.find(({ id }) => id === vmId),
    "VM",
  );
}

/** A volume that the array keeps no ancestry of, with another's VMFS header. */
function unrelatedVolume(state: WorldState, like: LabVolume, name: string): LabVolume {
  const { ids, model, now } = state;
  const volume: LabVolume = {
    id: ids.array("vol"),
    name: ids.style.volumeName(name),
    kind: "clone",
    guid: ids.guid(),
    sizeBytes: like.sizeBytes,
    createdAt: now().toISOString(),
    dataVersion: like.dataVersion,
    header: { ...like.header },
    files: [],
  };
  model.volumes.push(volume);
  return volume;
}

/** The datastore gets a second extent, on a LUN of its own. */
export function spanDatastore(state: WorldState, touch: Touch): string[] {
  const { pair, mount, datastore, volume } = mountOf(state, touch);
  const extent = unrelatedVolume(state, volume, touch.name ?? `${datastore.name}-extent`);
  assign(state, extent.id, pair.client.id);
  refreshDisks(state, pair.host);
  mount.naas.push(naaOfVolume(extent));
  refreshAccess(state, pair.host);
  prune(state);
  return [datastore.id];
}

/**
 * Another host of the same Datacenter, added if there is none that could, mounts the datastore too. The array has no
 * assignment for it (any more), so that vCenter alone shows the sharing, until that host rescans.
 */
export function shareDatastore(state: WorldState, touch: Touch): string[] {
  const { model } = state;
  const { pair, mount, datastore, volume } = mountOf(state, { ...touch, host: undefined });
  const near = model.hosts.find(
    (host) =>
      host !== pair.host &&
      host.datacenterId === pair.host.datacenterId &&
      !host.mounts.some(({ vmfsUuid }) => vmfsUuid === mount.vmfsUuid),
  );
  const client = model.clients.find(({ id }) => id === near?.clientId);
  const second =
    near !== undefined && client !== undefined
      ? { client, host: near }
      : addPair(state, model.clients.length, pair.host.datacenterId);
  present(state, volume, second);
  model.assignments = model.assignments.filter(
    (assignment) => assignment.volumeId !== volume.id || assignment.clientId !== second.client.id,
  );
  return [datastore.id, second.host.id];
}

/** The host finds an unresolved copy of the family that no ancestry on the array explains. */
export function strayCopy(state: WorldState, touch: Touch): string[] {
  const { client, host } = pairOf(state, touch);
  const like = touch.lun === undefined ? assignedTo(state, touch)?.volume : undefined;
  const copy = unrelatedVolume(state, like ?? goldOf(state, touch), touch.name ?? "restored-copy");
  assign(state, copy.id, client.id);
  refreshDisks(state, host);
  refreshVolumes(state, host);
  return [copy.id];
}

/** The host is back: its VMs are off, its storage is found anew, what it remembers of detached and unmounted things holds. */
export function rebootHost(state: WorldState, touch: Touch): string[] {
  const { host } = pairOf(state, touch);
  host.connected = true;
  for (const vm of state.model.vms) {
    if (vm.hostId !== host.id) continue;
    if (vm.connectionState === "disconnected") vm.connectionState = "connected";
    if (vm.powerState === "poweredOn") switchOff(vm);
  }
  // Nothing holds on to a lost disk over this.
  host.disks = [];
  refreshDisks(state, host);
  refreshVolumes(state, host);
  return [host.id];
}

/** The array takes the assigned volume away, and the host has noticed: what runs from it runs on, and holds on to the disk. */
export function loseDisk(state: WorldState, touch: Touch): string[] {
  const { assignmentId, pair } = pick(assignedTo(state, touch), "assignment");
  unassign(state, assignmentId);
  refreshDisks(state, pair.host);
  refreshVolumes(state, pair.host);
  return [assignmentId];
}

/** Another volume of the array says that it has the GUID of the assigned one, or of the one named. */
export function duplicateGuid(state: WorldState, touch: Touch): string[] {
  const { model } = state;
  const named = model.volumes.find(({ id, name }) => touch.lun === id || touch.lun === name);
  const volume = pick(named ?? assignedTo(state, touch)?.volume, "assigned volume");
  const twin = unrelatedVolume(state, volume, touch.name ?? `${volume.name}-twin`);
  twin.guid = volume.guid;
  return [twin.id];
}
