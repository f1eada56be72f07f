/** The paths of ONTAP's REST interface that this array has, each with the name that faults and mutations know it by. */
import { CloneBody, type Named, RestoreBody, read, SnapshotBody, VolumeChange } from "./body.ts";
import * as act from "./changes.ts";
import { noAccess, OntapRefusal, unexpectedArgument } from "./errors.ts";
import { acting, at, type Backend, type Call, change, named, type Route, UUID } from "./route.ts";
import * as rows from "./rows.ts";
import { sanRoutes } from "./san-routes.ts";
import type { Collection, Row } from "./select.ts";

export const OPS = [
  "GetCluster",
  "GetJob",
  "ListSvms",
  "ListVolumes",
  "GetVolume",
  "CloneVolume",
  "RestoreVolume",
  "ModifyVolume",
  "DeleteVolume",
  "ListSnapshots",
  "GetSnapshot",
  "CreateSnapshot",
  "DeleteSnapshot",
  "ListLuns",
  "GetLun",
  "ListIgroups",
  "GetIgroup",
  "CreateIgroup",
  "ModifyIgroup",
  "DeleteIgroup",
  "ListInitiators",
  "AddInitiator",
  "RemoveInitiator",
  "ListLunMaps",
  "GetLunMap",
  "CreateLunMap",
  "DeleteLunMap",
] as const;

export function routesOf(backend: () => Backend): Route[] {
  return [...clusterRoutes(backend), ...volumeRoutes(backend), ...snapshotRoutes(backend), ...sanRoutes(backend)];
}

function startJob({ world, jobs }: Backend, op: string, call: Call, apply: () => readonly string[]): string {
  return jobs.start(op, world.latency.dgs, () => {
    if (call.fails) throw new OntapRefusal(500, "460770", "The job failed for a reason of the cluster's own.");
    change(world, op, call.user, apply);
  });
}

function clusterRoutes(backend: () => Backend): Route[] {
  return [
    {
      method: "GET",
      path: at("/cluster"),
      op: named("GetCluster"),
      handle() {
        const { doubts, version } = backend();
        if (doubts.version === "forbidden") throw noAccess();
        const [generation, major] = version;
        return {
          plain: {
            name: "lab",
            uuid: "7c0a1f4e-0000-4000-a000-000000000001",
            version: { full: `NetApp Release ${generation}.${major}.1: lab`, generation, major, minor: 1 },
          },
        };
      },
    },
    {
      method: "GET",
      path: at(`/cluster/jobs/${UUID}`),
      op: named("GetJob"),
      handle({ params: [uuid = ""] }) {
        const { jobs, doubts } = backend();
        const job = jobs.get(uuid);
        if (job === undefined) throw act.notThere(doubts);
        return { plain: { ...job } };
      },
    },
    { method: "GET", path: at("/svm/svms"), op: named("ListSvms"), handle: () => ({ list: rows.svms }) },
  ];
}

const restoreOf = ({ query, body }: Pick<Call, "query" | "body">): Named | undefined => {
  const uuid = query.get("restore_to.snapshot.uuid");
  const name = query.get("restore_to.snapshot.name");
  if (uuid !== null || name !== null) return { ...(uuid === null ? {} : { uuid }), ...(name === null ? {} : { name }) };
  return "restore_to" in body ? read(RestoreBody, body).restore_to?.snapshot : undefined;
};

