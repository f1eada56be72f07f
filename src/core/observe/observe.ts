/** Reads array and hypervisor side by side for one request. Nothing here decides; it finds, or says what it cannot find. */
import { PrepError } from "../domain/errors.ts";
import type { MoRef, Naa, VmfsUuid } from "../domain/ids.ts";
import { traitsOf } from "../domain/modes.ts";
import { safeText } from "../domain/safe-text.ts";
import { livesOn } from "../domain/vm-path.ts";
import type {
  ArrayClient,
  ArrayReader,
  ArrayTraits,
  Assignment,
  Dependents,
  Snapshot,
  Volume,
} from "../ports/array.ts";
import type {
  Datastore,
  Host,
  HostFiles,
  HostStorage,
  HypervisorReader,
  Inventory,
  Vm,
  VmDevice,
  VmxFile,
} from "../ports/hypervisor.ts";
import type { Connection } from "../ports/runtime.ts";
import type { Naming, PlaceNames, Request } from "../request/request.ts";
import { refuseBlindSpots } from "./blind-spots.ts";
import { type LunVolume, withKinds } from "./kinds.ts";
import { type LeftoverDatastore, leftoverDatastoresOf, signaturesByLabel } from "./leftover-datastores.ts";
import { checkInitiators, findGold, findPlacement, locate, refuseDisconnected, type VmPlacement } from "./locate.ts";
import { refuseSameNaa } from "./same-naa.ts";

export interface ArrayView {
  readonly traits: ArrayTraits;
  readonly clients: readonly ArrayClient[];
  readonly volumes: readonly LunVolume[];
  readonly assignments: readonly Assignment[];
}

/** Everything that a mode's plan may rest on. */
export interface Observation {
  readonly array: ArrayView;
  readonly client: ArrayClient;
  readonly gold: LunVolume;
  /** Gold first, then everything cloned from it, by ancestry. */
  readonly family: readonly LunVolume[];
  /** Of the clones that a plan may delete: what hangs on each. */
  readonly dependents: ReadonlyMap<string, Dependents>;
  /** Gold's own snapshots, newest first. */
  readonly snapshots: readonly Snapshot[];
  readonly host: Host;
  readonly inventory: Inventory;
  readonly storage: HostStorage;
  /** VMs that use a relevant datastore. */
  readonly vms: readonly Vm[];
  /** Devices of those VMs that use more than one datastore. */
  readonly devices: readonly VmDevice[];
  /** The family's VMFS signatures: one, unless somebody resignatured; none, where nothing of the family was ever seen. */
  readonly signatures: ReadonlySet<VmfsUuid>;
  /** What is taken for a signature of the family by its datastore's label, where `signatures` is empty. */
  readonly labelSignatures: ReadonlySet<VmfsUuid>;
  /** Datastores on the target host that count as this family's, but whose disk is gone. */
  readonly leftoverDatastores: readonly LeftoverDatastore[];
  /** Where VMs would be registered. */
  readonly placement: VmPlacement;
  /** What else the host keeps on datastores, where the mode may unmount one of the family. */
  readonly hostFiles?: HostFiles;
  /** VMX files on the datastore of the assigned volume, where the mode asked for them. */
  readonly files?: { readonly files: readonly VmxFile[]; readonly unreadable: readonly string[] };
}

/** VMFS signatures that earlier plans have seen on a gold volume's family. */
export type KnownSignatures = ReadonlySet<VmfsUuid>;

export const byNewest = (a: { createdAt: string }, b: { createdAt: string }): number =>
  Date.parse(b.createdAt) - Date.parse(a.createdAt);

/** Whether a rollback to `chosen` would go past `other`: one made at the same instant counts as newer. */
export const isNewer = (other: Snapshot, chosen: Snapshot): boolean =>
  other.id !== chosen.id && Date.parse(other.createdAt) >= Date.parse(chosen.createdAt);

/** Snapshots that a word for this one may mean too: of its name, and where it is "the latest", of its instant. */
export const alikeOf = (one: Snapshot, among: readonly Snapshot[], isLatest: boolean): Snapshot[] =>
  among.filter(
    (other) =>
      other.id !== one.id &&
      (other.name === one.name || (isLatest && Date.parse(other.createdAt) === Date.parse(one.createdAt))),
  );

