/**
 * What of an ONTAP the world does not have: per volume a snapshot schedule, a comment and a state, igroups' kinds, and
 * the inhabitants that any array has besides golds and clones. New with every reset of the world.
 */
import { createHash } from "node:crypto";
import type { LabClient, LabVolume } from "../../world/model.ts";
import type { World } from "../../world/world.ts";
import { lunUuid } from "./style.ts";

export const SVM = { name: "lab1", uuid: fixedUuid("svm lab1") } as const;
/** Another tenant of the cluster, whose volumes may have the same names. */
export const OTHER_SVM = { name: "nas1", uuid: fixedUuid("svm nas1") } as const;

/** The LUN in a volume is called so. */
export const LOGICAL_UNIT = "boot";

interface VolumeExtra {
  snapshotPolicy: string;
  comment: string;
  state: "online" | "offline";
  /** Reads of the LUN until it is listed. */
  lunAfter: number;
}

/** A volume that is no gold and no clone: no LUN of the world lies on it. */
export interface Inhabitant {
  readonly uuid: string;
  readonly name: string;
  readonly svm: typeof SVM | typeof OTHER_SVM;
  readonly type: "rw" | "dp";
  readonly isSvmRoot: boolean;
  readonly state: "online" | "offline";
  readonly luns: readonly { readonly uuid: string; readonly logicalUnit: string; readonly serial: string }[];
}

export interface OntapStorage {
  extraOf(volume: LabVolume): VolumeExtra;
  kindOf(client: LabClient): IgroupKind;
  setKind(clientId: string, kind: IgroupKind): void;
  /** Comments of snapshots, by their id. */
  readonly comments: Map<string, string>;
  /** Deleted volumes wait here for twelve hours under another name; ours to look at, no part of the interface. */
  readonly recoveryQueue: { readonly uuid: string; readonly name: string }[];
  readonly inhabitants: readonly Inhabitant[];
  lunOf(volume: LabVolume): { uuid: string; path: string };
}

export interface IgroupKind {
  readonly osType: string;
  readonly protocol: string;
}

export function createStorage(world: World): OntapStorage {
  const extras = new Map<string, VolumeExtra>();
  const kinds = new Map<string, IgroupKind>();
  return {
    extraOf({ id }) {
      const known = extras.get(id);
      if (known !== undefined) return known;
      const extra: VolumeExtra = { snapshotPolicy: "default", comment: "", state: "online", lunAfter: 0 };
      extras.set(id, extra);
      return extra;
    },
    kindOf: ({ id }) => kinds.get(id) ?? { osType: "vmware", protocol: "mixed" },
    setKind: (clientId, kind) => void kinds.set(clientId, kind),
    comments: new Map(),
    recoveryQueue: [],
    inhabitants: inhabitantsOf(world),
    lunOf: (volume) => ({ uuid: lunUuid(volume), path: `/vol/${volume.name}/${LOGICAL_UNIT}` }),
  };
}

function inhabitantsOf({ model }: World): Inhabitant[] {
  const make = (name: string, more: Partial<Inhabitant>): Inhabitant => ({
    uuid: fixedUuid(`volume ${more.svm?.name ?? SVM.name} ${name}`),
    name,
    svm: SVM,
    type: "rw",
    isSvmRoot: false,
    state: "online",
    luns: [],
    ...more,
  });
  const lun = (logicalUnit: string, serial: string): Inhabitant["luns"][number] => ({
    uuid: fixedUuid(`lun ${serial}`),
    logicalUnit,
    serial,
  });
  const [first] = model.volumes;
  return [
    make("lab1_root", { isSvmRoot: true }),
    make("iso_library", {}),
    make("legacy_luns", { luns: [lun("data_01", "80E7/]LZp1T1"), lun("data_02", "80E7/]LZp1T2")] }),
    make("retired", { state: "offline", luns: [lun("boot", "80E7/]LZp1T3")] }),
    make("mirror_dest", { type: "dp", luns: [lun("boot", "80E7/]LZp1T4")] }),
    ...(first === undefined ? [] : [make(first.name, { svm: OTHER_SVM })]),
  ];
}

function fixedUuid(text: string): string {
  const hex = createHash("sha256").update(text).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-b${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
