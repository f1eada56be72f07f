/** What ONTAP does to the world, and what it refuses. Each act checks, then changes; a check alone changes nothing. */
import { assign, cloneOf, hasRoom, restore, snapshotOf, unassign } from "../../world/array.ts";
import type { LabClient, LabSnapshot, LabVolume } from "../../world/model.ts";
import type { WorldState } from "../../world/state.ts";
import type { Named } from "./body.ts";
import type { Doubts } from "./doubts.ts";
import { badValue, OntapRefusal } from "./errors.ts";
import { type OntapStorage, SVM } from "./storage.ts";

export interface Acting {
  readonly state: WorldState;
  readonly storage: OntapStorage;
  readonly doubts: Doubts;
}

const refuse = (code: string, message: string, status = 400): OntapRefusal => new OntapRefusal(status, code, message);

export function checkSvm(svm: Named | undefined): void {
  if (svm === undefined) return;
  if ((svm.name ?? SVM.name) !== SVM.name || (svm.uuid ?? SVM.uuid) !== SVM.uuid) {
    throw refuse("2621462", `SVM "${svm.name ?? svm.uuid}" does not exist.`);
  }
}

function find<T extends { readonly id: string; readonly name: string }>(
  all: readonly T[],
  which: Named,
): T | undefined {
  return all.find(
    ({ id, name }) =>
      (which.uuid === undefined || which.uuid === id) &&
      (which.name === undefined || which.name === name) &&
      (which.uuid ?? which.name) !== undefined,
  );
}

export function volumeOf({ state, doubts }: Acting, uuid: string): LabVolume {
  const volume = state.model.volumes.find(({ id }) => id === uuid);
  if (volume === undefined) throw notThere(doubts);
  return volume;
}

export const notThere = (doubts: Doubts): OntapRefusal =>
  refuse("4", "entry doesn't exist", Number(doubts["not-found"]));

export interface CloneOrder {
  readonly name: string;
  readonly parent: Named;
  readonly snapshot: Named | undefined;
}

export function checkClone(
  acting: Acting,
  { name, parent, snapshot }: CloneOrder,
): { gold: LabVolume; from?: LabSnapshot } {
  const { state, storage } = acting;
  const { model } = state;
  if (name.length > 203) throw refuse("917886", `Volume name "${name}" is too long.`);
  if (!/^[A-Za-z_]/.test(name))
    throw refuse("917887", `Volume name "${name}" must begin with a letter or an underscore.`);
  if (!/^\w+$/.test(name)) {
    throw refuse("917888", `Volume name "${name}" may hold letters, digits and underscores only.`);
  }
  const taken =
    model.volumes.some((candidate) => candidate.name === name) ||
    storage.inhabitants.some((inhabitant) => inhabitant.svm === SVM && inhabitant.name === name);
  if (taken) throw refuse("917526", `Volume "${name}" already exists in SVM "${SVM.name}".`, 409);
  const gold = find(model.volumes, parent);
  if (gold === undefined) throw refuse("524601", "The parent volume of the clone does not exist.");
  if (storage.extraOf(gold).state === "offline") throw refuse("9437885", "The parent volume is not online.");
  // No endpoint's table has a code for it; the words are those of ONTAP's event catalogue.
  if (!hasRoom(state)) throw refuse("1", "There is insufficient space in the aggregate for another clone.", 500);
  if (snapshot === undefined) return { gold };
  const own = model.snapshots.filter(({ volumeId }) => volumeId === gold.id);
  const from = find(own, snapshot);
  if (from !== undefined) return { gold, from };
  const both = snapshot.uuid !== undefined && snapshot.name !== undefined;
  throw both && own.some(({ id, name: other }) => id === snapshot.uuid || other === snapshot.name)
    ? refuse("918243", "The snapshot's name and uuid mean different snapshots.")
    : refuse("1638600", "The snapshot does not exist.");
}

export function makeClone(acting: Acting, order: CloneOrder): LabVolume {
  const { state, storage, doubts } = acting;
  const { gold, from } = checkClone(acting, order);
  const snapshot = from ?? makeSnapshot(acting, gold, `clone_${order.name}`);
  const clone = cloneOf(state, snapshot, order.name);
  const extra = storage.extraOf(clone);
  extra.snapshotPolicy = storage.extraOf(gold).snapshotPolicy;
  if (doubts["clone-lun"] === "late") extra.lunAfter = 2;
  return clone;
}

/** What a restore takes along: the snapshots after the one that is restored to. */
export function checkRestore(
  acting: Acting,
  volume: LabVolume,
  which: Named,
  when: Doubts["blocked-restore"],
): { snapshot: LabSnapshot; lost: LabSnapshot[] } {
  const { state, storage, doubts } = acting;
  const own = state.model.snapshots.filter(({ volumeId }) => volumeId === volume.id);
  const snapshot = find(own, which);
  if (snapshot === undefined) throw refuse("1638600", "The snapshot does not exist.");
  if (storage.extraOf(volume).state === "offline") throw refuse("9437885", "The volume is not online.");
  const lost = own.filter(
    (candidate) =>
      candidate.createdAt > snapshot.createdAt ||
      (candidate.createdAt === snapshot.createdAt && own.indexOf(candidate) > own.indexOf(snapshot)),
  );
  const held = lost.find(({ id }) => state.model.volumes.some(({ parentSnapshotId }) => parentSnapshotId === id));
  if (held !== undefined && doubts["blocked-restore"] === when) {
    throw refuse(
      "524511",
      `Snapshot "${held.name}" is in use by a volume clone: the volume cannot be restored past it.`,
    );
  }
  return { snapshot, lost };
}

