/** What earlier failures left on a host: datastores of this family whose disk the array does not present to it any more. */
import type { Naa, VmfsUuid } from "./ids.ts";
import type { ArrayClient, Assignment, Datastore, Host, HostStorage, Vm, Volume } from "./ports.ts";
import { livesOn } from "./vm-path.ts";

export interface StaleDatastore {
  readonly datastore: Datastore;
  /** How it is known to be the family's: by its signature, or, where that was never seen, by its label. */
  readonly proof: "signature" | "label";
  /** Disks that the host still lists: it was not rescanned since the array took them away. */
  readonly lingering: readonly Naa[];
}

export interface StaleInput {
  readonly gold: Volume;
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
}

/** vCenter adds ` (1)` to a label that another datastore of the Datacenter has already. */
const labelOf = (name: string): string => name.replace(/ \(\d+\)$/, "");

/**
 * Such a datastore lies on no volume that is assigned to the client and on none of another family, no other host can use
 * it, and the target host has it mounted or VMs registered on it. With the family's signature it is the family's for
 * certain. Where that was never seen, a dead one's label has to do: it names the LUN on gold and on every clone of it.
 */
export function staleOf(input: StaleInput): StaleDatastore[] {
  const { gold, family, volumes, assignments, client, host, datastores, storage, vms, signatures } = input;
  const held = new Set(assignments.filter((one) => one.clientId === client.id).map((one) => one.volumeId));
  const living = new Set(volumes.filter((one) => held.has(one.id) || !family.includes(one)).map((one) => one.naa));
  return datastores.flatMap((datastore): StaleDatastore[] => {
    if (datastore.extents.some((naa) => living.has(naa))) return [];
    const elsewhere = datastore.mounts.some((one) => one.hostId !== host.id && one.mounted && one.accessible);
    const here = datastore.mounts.find((one) => one.hostId === host.id);
    const inhabited = vms.some((vm) => livesOn(vm, datastore) && (vm.hostId ?? host.id) === host.id);
    if (elsewhere || !(here?.mounted || inhabited)) return [];
    const lingering = datastore.extents.filter((naa) => storage.disks.some((disk) => disk.naa === naa));
    if (signatures.has(datastore.vmfsUuid)) return [{ datastore, proof: "signature", lingering }];
    const named = signatures.size === 0 && !datastore.accessible && labelOf(datastore.name) === gold.name;
    return named ? [{ datastore, proof: "label", lingering }] : [];
  });
}
