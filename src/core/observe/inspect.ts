/** The read side: what is there, without a plan. */

import type { VmfsUuid } from "../domain/ids.ts";
import { type SafeText, safeText } from "../domain/safe-text.ts";
import { fileOn, livesOn } from "../domain/vm-path.ts";
import type { EngineDeps } from "../engine-options.ts";
import { ageOf } from "../modes/common.ts";
import type { ArrayReader } from "../ports/array.ts";
import type { Datastore, HypervisorReader, Inventory as VcenterInventory, Vm } from "../ports/hypervisor.ts";
import type { Connection } from "../ports/runtime.ts";
import type { Inspection, LunInventory, SnapshotInventory, VmInventory, VmRecord } from "../records.ts";
import { lunNameOf, resolveTarget, shorthandsOf, type TargetInputs } from "../request/request.ts";
import { isMounted, mountOf } from "../steps/shared.ts";
import { refuseBlindSpots } from "./blind-spots.ts";
import { goldOf, type LunVolume, withKinds } from "./kinds.ts";
import { loadKnownSignatures } from "./known-signatures.ts";
import {
  type LeftoverInput,
  leftoverDatastoresOf,
  lostVolume,
  mayBeLeftover,
  signaturesByLabel,
} from "./leftover-datastores.ts";
import { findGold, locate } from "./locate.ts";
import { type ArrayView, alikeOf, byNewest, familyOf, readArray, signaturesOf } from "./observe.ts";

type Reading = Connection<ArrayReader, HypervisorReader>;

/** Opens a reading connection for the time of `work`. */
export async function reading<T>(deps: EngineDeps, work: (systems: Reading) => Promise<T>): Promise<T> {
  const connection = deps.systems().read();
  try {
    return await work(connection);
  } finally {
    await connection.close();
  }
}

/** A host with more VMs than this has them listed by the VM inventory. */
const NAMED_VMS = 50;

interface TargetReading {
  readonly client: { id: string; name: SafeText };
  readonly host: { id: string; name: SafeText; connectionState: string; datacenter: string };
  readonly held: readonly {
    readonly volume: LunVolume;
    /** The gold volume that it descends from, itself if it is one. */
    readonly gold: LunVolume;
    readonly datastores: readonly Datastore[];
    readonly mounted: boolean;
    readonly vms: readonly Vm[];
  }[];
  readonly notes: string[];
}

interface Place extends Pick<LeftoverInput, "client" | "host" | "datastores" | "storage" | "vms"> {
  readonly array: ArrayView;
  readonly inventory: VcenterInventory;
}

/** What earlier failures left on the host, whose it is by all that is known, and the way out. */
async function leftoverNotes(deps: EngineDeps, { array, inventory, ...place }: Place): Promise<string[]> {
  const { volumes, assignments } = array;
  const notes: string[] = [];
  for (const gold of volumes.filter(({ kind }) => kind === "gold")) {
    const family = familyOf(gold, volumes);
    const naas = new Set(family.map(({ naa }) => naa));
    const signatures = signaturesOf(naas, inventory, place.storage, await loadKnownSignatures(deps)(gold.id));
    const labelSignatures =
      signatures.size > 0 ? new Set<VmfsUuid>() : signaturesByLabel(gold, place.datastores, volumes);
    for (const { datastore, proof } of leftoverDatastoresOf({
      ...place,
      ...{ volumes, assignments, family, signatures, labelSignatures },
    })) {
      const registered = place.vms.filter((vm) => livesOn(vm, datastore));
      const running = registered.filter(({ powerState }) => powerState === "poweredOn").length;
      const how = proof === "label" ? ", by its label," : "";
      notes.push(
        `Datastore ${datastore.name} is left over from ${gold.name}${how} with ${registered.length} registered VMs, ${running} of them running: ${lostVolume(datastore, volumes)}. Releasing ${gold.name} on ${place.client.name} cleans it up.`,
      );
    }
  }
  return notes;
}