/** Returns what was changed. */
export function restoreVolume(acting: Acting, volume: LabVolume, which: Named): string[] {
  const { state, doubts } = acting;
  const { snapshot, lost } = checkRestore(acting, volume, which, "job");
  restore(state, volume, snapshot, lost);
  if (doubts.restore === "renews") {
    for (const { id } of state.model.assignments.filter(({ volumeId }) => volumeId === volume.id)) unassign(state, id);
    volume.guid = state.ids.guid();
  }
  return [volume.id, ...lost.map(({ id }) => id)];
}

export function checkDelete(acting: Acting, volume: LabVolume): void {
  const { model } = acting.state;
  const child = model.volumes.find(({ parentVolumeId }) => parentVolumeId === volume.id);
  if (child !== undefined) throw refuse("524615", `Volume "${volume.name}" has a clone, "${child.name}".`);
  const mapped = model.assignments.some(({ volumeId }) => volumeId === volume.id);
  if (mapped && acting.doubts["delete-mapped"] === "refused") {
    throw refuse("524486", `Volume "${volume.name}" has a mapped LUN.`);
  }
}

export function removeVolume(acting: Acting, volume: LabVolume, force: boolean): void {
  checkDelete(acting, volume);
  const { model } = acting.state;
  model.assignments = model.assignments.filter(({ volumeId }) => volumeId !== volume.id);
  model.snapshots = model.snapshots.filter(({ volumeId }) => volumeId !== volume.id);
  model.volumes = model.volumes.filter(({ id }) => id !== volume.id);
  if (!force) {
    acting.storage.recoveryQueue.push({
      uuid: volume.id,
      name: `${volume.name}_${1024 + acting.storage.recoveryQueue.length}`,
    });
  }
}

export function checkSnapshotName({ state }: Acting, volume: LabVolume, name: string): void {
  const taken = state.model.snapshots.some((candidate) => candidate.volumeId === volume.id && candidate.name === name);
  if (taken) throw refuse("525059", `Snapshot "${name}" already exists on volume "${volume.name}".`, 409);
}

export function makeSnapshot(acting: Acting, volume: LabVolume, name: string): LabSnapshot {
  checkSnapshotName(acting, volume, name);
  return snapshotOf(acting.state, volume, name);
}

export function removeSnapshot({ state, doubts }: Acting, volume: LabVolume, uuid: string): void {
  const { model } = state;
  if (!model.snapshots.some(({ id, volumeId }) => id === uuid && volumeId === volume.id)) throw notThere(doubts);
  if (model.volumes.some(({ parentSnapshotId }) => parentSnapshotId === uuid)) {
    throw refuse("1638555", "The snapshot is busy: a volume clone depends on it.");
  }
  model.snapshots = model.snapshots.filter(({ id }) => id !== uuid);
}

export function mapLun(acting: Acting, order: { lun: Named; igroup: Named; number: number | undefined }): string {
  const { state, storage } = acting;
  const { model } = state;
  const lun = find(
    model.volumes.map((volume) => ({ volume, id: storage.lunOf(volume).uuid, name: storage.lunOf(volume).path })),
    order.lun,
  );
  if (lun === undefined) throw refuse("5374875", "The LUN does not exist.");
  const client = find(model.clients, order.igroup);
  if (client === undefined) throw refuse("5374878", "The igroup does not exist.");
  if (
    model.assignments.some((assignment) => assignment.volumeId === lun.volume.id && assignment.clientId === client.id)
  ) {
    throw refuse("1254207", `LUN "${lun.name}" is already mapped to igroup "${client.name}".`, 409);
  }
  const map = assign(state, lun.volume.id, client.id);
  if (order.number !== undefined) map.lunNumber = order.number + 1;
  return map.id;
}

/** Returns what was changed. */
export function unmapLun({ state, doubts }: Acting, id: string): string[] {
  if (!state.model.assignments.some((candidate) => candidate.id === id)) {
    throw refuse("5374922", "The LUN is not mapped to the igroup.", Number(doubts["not-found"]));
  }
  unassign(state, id);
  return [id];
}

export function igroupOf({ state, doubts }: Acting, uuid: string): LabClient {
  const client = state.model.clients.find(({ id }) => id === uuid);
  if (client === undefined) throw notThere(doubts);
  return client;
}

export function makeIgroup(
  { state }: Acting,
  order: { name: string; initiators: readonly string[]; igroups: readonly Named[] },
): LabClient {
  const { model } = state;
  if (model.clients.some(({ name }) => name === order.name)) {
    throw refuse("1", `igroup "${order.name}" already exists.`, 409);
  }
  const members = order.igroups.map((igroup) => find(model.clients, igroup)?.id ?? missingChild(igroup));
  const client: LabClient = {
    id: state.ids.array("cl"),
    name: order.name,
    hostAddress: "",
    initiators: [...order.initiators],
    ...(members.length === 0 ? {} : { members }),
  };
  model.clients.push(client);
  return client;
}

function missingChild(one: Named): never {
  throw badValue(`igroup "${one.name ?? one.uuid}" does not exist.`, "igroups");
}

/** Returns what was changed. */
export function removeIgroup(acting: Acting, uuid: string, mapped: boolean): string[] {
  const { model } = acting.state;
  const client = igroupOf(acting, uuid);
  if (!mapped && model.assignments.some(({ clientId }) => clientId === client.id)) {
    throw refuse("5374738", `igroup "${client.name}" has mapped LUNs.`);
  }
  model.assignments = model.assignments.filter(({ clientId }) => clientId !== client.id);
  model.clients = model.clients.filter(({ id }) => id !== client.id);
  return [uuid];
}
