/** The array ports over the DGS HTTP interface (docs/dgs-api.yaml). */
import type * as z from "zod";
import { PrepError } from "../../core/domain/errors.ts";
import { asAssignmentId, asVolumeId, type VolumeId } from "../../core/domain/ids.ts";
import type { ArrayReader, ArrayTraits, ArrayWriter, JobProgress, Volume } from "../../core/ports/array.ts";
import { translateNetworkError } from "../../net/errors.ts";
import { CALL_LIMIT, readAfterChange } from "../calls.ts";
import type { ArrayOptions, StorageArray } from "../driver.ts";
import { notAClone } from "../refusals.ts";
import { createTransport } from "../transport.ts";
import { type Api, type Change, createApi } from "./api.ts";
import { garbage, hasStatus, outcomeUnknown, refusedUnsent, takesNone } from "./errors.ts";
import { followJob, type JobOptions } from "./jobs.ts";
import {
  assignmentSchema,
  clientSchema,
  type DgsVolume,
  type Job,
  jobSchema,
  snapshotSchema,
  volumeSchema,
} from "./schemas.ts";
import { createSessions } from "./session.ts";

const API = "/api/v1";
const segment = encodeURIComponent;

/** One connection to DGS. Nothing is sent before the first call. Errors: as `core/ports/array.ts` says. */
export function createDgs(options: ArrayOptions): StorageArray {
  const { section = "array", url, timeouts, clock, log, username, password } = options;
  const { connectMs, callMs, jobMs } = timeouts;
  if (username === undefined || password === undefined) {
    throw new PrepError("CONFIG_INVALID", "DGS is signed in to with an account and its password.", {
      hint: `Give ${section}.username and ${section}.password.`,
    });
  }
  const transport = createTransport({
    url,
    prefix: API,
    accept: "application/json, application/problem+json",
    tls: options.tls,
    proxy: options.proxy,
    connectMs,
    callMs,
  });
  const sessions = createSessions({
    transport,
    url,
    section,
    username,
    password,
    clock,
    callMs,
  });
  const api = createApi({ transport, sessions, section, url, callMs, clock, log });
  const reads = readsOver(api);
  const { reader } = reads;
  return {
    reader,
    writer: { ...reader, ...writerOver(api, reads, { api, clock, log, jobMs }) },
    time: async () => {
      const authorization = `Bearer ${await sessions.token()}`;
      const path = `${API}/clients?limit=1`;
      const { date } = await transport
        .exchange({ method: "GET", path, headers: { authorization }, within: callMs })
        .catch((thrown: unknown) => {
          throw translateNetworkError(thrown, { system: "DGS", address: url, section, callLimit: CALL_LIMIT });
        });
      return date;
    },
    close: async () => {
      await sessions.end();
      await transport.close().catch(() => undefined);
    },
  };
}

const TRAITS: ArrayTraits = {
  product: "DGS",
  clients: { identity: "id", address: true, initiators: true },
  cloneNames: { max: 256, allowed: "[^\\u0000-\\u001f]", first: "[^\\u0000-\\u001f]", unique: false },
  lineage: { volume: true, snapshot: true, kindDeclared: true },
  rollback: { newerSnapshots: "lost", blockedByClonesOf: "newer", needsUnassigned: true, repeatSafe: false },
  deletion: { keepsName: false },
  repeats: "key",
  // By an optional call: an appliance without it says so.
  snapshotNames: { max: 256, allowed: "[^\\u0000-\\u001f]", first: "[^\\u0000-\\u001f]" },
};

/** The reader, and where a volume's snapshots are kept, which the engine has no need to know. */
interface DgsReads {
  readonly reader: ArrayReader;
  /** `REMOTE_FAULT` for a volume under no policy. */
  policyOf(volumeId: VolumeId): Promise<string>;
}

