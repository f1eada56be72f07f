/** ONTAP's objects as the port has them. A volume is a FlexVol with its one LUN; a client is an igroup. */

import { asAssignmentId, asClientId, asSnapshotId, asVolumeId, type Naa, naaOf } from "../../core/domain/ids.ts";
import { plainName, type SafeText } from "../../core/domain/safe-text.ts";
import type {
  ArrayClient,
  ArrayReader,
  ArrayTraits,
  Assignment,
  Dependents,
  Snapshot,
  Volume,
} from "../../core/ports/array.ts";
import { type Api, unless } from "./api.ts";
import { CODES, notSent } from "./errors.ts";
import {
  clusterSchema,
  type IgroupRecord,
  igroupSchema,
  type LunMapRecord,
  type LunRecord,
  lunMapSchema,
  lunSchema,
  snapshotSchema,
  type VolumeRecord,
  volumeSchema,
} from "./schemas.ts";

export const VOLUMES = "/api/storage/volumes";
export const LUN_MAPS = "/api/protocols/san/lun-maps";
/** The first release whose REST interface has LUNs and igroups whole. */
const OLDEST: readonly [number, number] = [9, 10];

const VOLUME_FIELDS = [
  "uuid,name,state,size,create_time,snapshot_policy.name,clone.is_flexclone",
  "clone.parent_volume.uuid,clone.parent_volume.name,clone.parent_snapshot.uuid,clone.parent_snapshot.name",
].join(",");
const LUN_FIELDS = "uuid,name,serial_number,enabled,status.state,location.volume.uuid,location.volume.name";
const IGROUP_FIELDS = "uuid,name,initiators.name,igroups.uuid";
const MAP_FIELDS = "lun.uuid,igroup.uuid,logical_unit_number";

/** What the driver itself knows of the array, by ONTAP's own identities. */
export interface OntapReads {
  readonly reader: ArrayReader;
  volumeRecord(uuid: string): Promise<VolumeRecord | undefined>;
  volumesNamed(name: string): Promise<VolumeRecord[]>;
  lunsOf(volumeUuid: string): Promise<LunRecord[]>;
  /** A write has come to its end: what is being read now may be from before it. */
  changed(): void;
}

/** A vendor prefix, then the hexadecimal form of the serial's twelve characters (NetApp's `return_naa_id`). */
export const naaOfSerial = (serial: string): Naa => naaOf(`600a0980${Buffer.from(serial, "latin1").toString("hex")}`);

const query = (filters: Readonly<Record<string, string | undefined>>): string =>
  new URLSearchParams(
    Object.entries(filters).filter((entry): entry is [string, string] => entry[1] !== undefined),
  ).toString();

