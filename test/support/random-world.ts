/** Worlds that no scenario thought of: what operators, failures and other programs do to the lab, drawn at random. */
import fc from "fast-check";
import { assign, createClone, deleteVolume, unassign } from "../../src/lab/world/array.ts";
import { ArrayProblem, type LabVm, type LabVolume, VimFault } from "../../src/lab/world/model.ts";
import { rescanHba, rescanVmfs } from "../../src/lab/world/rescan.ts";
import { addPair, type Pair, present } from "../../src/lab/world/scenario-parts.ts";
import { usable, type WorldState } from "../../src/lab/world/state.ts";
import { attachScsiLun, detachScsiLun, unmountVmfs } from "../../src/lab/world/storage.ts";
import { TouchError } from "../../src/lab/world/touches/targets.ts";
import { touchWorld } from "../../src/lab/world/touches/touch.ts";
import { powerOn, registerVm, removeVm } from "../../src/lab/world/vms.ts";
import type { World } from "../../src/lab/world/world.ts";

const DEEDS = [
  "deploy",
  "deploy",
  "deploy",
  "assign",
  "unassign",
  "rescan",
  "clone",
  "clone-of-clone",
  "delete",
  "snapshot",
  "register",
  "register",
  "run-vm",
  "empty-out",
  "unmount",
  "detach",
  "attach",
  "suspend",
  "orphan-vm",
  "no-tools",
  "move-vm",
  "foreign-disk",
  "stray-copy",
  "span-datastore",
  "share-datastore",
  "reboot-host",
  "disconnect-host",
  "unreadable-folder",
] as const;

/** One thing that happens to the world; the numbers pick what it happens to. */
export interface Deed {
  readonly what: (typeof DEEDS)[number];
  /** 0: on the client that the request will be about. */
  readonly elsewhere: number;
  readonly which: number;
}

/** Client and gold LUN, by index, that a request will be about: most of what happens, happens there. */
export interface Focus {
  readonly client: number;
  readonly gold: number;
}

export const anyDeed: fc.Arbitrary<Deed> = fc.record({
  what: fc.constantFrom(...DEEDS),
  elsewhere: fc.constantFrom(0, 0, 0, 1, 2),
  which: fc.nat({ max: 11 }),
});

const pick = <T>(items: readonly T[], index: number): T => {
  const item = items[index % items.length];
  if (item === undefined) throw new TouchError("nothing of that kind here");
  return item;
};

const pairsOf = ({ model }: WorldState): Pair[] =>
  model.hosts.flatMap((host) => {
    const client = model.clients.find(({ id }) => id === host.clientId);
    return client === undefined ? [] : [{ client, host }];
  });

/** The same base for every world: a third client, and display names that are one family's own. */
export function furnish(world: World): void {
  const { state } = world;
  const { model } = state;
  if (model.hosts.length < 3) addPair(state, 2);
  for (const [index, volume] of model.volumes.filter(({ kind }) => kind === "gold").entries()) {
    const named = (files: LabVolume["files"]): LabVolume["files"] =>
      files.map((file) => ({ ...file, vmName: `f${index}-${file.vmName}` }));
    volume.files = named(volume.files);
    for (const snapshot of model.snapshots.filter(({ volumeId }) => volumeId === volume.id)) {
      snapshot.files = named(snapshot.files);
    }
  }
}

/** Does it, as far as the world allows. */
export function happen(world: World, deed: Deed, focus: Focus): void {
  try {
    act(world.state, deed, focus);
  } catch (thrown) {
    if (![VimFault, ArrayProblem, TouchError].some((refusal) => thrown instanceof refusal)) throw thrown;
  }
  world.announce();
}