const idsOf = (datastores: readonly Datastore[]): MoRef[] => datastores.map(({ id }) => id);

/** A volume and all its descendants. */
export function familyOf<V extends Volume>(root: V, volumes: readonly V[]): V[] {
  const family = [root];
  for (const member of family) {
    family.push(...volumes.filter((volume) => volume.parent?.volumeId === member.id && !family.includes(volume)));
  }
  return family;
}

/** `luns` are the configured ones: shorthand → name. */
export async function readArray(array: ArrayReader, luns: Naming["luns"]): Promise<ArrayView> {
  const [traits, clients, volumes, assignments] = await Promise.all([
    array.traits(),
    array.clients(),
    array.volumes(),
    array.assignments(),
  ]);
  return { traits, clients, volumes: withKinds(volumes, Object.values(luns)), assignments };
}

/** What hangs on each of these volumes. */
export async function dependentsOf(
  volumes: readonly Volume[],
  array: ArrayReader,
): Promise<ReadonlyMap<string, Dependents>> {
  return new Map(
    await Promise.all(volumes.map(async ({ id }): Promise<[string, Dependents]> => [id, await array.dependents(id)])),
  );
}

/** Devices of the VMs that use more than one datastore, or live on none of these. */
export async function devicesOf(
  vms: readonly Vm[],
  datastores: readonly Datastore[],
  hypervisor: HypervisorReader,
): Promise<VmDevice[]> {
  const several = vms.filter((vm) => vm.datastoreIds.length > 1 || !datastores.some((one) => livesOn(vm, one)));
  return several.length === 0 ? [] : hypervisor.vmDevices(several.map(({ id }) => id));
}

const touches = (extents: readonly Naa[], naas: ReadonlySet<Naa>): boolean => extents.some((naa) => naas.has(naa));

export function signaturesOf(
  naas: ReadonlySet<Naa>,
  inventory: Inventory,
  storage: HostStorage,
  known: KnownSignatures,
): KnownSignatures {
  const found = new Set<VmfsUuid>();
  for (const datastore of inventory.datastores) if (touches(datastore.extents, naas)) found.add(datastore.vmfsUuid);
  for (const mount of storage.mounts) if (touches(mount.extents, naas)) found.add(mount.vmfsUuid);
  for (const copy of storage.unresolved) {
    if (
      touches(
        copy.extents.map((extent) => extent.naa),
        naas,
      )
    )
      found.add(copy.vmfsUuid);
  }
  // What is seen now counts; what was seen before helps only where nothing of the family is in sight.
  return found.size > 0 ? found : known;
}