export function createReads(api: Api, svm: string): OntapReads {
  const scope = { "svm.name": svm };
  // Mirrors' destinations, FlexGroups and the SVM's root are no disks of anybody's.
  const kinds = { ...scope, type: "rw", style: "flexvol", is_svm_root: "false" };
  /** The parent's snapshot that a clone was made from, and lists as its own, as `snapshotsOf` names it; of the volumes read so far. */
  const bases = new Map<string, SafeText | undefined>();
  const volumeRecords = async (filters: Readonly<Record<string, string>>): Promise<VolumeRecord[]> => {
    const records = await api.list(
      {
        action: "list volumes",
        ids: { svm, ...filters },
        path: `${VOLUMES}?${query({ ...kinds, ...filters, fields: VOLUME_FIELDS })}`,
      },
      volumeSchema,
    );
    for (const { uuid, clone } of records) {
      const name = clone.parent_snapshot?.name;
      bases.set(uuid, name === undefined ? undefined : plainName(name));
    }
    return records;
  };
  const lunRecords = (filters: Readonly<Record<string, string>>): Promise<LunRecord[]> =>
    api.list(
      {
        action: "list LUNs",
        ids: { svm, ...filters },
        path: `/api/storage/luns?${query({ ...scope, ...filters, fields: LUN_FIELDS })}`,
      },
      lunSchema,
    );

  // Volumes and assignments both need all LUNs: one list that is under way serves both.
  const underWay = new Map<string, Promise<unknown>>();
  const shared = <T>(name: string, read: () => Promise<T>): Promise<T> => {
    const known = underWay.get(name);
    if (known !== undefined) return known as Promise<T>;
    const begun = read().finally(() => {
      if (underWay.get(name) === begun) underWay.delete(name);
    });
    underWay.set(name, begun);
    return begun;
  };
  const allLuns = (): Promise<LunRecord[]> => shared("luns", () => lunRecords({}));
  const igroupRecords = (): Promise<IgroupRecord[]> =>
    shared("igroups", () =>
      api.list(
        {
          action: "list igroups",
          ids: { svm },
          path: `/api/protocols/san/igroups?${query({ ...scope, fields: IGROUP_FIELDS })}`,
        },
        igroupSchema,
      ),
    );
  const volumesOf = async (records: readonly VolumeRecord[]): Promise<Volume[]> => {
    const few = records.length <= 1;
    const [first] = records;
    if (first === undefined) return [];
    const luns = few ? await lunRecords({ "location.volume.uuid": first.uuid }) : await allLuns();
    return assemble(records, luns);
  };

  let traits: Promise<ArrayTraits> | undefined;
  const reader: ArrayReader = {
    traits: () => {
      traits ??= readTraits(api);
      traits.catch(() => {
        traits = undefined;
      });
      return traits;
    },
    clients: async ({ name } = {}) => {
      const records = await igroupRecords();
      return records
        .map((record) => clientOf(record, records))
        .filter((one) => name === undefined || one.name === name);
    },
    volumes: async ({ name, parentVolumeId } = {}) => {
      // A name that is none of ONTAP's is nobody's, and could mean something else in a filter.
      if (name !== undefined && !/^\w+$/.test(name)) return [];
      if (name === undefined && parentVolumeId === undefined) {
        const [records, luns] = await Promise.all([volumeRecords({}), allLuns()]);
        return assemble(records, luns);
      }
      const volumes = await volumesOf(
        await volumeRecords({
          ...(name === undefined ? {} : { name }),
          ...(parentVolumeId === undefined ? {} : { "clone.parent_volume.uuid": parentVolumeId }),
        }),
      );
      return volumes.filter(
        (volume) =>
          (name === undefined || volume.name === name) &&
          (parentVolumeId === undefined || volume.parent?.volumeId === parentVolumeId),
      );
    },
    volume: async (id) => {
      const [record, luns] = await Promise.all([recordOf(id), lunRecords({ "location.volume.uuid": id })]);
      return record === undefined ? undefined : assemble([record], luns)[0];
    },
    assignments: async ({ clientId, volumeId } = {}) => {
      const [maps, luns, igroups] = await Promise.all([
        api.list(
          { action: "list LUN maps", ids: { svm }, path: `${LUN_MAPS}?${query({ ...scope, fields: MAP_FIELDS })}` },
          lunMapSchema,
        ),
        allLuns(),
        igroupRecords(),
      ]);
      return assignmentsOf(maps, luns, igroups).filter(
        (one) =>
          (clientId === undefined || one.clientId === clientId) &&
          (volumeId === undefined || one.volumeId === volumeId),
      );
    },
    snapshots: ({ volumeId }) => snapshotsOf(api, volumeId),
    dependents: async (volumeId): Promise<Dependents> => {
      const [snapshots, clones] = await Promise.all([
        snapshotsOf(api, volumeId),
        volumeRecords({ "clone.parent_volume.uuid": volumeId }),
        bases.has(volumeId) ? undefined : recordOf(volumeId),
      ]);
      const base = bases.get(volumeId);
      return {
        snapshots: snapshots.filter(({ name }) => name !== base).length,
        clones: clones.map(({ uuid }) => asVolumeId(uuid)),
      };
    },
  };

  async function recordOf(uuid: string): Promise<VolumeRecord | undefined> {
    if (!/^[0-9A-Za-z-]+$/.test(uuid)) return undefined;
    return (await volumeRecords({ uuid })).find((record) => record.uuid === uuid);
  }

  return {
    reader,
    volumeRecord: recordOf,
    volumesNamed: async (name) => (await volumeRecords({ name })).filter((record) => record.name === name),
    lunsOf: (uuid) => lunRecords({ "location.volume.uuid": uuid }),
    changed: () => underWay.clear(),
  };
}

function assemble(records: readonly VolumeRecord[], luns: readonly LunRecord[]): Volume[] {
  const byVolume = Map.groupBy(luns, (lun) => lun.location.volume.uuid);
  return records.map((record) => {
    const own = byVolume.get(record.uuid) ?? [];
    const [lun] = own;
    const parent = record.clone.is_flexclone ? record.clone.parent_volume?.uuid : undefined;
    const snapshot = record.clone.parent_snapshot?.uuid;
    const unusable = unusableBecause(record, own);
    return {
      id: asVolumeId(record.uuid),
      name: plainName(record.name),
      // Without a LUN there is no disk: an identity that none has.
      naa: lun === undefined ? naaOf(`naa.none${record.uuid}`) : naaOfSerial(lun.serial_number),
      ...(lun === undefined ? {} : { label: plainName(lun.serial_number) }),
      sizeBytes: record.size,
      ...(parent === undefined
        ? {}
        : {
            parent: {
              volumeId: asVolumeId(parent),
              ...(snapshot === undefined ? {} : { snapshotId: asSnapshotId(snapshot) }),
            },
          }),
      createdAt: record.create_time,
      ...(unusable === undefined ? {} : { unusable }),
    };
  });
}

function unusableBecause({ state }: VolumeRecord, luns: readonly LunRecord[]): string | undefined {
  const [lun] = luns;
  if (state !== "online") return `is ${state}, not online`;
  if (lun === undefined) return "holds no LUN";
  if (luns.length > 1) return `holds ${luns.length} LUNs, and what is done to it is done to all of them`;
  if (!lun.enabled || lun.status.state !== "online") {
    return `has a LUN that is ${lun.enabled ? lun.status.state : "disabled"}, not online`;
  }
  return undefined;
}

