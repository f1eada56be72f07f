/** Reads array and hypervisor side by side for one request. Nothing here decides; it finds, or says what it cannot find. */
import { PrepError } from "./errors.ts";
import type { Naa, VmfsUuid } from "./ids.ts";
import type {
  ArrayClient,
  ArrayReader,
  Assignment,
  Connection,
  Datastore,
  Host,
  HostStorage,
  HypervisorReader,
  Inventory,
  Snapshot,
  Vm,
  VmDevice,
  VmxFile,
  Volume,
} from "./ports.ts";
import { nearest, type Request, type Target } from "./request.ts";
import { safeText } from "./text.ts";
import { livesOn } from "./vm-path.ts";

export interface ArrayView {
  readonly clients: readonly ArrayClient[];
  readonly volumes: readonly Volume[];
  readonly assignments: readonly Assignment[];
}

/** Everything that a mode's plan may rest on. */
export interface Observation {
  readonly array: ArrayView;
  readonly client: ArrayClient;
  readonly gold: Volume;
  /** Gold first, then everything cloned from it, by ancestry. */
  readonly family: readonly Volume[];
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
  /** Datastores of dead disks on the target host that count as this family's. */
  readonly stale: readonly { readonly datastore: Datastore; readonly proof: "signature" | "name" }[];
  /** VMX files on the datastore of the assigned volume, where the mode asked for them. */
  readonly files?: { readonly files: readonly VmxFile[]; readonly unreadable: readonly string[] };
}

/** What the store remembers about a family. */
export interface Memory {
  readonly signatures: readonly VmfsUuid[];
}

export const byNewest = (a: { createdAt: string }, b: { createdAt: string }): number =>
  b.createdAt.localeCompare(a.createdAt);

/** A volume and all its descendants. */
export function familyOf(root: Volume, volumes: readonly Volume[]): Volume[] {
  const family = [root];
  for (const member of family) {
    family.push(...volumes.filter((volume) => volume.parentVolumeId === member.id && !family.includes(volume)));
  }
  return family;
}

export async function readArray(array: ArrayReader): Promise<ArrayView> {
  const [clients, volumes, assignments] = await Promise.all([array.clients(), array.volumes(), array.assignments()]);
  return { clients, volumes, assignments };
}

/** The one gold volume of this name. */
export function findGold(name: string, volumes: readonly Volume[]): Volume {
  const named = volumes.filter((volume) => volume.name === name);
  const golds = named.filter((volume) => volume.kind === "gold");
  const [gold] = golds;
  if (gold !== undefined && golds.length === 1) return gold;
  if (golds.length > 1) {
    throw new PrepError("AMBIGUOUS_LUN", `The array has ${golds.length} gold volumes named ${safeText(name)}.`, {
      found: { volumes: golds.map(({ id, guid }) => ({ id, guid })) },
      hint: "Have one of them renamed on the array; atvm_prep picks volumes by name only where the name is unique.",
    });
  }
  const known = volumes.filter((volume) => volume.kind === "gold").map((volume) => volume.name);
  const closest = nearest(name, known);
  const [clone] = named;
  throw new PrepError(
    "UNKNOWN_LUN",
    clone === undefined
      ? `The array has no gold LUN named ${safeText(name)}.`
      : `${safeText(name)} is a clone (${clone.id}), not a gold LUN.`,
    {
      found: { closest },
      hint:
        closest.length > 0
          ? `Did you mean ${closest.join(", or ")}? Only gold LUNs can be named.`
          : "list_luns shows the gold LUNs.",
    },
  );
}

export function findClient(name: string, clients: readonly ArrayClient[]): ArrayClient {
  const named = clients.filter((client) => client.name === name);
  const [client] = named;
  if (client !== undefined && named.length === 1) return client;
  if (named.length > 1) {
    throw new PrepError("AMBIGUOUS_CLIENT", `The array has ${named.length} clients named ${safeText(name)}.`, {
      found: { clients: named.map(({ id, hostAddress }) => ({ id, hostAddress: safeText(hostAddress) })) },
      hint: "Have one of them renamed on the array.",
    });
  }
  const closest = nearest(
    name,
    clients.map((other) => other.name),
  );
  throw new PrepError("UNKNOWN_CLIENT", `The array has no client named ${safeText(name)}.`, {
    found: { closest },
    hint:
      closest.length > 0
        ? `Did you mean ${closest.join(", or ")}?`
        : "Register the host as a client on the array first.",
  });
}

