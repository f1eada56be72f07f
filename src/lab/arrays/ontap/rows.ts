/** The world as ONTAP's collections show it. */
import type { LabAssignment, LabClient, LabSnapshot, LabVolume } from "../../world/model.ts";
import type { World } from "../../world/world.ts";
import type { Doubts } from "./doubts.ts";
import type { Collection, Row } from "./select.ts";
import { type Inhabitant, LOGICAL_UNIT, type OntapStorage, OTHER_SVM, SVM } from "./storage.ts";
import { clusterTime, serialOf } from "./style.ts";

export interface Shown {
  readonly world: World;
  readonly storage: OntapStorage;
  readonly doubts: Doubts;
  /** Numbers: 9.14 is [9, 14]. */
  readonly version: readonly [number, number];
}

const SIZE = { size: 2_199_023_255_552 } as const;

// Members that real volumes have and these have not: known, so that asking for them is no mistake.
const VOLUME_UNSET =
  "aggregates encryption tiering nas qos space guarantee efficiency snaplock files analytics movement _tags language";
const LUN_UNSET = "comment qos_policy create_time class attributes copy movement";

const words = (text: string): string[] => text.split(" ");

/** `uuid`, with members and without: what the given collection is called in a path is the route's affair. */
export function volumes(shown: Shown): Collection {
  const { world, storage } = shown;
  return {
    always: ["uuid", "name"],
    fields: [
      ...words("uuid name svm.uuid svm.name state type style size create_time comment snapshot_count is_svm_root"),
      ...words("snapshot_policy.name clone.is_flexclone clone.parent_volume.uuid clone.parent_volume.name"),
      ...words("clone.parent_snapshot.uuid clone.parent_snapshot.name clone.parent_svm.name clone.split_initiated"),
      ...words(VOLUME_UNSET),
    ],
    expensive: words("is_svm_root clone"),
    rows: () => {
      const found = indexOf(world);
      return [
        ...world.model.volumes.map((volume) => volumeRow(shown, found, volume)),
        ...storage.inhabitants.map(inhabitantRow),
      ];
    },
  };
}

/** What a listing looks up of each of its rows, gathered once: an array may have thousands of volumes. */
interface Index {
  readonly volumes: ReadonlyMap<string, LabVolume>;
  readonly snapshots: ReadonlyMap<string, LabSnapshot>;
  readonly snapshotsOf: ReadonlyMap<string, readonly LabSnapshot[]>;
  readonly mapsOf: ReadonlyMap<string, readonly LabAssignment[]>;
}

const indexOf = ({ model }: World): Index => ({
  volumes: new Map(model.volumes.map((volume) => [volume.id, volume])),
  snapshots: new Map(model.snapshots.map((snapshot) => [snapshot.id, snapshot])),
  snapshotsOf: Map.groupBy(model.snapshots, ({ volumeId }) => volumeId),
  mapsOf: Map.groupBy(model.assignments, ({ volumeId }) => volumeId),
});

function volumeRow({ storage, doubts }: Shown, found: Index, volume: LabVolume): Row {
  const extra = storage.extraOf(volume);
  return {
    uuid: volume.id,
    name: volume.name,
    svm: SVM,
    state: extra.state,
    type: "rw",
    style: "flexvol",
    size: volume.sizeBytes,
    create_time: clusterTime(volume.createdAt),
    comment: extra.comment,
    snapshot_count:
      (baseOf(volume, found, doubts) === undefined ? 0 : 1) + (found.snapshotsOf.get(volume.id)?.length ?? 0),
    is_svm_root: false,
    snapshot_policy: { name: extra.snapshotPolicy },
    clone: cloneOf(found, volume),
  };
}

function cloneOf({ volumes: all, snapshots: taken }: Index, { parentVolumeId, parentSnapshotId }: LabVolume): Row {
  if (parentVolumeId === undefined) return { is_flexclone: false };
  const parent = all.get(parentVolumeId);
  const snapshot = taken.get(parentSnapshotId ?? "");
  return {
    is_flexclone: true,
    parent_svm: SVM,
    ...(parent === undefined ? {} : { parent_volume: { uuid: parent.id, name: parent.name } }),
    ...(snapshot === undefined ? {} : { parent_snapshot: { uuid: snapshot.id, name: snapshot.name } }),
  };
}

