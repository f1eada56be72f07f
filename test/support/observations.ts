/** Observations made by hand, for modes alone: one host, its client, one gold LUN, what the client has of it. No lab. */
import { PrepError } from "../../src/core/domain/errors.ts";
import {
  asAssignmentId,
  asClientId,
  asMoRef,
  asSnapshotId,
  asVmfsUuid,
  asVolumeId,
  naaOf,
} from "../../src/core/domain/ids.ts";
import type { Mode } from "../../src/core/domain/modes.ts";
import { safeText } from "../../src/core/domain/safe-text.ts";
import { draftOf } from "../../src/core/modes/catalog.ts";
import type { History, ModeInput } from "../../src/core/modes/common.ts";
import type { Draft } from "../../src/core/modes/draft.ts";
import type { LunVolume } from "../../src/core/observe/kinds.ts";
import type { ArrayView, Observation } from "../../src/core/observe/observe.ts";
import type { ArrayTraits, Assignment, Snapshot } from "../../src/core/ports/array.ts";
import type { Datastore, Disk, Host, Vm, VmfsMount } from "../../src/core/ports/hypervisor.ts";
import type { Request } from "../../src/core/request/request.ts";

const NOW = new Date("2026-11-28T12:00:00.000Z");
export const SIGNATURE = asVmfsUuid("5f1a2b3c-00000001-0002-000000000003");
export const CLIENT_ID = asClientId("client-165");
export const OTHER_CLIENT_ID = asClientId("client-166");

export const TRAITS: ArrayTraits = {
  product: safeText("an array"),
  clients: { identity: "id", address: true, initiators: true },
  cloneNames: { max: 255, allowed: "[A-Za-z0-9_.-]", first: "[A-Za-z0-9]", unique: false },
  lineage: { volume: true, snapshot: true, kindDeclared: true },
  rollback: { newerSnapshots: "lost", blockedByClonesOf: "newer", needsUnassigned: true, repeatSafe: true },
  deletion: { keepsName: false },
  repeats: "key",
  snapshotNames: { max: 255, allowed: "[A-Za-z0-9_.-]", first: "[A-Za-z0-9]" },
};

export const HOST: Host = {
  id: asMoRef("host-1"),
  name: safeText("192.168.1.165"),
  connectionState: "connected",
  datacenter: { id: asMoRef("datacenter-1"), name: safeText("DC1"), vmFolder: asMoRef("group-v1") },
  computeResource: asMoRef("domain-s1"),
  resourcePool: asMoRef("resgroup-1"),
  storageSystem: asMoRef("storageSystem-1"),
  datastoreSystem: asMoRef("datastoreSystem-1"),
};

const disk = (digit: string): string => `6000c29f${digit.repeat(24)}`;

export const GOLD: LunVolume = {
  id: asVolumeId("vol-gold"),
  name: safeText("AutomatedTest-VMBootImg-Gold"),
  kind: "gold",
  declaredKind: "gold",
  naa: naaOf(disk("0")),
  sizeBytes: 1,
  createdAt: "2026-01-01T00:00:00.000Z",
};

const snapshot = (name: string, createdAt: string): Snapshot => ({
  id: asSnapshotId(`snap-${name}`),
  name: safeText(name),
  volumeId: GOLD.id,
  createdAt,
});
export const NEWEST = snapshot("nightly-27", "2026-11-27T00:00:00.000Z");
export const OLDEST = snapshot("nightly-20", "2026-11-20T00:00:00.000Z");

/** A clone of the newest snapshot, or of another. */
export const cloneOf = (name: string, from: Snapshot = NEWEST): LunVolume => ({
  ...GOLD,
  id: asVolumeId(`vol-${name}`),
  name: safeText(name),
  kind: "clone",
  declaredKind: "clone",
  naa: naaOf(disk(String((name.length % 9) + 1))),
  parent: { volumeId: GOLD.id, snapshotId: from.id },
  createdAt: "2026-11-27T10:00:00.000Z",
});
export const CLONE = cloneOf("clone");

export const assignmentOf = (volume: LunVolume, clientId = CLIENT_ID): Assignment => ({
  id: asAssignmentId(`assigned-${volume.name}-${clientId}`),
  volumeId: volume.id,
  clientId,
  lunNumber: 7,
  via: "direct",
});

export const datastoreOf = (volume: LunVolume, changes: Partial<Datastore> = {}): Datastore => ({
  id: asMoRef(`datastore-${volume.name}`),
  name: safeText("gold-ds"),
  pathName: "gold-ds",
  datacenterId: HOST.datacenter.id,
  vmfsUuid: SIGNATURE,
  extents: [volume.naa],
  accessible: true,
  browser: asMoRef(`browser-${volume.name}`),
  mounts: [{ hostId: HOST.id, mounted: true, accessible: true }],
  ...changes,
});

export const mountOf = (volume: LunVolume, changes: Partial<VmfsMount> = {}): VmfsMount => ({
  vmfsUuid: SIGNATURE,
  label: safeText("gold-ds"),
  extents: [volume.naa],
  mounted: true,
  accessible: true,
  forceMounted: volume.kind === "clone",
  ...changes,
});

