/**
 * What a host sees of its storage: disks after RescanAllHba, VMFS volumes and unresolved copies after RescanVmfs, and
 * what is done to them by hand, which the host remembers.
 */
import type { LabDatastore, LabDisk, LabHost, LabMount, LabVolume } from "./model.ts";
import { devicePathOf, VimFault } from "./model.ts";
import { clientsOf, naaOfVolume, presented, reachableHost, usable, volumeByNaa, type WorldState } from "./state.ts";

export function rescanHba(state: WorldState, hostId: string): void {
  refreshDisks(state, reachableHost(state, hostId));
}

export function rescanVmfs(state: WorldState, hostId: string): void {
  refreshVolumes(state, reachableHost(state, hostId));
}

export function refreshDisks(state: WorldState, host: LabHost): void {
  const { model } = state;
  const clients = clientsOf(state, host);
  const seen = model.assignments.filter((one) => clients.has(one.clientId)).map((one) => one.volumeId);
  const kept = host.disks.filter((disk) => seen.includes(disk.volumeId));
  const fresh = model.volumes.filter(
    (volume) => seen.includes(volume.id) && !kept.some((disk) => disk.volumeId === volume.id),
  );
  host.disks = [...kept, ...fresh.map(diskOf)];
  refreshAccess(state, host);
}

export function refreshVolumes(state: WorldState, host: LabHost): void {
  host.mounts = host.mounts.filter((mount) => {
    if (!mount.mounted) return mount.naas.every((naa) => attached(host, naa));
    return mount.accessible || registeredOn(state, host, mount).length > 0;
  });
  host.unresolved = [];
  for (const disk of host.disks) {
    const volume = volumeByNaa(state, disk.naa);
    const known = host.mounts.some((mount) => mount.naas.includes(disk.naa));
    if (volume === undefined || known || !attached(host, disk.naa) || !presented(state, host, volume.id)) continue;
    findVolume(state, host, volume);
  }
  refreshAccess(state, host);
  prune(state);
}

/** What a rescan makes of one readable disk that no listed volume lies on: a mount, an unmounted volume or an unresolved copy. */
function findVolume(state: WorldState, host: LabHost, volume: LabVolume): void {
  const { vmfsUuid, label, naa: owner } = volume.header;
  const naa = naaOfVolume(volume);
  const forced = host.forceMounted.get(vmfsUuid) === naa;
  const refused = owner !== naa && (!forced || signatureTaken(state, host, vmfsUuid, naa));
  if (refused) {
    host.unresolved.push({ vmfsUuid, label, naa, resolvable: true });
    return;
  }
  // One signature is mounted once on a host: a second disk with it waits.
  if (host.mounts.some((mount) => mount.vmfsUuid === vmfsUuid && (usable(mount) || !mount.mounted))) return;
  mountHere(state, host, volume, { forced, mounted: !host.unmountedByHand.has(vmfsUuid) });
}

function mountHere(
  state: WorldState,
  host: LabHost,
  volume: LabVolume,
  how: { forced: boolean; mounted: boolean },
): LabMount {
  const { vmfsUuid, label } = volume.header;
  // A dead mount of this signature is taken over, with what is registered on it: the hazard of a stale inventory.
  host.mounts = host.mounts.filter((mount) => mount.vmfsUuid !== vmfsUuid);
  const datastore = datastoreFor(state, host, volume);
  const mount: LabMount = {
    vmfsUuid,
    label,
    naas: [naaOfVolume(volume)],
    mounted: how.mounted,
    accessible: how.mounted,
    forceMounted: how.forced,
    datastoreId: datastore.id,
  };
  host.mounts.push(mount);
  return mount;
}

/** One object for a signature in a Datacenter, also when two hosts mount it from different disks. */
function datastoreFor(state: WorldState, host: LabHost, volume: LabVolume): LabDatastore {
  const { model, ids } = state;
  const { vmfsUuid, label } = volume.header;
  const inDatacenter = model.datastores.filter((one) => one.datacenterId === host.datacenterId);
  const known = inDatacenter.find((one) => one.vmfsUuid === vmfsUuid);
  if (known !== undefined) return known;
  const datastore: LabDatastore = {
    id: ids.moref("datastore"),
    name: freeName(
      label,
      inDatacenter.map((one) => one.name),
    ),
    datacenterId: host.datacenterId,
    vmfsUuid,
    naas: [naaOfVolume(volume)],
    browser: ids.moref("datastoreBrowser"),
  };
  model.datastores.push(datastore);
  return datastore;
}

function freeName(label: string, taken: readonly string[]): string {
  for (let i = 0; ; i += 1) {
    const name = i === 0 ? label : `${label} (${i})`;
    if (!taken.includes(name)) return name;
  }
}