export async function findHost(address: string, inventory: Inventory, hypervisor: HypervisorReader): Promise<Host> {
  const ids = await hypervisor.findHost(address, inventory.hosts);
  const matches = inventory.hosts.filter((host) => ids.includes(host.id));
  const [host] = matches;
  if (host === undefined) {
    const closest = nearest(
      address,
      inventory.hosts.map((other) => other.name),
    );
    throw new PrepError("UNKNOWN_HOST", `vCenter has no host ${safeText(address)}.`, {
      found: { closest },
      hint: closest.length > 0 ? `Did you mean ${closest.join(", or ")}?` : "Add the host to vCenter first.",
    });
  }
  if (matches.length > 1) {
    throw new PrepError("AMBIGUOUS_HOST", `${safeText(address)} means ${matches.length} hosts in vCenter.`, {
      found: { hosts: matches.map(({ id, name }) => ({ id, name: safeText(name) })) },
      hint: "Name the host as vCenter's inventory lists it.",
    });
  }
  return host;
}

/** Client and host that no pair vouches for must be paired by the array's own record; a pair that the record contradicts is no pair. */
async function checkPair(
  target: Target,
  client: ArrayClient,
  host: Host,
  inventory: Inventory,
  hypervisor: HypervisorReader,
): Promise<void> {
  if (client.hostAddress === target.host || client.hostAddress === host.name) return;
  const recorded = client.hostAddress === "" ? [] : await hypervisor.findHost(client.hostAddress, inventory.hosts);
  if (recorded.length === 1 && recorded[0] === host.id) return;
  throw new PrepError(
    "PAIR_CONFLICT",
    `The array's record of client ${safeText(client.name)} names the host ${safeText(client.hostAddress) || "(none)"}, not ${safeText(target.host)}.`,
    {
      found: { client: client.id, hostAddress: safeText(client.hostAddress), host: host.id },
      hint: "Name the client and the host that belong together, or have the array's record corrected.",
    },
  );
}

/** Client and host, found on both systems and checked to belong together. */
export async function locate(
  target: Target,
  clients: readonly ArrayClient[],
  inventory: Inventory,
  hypervisor: HypervisorReader,
): Promise<{ client: ArrayClient; host: Host }> {
  const client = findClient(target.client, clients);
  const host = await findHost(target.host, inventory, hypervisor);
  await checkPair(target, client, host, inventory, hypervisor);
  return { client, host };
}

const touches = (extents: readonly Naa[], naas: ReadonlySet<Naa>): boolean => extents.some((naa) => naas.has(naa));

function signaturesOf(
  naas: ReadonlySet<Naa>,
  inventory: Inventory,
  storage: HostStorage,
  memory: Memory,
): Set<VmfsUuid> {
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
  return found.size > 0 ? found : new Set(memory.signatures);
}

/** vCenter adds ` (1)` to a label that another datastore of the Datacenter has already. */
const labelOf = (name: string): string => name.replace(/ \(\d+\)$/, "");

const mountedOn = (datastore: Datastore, host: Host): boolean =>
  datastore.mounts.some((mount) => mount.hostId === host.id);

/**
 * Datastores of dead disks on the host: not accessible, no extent among the host's live disks, no extent on the array
 * outside the family. With the family's signature they are its leftovers for certain. Where nothing of the family was ever seen, so that
 * its signature is not known, the datastore's VMFS label has to do: it names the LUN on gold and on every clone of it.
 */
