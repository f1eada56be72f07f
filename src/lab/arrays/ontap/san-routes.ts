/** LUNs, igroups and maps: what is done to them is done at once, without a job. */
import { IgroupBody, IgroupChange, InitiatorsBody, MapBody, read } from "./body.ts";
import * as act from "./changes.ts";
import { OntapRefusal } from "./errors.ts";
import { acting, at, type Backend, type Call, change, named, type Outcome, type Route, UUID } from "./route.ts";
import * as rows from "./rows.ts";
import type { Row } from "./select.ts";

export function sanRoutes(backend: () => Backend): Route[] {
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
              initiators: initiators.map((initiator) => initiator.name),
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
            client.initiators = client.initiators.filter((initiator) => initiator !== name);
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
