import type { Access } from "./access.ts";
import type { IdSource } from "./id-source.ts";
import type { Lags } from "./lag.ts";
import type { LabDatastore, LabFile, LabHost, LabModel, LabMount, LabSnapshot, LabVm, LabVolume } from "./model.ts";
import { ArrayProblem, VimFault } from "./model.ts";

/** One generation of the world: what the operations read and change. */
export interface WorldState {
  readonly model: LabModel;
  readonly ids: IdSource;
  readonly lags: Lags;
  readonly access: Access;
  now(): Date;
}

function found<T>(object: T | undefined, id: string): T {
  if (object !== undefined) return object;
  const message = "The object has already been deleted or has not been completely created";
  throw new VimFault("ManagedObjectNotFound", message, { obj: id });
}

const hostById = ({ model }: WorldState, id: string): LabHost =>
  found(
    model.hosts.find((host) => host.id === id),
    id,
  );

export const vmById = ({ model }: WorldState, id: string): LabVm =>
  found(
    model.vms.find((vm) => vm.id === id),
    id,
  );

export const datastoreById = ({ model }: WorldState, id: string): LabDatastore =>
  found(
    model.datastores.find((datastore) => datastore.id === id),
    id,
  );

/** The host, when vCenter can reach it; else `HostNotConnected`. */
export function reachableHost(state: WorldState, id: string): LabHost {
  const host = hostById(state, id);
  if (!host.connected)
    throw new VimFault("HostNotConnected", `Unable to communicate with the remote host ${host.name}`);
  return host;
}

export function volumeById({ model }: WorldState, id: string): LabVolume {
  const volume = model.volumes.find((candidate) => candidate.id === id);
  if (volume === undefined) throw new ArrayProblem(404, "Not found", `There is no volume ${id}.`);
  return volume;
}

export const naaOfVolume = (volume: LabVolume): string => `naa.${volume.guid}`;

export const volumeByNaa = ({ model }: WorldState, naa: string): LabVolume | undefined =>
  model.volumes.find((volume) => naaOfVolume(volume) === naa);

/** A snapshot under this policy, by the policy of the volume it was taken of. */
export function snapshotUnder(state: WorldState, policyId: string, snapshotId: string): LabSnapshot {
  const { model } = state;
  if (!model.policies.some((policy) => policy.id === policyId)) {
    throw new ArrayProblem(404, "Not found", `There is no policy ${policyId}.`);
  }
  const snapshot = model.snapshots.find(({ id }) => id === snapshotId);
  if (snapshot === undefined || volumeById(state, snapshot.volumeId).policyId !== policyId) {
    throw new ArrayProblem(404, "Not found", `There is no snapshot ${snapshotId} under policy ${policyId}.`);
  }
  return snapshot;
}

/** The host's own client, and the groups that it is in. */
export function clientsOf({ model }: Pick<WorldState, "model">, host: LabHost): ReadonlySet<string> {
  const ids = new Set([host.clientId]);
  for (let before = 0; before < ids.size; ) {
    before = ids.size;
    for (const { id, members } of model.clients) if (members?.some((member) => ids.has(member))) ids.add(id);
  }
  return ids;
}

/** Whether the array presents the disk to this host now; a disk unassigned since the last rescan is dead. */
export const presented = (state: Pick<WorldState, "model">, host: LabHost, volumeId: string): boolean => {
  const clients = clientsOf(state, host);
  return state.model.assignments.some(
    (assignment) => assignment.volumeId === volumeId && clients.has(assignment.clientId),
  );
};

/** A mount whose volume can be used: an unmounted or dead one cannot. */
export const usable = (mount: LabMount): boolean => mount.mounted && mount.accessible;

/** A file never changes, so that only the list is copied. */
export const copyFiles = (files: readonly LabFile[]): LabFile[] => [...files];
