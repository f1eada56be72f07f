/** The array's rules. Each `check…` throws the `ArrayProblem` that the array would answer with, each other function checks and changes. */
import type { LabAssignment, LabSnapshot, LabVolume } from "./model.ts";
import { ArrayProblem } from "./model.ts";
import { copyFiles, snapshotUnder, volumeById, type WorldState } from "./state.ts";

const conflict = (detail: string): ArrayProblem => new ArrayProblem(409, "Conflict", detail);

export const checkClone = snapshotUnder;

export const hasRoom = ({ model }: WorldState): boolean =>
  model.volumes.filter(({ kind }) => kind === "clone").length < (model.clonesFit ?? Number.POSITIVE_INFINITY);

export function createClone(state: WorldState, policyId: string, snapshotId: string, name: string): LabVolume {
  const snapshot = checkClone(state, policyId, snapshotId);
  if (!hasRoom(state)) throw new ArrayProblem(507, "Insufficient storage", "There is no room for another clone.");
  return cloneOf(state, snapshot, name);
}

/** The snapshot's data as a volume of its own. */
export function cloneOf(state: WorldState, snapshot: LabSnapshot, name: string): LabVolume {
  const parent = volumeById(state, snapshot.volumeId);
  const clone: LabVolume = {
    id: state.ids.array("vol"),
    name,
    kind: "clone",
    guid: state.ids.guid(),
    sizeBytes: parent.sizeBytes,
    parentVolumeId: parent.id,
    parentSnapshotId: snapshot.id,
    createdAt: state.now().toISOString(),
    dataVersion: snapshot.dataVersion,
    header: { ...parent.header },
    files: copyFiles(snapshot.files),
  };
  state.model.volumes.push(clone);
  return clone;
}

export function checkRollback(
  state: WorldState,
  policyId: string,
  snapshotId: string,
): { volume: LabVolume; snapshot: LabSnapshot; lost: LabSnapshot[] } {
  const { model } = state;
  const snapshot = snapshotUnder(state, policyId, snapshotId);
  const volume = volumeById(state, snapshot.volumeId);
  if (volume.kind !== "gold") throw conflict(`Volume ${volume.id} is a clone: only gold volumes are rolled back.`);
  const holder = model.assignments.find((assignment) => assignment.volumeId === volume.id);
  if (holder !== undefined) throw conflict(`Volume ${volume.id} is assigned (${holder.id}).`);
  const lost = model.snapshots.filter(
    (candidate) => candidate.volumeId === volume.id && candidate.createdAt > snapshot.createdAt,
  );
  const clone = model.volumes.find((candidate) => lost.some(({ id }) => id === candidate.parentSnapshotId));
  if (clone !== undefined) throw conflict(`The newer snapshot ${clone.parentSnapshotId} has a clone (${clone.id}).`);
  return { volume, snapshot, lost };
}

/** Returns the volume, and the newer snapshots that went. */
export function rollback(
  state: WorldState,
  policyId: string,
  snapshotId: string,
): { volume: LabVolume; lost: LabSnapshot[] } {
  const { volume, snapshot, lost } = checkRollback(state, policyId, snapshotId);
  restore(state, volume, snapshot, lost);
  return { volume, lost };
}

/** The volume gets the snapshot's data back; the snapshots that are lost by it go. */
export function restore(
  state: WorldState,
  volume: LabVolume,
  snapshot: LabSnapshot,
  lost: readonly LabSnapshot[],
): void {
  volume.dataVersion = snapshot.dataVersion;
  volume.files = copyFiles(snapshot.files);
  state.model.snapshots = state.model.snapshots.filter((candidate) => !lost.includes(candidate));
}

export function checkAssign(state: WorldState, volumeId: string, clientId: string): void {
  const { model } = state;
  volumeById(state, volumeId);
  if (!model.clients.some((client) => client.id === clientId)) {
    throw new ArrayProblem(404, "Not found", `There is no client ${clientId}.`);
  }
  const same = model.assignments.find(
    (candidate) => candidate.volumeId === volumeId && candidate.clientId === clientId,
  );
  if (same !== undefined) throw conflict(`Volume ${volumeId} is assigned to client ${clientId} already (${same.id}).`);
}

export function assign(state: WorldState, volumeId: string, clientId: string): LabAssignment {
  checkAssign(state, volumeId, clientId);
  const { model, ids } = state;
  const volume = volumeById(state, volumeId);
  const taken = new Set(
    model.assignments.filter((candidate) => candidate.clientId === clientId).map((one) => one.lunNumber),
  );
  let lunNumber = 1;
  while (taken.has(lunNumber)) lunNumber += 1;
  const assignment = {
    id: ids.style.assignmentId(volume, clientId, ids),
    volumeId,
    clientId,
    lunNumber,
    createdAt: state.now().toISOString(),
  };
  model.assignments.push(assignment);
  return assignment;
}

export function checkUnassign({ model }: WorldState, assignmentId: string): void {
  if (!model.assignments.some(({ id }) => id === assignmentId)) {
    throw new ArrayProblem(404, "Not found", `There is no assignment ${assignmentId}.`);
  }
}

export function unassign(state: WorldState, assignmentId: string): void {
  checkUnassign(state, assignmentId);
  state.model.assignments = state.model.assignments.filter(({ id }) => id !== assignmentId);
}

export function checkDeleteVolume(state: WorldState, volumeId: string): void {
  const { model } = state;
  const volume = volumeById(state, volumeId);
  if (volume.kind === "gold") throw new ArrayProblem(403, "Forbidden", `Volume ${volumeId} is a gold volume.`);
  const holder = model.assignments.find((candidate) => candidate.volumeId === volumeId);
  if (holder !== undefined) throw conflict(`Volume ${volumeId} is assigned (${holder.id}).`);
  const child =
    model.snapshots.find((snapshot) => snapshot.volumeId === volumeId) ??
    model.volumes.find((candidate) => candidate.parentVolumeId === volumeId);
  if (child !== undefined) throw conflict(`Volume ${volumeId} has children (${child.id}).`);
}

export function deleteVolume(state: WorldState, volumeId: string): void {
  checkDeleteVolume(state, volumeId);
  state.model.volumes = state.model.volumes.filter(({ id }) => id !== volumeId);
}

interface SnapshotOrder {
  readonly volumeId: string;
  readonly name: string;
}

export function checkTakeSnapshot(state: WorldState, policyId: string, { volumeId, name }: SnapshotOrder): LabVolume {
  const volume = volumeById(state, volumeId);
  if (volume.policyId !== policyId) throw conflict(`Policy ${policyId} does not cover volume ${volumeId}.`);
  if (state.model.snapshots.some((one) => one.volumeId === volumeId && one.name === name)) {
    throw conflict(`Volume ${volumeId} has a snapshot of that name.`);
  }
  return volume;
}

export const takeSnapshot = (state: WorldState, policyId: string, order: SnapshotOrder): LabSnapshot =>
  snapshotOf(state, checkTakeSnapshot(state, policyId, order), order.name);

/** The volume as it is now, kept under a name. */
export function snapshotOf(state: WorldState, volume: LabVolume, name: string): LabSnapshot {
  const snapshot: LabSnapshot = {
    id: state.ids.array("snap"),
    name,
    volumeId: volume.id,
    createdAt: state.now().toISOString(),
    dataVersion: volume.dataVersion,
    files: copyFiles(volume.files),
  };
  state.model.snapshots.push(snapshot);
  return snapshot;
}
