/** What earlier failures left on a host: datastores of this family whose disk the array does not present to it any more. */
import type { MoRef, Naa, VmfsUuid } from "../domain/ids.ts";
import { livesOn } from "../domain/vm-path.ts";
import type { ArrayClient, Assignment, Volume } from "../ports/array.ts";
import type { Datastore, Host, HostStorage, Vm } from "../ports/hypervisor.ts";
import type { LunVolume } from "./kinds.ts";

export interface LeftoverDatastore {
  readonly datastore: Datastore;
  /** How it is known to be the family's: by its signature, or, where that was never seen, by its label. */
  readonly proof: "signature" | "label";
  /** Disks that the host still lists: it was not rescanned since the array took them away. */
  readonly stillListedDisks: readonly Naa[];
}

export interface LeftoverInput {
  /** Gold and everything cloned from it. */
  readonly family: readonly Volume[];
  readonly volumes: readonly Volume[];
  readonly assignments: readonly Assignment[];
  readonly client: ArrayClient;
  readonly host: Host;
  /** Those of the target host's Datacenter. */
  readonly datastores: readonly Datastore[];
  readonly storage: HostStorage;
  readonly vms: readonly Vm[];
  readonly signatures: ReadonlySet<VmfsUuid>;
  readonly labelSignatures: ReadonlySet<VmfsUuid>;
}

/**
 * Signatures that are the family's by all appearances, for where none of its volumes was ever seen: of datastores that
 * are labelled as the LUN, as gold and every clone of it are, and lie on disks that the array does not know (any more).
 */
export function signaturesByLabel(
  gold: Volume,
  datastores: readonly Datastore[],
  volumes: readonly Volume[],
): Set<VmfsUuid> {
  const known = new Set(volumes.map((volume) => volume.naa));
  const alike = datastores.filter(
    ({ name, extents }) => isLabelledAs(gold, name) && !extents.some((naa) => known.has(naa)),
  );
  return new Set(alike.map((datastore) => datastore.vmfsUuid));
}

/** Whether a VMFS volume or datastore is labelled as gold is. vCenter adds ` (1)` to what a datastore of the Datacenter has already. */
export const isLabelledAs = (gold: { readonly name: string }, label: string): boolean =>
  label.replace(/ \(\d+\)$/, "") === gold.name;

/**
 * Whether a datastore that lies on nothing the client holds is worth a closer look: the host has it mounted, and it is on a
 * volume of the array or labelled as gold is; or nothing can be read from it any more.
 */
export const mayBeLeftover = (
  { name, accessible, extents, mounts }: Datastore,
  hostId: MoRef,
  volumes: readonly LunVolume[],
): boolean =>
  !accessible ||
  (mounts.some((mount) => mount.hostId === hostId && mount.mounted) &&
    volumes.some((volume) => extents.includes(volume.naa) || (volume.kind === "gold" && isLabelledAs(volume, name))));

/** What became of what it lies on, for a sentence about it. */
export const lostVolume = ({ extents }: Datastore, volumes: readonly Volume[]): string =>
  volumes.some(({ naa }) => extents.includes(naa)) ? "its volume is no longer assigned here" : "its volume is gone";

/**
 * Such a datastore lies on no volume that is assigned to the client and on none of another family, no other host can use
 * it, and the target host has it mounted or VMs registered on it. With the family's signature it is the family's for
 * certain. Where that was never seen, the label has to do (`signaturesByLabel`).
 */
export function leftoverDatastoresOf(input: LeftoverInput): LeftoverDatastore[] {
  const { family, volumes, assignments, client, host, datastores, storage, vms, signatures, labelSignatures } = input;
  const held = new Set(assignments.filter(({ clientId }) => clientId === client.id).map(({ volumeId }) => volumeId));
  const living = new Set(
    volumes.filter((volume) => held.has(volume.id) || !family.includes(volume)).map(({ naa }) => naa),
  );
  return datastores.flatMap((datastore): LeftoverDatastore[] => {
    if (datastore.extents.some((naa) => living.has(naa))) return [];
    const elsewhere = datastore.mounts.some((mount) => mount.hostId !== host.id && mount.mounted && mount.accessible);
    const here = datastore.mounts.find((mount) => mount.hostId === host.id);
    const inhabited = vms.some((vm) => livesOn(vm, datastore) && (vm.hostId ?? host.id) === host.id);
    if (elsewhere || !(here?.mounted || inhabited)) return [];
    const stillListedDisks = datastore.extents.filter((naa) => storage.disks.some((disk) => disk.naa === naa));
    if (signatures.has(datastore.vmfsUuid)) return [{ datastore, proof: "signature", stillListedDisks }];
    return labelSignatures.has(datastore.vmfsUuid) ? [{ datastore, proof: "label", stillListedDisks }] : [];
  });
}
