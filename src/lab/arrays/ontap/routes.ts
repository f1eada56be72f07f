/** The paths of ONTAP's REST interface that this array has, each with the name that faults and mutations know it by. */
import type { World } from "../../world/world.ts";
import {
  CloneBody,
  IgroupBody,
  IgroupChange,
  InitiatorsBody,
  MapBody,
  type Named,
  RestoreBody,
  read,
  SnapshotBody,
  VolumeChange,
} from "./body.ts";
import * as act from "./changes.ts";
import { noAccess, OntapRefusal, unexpectedArgument } from "./errors.ts";
import type { OntapJobs } from "./jobs.ts";
import * as rows from "./rows.ts";
import type { Collection, Row } from "./select.ts";

export interface Call {
  readonly query: URLSearchParams;
  readonly body: Row;
  readonly params: readonly string[];
  readonly user: string;
  readonly fails: boolean;
}

export type Outcome =
  | { readonly list: Collection }
  /** One object, by the members that tell it from others. */
  | { readonly one: Collection; readonly where: Readonly<Record<string, string>> }
  | { readonly plain: Row }
  | { readonly done: Row; readonly status: 200 | 201 }
  | { readonly job: string; readonly status: 200 | 201; readonly records?: () => readonly Row[] };

export interface Route {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  readonly path: RegExp;
  /** A path may stand for several acts. */
  readonly op: (call: Pick<Call, "query" | "body">) => string;
  /** What the query may have beside what every call may. */
  readonly query?: readonly string[];
  handle(call: Call): Outcome;
}

export interface Backend extends rows.Shown {
  readonly jobs: OntapJobs;
}

const UUID = "([^/]+)";
const at = (path: string): RegExp => new RegExp(`^/api${path}$`);
const named = (op: string) => (): string => op;

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

const acting = ({ world, storage, doubts }: Backend): act.Acting => ({ state: world.state, storage, doubts });

