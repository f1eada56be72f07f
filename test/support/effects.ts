/** What runs do to the lab: by which calls, what the world is like then, what happened twice. */
import type { StepKindName } from "../../src/core/domain/states.ts";
import type { PlanRecord, RunRecord } from "../../src/core/records.ts";
import { CLONE_OPS, REPEATED_OPS } from "./array-under-test.ts";
import type { LabState } from "./lab.ts";

export interface Call {
  readonly api: "dgs" | "vim";
  readonly op: string;
}

const dgs = (op: string): Call => ({ api: "dgs", op });
const vim = (op: string): Call => ({ api: "vim", op });

/** The calls by which a step of each kind changes the world, in order. */
export const CALLS: Readonly<Record<StepKindName, readonly Call[]>> = {
  power_off: [vim("PowerOffVM_Task")],
  shut_down_guest: [vim("ShutdownGuest")],
  unregister: [vim("UnregisterVM")],
  unmount: [vim("UnmountVmfsVolume")],
  detach: [vim("DetachScsiLun")],
  attach: [vim("AttachScsiLun")],
  forget_device: [vim("DeleteScsiLunState")],
  unassign: [dgs("DeleteAssignment")],
  delete_clone: [dgs("DeleteVolume")],
  create_clone: CLONE_OPS.map(dgs),
  take_snapshot: [dgs("CreateSnapshot")],
  rollback_volume: [dgs("RollbackSnapshot")],
  assign: [dgs("CreateAssignment")],
  rescan: [vim("RescanAllHba"), vim("RescanVmfs")],
  mount_copy: [vim("ResolveMultipleUnresolvedVmfsVolumes")],
  mount: [vim("MountVmfsVolume")],
  // The script is a process, not a call: test/script has its crashes.
  script: [],
  register: [vim("RegisterVM_Task")],
};

/** Effects that may be had any number of times. */
export const HARMLESS = new Set(["RescanAllHba", "RescanVmfs", ...REPEATED_OPS]);

/** What the world is like, without the ids that a run makes. */
export function shapeOf(state: LabState): object {
  const volumes = new Map(
    state.volumes.map((one) => [
      one.id,
      `${one.kind === "gold" ? one.name : `a clone of ${one.parentSnapshotId}`} v${one.dataVersion}`,
    ]),
  );
  const onDisk = (naa: string): string =>
    volumes.get(state.volumes.find((one) => `naa.${one.guid}` === naa)?.id ?? "") ?? "a disk that is gone";
  return {
    volumes: [...volumes.values()].sort(),
    snapshots: state.snapshots.map((one) => one.id).sort(),
    assignments: state.assignments.map((one) => `${one.clientId} has ${volumes.get(one.volumeId)}`).sort(),
    hosts: state.hosts.map((host) => ({
      name: host.name,
      disks: host.disks.map(onDisk).sort(),
      detached: host.detached.map(onDisk).sort(),
      unresolved: host.unresolved.map((one) => onDisk(one.naa)).sort(),
      unmounted: host.unmounted.map((one) => onDisk(one.naa)).sort(),
      mounts: host.mounts.map((one) => `${onDisk(one.naa)} ${one.forceMounted} ${one.accessible}`).sort(),
    })),
    vms: state.vms.map((one) => `${one.host} ${one.path} ${one.name} ${one.powerState} ${one.connectionState}`).sort(),
  };
}

export function effectsOf(state: LabState): Record<string, number> {
  return countOps(state.mutations.filter(({ op }) => !HARMLESS.has(op)));
}

/** How many things a step changed: a rollback, gold and the snapshots that it loses; one that acts on several VMs says it itself. */
export const sizeOf = ({ kind, detail }: RunRecord["steps"][number], { impact }: PlanRecord): number =>
  kind === "rollback_volume" ? 1 + impact.snapshotsLost.length : Number(/^(\d+) /.exec(detail ?? "")?.[1] ?? 1);

export function countOps(mutations: LabState["mutations"]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { op } of mutations) counts[op] = (counts[op] ?? 0) + 1;
  return counts;
}

export const twice = ({ mutations }: LabState): string[] => {
  const seen = new Set<string>();
  return mutations.flatMap(({ op, target }) => {
    const effect = `${op} ${target}`;
    if (HARMLESS.has(op) || !seen.has(effect)) {
      seen.add(effect);
      return [];
    }
    return [effect];
  });
};