export const diskOf = (volume: LunVolume, state = "ok"): Disk => ({
  naa: volume.naa,
  uuid: `uuid-${volume.name}`,
  state,
});

/** A VM at home on the volume's datastore: off, registered on the host, with guest tools where it runs. */
export const vmOn = (volume: LunVolume, name: string, changes: Partial<Vm> = {}): Vm => ({
  id: asMoRef(`vm-${name}`),
  name: safeText(name),
  path: `[gold-ds] ${name}/${name}.vmx`,
  powerState: "poweredOff",
  hostId: HOST.id,
  connectionState: "connected",
  template: false,
  toolsRunning: changes.powerState === "poweredOn",
  datastoreIds: [datastoreOf(volume).id],
  ...changes,
});

/** What the tests change of an observation: its own members, or single ones of the array's and the host's. */
interface Changes extends Partial<Omit<Observation, "array" | "storage" | "inventory">> {
  readonly array?: Partial<ArrayView>;
  readonly storage?: Partial<Observation["storage"]>;
  readonly inventory?: Partial<Observation["inventory"]>;
}

/**
 * What is seen where the client has `held` of the family, mounted: gold has its two snapshots, and no clone but those held
 * and those of `idle`.
 */
export function seen(held: readonly LunVolume[], changes: Changes = {}, idle: readonly LunVolume[] = []): Observation {
  const { array, storage, inventory, ...rest } = changes;
  const clones = [...held, ...idle].filter((volume) => volume.id !== GOLD.id);
  const clients = [
    { id: CLIENT_ID, name: safeText("CDS1-ESX165"), hostAddress: HOST.name, initiators: [] },
    { id: OTHER_CLIENT_ID, name: safeText("CDS1-ESX166"), hostAddress: safeText("192.168.1.166"), initiators: [] },
  ] as const;
  const family = [GOLD, ...clones];
  return {
    array: { traits: TRAITS, clients, volumes: family, assignments: held.map((one) => assignmentOf(one)), ...array },
    client: clients[0],
    gold: GOLD,
    family,
    dependents: new Map(held.map((volume) => [volume.id, { snapshots: 0, clones: [] }])),
    snapshots: [NEWEST, OLDEST],
    host: HOST,
    inventory: { hosts: [HOST], datastores: held.map((one) => datastoreOf(one)), unreadable: [], ...inventory },
    storage: {
      initiators: [],
      disks: held.map((one) => diskOf(one)),
      mounts: held.map((one) => mountOf(one)),
      unresolved: [],
      ...storage,
    },
    vms: [],
    devices: [],
    signatures: new Set([SIGNATURE]),
    labelSignatures: new Set(),
    leftoverDatastores: [],
    placement: { folder: asMoRef("group-v1"), pool: asMoRef("resgroup-1") },
    ...rest,
  };
}

type VmxFiles = NonNullable<Observation["files"]>;

/** The VMX files of VMs, as a mode that registers is shown them. */
export const filesOf = (names: readonly string[], unreadable: readonly string[] = []): VmxFiles => ({
  files: names.map((name) => ({ path: `[gold-ds] ${name}/${name}.vmx`, template: false })),
  unreadable,
});

export const withTraits = (rollback: Partial<ArrayTraits["rollback"]>): Partial<ArrayView> => ({
  traits: { ...TRAITS, rollback: { ...TRAITS.rollback, ...rollback } },
});

const NOTHING_UNFINISHED: History = { unfinished: { clones: [], assignsGold: false } };

const frozen = <T>(value: T): T => {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
};

/** What is asked for, as a request has it once names are resolved: nothing but the mode, unless said. */
export const requested = (mode: Mode, asked: Partial<Request> = {}): Request => ({
  mode,
  lun: GOLD.name,
  client: "CDS1-ESX165",
  host: HOST.name,
  paired: true,
  registerVms: false,
  keepClone: false,
  forcePowerOff: false,
  releaseFirst: false,
  crashConsistent: false,
  ...asked,
});

/** What the mode makes of it. The input is frozen: a mode that changed it would fail. */
export function drafted(
  mode: Mode,
  observation: Observation,
  asked: Partial<Request> = {},
  history: Partial<History> = {},
): Draft {
  const input: ModeInput = {
    request: requested(mode, asked),
    observation,
    history: { ...NOTHING_UNFINISHED, ...history },
    now: NOW,
  };
  return draftOf(frozen(input));
}

/** The code that it is refused with; `planned` where it is not. */
export function refusedWith(...asked: Parameters<typeof drafted>): string {
  try {
    drafted(...asked);
  } catch (thrown) {
    if (thrown instanceof PrepError) return thrown.code;
    throw thrown;
  }
  return "planned";
}

/** The plan as a graph to be read: `s2 assign after s1`. */
export const graphOf = ({ steps }: Draft): string[] =>
  steps.map(({ id, kind, after }) => `${id} ${kind}${after.length === 0 ? "" : ` after ${after.join(", ")}`}`);