/** Reads what the request's mode needs; `loadKnownSignatures` gives those that the store has for the gold volume. */
export async function observe(
  request: Request,
  systems: Connection<ArrayReader, HypervisorReader>,
  loadKnownSignatures: (goldId: string) => Promise<KnownSignatures>,
  naming: Pick<Naming, "luns">,
  placeNames: PlaceNames = {},
): Promise<Observation> {
  const { array, hypervisor } = systems;
  const [arrayView, inventory] = await Promise.all([readArray(array, naming.luns), hypervisor.inventory()]);
  const gold = findGold(request.lun, arrayView.volumes);
  const { client, host } = await locate(request, arrayView.clients, inventory, hypervisor);
  refuseBlindSpots(host, inventory);
  refuseDisconnected(host);
  checkUsable(gold);
  const family = familyOf(gold, arrayView.volumes);
  refuseSameNaa(family, arrayView.volumes);
  const mine = arrayView.assignments.filter(({ clientId }) => clientId === client.id).map(({ volumeId }) => volumeId);
  const mayGo = traitsOf(request.mode).cleansUp && !request.keepClone;
  const naas = new Set(family.map((volume) => volume.naa));
  const known = await loadKnownSignatures(gold.id);
  const early = signaturesOf(naas, inventory, { initiators: [], disks: [], mounts: [], unresolved: [] }, known);
  const here = inventory.datastores.filter((datastore) => datastore.datacenterId === host.datacenter.id);
  // Dead datastores count while it is open whose they are: the signature may only show among the host's copies.
  const relevant = here.filter(
    ({ extents, vmfsUuid, accessible }) => touches(extents, naas) || early.has(vmfsUuid) || !accessible,
  );
  const registers = registersVms(request);
  const mayUnmount = traitsOf(request.mode).cleansUp && here.some(({ extents }) => touches(extents, naas));
  const [placement, snapshots, dependents, { storage, vms }, hostFiles] = await Promise.all([
    findPlacement(host, registers ? placeNames : {}, hypervisor),
    array.snapshots({ volumeId: gold.id }),
    dependentsOf(mayGo ? family.filter(({ id, kind }) => kind === "clone" && mine.includes(id)) : [], array),
    hypervisor.hostStorageAndVms(host, idsOf(relevant)),
    mayUnmount ? hypervisor.hostFiles(host) : undefined,
  ]);
  checkInitiators(request, client, { id: host.id, initiators: storage.initiators });
  const signatures = signaturesOf(naas, inventory, storage, known);
  const labelSignatures = signatures.size > 0 ? new Set<VmfsUuid>() : signaturesByLabel(gold, here, arrayView.volumes);
  const late = here.filter(
    (datastore) =>
      (signatures.has(datastore.vmfsUuid) || labelSignatures.has(datastore.vmfsUuid)) && !relevant.includes(datastore),
  );
  if (late.length > 0) vms.push(...(await hypervisor.vmsOn(idsOf(late))));
  const devices = await devicesOf(vms, here, hypervisor);
  const { volumes, assignments } = arrayView;
  const observation: Observation = {
    array: arrayView,
    client,
    gold,
    family,
    dependents,
    snapshots: snapshots.toSorted(byNewest),
    host,
    placement,
    inventory,
    storage,
    vms,
    devices,
    signatures,
    labelSignatures,
    ...(hostFiles === undefined ? {} : { hostFiles }),
    leftoverDatastores: leftoverDatastoresOf({
      labelSignatures,
      family,
      volumes,
      assignments,
      client,
      host,
      datastores: here,
      storage,
      vms,
      signatures,
    }),
  };
  const target = wantsFiles(request) ? mountedVolume(observation, request) : undefined;
  return target === undefined ? observation : { ...observation, files: await hypervisor.vmxFiles(target) };
}

const registersVms = (request: Request): boolean => traitsOf(request.mode).registers || request.registerVms;

/** A volume that is only mounted by the plan cannot be looked into before it. */
const wantsFiles = (request: Request): boolean => registersVms(request) && traitsOf(request.mode).canBeDone;

/** The accessible datastore of the one volume that a register request is about, if there is exactly one. */
function mountedVolume(observation: Observation, request: Request): Datastore | undefined {
  const assigned = assignedHere(observation).map((entry) => entry.volume);
  const [volume] = assigned;
  if (volume === undefined || assigned.length > 1) return undefined;
  if (traitsOf(request.mode).leaves === "gold" && volume.kind !== "gold") return undefined;
  const stores = datastoresOf(observation, volume.naa);
  const [datastore] = stores;
  return stores.length === 1 && datastore?.accessible ? datastore : undefined;
}

/** Nothing is done to a volume that the array or its driver cannot vouch for. */
export function checkUsable(volume: Volume): void {
  if (volume.unusable === undefined) return;
  throw new PrepError("VOLUME_UNUSABLE", `${volume.name} ${safeText(volume.unusable)}.`, {
    found: { volumeId: volume.id, naa: volume.naa },
    hint: "Mend that on the array, then plan again.",
  });
}

/** What of the family is assigned to the request's client now. */
export function assignedHere(observation: Observation): { assignment: Assignment; volume: LunVolume }[] {
  return observation.array.assignments.flatMap((assignment) => {
    const volume = observation.family.find((member) => member.id === assignment.volumeId);
    return volume !== undefined && assignment.clientId === observation.client.id ? [{ assignment, volume }] : [];
  });
}

/** Datastores on this disk within the target host's Datacenter. */
export const datastoresOf = (observation: Observation, naa: Naa): Datastore[] =>
  observation.inventory.datastores.filter(
    (datastore) => datastore.datacenterId === observation.host.datacenter.id && datastore.extents.includes(naa),
  );
