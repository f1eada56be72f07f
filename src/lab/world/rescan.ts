/** What a host sees of its storage: disks after RescanAllHba, VMFS volumes and unresolved copies after RescanVmfs. */
import type { LabDatastore, LabDisk, LabHost, LabMount, LabVolume } from "./model.ts";
import { clientsOf, naaOfVolume, presented, reachableHost, usable, volumeByNaa, type WorldState } from "./state.ts";

export function rescanHba(state: WorldState, hostId: string): void {
  const host = reachableHost(state, hostId);
  state.lags.countRescan(hostId, "disks");
  refreshDisks(state, host);
}

export function rescanVmfs(state: WorldState, hostId: string): void {
  const host = reachableHost(state, hostId);
  state.lags.countRescan(hostId, "volumes");
  refreshVolumes(state, host);
}

export function refreshDisks(state: WorldState, host: LabHost): void {
  const { model, lags } = state;
  const clients = clientsOf(state, host);
  const seen = model.assignments.filter((assignment) => clients.has(assignment.clientId)).map((one) => one.volumeId);
  for (const disk of host.disks) disk.lost = !seen.includes(disk.volumeId);
  host.disks = host.disks.filter((disk) => !disk.lost || isReferenced(state, host, disk.naa));
  const listed = new Set(host.disks.map((disk) => disk.volumeId));
  const late = (key: string): boolean => !lags.shows({ kind: "disk", hostId: host.id, key }, state.now());
  const fresh = model.volumes.filter(
    (volume) => seen.includes(volume.id) && !listed.has(volume.id) && !late(naaOfVolume(volume)),
  );
  host.disks.push(...fresh.map((volume) => diskOf(state, volume)));
  const there = new Set(model.volumes.filter((volume) => seen.includes(volume.id)).map(naaOfVolume));
  lags.forget(({ kind, hostId, key }) => kind !== "datastore" && hostId === host.id && !there.has(key));
  refreshAccess(state, host);
}

/** A lost disk stays for as long as something holds on to it: a VM that runs from it or has a device on it, or a template. */
const isReferenced = (state: WorldState, host: LabHost, naa: string): boolean =>
  host.mounts
    .filter((mount) => mount.mounted && mount.naas.includes(naa))
    .some((mount) => usersOf(state, host, mount).some((vm) => vm.powerState === "poweredOn" || vm.template));

export function refreshVolumes(state: WorldState, host: LabHost): void {
  host.mounts = host.mounts.filter((mount) => {
    if (!mount.mounted) return mount.naas.every((naa) => attached(host, naa));
    return mount.accessible || registeredOn(state, host, mount).length > 0;
  });
  const known = new Set(host.unresolved.map(({ naa }) => naa));
  host.unresolved = [];
  for (const { naa } of host.disks) {
    const volume = readable(state, host, naa);
    if (volume === undefined) continue;
    const shows = known.has(naa) || state.lags.shows({ kind: "volume", hostId: host.id, key: naa }, state.now());
    if (shows) findVolume(state, host, volume);
  }
  refreshAccess(state, host);
  prune(state);
}

/** What lies on a disk that no listed volume lies on; undefined: nothing that the host can read. */
function readable(state: WorldState, host: LabHost, naa: string): LabVolume | undefined {
  const volume = volumeByNaa(state, naa);
  const taken = host.mounts.some((mount) => mount.naas.includes(naa));
  if (volume === undefined || taken || !attached(host, naa) || !presented(state, host, volume.id)) return undefined;
  return volume;
}

/** Shows what was late and has no rescan to wait for. Returns whether anything has changed. */
export function showLate(state: WorldState): boolean {
  const due = state.lags.over(state.now());
  for (const { kind, hostId, key } of due) {
    const host = state.model.hosts.find(({ id }) => id === hostId);
    state.lags.forget((one) => one.kind === kind && one.hostId === hostId && one.key === key);
    if (host === undefined) continue;
    if (kind === "datastore") {
      for (const datastore of state.model.datastores) if (datastore.id === key) delete datastore.late;
    } else if (kind === "disk") {
      const volume = volumeByNaa(state, key);
      if (volume !== undefined && presented(state, host, volume.id)) host.disks.push(diskOf(state, volume));
    } else {
      const volume = readable(state, host, key);
      if (volume !== undefined) findVolume(state, host, volume);
    }
  }
  return due.length > 0;
}