function volumeRoutes(backend: () => Backend): Route[] {
  return [
    {
      method: "GET",
      path: at("/storage/volumes"),
      op: named("ListVolumes"),
      handle: () => ({ list: rows.volumes(backend()) }),
    },
    {
      method: "GET",
      path: at(`/storage/volumes/${UUID}`),
      op: named("GetVolume"),
      handle: ({ params: [uuid = ""] }) => ({ one: rows.volumes(backend()), where: { uuid } }),
    },
    {
      method: "POST",
      path: at("/storage/volumes"),
      op: named("CloneVolume"),
      handle(call) {
        const all = backend();
        if (!("clone" in call.body)) throw new OntapRefusal(400, "2", "This array makes clones only.", "clone");
        if ("snapshot_policy" in call.body || "comment" in call.body) {
          throw new OntapRefusal(400, "918247", "This property cannot be given for a clone.");
        }
        const { svm, name, clone } = read(CloneBody, call.body);
        act.checkSvm(svm);
        act.checkSvm(clone.parent_svm);
        const order = { name, parent: clone.parent_volume, snapshot: clone.parent_snapshot };
        act.checkClone(acting(all), order);
        const job = startJob(all, "CloneVolume", call, () => [act.makeClone(acting(all), order).id]);
        const records = (): Row[] =>
          all.world.model.volumes.filter((candidate) => candidate.name === name).map(({ id }) => ({ uuid: id, name }));
        return { job, status: 201, ...(all.doubts.records === "present" ? { records } : {}) };
      },
    },
    {
      method: "PATCH",
      path: at(`/storage/volumes/${UUID}`),
      op: (call) => (restoreOf(call) === undefined ? "ModifyVolume" : "RestoreVolume"),
      query: ["restore_to.snapshot.uuid", "restore_to.snapshot.name", "preserve_lun_ids"],
      handle(call) {
        const all = backend();
        const volume = act.volumeOf(acting(all), call.params[0] ?? "");
        const which = restoreOf(call);
        if (call.query.has("preserve_lun_ids") && all.version[1] < 19) throw unexpectedArgument("preserve_lun_ids");
        if (which !== undefined) {
          act.checkRestore(acting(all), volume, which, "call");
          const job = startJob(all, "RestoreVolume", call, () =>
            act.restoreVolume(acting(all), act.volumeOf(acting(all), volume.id), which),
          );
          return { job, status: 200 };
        }
        const wanted = read(VolumeChange, call.body);
        const job = startJob(all, "ModifyVolume", call, () => {
          const extra = all.storage.extraOf(act.volumeOf(acting(all), volume.id));
          extra.snapshotPolicy = wanted.snapshot_policy?.name ?? extra.snapshotPolicy;
          extra.comment = wanted.comment ?? extra.comment;
          extra.state = wanted.state ?? extra.state;
          volume.name = wanted.name ?? volume.name;
          return [volume.id];
        });
        return { job, status: 200 };
      },
    },
    {
      method: "DELETE",
      path: at(`/storage/volumes/${UUID}`),
      op: named("DeleteVolume"),
      query: ["force"],
      handle(call) {
        const all = backend();
        const volume = act.volumeOf(acting(all), call.params[0] ?? "");
        act.checkDelete(acting(all), volume);
        const force = call.query.get("force") === "true";
        const job = startJob(all, "DeleteVolume", call, () => {
          act.removeVolume(acting(all), act.volumeOf(acting(all), volume.id), force);
          return [volume.id];
        });
        return { job, status: 200 };
      },
    },
  ];
}

function snapshotRoutes(backend: () => Backend): Route[] {
  const of = (all: Backend, uuid: string | undefined): Collection => {
    const volume = all.world.model.volumes.find(({ id }) => id === uuid);
    const inhabitant = all.storage.inhabitants.some((candidate) => candidate.uuid === uuid);
    if (volume === undefined && !inhabitant) throw act.notThere(all.doubts);
    return rows.snapshots(all, volume);
  };
  return [
    {
      method: "GET",
      path: at(`/storage/volumes/${UUID}/snapshots`),
      op: named("ListSnapshots"),
      handle: ({ params: [uuid] }) => ({ list: of(backend(), uuid) }),
    },
    {
      method: "GET",
      path: at(`/storage/volumes/${UUID}/snapshots/${UUID}`),
      op: named("GetSnapshot"),
      handle: ({ params: [volume, uuid = ""] }) => ({ one: of(backend(), volume), where: { uuid } }),
    },
    {
      method: "POST",
      path: at(`/storage/volumes/${UUID}/snapshots`),
      op: named("CreateSnapshot"),
      handle(call) {
        const all = backend();
        const volume = act.volumeOf(acting(all), call.params[0] ?? "");
        const { name, svm, comment } = read(SnapshotBody, call.body);
        act.checkSvm(svm);
        act.checkSnapshotName(acting(all), volume, name);
        const job = startJob(all, "CreateSnapshot", call, () => {
          const { id } = act.makeSnapshot(acting(all), act.volumeOf(acting(all), volume.id), name);
          if (comment !== undefined) all.storage.comments.set(id, comment);
          return [id];
        });
        return { job, status: 201 };
      },
    },
    {
      method: "DELETE",
      path: at(`/storage/volumes/${UUID}/snapshots/${UUID}`),
      op: named("DeleteSnapshot"),
      handle(call) {
        const all = backend();
        const [volumeId = "", uuid = ""] = call.params;
        const volume = act.volumeOf(acting(all), volumeId);
        const job = startJob(all, "DeleteSnapshot", call, () => {
          act.removeSnapshot(acting(all), volume, uuid);
          return [uuid];
        });
        return { job, status: 200 };
      },
    },
  ];
}