async function readTarget(
  deps: EngineDeps,
  systems: Reading,
  inputs: TargetInputs & { lun?: string | undefined },
): Promise<TargetReading> {
  const { naming } = deps.settings;
  const target = resolveTarget(inputs, naming);
  const [array, inventory] = await Promise.all([readArray(systems.array, naming.luns), systems.hypervisor.inventory()]);
  const { client, host } = await locate(target, array.clients, inventory, systems.hypervisor);
  refuseBlindSpots(host, inventory);
  const wanted =
    inputs.lun === undefined
      ? undefined
      : familyOf(findGold(lunNameOf(inputs.lun, naming.luns), array.volumes), array.volumes);
  const volumes = array.assignments.flatMap((assignment) => {
    const volume = array.volumes.find(({ id }) => id === assignment.volumeId);
    return volume !== undefined && assignment.clientId === client.id ? [volume] : [];
  });
  // What was asked about comes first; what else the host holds is not kept back.
  volumes.sort((a, b) => Number(wanted?.includes(b) ?? false) - Number(wanted?.includes(a) ?? false));
  const here = inventory.datastores.filter(({ datacenterId }) => datacenterId === host.datacenter.id);
  const datastores = here.filter(({ extents }) => volumes.some(({ naa }) => extents.includes(naa)));
  const others = here.filter(
    (datastore) => !datastores.includes(datastore) && mayBeLeftover(datastore, host.id, array.volumes),
  );
  const { storage, vms } = await systems.hypervisor.hostStorageAndVms(
    host,
    [...datastores, ...others].map(({ id }) => id),
  );
  const [asked] = wanted ?? [];
  const isOther = asked !== undefined && volumes.length > 0 && !volumes.some((volume) => wanted?.includes(volume));
  const notes = [
    ...(isOther ? [`Nothing of ${asked.name} is assigned to ${client.name}.`] : []),
    ...(host.connectionState === "connected"
      ? []
      : [`vCenter is not connected to ${host.name}; what it shows may be old.`]),
    ...(others.length === 0
      ? []
      : await leftoverNotes(deps, { array, inventory, client, host, datastores: here, storage, vms })),
  ];
  return {
    client: { id: client.id, name: client.name },
    host: { id: host.id, name: host.name, connectionState: host.connectionState, datacenter: host.datacenter.id },
    notes,
    held: volumes.map((volume) => {
      const own = datastores.filter(({ extents }) => extents.includes(volume.naa));
      return {
        volume,
        gold: goldOf(volume, array.volumes),
        datastores: own,
        mounted: isMounted(mountOf(storage, volume.naa)),
        vms: vms.filter((vm) => own.some((datastore) => livesOn(vm, datastore))),
      };
    }),
  };
}

export async function inspect(
  deps: EngineDeps,
  inputs: TargetInputs & { lun?: string | undefined },
): Promise<Omit<Inspection, "openPlans" | "runningRuns">> {
  return reading(deps, async (systems) => {
    const seen = await readTarget(deps, systems, inputs);
    const golds = [...new Set(seen.held.map(({ gold }) => gold.id))];
    const [snapshots, unregistered] = await Promise.all([
      Promise.all(golds.map((volumeId) => systems.array.snapshots({ volumeId }))).then((lists) => lists.flat()),
      Promise.all(seen.held.map((held) => unregisteredOn(held, systems))),
    ]);
    return {
      at: deps.clock.now().toISOString(),
      client: seen.client,
      host: {
        address: resolveTarget(inputs, deps.settings.naming).host,
        name: seen.host.name,
        connectionState: seen.host.connectionState,
      },
      assigned: seen.held.map(({ volume, gold, datastores, mounted, vms }, index) => {
        const [datastore] = datastores;
        const from = snapshots.find((snapshot) => snapshot.id === volume.parent?.snapshotId);
        const count = (state: Vm["powerState"]): number =>
          vms.filter((vm) => !vm.template && vm.powerState === state).length;
        return {
          lun: gold.name,
          volume: {
            name: volume.name,
            id: volume.id,
            naa: volume.naa,
            kind: volume.kind,
            createdAt: volume.createdAt,
          },
          ...(volume.parent?.snapshotId === undefined
            ? {}
            : {
                fromSnapshot: {
                  id: volume.parent.snapshotId,
                  name: from?.name ?? safeText("(deleted since)"),
                },
              }),
          ...(datastore === undefined
            ? {}
            : { datastore: { name: datastore.name, id: datastore.id, accessible: datastore.accessible } }),
          mounted,
          vms: {
            poweredOn: count("poweredOn"),
            poweredOff: count("poweredOff"),
            suspended: count("suspended"),
            templates: vms.filter((vm) => vm.template).length,
            machines: vms.slice(0, NAMED_VMS).map((vm) => ({
              name: safeText(vm.name, 80),
              powerState: vm.powerState,
              ...(vm.template ? { template: true } : {}),
            })),
            unregistered: (unregistered[index] ?? []).slice(0, NAMED_VMS),
          },
        };
      }),
      notes: seen.notes,
    };
  });
}

export async function listLuns(deps: EngineDeps): Promise<LunInventory> {
  return reading(deps, async (systems) => {
    const { clients, volumes, assignments } = await readArray(systems.array, deps.settings.naming.luns);
    const holders = (id: string): string[] =>
      assignments
        .filter((assignment) => assignment.volumeId === id)
        .map((assignment) =>
          safeText(clients.find((client) => client.id === assignment.clientId)?.name ?? assignment.clientId),
        );
    const golds = volumes.filter((volume) => volume.kind === "gold").toSorted((a, b) => a.name.localeCompare(b.name));
    return {
      luns: golds.map((gold) => ({
        name: gold.name,
        shorthand: shorthandsOf(gold.name, deps.settings.naming.luns),
        volumeId: gold.id,
        naa: gold.naa,
        ...(gold.label === undefined ? {} : { label: safeText(gold.label) }),
        sizeBytes: gold.sizeBytes,
        clones: familyOf(gold, volumes)
          .slice(1)
          .map((clone) => ({
            name: clone.name,
            id: clone.id,
            naa: clone.naa,
            assignedTo: holders(clone.id),
          })),
        assignedTo: holders(gold.id),
      })),
    };
  });
}