const inhabitantRow = (one: Inhabitant): Row => ({
  uuid: one.uuid,
  name: one.name,
  svm: one.svm,
  state: one.state,
  type: one.type,
  style: "flexvol",
  ...SIZE,
  create_time: "2024-02-11T08:30:12+01:00",
  comment: "",
  snapshot_count: 0,
  is_svm_root: one.isSvmRoot,
  snapshot_policy: { name: "default" },
  clone: { is_flexclone: false },
});

export function luns(shown: Shown): Collection {
  const { world, storage, version } = shown;
  const hex = version[1] >= 16;
  const row = (at: {
    uuid: string;
    path: string;
    serial: string;
    volume: Row;
    unit: string;
    size: number;
    svm: Row;
  }) => ({
    uuid: at.uuid,
    name: at.path,
    svm: at.svm,
    serial_number: at.serial,
    ...(hex ? { serial_number_hex: Buffer.from(at.serial, "latin1").toString("hex") } : {}),
    os_type: "vmware",
    enabled: true,
    space: { size: at.size },
    status: { state: "online", mapped: false, read_only: false },
    location: { volume: at.volume, logical_unit: at.unit },
  });
  return {
    always: ["uuid", "name"],
    fields: [
      ...words("uuid name svm.uuid svm.name serial_number os_type enabled space.size status.state status.mapped"),
      ...words("status.read_only location.volume.uuid location.volume.name location.logical_unit"),
      ...(hex ? ["serial_number_hex"] : []),
      ...words("lun_maps.igroup.uuid lun_maps.igroup.name lun_maps.logical_unit_number"),
      ...words(LUN_UNSET),
    ],
    expensive: ["lun_maps"],
    rows: () => lunRows(indexOf(world)),
  };

  function lunRows(found: Index): Row[] {
    return [
      ...world.model.volumes.flatMap((volume) => {
        const extra = storage.extraOf(volume);
        if (extra.lunAfter > 0) {
          extra.lunAfter -= 1;
          return [];
        }
        const { uuid, path } = storage.lunOf(volume);
        const maps = found.mapsOf.get(volume.id) ?? [];
        const shownRow = row({
          uuid,
          path,
          svm: SVM,
          serial: serialOf(volume),
          volume: { uuid: volume.id, name: volume.name },
          unit: LOGICAL_UNIT,
          size: volume.sizeBytes,
        });
        return [
          {
            ...shownRow,
            status: { ...shownRow.status, mapped: maps.length > 0 },
            ...(maps.length === 0 ? {} : { lun_maps: maps.map((map) => mapRow(shown, found, map)) }),
          },
        ];
      }),
      ...storage.inhabitants.flatMap((inhabitant) =>
        inhabitant.luns.map(({ uuid, logicalUnit, serial }) =>
          row({
            uuid,
            serial,
            svm: inhabitant.svm,
            path: `/vol/${inhabitant.name}/${logicalUnit}`,
            volume: { uuid: inhabitant.uuid, name: inhabitant.name },
            unit: logicalUnit,
            size: SIZE.size,
          }),
        ),
      ),
    ];
  }
}

function mapRow({ world, storage }: Shown, found: Index, map: LabAssignment): Row {
  const volume = found.volumes.get(map.volumeId);
  const client = world.model.clients.find(({ id }) => id === map.clientId);
  const lun = volume && storage.lunOf(volume);
  return {
    svm: SVM,
    ...(lun === undefined ? {} : { lun: { uuid: lun.uuid, name: lun.path } }),
    igroup: { uuid: map.clientId, name: client?.name },
    // The first number that ONTAP gives is 0, and the world's is 1.
    logical_unit_number: map.lunNumber - 1,
  };
}

