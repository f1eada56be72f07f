/** What is done to a host's storage by hand, which the host remembers. */
import type { LabCopy, LabDisk, LabHost, LabMount } from "./model.ts";
import { devicePathOf, VimFault } from "./model.ts";
import { attached, mountHere, prune, refreshAccess, signatureTaken, usersOf } from "./rescan.ts";
import { presented, reachableHost, volumeByNaa, type WorldState } from "./state.ts";

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
  refuseUse(state, host, mount);
  mount.mounted = false;
  mount.accessible = false;
  host.unmountedByHand.add(vmfsUuid);
}

/** What besides VMs keeps a datastore from being unmounted. */
function refuseUse({ model }: WorldState, host: LabHost, mount: LabMount): void {
  const datastore = model.datastores.find(({ id }) => id === mount.datastoreId);
  const inUse = (by: string): VimFault =>
    new VimFault("ResourceInUse", `The resource '${mount.label}' is in use by ${by}.`, {
      type: "Datastore",
      name: mount.label,
    });
  if (datastore?.pod !== undefined) throw inUse(`the datastore cluster ${datastore.pod.name}`);
  if (datastore?.ioControl === true) throw inUse("Storage I/O Control");
  const kept = host.keeps?.find(({ datastoreId }) => datastoreId === mount.datastoreId);
  if (kept !== undefined) throw inUse(`the host's ${kept.what}`);
  if (datastore?.heartbeat !== true) return;
  throw new VimFault(
    "QuiesceDatastoreIOForHAFailed",
    `The HA agent on host '${host.name}' failed to quiesce file activity on datastore '${mount.label}'.`,
    { host: host.id, hostName: host.name, ds: mount.datastoreId, dsName: mount.label },
  );
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

/**
 * Mounts the copy that these extents belong to. Where a signature has several copies, one of them must be named: extents
 * of more than one are `VmfsAmbiguousMount`.
 */
export function forceMount(state: WorldState, hostId: string, ...devicePaths: readonly string[]): LabMount {
  const host = reachableHost(state, hostId);
  const copy = copyNamed(host, devicePaths);
  if (copy === undefined) {
    throw new VimFault("NotFound", `${devicePaths.join(", ")} is no extent of an unresolved VMFS volume`);
  }
  const { vmfsUuid, naa } = copy;
  if (signatureTaken(state, host, vmfsUuid, naa)) {
    throw new VimFault("VmfsAlreadyMounted", `A VMFS volume with UUID ${vmfsUuid} is mounted in this datacenter`, {
      uuid: vmfsUuid,
    });
  }
  const volume = volumeByNaa(state, naa);
  if (!isResolvable(host, vmfsUuid) || volume === undefined || !presented(state, host, volume.id)) {
    throw new VimFault("HostConfigFault", `VMFS volume ${vmfsUuid} on ${naa} cannot be resolved`);
  }
  host.forceMounted.set(vmfsUuid, naa);
  host.unmountedByHand.delete(vmfsUuid);
  host.unresolved = host.unresolved.filter((candidate) => candidate !== copy);
  const mount = mountHere(state, host, volume, { forced: true, mounted: true });
  refreshAccess(state, host);
  prune(state);
  return mount;
}

const copiesOf = (host: LabHost, vmfsUuid: string): LabCopy[] =>
  host.unresolved.filter((candidate) => candidate.vmfsUuid === vmfsUuid);

export const isResolvable = (host: LabHost, vmfsUuid: string): boolean =>
  host.copiesUnresolvable !== true || copiesOf(host, vmfsUuid).length < 2;

function copyNamed(host: LabHost, devicePaths: readonly string[]): LabCopy | undefined {
  const [copy, other] = host.unresolved.filter(({ naa }) => devicePaths.includes(devicePathOf(naa)));
  if (copy !== undefined && other !== undefined) {
    throw new VimFault("VmfsAmbiguousMount", `The extents belong to several copies of VMFS volume ${copy.vmfsUuid}`, {
      uuid: copy.vmfsUuid,
    });
  }
  return copy;
}

/** Writes a signature of its own into the copy's header, and mounts what is a volume like any other then. */
export function resignature(state: WorldState, hostId: string, ...devicePaths: readonly string[]): LabMount {
  const host = reachableHost(state, hostId);
  const copy = copyNamed(host, devicePaths);
  const volume = copy === undefined ? undefined : volumeByNaa(state, copy.naa);
  if (
    copy === undefined ||
    volume === undefined ||
    !isResolvable(host, copy.vmfsUuid) ||
    !presented(state, host, volume.id)
  ) {
    throw new VimFault(
      "HostConfigFault",
      `${devicePaths.join(", ")} is no extent of a VMFS volume that can be resignatured`,
    );
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

function diskByUuid(host: LabHost, lunUuid: string): LabDisk {
  const disk = host.disks.find((candidate) => candidate.uuid === lunUuid);
  if (disk === undefined) throw new VimFault("NotFound", `The host has no SCSI LUN ${lunUuid}`);
  return disk;
}

function listed(host: LabHost, vmfsUuid: string): LabMount {
  const mount = host.mounts.find((candidate) => candidate.vmfsUuid === vmfsUuid);
  if (mount === undefined) throw new VimFault("NotFound", `The host has no VMFS volume ${vmfsUuid}`);
  return mount;
}
