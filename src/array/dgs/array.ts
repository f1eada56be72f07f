/** The array ports over the DGS HTTP interface (docs/dgs-api.yaml). */
import type { z } from "zod";
import { asAssignmentId, asVolumeId } from "../../core/domain/ids.ts";
import type { ArrayReader, ArrayWriter, JobProgress } from "../../core/ports/array.ts";
import { translateNetworkError } from "../../net/errors.ts";
import type { ArrayOptions, StorageArray } from "../driver.ts";
import { createTransport } from "../transport.ts";
import { assignmentSchema, clientSchema, type Job, jobSchema, snapshotSchema, volumeSchema } from "./answers.ts";
import { type Api, type Change, createApi } from "./api.ts";
import { garbage, notAClone } from "./faults.ts";
import { followJob, type JobOptions } from "./jobs.ts";
import { createSessions } from "./session.ts";

const API = "/api/v1";
const segment = encodeURIComponent;

/** One connection to DGS. Nothing is sent before the first call. Errors: as `core/ports/array.ts` says. */
export function createDgs(options: ArrayOptions): StorageArray {
  const { url, timeouts, clock, log } = options;
  const { connectMs, callMs, jobMs } = timeouts;
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
    username: options.username,
    password: options.password,
    clock,
    callMs,
  });
  const api = createApi({ transport, sessions, url, callMs, clock, log });
  const reader = readerOver(api);
  return {
    reader,
    writer: { ...reader, ...writerOver(api, reader, { api, clock, log, jobMs }) },
    time: async () => {
      const authorization = `Bearer ${await sessions.token()}`;
      const path = `${API}/clients?limit=1`;
      const { date } = await transport
        .exchange({ method: "GET", path, headers: { authorization }, within: callMs })
        .catch((thrown: unknown) => {
          throw translateNetworkError(thrown, { system: "DGS", address: url, section: "dgs" });
        });
      return date;
    },
    close: async () => {
      await sessions.end();
      await transport.close().catch(() => undefined);
    },
  };
}

// What the array was asked to select is selected here once more: a filter that an older appliance ignores would
// otherwise widen what the engine believes to be about its target.
function readerOver(api: Api): ArrayReader {
  return {
    clients: async ({ name } = {}) => {
      const items = await api.list(
        { operationId: "ListClients", ids: {}, path: `${API}/clients` },
        { name },
        clientSchema,
      );
      return items.filter((client) => name === undefined || client.name === name);
    },
    volumes: async ({ name, parentVolumeId } = {}) => {
      const call = { operationId: "ListVolumes", ids: given({ parentVolumeId }), path: `${API}/volumes` } as const;
      const items = await api.list(call, { name, parentVolumeId }, volumeSchema);
      return items.filter(
        (volume) =>
          (name === undefined || volume.name === name) &&
          (parentVolumeId === undefined || volume.parentVolumeId === parentVolumeId),
      );
    },
    volume: async (id) => {
      const call = { operationId: "GetVolume", ids: { volumeId: id }, path: `${API}/volumes/${segment(id)}` } as const;
      const volume = await api.find(call, volumeSchema);
      if (volume !== undefined && volume.id !== id) throw garbage(call, "id: is another volume's");
      return volume;
    },
    assignments: async ({ clientId, volumeId } = {}) => {
      const call = {
        operationId: "ListAssignments",
        ids: given({ clientId, volumeId }),
        path: `${API}/assignments`,
      } as const;
      const items = await api.list(call, { clientId, volumeId }, assignmentSchema);
      return items.filter(
        (assignment) =>
          (clientId === undefined || assignment.clientId === clientId) &&
          (volumeId === undefined || assignment.volumeId === volumeId),
      );
    },
    snapshots: (policyId) =>
      api.list(
        { operationId: "ListSnapshots", ids: { policyId }, path: `${API}/policies/${segment(policyId)}/snapshots` },
        {},
        snapshotSchema,
      ),
  };
}

function writerOver(api: Api, reader: ArrayReader, jobs: JobOptions): ArrayWriter {
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
  const ofSnapshot = (what: { policyId: string; snapshotId: string }): string =>
    `${API}/policies/${segment(what.policyId)}/snapshots/${segment(what.snapshotId)}`;

  return {
    createClone: async ({ policyId, snapshotId, name }, key, progress) => {
      const ids = { policyId, snapshotId };
      const path = `${ofSnapshot(ids)}/clone`;
      const change: Change = { operationId: "CloneSnapshot", ids, method: "POST", path, body: { name }, key };
      const { volumeId } = await run(change, progress);
      if (volumeId === undefined) throw garbage(change, "result.volumeId: is missing from the succeeded job");
      return { volumeId: asVolumeId(volumeId) };
    },
    rollback: async ({ policyId, snapshotId }, key, progress) => {
      const ids = { policyId, snapshotId };
      await run(
        { operationId: "RollbackSnapshot", ids, method: "POST", path: `${ofSnapshot(ids)}/rollback`, key },
        progress,
      );
    },
    assign: async ({ volumeId, clientId }, key, progress) => {
      const path = `${API}/volumes/${segment(volumeId)}/assignments`;
      const ids = { volumeId, clientId };
      const change: Change = { operationId: "CreateAssignment", ids, method: "POST", path, body: { clientId }, key };
      const { assignmentId } = await run(change, progress);
      if (assignmentId === undefined) throw garbage(change, "result.assignmentId: is missing from the succeeded job");
      return { assignmentId: asAssignmentId(assignmentId) };
    },
    unassign: async (assignmentId, key, progress) => {
      const path = `${API}/assignments/${segment(assignmentId)}`;
      await run({ operationId: "DeleteAssignment", ids: { assignmentId }, method: "DELETE", path, key }, progress);
    },
    deleteClone: async (volumeId, key, progress) => {
      const volume = await reader.volume(volumeId);
      // Gone is what was wanted: an earlier sending of this very call may have done it.
      if (volume === undefined) return;
      if (volume.kind !== "clone") throw notAClone(volume);
      const path = `${API}/volumes/${segment(volumeId)}`;
      await run({ operationId: "DeleteVolume", ids: { volumeId }, method: "DELETE", path, key }, progress);
    },
  };
}

const given = (ids: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(ids).filter((entry): entry is [string, string] => entry[1] !== undefined));