export function mapRows(shown: Shown, ids: readonly string[]): Row[] {
  const found = indexOf(shown.world);
  return shown.world.model.assignments.filter(({ id }) => ids.includes(id)).map((map) => mapRow(shown, found, map));
}

export function lunMaps(shown: Shown): Collection {
  return {
    always: words("svm.uuid svm.name lun.uuid lun.name igroup.uuid igroup.name"),
    fields: words("svm.uuid svm.name lun.uuid lun.name igroup.uuid igroup.name logical_unit_number reporting_nodes"),
    expensive: ["reporting_nodes"],
    rows: () => {
      const found = indexOf(shown.world);
      return shown.world.model.assignments.map((map) => mapRow(shown, found, map));
    },
  };
}

export function igroups({ world, storage }: Shown): Collection {
  const nameOf = (id: string): string | undefined => world.model.clients.find((candidate) => candidate.id === id)?.name;
  return {
    always: ["uuid", "name"],
    fields: words(
      "uuid name svm.uuid svm.name os_type protocol initiators.name igroups.uuid igroups.name lun_maps comment parent_igroups",
    ),
    expensive: ["lun_maps", "parent_igroups"],
    rows: () =>
      world.model.clients.map((client: LabClient) => ({
        uuid: client.id,
        name: client.name,
        svm: SVM,
        os_type: storage.kindOf(client).osType,
        protocol: storage.kindOf(client).protocol,
        ...(client.initiators.length === 0 ? {} : { initiators: client.initiators.map((name) => ({ name })) }),
        ...(client.members === undefined
          ? {}
          : { igroups: client.members.map((uuid) => ({ uuid, name: nameOf(uuid) })) }),
      })),
  };
}

export function initiators(client: LabClient): Collection {
  return {
    always: ["name"],
    fields: words("name comment igroup.uuid igroup.name"),
    expensive: [],
    rows: () => client.initiators.map((name) => ({ name, igroup: { uuid: client.id, name: client.name } })),
  };
}

/** The parent's snapshot that a clone shares with it, where it lists that as its own. */
const baseOf = (volume: LabVolume, found: Index, doubts: Doubts): LabSnapshot | undefined =>
  doubts["base-snapshot"] === "absent" ? undefined : found.snapshots.get(volume.parentSnapshotId ?? "");

/** A volume's snapshots, oldest first; a fresh clone's begin with the parent's that it was made from. */
function snapshotRows({ world, doubts, storage }: Shown, volume: LabVolume): Row[] {
  const row = (snapshot: LabSnapshot, more: Row): Row => ({
    uuid: snapshot.id,
    name: snapshot.name,
    svm: SVM,
    volume: { uuid: volume.id, name: volume.name },
    create_time: clusterTime(snapshot.createdAt),
    state: "valid",
    ...(storage.comments.has(snapshot.id) ? { comment: storage.comments.get(snapshot.id) } : {}),
    ...more,
  });
  const found = indexOf(world);
  const base = baseOf(volume, found, doubts);
  const own = found.snapshotsOf.get(volume.id) ?? [];
  const used = (id: string): boolean => world.model.volumes.some(({ parentSnapshotId }) => parentSnapshotId === id);
  return [
    ...(base === undefined ? [] : [row(base, { owners: ["volume_clone"] })]),
    ...own.map((snapshot) => row(snapshot, used(snapshot.id) ? { owners: ["volume_clone"] } : {})),
  ];
}

export function snapshots(shown: Shown, volume: LabVolume | undefined): Collection {
  return {
    always: words("uuid name"),
    fields: words(
      "uuid name svm.uuid svm.name volume.uuid volume.name create_time state comment owners expiry_time snapmirror_label size",
    ),
    expensive: words("size"),
    rows: () => (volume === undefined ? [] : snapshotRows(shown, volume)),
  };
}

export const svms: Collection = {
  always: ["uuid", "name"],
  fields: words("uuid name state subtype iscsi fcp"),
  expensive: words("iscsi fcp"),
  rows: () => [SVM, OTHER_SVM].map((svm) => ({ ...svm, state: "running", subtype: "default" })),
};
