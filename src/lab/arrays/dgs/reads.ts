import * as z from "zod";
import type { LabVolume } from "../../world/model.ts";
import type { World } from "../../world/world.ts";
import { type DgsCall, Id, notFound, pathParam, queryOf, type Route } from "./http.ts";
import { Paging, page } from "./paging.ts";

const ClientQuery = z.strictObject({ ...Paging, name: Id.optional() });
const AssignmentQuery = z.strictObject({ ...Paging, clientId: Id.optional(), volumeId: Id.optional() });
const VolumeQuery = z.strictObject({ ...Paging, name: Id.optional(), parentVolumeId: Id.optional() });
const SnapshotQuery = z.strictObject(Paging);

/** The array's reading operations. */
export function readRoutes(world: World): Route[] {
  return [
    {
      method: "GET",
      path: "/clients",
      op: "ListClients",
      handle(call) {
        const query = queryOf(call, ClientQuery);
        const items = world.model.clients.filter((client) => matches(query.name, client.name));
        return { status: 200, body: page(listOf(call), items, query) };
      },
    },
    {
      method: "GET",
      path: "/assignments",
      op: "ListAssignments",
      handle(call) {
        const query = queryOf(call, AssignmentQuery);
        const items = world.model.assignments.filter(
          (assignment) => matches(query.clientId, assignment.clientId) && matches(query.volumeId, assignment.volumeId),
        );
        return { status: 200, body: page(listOf(call), items, query) };
      },
    },
    {
      method: "GET",
      path: "/volumes",
      op: "ListVolumes",
      handle(call) {
        const query = queryOf(call, VolumeQuery);
        const volumes = world.model.volumes.filter(
          (candidate) => matches(query.name, candidate.name) && matches(query.parentVolumeId, candidate.parentVolumeId),
        );
        const { items, ...rest } = page(listOf(call), volumes, query);
        return { status: 200, body: { ...rest, items: items.map((item) => volumeView(world, item)) } };
      },
    },
    {
      method: "GET",
      path: "/volumes/:id",
      op: "GetVolume",
      handle(call) {
        const id = pathParam(call, "id");
        const volume = world.model.volumes.find((candidate) => candidate.id === id);
        if (volume === undefined) throw notFound(`There is no volume ${id}.`);
        return { status: 200, body: volumeView(world, volume) };
      },
    },
    {
      method: "GET",
      path: "/policies/:id/snapshots",
      op: "ListSnapshots",
      handle(call) {
        const query = queryOf(call, SnapshotQuery);
        const { items, ...rest } = page(listOf(call), snapshotsUnder(world, pathParam(call, "id")), query);
        const views = items.map(({ id, name, volumeId, createdAt }) => ({ id, name, volumeId, createdAt }));
        return { status: 200, body: { ...rest, items: views } };
      },
    },
  ];
}

function snapshotsUnder({ model }: World, policyId: string) {
  if (!model.policies.some((policy) => policy.id === policyId)) throw notFound(`There is no policy ${policyId}.`);
  const covered = new Set(model.volumes.filter((candidate) => candidate.policyId === policyId).map((one) => one.id));
  return model.snapshots.filter((snapshot) => covered.has(snapshot.volumeId));
}

function volumeView({ model }: World, volume: LabVolume): object {
  const { id, name, kind, guid, sizeBytes, policyId, parentVolumeId, parentSnapshotId, createdAt } = volume;
  const snapshotCount = model.snapshots.filter((candidate) => candidate.volumeId === id).length;
  return { id, name, kind, guid, sizeBytes, policyId, parentVolumeId, parentSnapshotId, snapshotCount, createdAt };
}

const matches = (wanted: string | undefined, actual: string | undefined): boolean =>
  wanted === undefined || wanted === actual;

/** Names a list with its filter: a cursor belongs to that alone. */
function listOf(call: DgsCall): string {
  const { cursor: _cursor, limit: _limit, ...filter } = call.req.query();
  return `${call.req.path}?${new URLSearchParams(Object.entries(filter).sort()).toString()}`;
}
