/**
 * Steps are data: a plan names everything it touches by id, so that it can be stored, compared and carried out by a
 * process that never saw the request. What is only known later is a reference to the step that will know it. The types
 * come from the schemas that a stored plan and a run's journal are read with.
 */
import * as z from "zod";
import type { MoRef } from "../domain/ids.ts";
import type { Immutable } from "../domain/immutable.ts";
import { MODES } from "../domain/modes.ts";
import type { StepKindName } from "../domain/states.ts";
import { readStored } from "../domain/stored-json.ts";
import { assignmentId, clientId, moRef, naa, name, snapshotId, vmfsUuid, volumeId } from "../domain/value-schemas.ts";
import type { ArrayReader, ArrayWriter } from "../ports/array.ts";
import type { Host, HypervisorReader, HypervisorWriter } from "../ports/hypervisor.ts";
import type { Clock } from "../ports/runtime.ts";
import type { ScriptRunner } from "../ports/script.ts";
import type { StepRow } from "../ports/store.ts";
import { scriptReportSchema } from "../records.ts";

const text = z.string();
const vmRef = z.object({ id: moRef, name, path: text, instanceUuid: text.exactOptional() });
export type VmRef = Immutable<z.output<typeof vmRef>>;

const knownVolume = z.object({ id: volumeId, naa, name });
export type KnownVolume = Immutable<z.output<typeof knownVolume>>;

/** A volume that is there already, or the one that an earlier step makes. */
const volumeRef = z.union([knownVolume, z.object({ from: text })]);
export type VolumeRef = Immutable<z.output<typeof volumeRef>>;

const client = z.object({ id: clientId, name });
const snapshot = z.object({ id: snapshotId, name });

/** The new clone's name by the array's rule, but for when and which run: `<stem><joint><time><joint><run>`. */
const cloneName = z.object({ stem: text, joint: text });
export type CloneName = Immutable<z.output<typeof cloneName>>;

const step = <K extends StepKindName, Shape extends z.core.$ZodLooseShape>(kind: K, shape: Shape) =>
  z.object({
    id: text,
    kind: z.literal(kind),
    /** The steps that must have ended well before this one is begun: all of them earlier in the plan. */
    after: z.array(text),
    ...shape,
  });

export const stepSchema = z.discriminatedUnion("kind", [
  step("power_off", {
    vms: z.array(vmRef),
    /** Their disk is gone, so that a power-off may fail for good. */
    diskLost: z.boolean().exactOptional(),
  }),
  step("shut_down_guest", {
    vms: z.array(vmRef),
    /** A power-off follows for those that are late, so that being late is no failure. */
    thenForce: z.boolean(),
  }),
  step("unregister", {
    vms: z.array(vmRef),
    /** Dead registrations of an earlier failure: their disk is gone. */
    dead: z.boolean(),
    /** The step beside it that powers them off: each is unregistered as soon as it is off. */
    asStoppedBy: text.exactOptional(),
  }),
  step("unmount", { vmfsUuid, naa, datastore: z.object({ id: text, name }) }),
  step("detach", { naa }),
  step("attach", { volume: volumeRef }),
  step("forget_device", { naa }),
  step("unassign", { assignmentId, volume: knownVolume, client }),
  step("delete_clone", {
    volume: knownVolume,
    /** What it was made from: tells it as a clone where the array declares none. */
    parent: volumeId.exactOptional(),
  }),
  step("create_clone", { gold: knownVolume, snapshot, name: cloneName }),
  step("take_snapshot", {
    gold: knownVolume,
    name: text,
    /** VMs on gold that have to be off; none where it may be crash consistent. */
    off: z.array(vmRef),
  }),
  step("rollback_volume", {
    gold: knownVolume,
    snapshot,
    /** Snapshots that go with it: those newer than the chosen one. */
    lost: z.array(snapshotId),
  }),
  step("assign", { volume: volumeRef, client }),
  step("rescan", {
    /** Disks that must be gone after it. */
    expectGone: z.array(naa),
    /** The disk that must be there after it. */
    expectPresent: volumeRef.exactOptional(),
    /** LUN numbers of the disks that are to be gone: a disk that comes under one of them is rescanned for after they were seen gone. */
    freedNumbers: z.array(z.number()).exactOptional(),
    /** Only needed if that step changed something. */
    onlyIfChanged: text.exactOptional(),
  }),
  step("mount_copy", {
    volume: volumeRef,
    /** The family's signature; absent where nothing of the family was ever seen. */
    vmfsUuid: vmfsUuid.exactOptional(),
  }),
  step("mount", { volume: volumeRef, vmfsUuid: vmfsUuid.exactOptional() }),
  step("register", {
    volume: volumeRef,
    folder: moRef,
    pool: moRef,
    /** Paths known at plan time; absent where the volume is only mounted by this plan. */
    files: z.array(text).exactOptional(),
  }),
  step("script", {
    /** The argument vector, without the password. */
    words: z.array(text),
    withPassword: z.boolean(),
    /** Such as `on this machine`. */
    where: text,
    /** What the hypervisor has to show afterwards. */
    goal: z.object({ mode: z.enum(MODES), lun: text, signatures: z.array(vmfsUuid) }),
  }),
]);
export type Step = Immutable<z.output<typeof stepSchema>>;

export type StepOf<K extends StepKindName> = Extract<Step, { kind: K }>;

/** What a step leaves for later ones and for the report; stored with its outcome. */
export const outputsSchema = z.object({
  volume: knownVolume.exactOptional(),
  assignmentId: assignmentId.exactOptional(),
  snapshot: snapshot.exactOptional(),
  datastore: z.object({ id: moRef, name, vmfsUuid }).exactOptional(),
  leftovers: z.array(text).exactOptional(),
  script: scriptReportSchema.exactOptional(),
});
export type Outputs = Immutable<z.output<typeof outputsSchema>>;

/** What the journal has of a step's outputs. */
export const outputsOf = (row: StepRow): Outputs | undefined =>
  row.outputs === undefined
    ? undefined
    : readStored(outputsSchema, row.outputs, `step ${row.stepId} of run ${row.runId}`);

export interface Result {
  readonly detail: string;
  readonly outputs?: Outputs;
}

export interface StepLimits {
  readonly guestShutdownMs: number;
  /** How long a disk or a copy may take to appear (or go) after a rescan. */
  readonly deviceWaitMs: number;
  /** How often a call is made that is refused because something else is at it, and how long is waited in between. */
  readonly busyTries: number;
  readonly busyPauseMs: number;
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
  /** The site's own script, where the engine is that. */
  readonly script?: ScriptRunner | undefined;
  /** Idempotency key of this step. */
  readonly key: string;
  /** Says how far the step is: `37 of 100 off`. */
  progress(detail: string): void;
  /** Says that this step has stopped the VM, for a step that waits for it. */
  stopped(vm: MoRef): void;
  /** VMs that the other step stops, as it does so; ends with that step, however it ends. */
  stoppedBy(stepId: string): AsyncIterable<readonly MoRef[]>;
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