export function unmountVmfs(state: WorldState, hostId: string, vmfsUuid: string): void {
  const host = reachableHost(state, hostId);
  const mount = listed(host, vmfsUuid);
  if (!mount.mounted) throw new VimFault("InvalidState", `VMFS volume ${vmfsUuid} is unmounted already`);
  if (!mount.accessible) throw new VimFault("InvalidState", `VMFS volume ${vmfsUuid} is not accessible`);
  const users = usersOf(state, host, mount);
  if (users.length > 0) {
    throw new VimFault("ResourceInUse", `The resource is in use by ${users.length} registered virtual machine(s)`, {
      type: "Datastore",
      name: mount.label,
    });
  }
  mount.mounted = false;
  mount.accessible = false;
  host.unmountedByHand.add(vmfsUuid);
}

export function mountVmfs(state: WorldState, hostId: string, vmfsUuid: string): void {
  const host = reachableHost(state, hostId);
  const mount = listed(host, vmfsUuid);
  if (mount.mounted) {
    throw new VimFault(
      "InvalidState",
      `VMFS volume ${vmfsUuid} is ${mount.accessible ? "mounted already" : "not accessible"}`,
    );
  }
  if (!mount.naas.every((naa) => attached(host, naa))) {
    throw new VimFault("NotFound", `No attached disk of the host carries VMFS volume ${vmfsUuid}`);
  }
  mount.mounted = true;
  mount.accessible = true;
  host.unmountedByHand.delete(vmfsUuid);
  refreshAccess(state, host);
  prune(state);
}

export function forceMount(state: WorldState, hostId: string, devicePath: string): LabMount {
  const host = reachableHost(state, hostId);
  const copy = host.unresolved.find((one) => devicePathOf(one.naa) === devicePath);
  if (copy === undefined) throw new VimFault("NotFound", `${devicePath} is no extent of an unresolved VMFS volume`);
  const { vmfsUuid, naa } = copy;
  if (signatureTaken(state, host, vmfsUuid, naa)) {
    throw new VimFault("VmfsAlreadyMounted", `A VMFS volume with UUID ${vmfsUuid} is mounted in this datacenter`, {
      uuid: vmfsUuid,
    });
  }
  const volume = volumeByNaa(state, naa);
  if (!copy.resolvable || volume === undefined || !presented(state, host, volume.id)) {
    throw new VimFault("HostConfigFault", `VMFS volume ${vmfsUuid} on ${naa} cannot be resolved`);
  }
  host.forceMounted.set(vmfsUuid, naa);
  host.unmountedByHand.delete(vmfsUuid);
  host.unresolved = host.unresolved.filter((one) => one !== copy);
  const mount = mountHere(state, host, volume, { forced: true, mounted: true });
  refreshAccess(state, host);
  prune(state);
  return mount;
}

/** Writes a signature of its own into the copy's header, and mounts what is a volume like any other then. */
export function resignature(state: WorldState, hostId: string, devicePath: string): LabMount {
  const host = reachableHost(state, hostId);
  const copy = host.unresolved.find((one) => devicePathOf(one.naa) === devicePath);
  const volume = copy === undefined ? undefined : volumeByNaa(state, copy.naa);
  if (copy === undefined || volume === undefined || !copy.resolvable || !presented(state, host, volume.id)) {
    throw new VimFault("HostConfigFault", `${devicePath} is no extent of a VMFS volume that can be resignatured`);
  }
  const { naa, label } = copy;
  volume.header = { vmfsUuid: state.ids.vmfsUuid(), naa, label: `snap-${state.ids.hex(8)}-${label}` };
  for (const one of state.model.hosts) one.unresolved = one.unresolved.filter((other) => other.naa !== naa);
  const mount = mountHere(state, host, volume, { forced: false, mounted: true });
  refreshAccess(state, host);
  prune(state);
  return mount;
}

/** Returns the disk's canonical name. */
export function detachScsiLun(state: WorldState, hostId: string, lunUuid: string): string {
  const host = reachableHost(state, hostId);
  const { naa } = diskByUuid(host, lunUuid);
  if (host.detached.has(naa)) throw new VimFault("InvalidState", `Disk ${naa} is detached already`);
  if (host.mounts.some((mount) => mount.mounted && mount.naas.includes(naa))) {
    throw new VimFault("ResourceInUse", `Disk ${naa} carries a mounted VMFS volume`, { type: "ScsiLun", name: naa });
  }
  host.detached.add(naa);
  host.mounts = host.mounts.filter((mount) => !mount.naas.includes(naa));
  host.unresolved = host.unresolved.filter((copy) => copy.naa !== naa);
  prune(state);
  return naa;
}