function staleOf(
  gold: Volume,
  naas: ReadonlySet<Naa>,
  signatures: ReadonlySet<VmfsUuid>,
  host: Host,
  datastores: readonly Datastore[],
  volumes: readonly Volume[],
): Observation["stale"] {
  const foreign = new Set(volumes.map((volume) => volume.naa).filter((naa) => !naas.has(naa)));
  const dead = datastores.filter(
    (datastore) =>
      datastore.datacenterId === host.datacenter.id &&
      mountedOn(datastore, host) &&
      datastore.mounts.every((mount) => !mount.accessible || !mount.mounted) &&
      !datastore.accessible &&
      !touches(datastore.extents, foreign),
  );
  return dead.flatMap((datastore): { datastore: Datastore; proof: "signature" | "name" }[] => {
    if (signatures.has(datastore.vmfsUuid)) return [{ datastore, proof: "signature" }];
    if (signatures.size === 0 && labelOf(datastore.name) === gold.name) return [{ datastore, proof: "name" }];
    return [];
  });
}

/** Reads what the request's mode needs; `remember` gives what the store knows of the gold volume's family. */
export async function observe(
  request: Request,
  systems: Connection<ArrayReader, HypervisorReader>,
  remember: (goldId: string) => Promise<Memory>,
): Promise<Observation> {
  const { array, hypervisor } = systems;
  const [arrayView, inventory] = await Promise.all([readArray(array), hypervisor.inventory()]);
  const gold = findGold(request.lun, arrayView.volumes);
  const { client, host } = await locate(request, arrayView.clients, inventory, hypervisor);
  if (host.connectionState !== "connected") {
    throw new PrepError(
      "UNREACHABLE",
      `vCenter is not connected to host ${safeText(host.name)} (${host.connectionState}).`,
      {
        found: { host: host.id, connectionState: host.connectionState },
        hint: "Reconnect the host in vCenter, then plan again.",
      },
    );
  }
  const family = familyOf(gold, arrayView.volumes);
  const naas = new Set(family.map((volume) => volume.naa));
  const memory = await remember(gold.id);
  const early = signaturesOf(naas, inventory, { disks: [], mounts: [], unresolved: [] }, memory);
  const here = inventory.datastores.filter((datastore) => datastore.datacenterId === host.datacenter.id);
  const candidates = staleOf(gold, naas, early, host, here, arrayView.volumes);
  const relevant = here.filter(
    (datastore) =>
      touches(datastore.extents, naas) ||
      early.has(datastore.vmfsUuid) ||
      candidates.some((candidate) => candidate.datastore.id === datastore.id),
  );
  const [snapshots, { storage, vms }] = await Promise.all([
    gold.policyId === undefined ? [] : array.snapshots(gold.policyId),
    hypervisor.hostStorageAndVms(
      host,
      relevant.map((datastore) => datastore.id),
    ),
  ]);
  const signatures = signaturesOf(naas, inventory, storage, memory);
  const several = vms.filter((vm) => vm.datastoreIds.length > 1 || !relevant.some((ds) => livesOn(vm, ds)));
  const devices = several.length === 0 ? [] : await hypervisor.vmDevices(several.map((vm) => vm.id));
  const observation: Observation = {
    array: arrayView,
    client,
    gold,
    family,
    snapshots: snapshots.filter((snapshot) => snapshot.volumeId === gold.id).toSorted(byNewest),
    host,
    inventory,
    storage,
    vms,
    devices,
    signatures,
    stale: staleOf(gold, naas, signatures, host, here, arrayView.volumes),
  };
  const target = wantsFiles(request) ? mountedVolume(observation, request) : undefined;
  return target === undefined ? observation : { ...observation, files: await hypervisor.vmxFiles(target) };
}

const wantsFiles = (request: Request): boolean =>
  request.mode === "register" || (request.mode === "maintenance" && request.registerVms);

/** The accessible datastore of the one volume that a register request is about, if there is exactly one. */
function mountedVolume(observation: Observation, request: Request): Datastore | undefined {
  const assigned = assignedHere(observation).map((entry) => entry.volume);
  const [volume] = assigned;
  if (volume === undefined || assigned.length > 1) return undefined;
  if (request.mode === "maintenance" && volume.kind !== "gold") return undefined;
  const stores = datastoresOf(observation, volume.naa);
  const [datastore] = stores;
  return stores.length === 1 && datastore?.accessible ? datastore : undefined;
}

/** What of the family is assigned to the request's client now. */
export function assignedHere(observation: Observation): { assignment: Assignment; volume: Volume }[] {
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