/** What a rescan makes of one readable disk that no listed volume lies on: a mount, an unmounted volume or an unresolved copy. */
function findVolume(state: WorldState, host: LabHost, volume: LabVolume): void {
  const { vmfsUuid, label, naa: owner } = volume.header;
  const naa = naaOfVolume(volume);
  const forced = host.forceMounted.get(vmfsUuid) === naa;
  const refused = owner !== naa && (!forced || signatureTaken(state, host, vmfsUuid, naa));
  if (refused) {
    host.unresolved.push({ vmfsUuid, label, naa });
    return;
  }
  // One signature is mounted once on a host: a second disk with it waits.
  if (host.mounts.some((mount) => mount.vmfsUuid === vmfsUuid && (usable(mount) || !mount.mounted))) return;
  mountHere(state, host, volume, { forced, mounted: !host.unmountedByHand.has(vmfsUuid) });
}

export function mountHere(
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
  const inDatacenter = model.datastores.filter((candidate) => candidate.datacenterId === host.datacenterId);
  const known = inDatacenter.find((candidate) => candidate.vmfsUuid === vmfsUuid);
  if (known !== undefined) return known;
  const datastore: LabDatastore = {
    id: ids.moref("datastore"),
    name: freeName(
      label,
      inDatacenter.map((item) => item.name),
    ),
    datacenterId: host.datacenterId,
    vmfsUuid,
    naas: [naaOfVolume(volume)],
    browser: ids.moref("datastoreBrowser"),
  };
  const shows = state.lags.shows({ kind: "datastore", hostId: host.id, key: datastore.id }, state.now());
  if (!shows) datastore.late = true;
  model.datastores.push(datastore);
  return datastore;
}

function freeName(label: string, taken: readonly string[]): string {
  for (let i = 0; ; i += 1) {
    const name = i === 0 ? label : `${label} (${i})`;
    if (!taken.includes(name)) return name;
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

function diskOf({ ids }: WorldState, volume: LabVolume): LabDisk {
  const { vendor } = ids.style;
  const tail = Buffer.from(`${vendor}-LUN`).toString("hex");
  return {
    naa: naaOfVolume(volume),
    volumeId: volume.id,
    vendor,
    uuid: `0200000000${volume.guid}${tail}`,
    key: `key-vim.host.ScsiDisk-0200000000${volume.guid}${tail}`,
  };
}

export const attached = (host: LabHost, naa: string): boolean =>
  host.disks.some((disk) => disk.naa === naa && disk.lost !== true) && !host.detached.has(naa);

const registeredOn = ({ model }: WorldState, host: LabHost, mount: LabMount) =>
  model.vms.filter((vm) => vm.hostId === host.id && vm.datastoreId === mount.datastoreId);

/** Registered VMs of the host that live on the datastore or have a device on it. */
export const usersOf = ({ model }: WorldState, host: LabHost, mount: LabMount) =>
  model.vms.filter(
    (vm) =>
      vm.hostId === host.id &&
      (vm.datastoreId === mount.datastoreId ||
        vm.workingDatastoreId === mount.datastoreId ||
        vm.foreignDevices.some((device) => device.datastoreId === mount.datastoreId)),
  );

/** Whether a host of the Datacenter, this one included, has the signature mounted from another disk than `naa`. */
export const signatureTaken = ({ model }: WorldState, host: LabHost, vmfsUuid: string, naa: string): boolean =>
  model.hosts
    .filter((one) => one.datacenterId === host.datacenterId)
    .some((one) =>
      one.mounts.some((mount) => mount.vmfsUuid === vmfsUuid && usable(mount) && !mount.naas.includes(naa)),
    );