// What the array was asked to select is selected here once more: a filter that an older appliance ignores would
// otherwise widen what the engine believes to be about its target.
function readsOver(api: Api): DgsReads {
  // Of the volumes read so far; a volume stays under its policy, and a wrong one would find no snapshot.
  const policies = new Map<string, string | undefined>();
  const noted = (found: DgsVolume): Volume => {
    policies.set(found.id, found.policyId);
    return found.volume;
  };
  const find = async (id: VolumeId): Promise<DgsVolume | undefined> => {
    const call = { operationId: "GetVolume", ids: { volumeId: id }, path: `${API}/volumes/${segment(id)}` } as const;
    const volume = await api.find(call, volumeSchema);
    if (volume !== undefined && volume.id !== id) throw garbage(call, "id: is another volume's");
    if (volume !== undefined) noted(volume);
    return volume;
  };
  const policyIn = async (volumeId: VolumeId): Promise<string | undefined> =>
    policies.has(volumeId) ? policies.get(volumeId) : (await find(volumeId))?.policyId;

  const reader: ArrayReader = {
    traits: async () => TRAITS,
    clients: async ({ name } = {}) => {
      const items = await api.list(
        { operationId: "ListClients", ids: {}, path: `${API}/clients` },
        { name },
        clientSchema,
      );
      return items.filter((client) => name === undefined || client.name === name);
    },
    volumes: async ({ name, parentVolumeId } = {}) => {
      const call = {
        operationId: "ListVolumes",
        ids: definedOnly({ parentVolumeId }),
        path: `${API}/volumes`,
      } as const;
      const items = (await api.list(call, { name, parentVolumeId }, volumeSchema)).map(noted);
      return items.filter(
        (volume) =>
          (name === undefined || volume.name === name) &&
          (parentVolumeId === undefined || volume.parent?.volumeId === parentVolumeId),
      );
    },
    volume: async (id) => (await find(id))?.volume,
    assignments: async ({ clientId, volumeId } = {}) => {
      const call = {
        operationId: "ListAssignments",
        ids: definedOnly({ clientId, volumeId }),
        path: `${API}/assignments`,
      } as const;
      const items = await api.list(call, { clientId, volumeId }, assignmentSchema);
      return items.filter(
        (assignment) =>
          (clientId === undefined || assignment.clientId === clientId) &&
          (volumeId === undefined || assignment.volumeId === volumeId),
      );
    },
    snapshots: async ({ volumeId }) => {
      const policyId = await policyIn(volumeId);
      if (policyId === undefined) return [];
      const path = `${API}/policies/${segment(policyId)}/snapshots`;
      const items = await api.list({ operationId: "ListSnapshots", ids: { policyId }, path }, {}, snapshotSchema);
      // A policy may cover several volumes.
      return items.filter((snapshot) => snapshot.volumeId === volumeId);
    },
    dependents: async (volumeId) => {
      const [volume, clones] = await Promise.all([find(volumeId), reader.volumes({ parentVolumeId: volumeId })]);
      return { snapshots: volume?.snapshotCount ?? 0, clones: clones.map(({ id }) => id) };
    },
  };
  return {
    reader,
    policyOf: async (volumeId) => {
      const policyId = await policyIn(volumeId);
      if (policyId !== undefined) return policyId;
      throw refusedUnsent(`Volume ${volumeId} is not there, or is under no protection policy.`, { volumeId });
    },
  };
}

/** The array says that it is done, and not what came of it. */
const unnamed = ({ operationId, ids, key }: Change, why: string, cause?: unknown): PrepError =>
  outcomeUnknown({ operationId, ids }, key, why, { cause });