function act(state: WorldState, { what, elsewhere, which }: Deed, focus: Focus): unknown {
  const { model } = state;
  const pair = pick(pairsOf(state), focus.client + elsewhere);
  const gold = pick(golds(state), focus.gold + (which % 4 === 3 ? 1 : 0));
  const held = model.assignments.filter((one) => one.clientId === pair.client.id);
  const mount = (): Pair["host"]["mounts"][number] => pick(pair.host.mounts, which);
  const vm = (fits: (vm: LabVm) => boolean): LabVm =>
    pick(
      model.vms.filter((one) => one.hostId === pair.host.id && fits(one)),
      which,
    );
  switch (what) {
    case "deploy":
      return present(state, cloneOf(state, gold, which), pair);
    case "assign":
      return assign(state, which % 3 === 0 ? gold.id : pick(model.volumes, which).id, pair.client.id);
    case "unassign":
      return unassign(state, pick(held, which).id);
    case "rescan":
      rescanHba(state, pair.host.id);
      return rescanVmfs(state, pair.host.id);
    case "clone":
      return cloneOf(state, gold, which);
    case "clone-of-clone":
      return cloneOfClone(state, which);
    case "delete":
      return deleteVolume(state, pick(model.volumes, which).id);
    case "snapshot":
      return touchWorld(state, {
        what: "new-snapshot",
        lun: gold.id,
        name: `manual-${which}`,
      });
    case "register":
      return registerAll(state, pair, which);
    case "run-vm":
      return powerOn(state, vm(({ powerState, template }) => powerState === "poweredOff" && !template).id);
    case "empty-out":
      return emptyOut(state, mount().datastoreId);
    case "unmount":
      emptyOut(state, mount().datastoreId);
      return unmountVmfs(state, pair.host.id, mount().vmfsUuid);
    case "detach":
      return detachScsiLun(state, pair.host.id, pick(pair.host.disks, which).uuid);
    case "attach":
      return attachScsiLun(state, pair.host.id, pick(pair.host.disks, which).uuid);
    default:
      return touchWorld(state, { what, client: pair.client.id });
  }
}

const golds = ({ model }: WorldState): LabVolume[] => model.volumes.filter(({ kind }) => kind === "gold");

function cloneOf(state: WorldState, volume: LabVolume, which: number): LabVolume {
  const snapshot = pick(
    state.model.snapshots.filter(({ volumeId }) => volumeId === volume.id),
    which,
  );
  return createClone(state, volume.policyId ?? "", snapshot.id, `${volume.name}-by-hand-${state.ids.tail(6)}`);
}

function cloneOfClone(state: WorldState, which: number): void {
  const { model, ids } = state;
  const parent = pick(
    model.volumes.filter(({ kind, parentVolumeId }) => kind === "clone" && parentVolumeId !== undefined),
    which,
  );
  const id = ids.array("vol");
  // The array keeps the child when the snapshot it came from is gone.
  model.volumes.push({ ...parent, id, guid: ids.guid(), name: `${parent.name}-child`, parentVolumeId: parent.id });
}

function registerAll(state: WorldState, { host }: Pair, which: number): void {
  const { model } = state;
  const mount = pick(host.mounts.filter(usable), which);
  const datastore = pick(
    model.datastores.filter(({ id }) => id === mount.datastoreId),
    0,
  );
  const volume = pick(
    model.volumes.filter(({ guid }) => mount.naas.includes(`naa.${guid}`)),
    0,
  );
  const folderId = model.datacenters.find(({ id }) => id === host.datacenterId)?.vmFolder ?? "";
  for (const file of volume.files.slice(which % 3)) {
    const where = file.template ? { hostId: host.id } : { hostId: host.id, poolId: host.resourcePool };
    const path = `[${datastore.name}] ${file.path}`;
    const id = registerVm(state, { folderId, path, asTemplate: file.template, ...where });
    if (!file.template && which % 2 === 0) powerOn(state, id);
  }
}

function emptyOut(state: WorldState, datastoreId: string): void {
  for (const vm of state.model.vms.filter((one) => one.datastoreId === datastoreId)) removeVm(state, vm);
}