function change(world: World, op: string, user: string, apply: () => readonly string[]): void {
  world.change({ api: "dgs", op, by: user }, apply, (targets) => targets);
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
          all.world.model.volumes.filter((one) => one.name === name).map(({ id }) => ({ uuid: id, name }));
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
    const inhabitant = all.storage.inhabitants.some((one) => one.uuid === uuid);
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

function sanRoutes(backend: () => Backend): Route[] {
  const now = (
    op: string,
    call: Call,
    apply: (all: Backend) => readonly string[],
    status: 200 | 201,
    body: Row = {},
  ): Outcome => {
    const all = backend();
    if (call.fails) throw new OntapRefusal(500, "460770", "The cluster could not do this.");
    change(all.world, op, call.user, () => apply(all));
    return { done: body, status };
  };
  return [
    { method: "GET", path: at("/storage/luns"), op: named("ListLuns"), handle: () => ({ list: rows.luns(backend()) }) },
    {
      method: "GET",
      path: at(`/storage/luns/${UUID}`),
      op: named("GetLun"),
      handle: ({ params: [uuid = ""] }) => ({ one: rows.luns(backend()), where: { uuid } }),
    },
    {
      method: "GET",
      path: at("/protocols/san/igroups"),
      op: named("ListIgroups"),
      handle: () => ({ list: rows.igroups(backend()) }),
    },
    {
      method: "GET",
      path: at(`/protocols/san/igroups/${UUID}`),
      op: named("GetIgroup"),
      handle: ({ params: [uuid = ""] }) => ({ one: rows.igroups(backend()), where: { uuid } }),
    },
    {
      method: "POST",
      path: at("/protocols/san/igroups"),
      op: named("CreateIgroup"),
      handle(call) {
        const {
          svm,
          name,
          os_type: osType,
          protocol = "mixed",
          initiators = [],
          igroups = [],
        } = read(IgroupBody, call.body);
        act.checkSvm(svm);
        return now(
          "CreateIgroup",
          call,
          (all) => {
            const { id } = act.makeIgroup(acting(all), {
              name,
              igroups,
              initiators: initiators.map((one) => one.name),
            });
            all.storage.setKind(id, { osType, protocol });
            return [id];
          },
          201,
        );
      },
    },
    {
      method: "PATCH",
      path: at(`/protocols/san/igroups/${UUID}`),
      op: named("ModifyIgroup"),
      handle(call) {
        const wanted = read(IgroupChange, call.body);
        return now(
          "ModifyIgroup",
          call,
          (all) => {
            const client = act.igroupOf(acting(all), call.params[0] ?? "");
            client.name = wanted.name ?? client.name;
            if (wanted.os_type !== undefined) {
              all.storage.setKind(client.id, { ...all.storage.kindOf(client), osType: wanted.os_type });
            }
            return [client.id];
          },
          200,
        );
      },
    },
    {
      method: "DELETE",
      path: at(`/protocols/san/igroups/${UUID}`),
      op: named("DeleteIgroup"),
      query: ["allow_delete_while_mapped"],
      handle(call) {
        const [uuid = ""] = call.params;
        const mapped = call.query.get("allow_delete_while_mapped")?.toLowerCase() === "true";
        return now("DeleteIgroup", call, (all) => act.removeIgroup(acting(all), uuid, mapped), 200);
      },
    },
    {
      method: "GET",
      path: at(`/protocols/san/igroups/${UUID}/initiators`),
      op: named("ListInitiators"),
      handle: ({ params: [uuid = ""] }) => ({ list: rows.initiators(act.igroupOf(acting(backend()), uuid)) }),
    },
    {
      method: "POST",
      path: at(`/protocols/san/igroups/${UUID}/initiators`),
      op: named("AddInitiator"),
      handle(call) {
        const names = read(InitiatorsBody, call.body);
        return now(
          "AddInitiator",
          call,
          (all) => {
            const client = act.igroupOf(acting(all), call.params[0] ?? "");
            client.initiators.push(...names.filter((name) => !client.initiators.includes(name)));
            return [client.id];
          },
          201,
        );
      },
    },
    {
      method: "DELETE",
      path: at(`/protocols/san/igroups/${UUID}/initiators/${UUID}`),
      op: named("RemoveInitiator"),
      query: ["allow_delete_while_mapped"],
      handle(call) {
        const [uuid = "", name] = call.params;
        return now(
          "RemoveInitiator",
          call,
          (all) => {
            const client = act.igroupOf(acting(all), uuid);
            client.initiators = client.initiators.filter((one) => one !== name);
            return [uuid];
          },
          200,
        );
      },
    },
    {
      method: "GET",
      path: at("/protocols/san/lun-maps"),
      op: named("ListLunMaps"),
      handle: () => ({ list: rows.lunMaps(backend()) }),
    },
    {
      method: "GET",
      path: at(`/protocols/san/lun-maps/${UUID}/${UUID}`),
      op: named("GetLunMap"),
      handle: ({ params: [lun = "", igroup = ""] }) => ({
        one: rows.lunMaps(backend()),
        where: { "lun.uuid": lun, "igroup.uuid": igroup },
      }),
    },
    {
      method: "POST",
      path: at("/protocols/san/lun-maps"),
      op: named("CreateLunMap"),
      handle(call) {
        const { svm, lun, igroup, logical_unit_number: number } = read(MapBody, call.body);
        act.checkSvm(svm);
        const all = backend();
        const made: string[] = [];
        const make = (): readonly string[] => {
          made.push(act.mapLun(acting(all), { lun, igroup, number }));
          return made;
        };
        const outcome = now("CreateLunMap", call, make, 201);
        const records = rows.mapRows(all, made);
        return call.query.get("return_records") === "true"
          ? { done: { num_records: records.length, records }, status: 201 }
          : outcome;
      },
    },
    {
      method: "DELETE",
      path: at(`/protocols/san/lun-maps/${UUID}/${UUID}`),
      op: named("DeleteLunMap"),
      handle(call) {
        const id = call.params.join("/");
        return now("DeleteLunMap", call, (all) => act.unmapLun(acting(all), id), 200);
      },
    },
  ];
}