function writerOver(api: Api, { reader, policyOf }: DgsReads, jobs: JobOptions): ArrayWriter {
  const run = async (change: Change, progress: JobProgress | undefined): Promise<Job> => {
    const accepted: z.ZodType<Job> = jobSchema;
    const job = await api.change(change, accepted);
    return followJob(jobs, {
      call: { operationId: change.operationId, ids: change.ids },
      key: change.key,
      job,
      progress,
    });
  };
  const lookAfter = <T>(change: Change, read: () => Promise<T>): Promise<T> =>
    readAfterChange(jobs.clock, read, (cause) => unnamed(change, "what came of it cannot be read", cause));
  const ofSnapshot = async (what: { volumeId: VolumeId; snapshotId: string }) => {
    const policyId = await policyOf(what.volumeId);
    const path = `${API}/policies/${segment(policyId)}/snapshots/${segment(what.snapshotId)}`;
    return { ids: { policyId, snapshotId: what.snapshotId }, path };
  };

  return {
    createClone: async ({ volumeId: goldId, snapshotId, name }, key, progress) => {
      const { ids, path } = await ofSnapshot({ volumeId: goldId, snapshotId });
      const change: Change = {
        operationId: "CloneSnapshot",
        ids,
        method: "POST",
        path: `${path}/clone`,
        body: { name },
        key,
      };
      const { volumeId } = await run(change, progress);
      if (volumeId === undefined) throw unnamed(change, "the succeeded job names no clone");
      return { volumeId: asVolumeId(volumeId) };
    },
    rollback: async ({ volumeId, snapshotId }, key, progress) => {
      const { ids, path } = await ofSnapshot({ volumeId, snapshotId });
      const change = { operationId: "RollbackSnapshot", ids, method: "POST", path: `${path}/rollback`, key } as const;
      await run(change, progress);
      const volume = await lookAfter(change, () => reader.volume(volumeId));
      if (volume === undefined) throw unnamed(change, "the volume is not there after it");
      return { naa: volume.naa };
    },
    assign: async ({ volumeId, clientId }, key, progress) => {
      const path = `${API}/volumes/${segment(volumeId)}/assignments`;
      const ids = { volumeId, clientId };
      const change: Change = { operationId: "CreateAssignment", ids, method: "POST", path, body: { clientId }, key };
      try {
        const { assignmentId } = await run(change, progress);
        if (assignmentId === undefined) throw unnamed(change, "the succeeded job names no assignment");
        return { assignmentId: asAssignmentId(assignmentId) };
      } catch (thrown) {
        // One that is there already is what was wanted.
        if (!hasStatus(thrown, 409)) throw thrown;
        const [there] = await reader.assignments({ volumeId, clientId });
        if (there === undefined) throw thrown;
        return { assignmentId: there.id };
      }
    },
    unassign: async (assignmentId, key, progress) => {
      const path = `${API}/assignments/${segment(assignmentId)}`;
      try {
        await run({ operationId: "DeleteAssignment", ids: { assignmentId }, method: "DELETE", path, key }, progress);
      } catch (thrown) {
        if (!hasStatus(thrown, 404)) throw thrown;
        // Gone is what was wanted, if it is the array that says so.
        if ((await reader.assignments()).some(({ id }) => id === assignmentId)) throw thrown;
      }
    },
    deleteClone: async (volumeId, key, progress) => {
      const volume = await reader.volume(volumeId);
      // Gone is what was wanted: an earlier sending of this very call may have done it.
      if (volume === undefined) return;
      if (volume.declaredKind !== "clone") throw notAClone(volume);
      const path = `${API}/volumes/${segment(volumeId)}`;
      await run({ operationId: "DeleteVolume", ids: { volumeId }, method: "DELETE", path, key }, progress);
    },
    takeSnapshot: async ({ volumeId, name }, key, progress) => {
      const policyId = await policyOf(volumeId);
      const path = `${API}/policies/${segment(policyId)}/snapshots`;
      const ids = { policyId, volumeId };
      const change: Change = {
        operationId: "CreateSnapshot",
        ids,
        method: "POST",
        path,
        body: { volumeId, name },
        key,
      };
      try {
        await run(change, progress);
      } catch (thrown) {
        throw hasStatus(thrown, 404) || hasStatus(thrown, 405) ? takesNone(thrown, ids) : thrown;
      }
      const own = await lookAfter(change, () => reader.snapshots({ volumeId }));
      const [taken, ...more] = own.filter((one) => one.name === name);
      if (taken === undefined || more.length > 0)
        throw garbage(change, "not one snapshot of that name is there after it");
      return { snapshotId: taken.id };
    },
  };
}

const definedOnly = (ids: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(ids).filter((entry): entry is [string, string] => entry[1] !== undefined));
