/**
 * Steps are data: a plan names everything it touches by id, so that it can be stored, compared and carried out by a
 * process that never saw the request. What is only known later is a reference to the step that will know it.
 */
import type { AssignmentId, ClientId, MoRef, Naa, PolicyId, SnapshotId, VmfsUuid, VolumeId } from "../domain/ids.ts";
import type { ArrayReader, ArrayWriter } from "../ports/array.ts";
import type { Host, HypervisorReader, HypervisorWriter } from "../ports/hypervisor.ts";
import type { Clock } from "../ports/runtime.ts";

export interface VmRef {
  readonly id: MoRef;
  readonly name: string;
  readonly path: string;
  readonly instanceUuid?: string;
}

export interface KnownVolume {
  readonly id: VolumeId;
  readonly naa: Naa;
  readonly name: string;
}

/** A volume that is there already, or the one that an earlier step makes. */
export type VolumeRef = KnownVolume | { readonly from: string };

interface Base<K extends string> {
  readonly id: string;
  readonly kind: K;
}

export type PowerOffStep = Base<"power_off"> & { readonly vms: readonly VmRef[] };
export type ShutDownGuestStep = Base<"shut_down_guest"> & {
  readonly vms: readonly VmRef[];
  /** A power-off follows for those that are late, so that being late is no failure. */
  readonly thenForce: boolean;
};
export type UnregisterStep = Base<"unregister"> & {
  readonly vms: readonly VmRef[];
  /** Dead registrations of an earlier failure: their disk is gone. */
  readonly dead: boolean;
};
export type UnmountStep = Base<"unmount"> & {
  readonly vmfsUuid: VmfsUuid;
  readonly naa: Naa;
  readonly datastore: { readonly id: string; readonly name: string };
};
export type DetachStep = Base<"detach"> & { readonly naa: Naa };
export type AttachStep = Base<"attach"> & { readonly volume: VolumeRef };
export type ForgetDeviceStep = Base<"forget_device"> & { readonly naa: Naa };
export type UnassignStep = Base<"unassign"> & {
  readonly assignmentId: AssignmentId;
  readonly volume: KnownVolume;
  readonly client: { readonly id: ClientId; readonly name: string };
};
export type DeleteCloneStep = Base<"delete_clone"> & { readonly volume: KnownVolume };
export type CreateCloneStep = Base<"create_clone"> & {
  readonly gold: KnownVolume;
  readonly policyId: PolicyId;
  readonly snapshot: { readonly id: SnapshotId; readonly name: string };
  readonly clientName: string;
};
export type RollbackVolumeStep = Base<"rollback_volume"> & {
  readonly gold: KnownVolume;
  readonly policyId: PolicyId;
  readonly snapshot: { readonly id: SnapshotId; readonly name: string };
  /** Snapshots that go with it: those newer than the chosen one. */
  readonly lost: readonly SnapshotId[];
};
export type AssignStep = Base<"assign"> & {
  readonly volume: VolumeRef;
  readonly client: { readonly id: ClientId; readonly name: string };
};
export type RescanStep = Base<"rescan"> & {
  /** Disks that must be gone after it. */
  readonly expectGone: readonly Naa[];
  /** The disk that must be there after it. */
  readonly expectPresent?: VolumeRef;
  /** Only needed if that step changed something. */
  readonly onlyIfChanged?: string;
};
export type MountCopyStep = Base<"mount_copy"> & {
  readonly volume: VolumeRef;
  /** The family's signature; absent where nothing of the family was ever seen. */
  readonly vmfsUuid?: VmfsUuid;
};
export type MountStep = Base<"mount"> & { readonly volume: VolumeRef; readonly vmfsUuid?: VmfsUuid };
export type RegisterStep = Base<"register"> & {
  readonly volume: VolumeRef;
  readonly folder: MoRef;
  readonly pool: MoRef;
  /** Paths known at plan time; absent where the volume is only mounted by this plan. */
  readonly files?: readonly string[];
};

export type Step =
  | PowerOffStep
  | ShutDownGuestStep
  | UnregisterStep
  | UnmountStep
  | DetachStep
  | AttachStep
  | ForgetDeviceStep
  | UnassignStep
  | DeleteCloneStep
  | CreateCloneStep
  | RollbackVolumeStep
  | AssignStep
  | RescanStep
  | MountCopyStep
  | MountStep
  | RegisterStep;

export type StepOf<K extends Step["kind"]> = Extract<Step, { kind: K }>;

/** What a step leaves for later ones and for the report; stored with its outcome. */
export interface Outputs {
  readonly volume?: KnownVolume;
  readonly assignmentId?: AssignmentId;
  readonly datastore?: { readonly id: MoRef; readonly name: string; readonly vmfsUuid: VmfsUuid };
  readonly leftovers?: readonly string[];
}

export interface Result {
  readonly detail: string;
  readonly outputs?: Outputs;
}

export interface StepLimits {
  readonly guestShutdownMs: number;
  /** How long a disk or a copy may take to appear (or go) after a rescan. */
  readonly deviceWaitMs: number;
}

/** What a step's check may read: no writers. */
export interface World {
  readonly array: ArrayReader;
  readonly hypervisor: HypervisorReader;
  readonly host: Host;
  readonly clock: Clock;
  readonly limits: StepLimits;
  /** The originating run: names and idempotency keys derive from it and stay the same over resumes. */
  readonly origin: { readonly runId: string; readonly createdAt: string };
  /** What earlier steps left. */
  readonly outputs: ReadonlyMap<string, Outputs>;
  /** Whether that step of this run changed something (`done`, not `skipped`). */
  changed(stepId: string): boolean;
}

/** A world that can be changed: built by the executor alone, after redemption. */
export interface WritableWorld extends World {
  readonly array: ArrayReader & ArrayWriter;
  readonly hypervisor: HypervisorReader & HypervisorWriter;
  /** Idempotency key of this step. */
  readonly key: string;
  /** Says how far the step is: `37 of 100 off`. */
  progress(detail: string): void;
}

/** The step's goal is reached already. */
export type Done = Result;

/** What there is to do. It closes over what the check read; where it cannot be undone, it reads its precondition again right before the call. */
export type Act = (world: WritableWorld) => Promise<Result>;

export interface StepKind<S extends Step> {
  readonly kind: S["kind"];
  /** What is lost by it cannot be brought back. */
  readonly irreversible: boolean;
  describe(step: S): string;
  /** Reads only. Running it and its act twice is harmless. Throws a PrepError where the world is not what the plan rests on. */
  check(step: S, world: World): Promise<Done | Act>;
}

/** A step kind's typed identity. */
export const stepKind = <S extends Step>(kind: StepKind<S>): StepKind<S> => kind;