export async function listSnapshots(deps: EngineDeps, lun: string): Promise<SnapshotInventory> {
  return reading(deps, async (systems) => {
    const { luns } = deps.settings.naming;
    const volumes = withKinds(await systems.array.volumes(), Object.values(luns));
    const gold = findGold(lunNameOf(lun, luns), volumes);
    const own = (await systems.array.snapshots({ volumeId: gold.id })).toSorted(byNewest);
    const now = deps.clock.now();
    return {
      lun: gold.name,
      snapshots: own.map((snapshot, index) => ({
        name: snapshot.name,
        id: snapshot.id,
        createdAt: snapshot.createdAt,
        age: ageOf(snapshot.createdAt, now),
        latest: index === 0 && alikeOf(snapshot, own, true).length === 0,
        clones: volumes.filter((volume) => volume.parent?.snapshotId === snapshot.id).length,
      })),
    };
  });
}

interface FilesOn {
  /** VMX files that no VM is registered from. */
  readonly missing: readonly { readonly name: SafeText; readonly path: string; readonly template: boolean }[];
  readonly unreadable: readonly string[];
}

async function filesOn(datastore: Datastore, registered: readonly Vm[], { hypervisor }: Reading): Promise<FilesOn> {
  const { files, unreadable } = await hypervisor.vmxFiles(datastore);
  const known = new Set(registered.map((vm) => fileOn(datastore, vm.path)));
  const missing = files.filter((file) => !known.has(fileOn(datastore, file.path)));
  const named = missing.map(({ path, template }) => {
    const [, name = path] = /([^/]*)\.(?:vmx|vmtx)$/i.exec(path) ?? [];
    return { name: safeText(name), path, template };
  });
  return { missing: named, unreadable };
}

/** Names of what is on a volume's datastore and not registered; none where it cannot be read. */
async function unregisteredOn(
  { datastores, vms }: TargetReading["held"][number],
  systems: Reading,
): Promise<SafeText[]> {
  const [datastore] = datastores;
  if (datastore?.accessible !== true) return [];
  return (await filesOn(datastore, vms, systems)).missing.map(({ name }) => name);
}

export async function listVms(
  deps: EngineDeps,
  inputs: TargetInputs & { lun?: string | undefined },
): Promise<VmInventory> {
  return reading(deps, async (systems) => {
    const seen = await readTarget(deps, systems, inputs);
    const vms: VmRecord[] = [];
    const notes = [...seen.notes];
    if (seen.held.length === 0) notes.push("Nothing is assigned to this client.");
    for (const { volume, datastores, vms: registered } of seen.held) {
      for (const vm of registered) {
        vms.push({
          name: vm.name,
          path: safeText(vm.path, 400),
          registered: true,
          moref: vm.id,
          ...(vm.instanceUuid === undefined ? {} : { instanceUuid: vm.instanceUuid }),
          powerState: vm.powerState,
          template: vm.template,
          connectionState: vm.connectionState,
        });
      }
      const [datastore] = datastores;
      if (datastore === undefined || !datastore.accessible) {
        notes.push(`${volume.name} has no accessible datastore on the host.`);
        continue;
      }
      const { missing, unreadable } = await filesOn(datastore, registered, systems);
      for (const { name, path, template } of missing) {
        vms.push({ name, path: safeText(path, 400), registered: false, template });
      }
      notes.push(...unreadable.map((folder) => `${safeText(folder)} could not be read.`));
    }
    const [first] = seen.held.flatMap(({ datastores }) => datastores);
    return {
      client: seen.client.name,
      host: seen.host.name,
      ...(first === undefined ? {} : { datastore: first.name }),
      vms,
      notes,
    };
  });
}

/** Names that a person may mean: of LUNs with their shorthands, of clients, of hosts, of one LUN's snapshots. */
export async function namesOf(
  deps: EngineDeps,
  what: "lun" | "client" | "host" | "snapshot",
  lun: string,
): Promise<string[]> {
  return reading(deps, async ({ array }) => {
    if (what === "host") {
      const recorded = (await array.clients()).flatMap(({ hostAddress }) => hostAddress ?? []);
      return [...deps.settings.naming.pairs.map(({ host }) => host), ...recorded];
    }
    if (what === "client") return (await array.clients()).map((client) => client.name);
    const { luns } = deps.settings.naming;
    const golds = withKinds(await array.volumes(), Object.values(luns)).filter(({ kind }) => kind === "gold");
    if (what === "lun") return [...Object.keys(luns), ...golds.map((gold) => gold.name)];
    const gold = golds.find(({ name }) => name === lunNameOf(lun, luns));
    return gold === undefined ? [] : (await array.snapshots({ volumeId: gold.id })).map(({ name }) => name);
  });
}