/** The igroups below one, itself not among them; a circle ends. */
function below(igroup: IgroupRecord, all: ReadonlyMap<string, IgroupRecord>): IgroupRecord[] {
  const found = new Map<string, IgroupRecord>();
  const visit = (one: IgroupRecord): void => {
    for (const { uuid } of one.igroups) {
      const child = all.get(uuid);
      if (child === undefined || uuid === igroup.uuid || found.has(uuid)) continue;
      found.set(uuid, child);
      visit(child);
    }
  };
  visit(igroup);
  return [...found.values()];
}

const byUuid = (igroups: readonly IgroupRecord[]): ReadonlyMap<string, IgroupRecord> =>
  new Map(igroups.map((igroup) => [igroup.uuid, igroup]));

function clientOf(igroup: IgroupRecord, all: readonly IgroupRecord[]): ArrayClient {
  const members = igroup.igroups.length === 0 ? [] : below(igroup, byUuid(all));
  const initiators = [igroup, ...members].flatMap((one) => one.initiators.map(({ name }) => name));
  return {
    id: asClientId(igroup.uuid),
    name: plainName(igroup.name),
    initiators: [...new Set(initiators)],
    ...(igroup.igroups.length === 0 ? {} : { group: true }),
  };
}

/** A map to an igroup with others below it counts for each of those as well. */
function assignmentsOf(
  maps: readonly LunMapRecord[],
  luns: readonly LunRecord[],
  igroups: readonly IgroupRecord[],
): Assignment[] {
  const volumeOf = new Map(luns.map((lun) => [lun.uuid, lun.location.volume.uuid]));
  const groups = byUuid(igroups);
  return maps.flatMap(({ lun, igroup, logical_unit_number: number }) => {
    const volume = volumeOf.get(lun.uuid);
    // Made since the LUNs were listed: the next reading has both.
    if (volume === undefined) return [];
    const one = (client: string, via: Assignment["via"]): Assignment => ({
      id: asAssignmentId([lun.uuid, igroup.uuid, ...(via === "group" ? [client] : [])].join("/")),
      volumeId: asVolumeId(volume),
      clientId: asClientId(client),
      ...(number === undefined ? {} : { lunNumber: number }),
      via,
    });
    const group = groups.get(igroup.uuid);
    const members = group === undefined ? [] : below(group, groups);
    return [one(igroup.uuid, "direct"), ...members.map(({ uuid }) => one(uuid, "group"))];
  });
}

async function snapshotsOf(api: Api, volumeId: string): Promise<Snapshot[]> {
  const path = `${VOLUMES}/${encodeURIComponent(volumeId)}/snapshots?fields=uuid,name,create_time`;
  const call = { action: "list snapshots", ids: { volumeId }, path };
  const records = await unless(CODES.notFound, () => api.list(call, snapshotSchema));
  return (records ?? []).map(({ uuid, name, create_time }) => ({
    id: asSnapshotId(uuid),
    name: plainName(name),
    volumeId: asVolumeId(volumeId),
    createdAt: create_time,
  }));
}

/** Restoring and deletion as NetApp documents them; the version is for texts, and an account may be refused it. */
async function readTraits(api: Api): Promise<ArrayTraits> {
  const call = { action: "read the version", ids: {}, path: "/api/cluster" };
  const cluster = await unless(CODES.noPermission, () => api.read(call, clusterSchema));
  if (cluster?.disaggregated && cluster.san_optimized) {
    throw notSent(
      "REMOTE_FAULT",
      "This is an ASA r2, which has storage units instead of volumes with LUNs.",
      {},
      "docs/arrays/ontap.md says which systems are supported.",
    );
  }
  const { generation = 0, major = 0, minor = 0 } = cluster?.version ?? {};
  if (cluster !== undefined && (generation < OLDEST[0] || (generation === OLDEST[0] && major < OLDEST[1]))) {
    throw notSent(
      "REMOTE_FAULT",
      `This is ONTAP ${generation}.${major}.${minor}; 9.10.1 is the oldest that is supported.`,
      { generation, major, minor },
      "Upgrade ONTAP, or write a driver for its older interface (docs/driver.md).",
    );
  }
  return {
    product: cluster === undefined ? "ONTAP" : `ONTAP ${generation}.${major}.${minor}`,
    clients: { identity: "id", address: false, initiators: true },
    cloneNames: { max: 203, allowed: "[A-Za-z0-9_]", first: "[A-Za-z_]", unique: true },
    lineage: { volume: true, snapshot: true, kindDeclared: false },
    rollback: { newerSnapshots: "lost", blockedByClonesOf: "newer", needsUnassigned: true, repeatSafe: true },
    deletion: { keptHours: 12, keepsName: false },
    repeats: "lookup",
    // What each release allows besides is written nowhere: these are safe in every client's path.
    snapshotNames: { max: 255, allowed: "[A-Za-z0-9_.-]", first: "[A-Za-z0-9_]" },
  };
}
