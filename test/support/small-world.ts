/**
 * A world for one step with nothing behind it: it reads what a test shows, and what no test shows is not asked for. Time
 * passes by waiting alone.
 */
import { asMoRef, asVmfsUuid, asVolumeId, type MoRef, type Naa, naaOf } from "../../src/core/domain/ids.ts";
import { plainName } from "../../src/core/domain/safe-text.ts";
import type { LunVolume } from "../../src/core/observe/kinds.ts";
import type { ArrayReader, ArrayTraits, ArrayWriter, Volume } from "../../src/core/ports/array.ts";
import type {
  Datastore,
  Disk,
  Host,
  HypervisorReader,
  HypervisorWriter,
  Vm,
  VmfsMount,
} from "../../src/core/ports/hypervisor.ts";
import type { WritableWorld } from "../../src/core/steps/types.ts";
import { datastoreOf, diskOf, GOLD, HOST, mountOf, TRAITS, vmOn } from "./observations.ts";

type ArrayBoth = ArrayReader & ArrayWriter;
type HypervisorBoth = HypervisorReader & HypervisorWriter;

const unasked = (name: string) => async (): Promise<never> => {
  throw new TypeError(`${name} was not to be called`);
};

const ARRAY: ArrayBoth = {
  traits: unasked("traits"),
  clients: unasked("clients"),
  volumes: unasked("volumes"),
  volume: unasked("volume"),
  assignments: unasked("assignments"),
  snapshots: unasked("snapshots"),
  dependents: unasked("dependents"),
  createClone: unasked("createClone"),
  rollback: unasked("rollback"),
  assign: unasked("assign"),
  unassign: unasked("unassign"),
  deleteClone: unasked("deleteClone"),
  takeSnapshot: unasked("takeSnapshot"),
};

const HYPERVISOR: HypervisorBoth = {
  inventory: unasked("inventory"),
  findHost: unasked("findHost"),
  findByPath: unasked("findByPath"),
  hostDevices: unasked("hostDevices"),
  unresolvedCopies: unasked("unresolvedCopies"),
  hostFiles: unasked("hostFiles"),
  vmsOn: unasked("vmsOn"),
  hostStorageAndVms: unasked("hostStorageAndVms"),
  vmStates: unasked("vmStates"),
  vmDevices: unasked("vmDevices"),
  vmxFiles: unasked("vmxFiles"),
  powerOff: unasked("powerOff"),
  shutDownGuests: unasked("shutDownGuests"),
  unregister: unasked("unregister"),
  register: unasked("register"),
  unmount: unasked("unmount"),
  mount: unasked("mount"),
  forceMount: unasked("forceMount"),
  detach: unasked("detach"),
  attach: unasked("attach"),
  forgetDevice: unasked("forgetDevice"),
  rescan: unasked("rescan"),
  rescanVolumes: unasked("rescanVolumes"),
};

export const NAA = naaOf("6".repeat(32));
export const OTHER_NAA = naaOf("7".repeat(32));
export const VMFS = asVmfsUuid("5f1a2b3c-00000001-0001-0123456789ab");
export const OTHER_VMFS = asVmfsUuid("5f1a2b3c-00000002-0002-0123456789ab");

export const ESX: Host = { ...HOST, name: plainName("esx-1") };

const LUN: LunVolume = { ...GOLD, naa: NAA };

/** A mounted VMFS volume on `NAA`. */
export const mountLike = (changes: Partial<VmfsMount> = {}): VmfsMount =>
  mountOf(LUN, { vmfsUuid: VMFS, label: plainName("Gold"), ...changes });

/** What vCenter lists of it. */
export const datastoreLike = (changes: Partial<Datastore> = {}): Datastore =>
  datastoreOf(LUN, {
    id: asMoRef("datastore-1"),
    name: plainName("Gold"),
    pathName: "Gold",
    vmfsUuid: VMFS,
    mounts: [],
    ...changes,
  });

export const diskLike = (naa: Naa, state = "ok"): Disk => ({ ...diskOf(LUN, state), naa, uuid: `uuid-of-${naa}` });

/** A VM of that name on the datastore, which is on. */
export const vmLike = (name: string, changes: Partial<Vm> = {}): Vm =>
  vmOn(LUN, name, {
    path: `[Gold] ${name}/${name}.vmx`,
    powerState: "poweredOn",
    toolsRunning: true,
    datastoreIds: [asMoRef("datastore-1")],
    ...changes,
  });

/** VMs as vCenter has them by now, and as a plan names them. */
export function vmPark(...vms: readonly Vm[]) {
  const all = new Map(vms.map((vm) => [vm.id, vm]));
  return {
    all,
    refs: vms.map(({ id, name, path }) => ({ id, name, path })),
    vmStates: async (ids: readonly MoRef[]) => ids.flatMap((id) => all.get(id) ?? []),
    switchOff: (id: MoRef): void => {
      const vm = all.get(id);
      if (vm !== undefined) all.set(id, { ...vm, powerState: "poweredOff" });
    },
  };
}

export const volumeLike = (id: string, changes: Partial<Volume> = {}): Volume => ({
  id: asVolumeId(id),
  name: plainName(id),
  naa: NAA,
  sizeBytes: 1,
  createdAt: "2026-11-21T03:04:05.000Z",
  ...changes,
});

/** What an array does that goes by keys. */
export const traitsLike = (rollback: Partial<ArrayTraits["rollback"]> = {}): ArrayTraits => ({
  ...TRAITS,
  cloneNames: { max: 64, allowed: ".", first: ".", unique: true },
  rollback: { ...TRAITS.rollback, ...rollback },
});

interface Shown extends Partial<Omit<WritableWorld, "array" | "hypervisor">> {
  readonly array?: Partial<ArrayBoth> | undefined;
  readonly hypervisor?: Partial<HypervisorBoth>;
}

export function smallWorld({ array = {}, hypervisor = {}, ...more }: Shown = {}) {
  const progress: string[] = [];
  const stopped: string[] = [];
  const waits: number[] = [];
  let passed = 0;
  const world: WritableWorld = {
    array: { ...ARRAY, ...array },
    hypervisor: { ...HYPERVISOR, ...hypervisor },
    host: ESX,
    clock: {
      now: () => new Date(passed),
      elapsed: () => passed,
      sleep: async (ms) => {
        waits.push(ms);
        passed += ms;
      },
    },
    limits: { guestShutdownMs: 60_000, deviceWaitMs: 1_000, busyTries: 3, busyPauseMs: 7_000 },
    origin: { runId: "run_0123456789abcdef", createdAt: "2026-11-21T03:04:05.000Z" },
    outputs: new Map(),
    changed: () => false,
    key: "the step's key",
    progress: (detail) => progress.push(detail),
    stopped: (vm) => stopped.push(vm),
    stoppedBy: async function* () {},
    ...more,
  };
  return { world, progress, stopped, waits };
}