/** Returns the disk's canonical name. What it carries comes with the next RescanVmfs. */
export function attachScsiLun(state: WorldState, hostId: string, lunUuid: string): string {
  const host = reachableHost(state, hostId);
  const { naa } = diskByUuid(host, lunUuid);
  if (!host.detached.delete(naa)) throw new VimFault("InvalidState", `Disk ${naa} is attached already`);
  return naa;
}

export function deleteScsiLunState(state: WorldState, hostId: string, canonicalName: string): void {
  const host = reachableHost(state, hostId);
  if (!host.detached.delete(canonicalName)) {
    throw new VimFault("NotFound", `The host keeps no detached state of ${canonicalName}`);
  }
}

export function deleteVmfsVolumeState(state: WorldState, hostId: string, vmfsUuid: string): void {
  const host = reachableHost(state, hostId);
  if (!host.unmountedByHand.delete(vmfsUuid)) {
    throw new VimFault("NotFound", `The host keeps no unmounted state of VMFS volume ${vmfsUuid}`);
  }
}

/** Brings mounts and the VMs on them in line with the disks that are there. */
export function refreshAccess(state: WorldState, host: LabHost): void {
  for (const mount of host.mounts) {
    if (mount.mounted) mount.accessible = mount.naas.every((naa) => attached(host, naa));
  }
  const byDatastore = new Map(host.mounts.map((mount) => [mount.datastoreId, mount]));
  for (const vm of state.model.vms) {
    const mount = vm.hostId === host.id ? byDatastore.get(vm.datastoreId) : undefined;
    if (mount === undefined) continue;
    if (vm.connectionState === "connected" && !usable(mount)) vm.connectionState = "inaccessible";
    else if (vm.connectionState === "inaccessible" && usable(mount)) vm.connectionState = "connected";
  }
}

/** Drops datastores that no host lists and no VM lives on, and notes which disks the others lie on. */
export function prune(state: WorldState): void {
  const { model } = state;
  const below = new Map<string, Set<string>>();
  for (const { datastoreId, naas } of model.hosts.flatMap((host) => host.mounts)) {
    below.set(datastoreId, new Set([...(below.get(datastoreId) ?? []), ...naas]));
  }
  model.datastores = model.datastores.filter((datastore) => {
    const naas = below.get(datastore.id);
    if (naas !== undefined) datastore.naas = [...naas];
    return naas !== undefined || model.vms.some((vm) => vm.datastoreId === datastore.id);
  });
}

function diskOf(volume: LabVolume): LabDisk {
  const tail = Buffer.from("DGS-LUN").toString("hex");
  return {
    naa: naaOfVolume(volume),
    volumeId: volume.id,
    uuid: `0200000000${volume.guid}${tail}`,
    key: `key-vim.host.ScsiDisk-0200000000${volume.guid}${tail}`,
  };
}

const attached = (host: LabHost, naa: string): boolean =>
  host.disks.some((disk) => disk.naa === naa) && !host.detached.has(naa);

function diskByUuid(host: LabHost, lunUuid: string): LabDisk {
  const disk = host.disks.find((one) => one.uuid === lunUuid);
  if (disk === undefined) throw new VimFault("NotFound", `The host has no SCSI LUN ${lunUuid}`);
  return disk;
}

function listed(host: LabHost, vmfsUuid: string): LabMount {
  const mount = host.mounts.find((one) => one.vmfsUuid === vmfsUuid);
  if (mount === undefined) throw new VimFault("NotFound", `The host has no VMFS volume ${vmfsUuid}`);
  return mount;
}

const registeredOn = ({ model }: WorldState, host: LabHost, mount: LabMount) =>
  model.vms.filter((vm) => vm.hostId === host.id && vm.datastoreId === mount.datastoreId);

/** Registered VMs of the host that live on the datastore or have a device on it. */
const usersOf = ({ model }: WorldState, host: LabHost, mount: LabMount) =>
  model.vms.filter(
    (vm) =>
      vm.hostId === host.id &&
      (vm.datastoreId === mount.datastoreId ||
        vm.foreignDevices.some((device) => device.datastoreId === mount.datastoreId)),
  );

/** Whether a host of the Datacenter, this one included, has the signature mounted from another disk than `naa`. */
const signatureTaken = ({ model }: WorldState, host: LabHost, vmfsUuid: string, naa: string): boolean =>
  model.hosts
    .filter((one) => one.datacenterId === host.datacenterId)
    .some((one) =>
      one.mounts.some((mount) => mount.vmfsUuid === vmfsUuid && usable(mount) && !mount.naas.includes(naa)),
    );
