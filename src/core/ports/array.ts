/**
 * The storage array, as the engine needs it. Drivers implement this; `core/` imports nothing else of theirs.
 * Readers and writers are apart, so that code which only has a reader cannot change anything, by type.
 *
 * Every method may throw `PrepError` with `UNREACHABLE`, `TIMED_OUT`, `AUTHENTICATION_FAILED`, `CERTIFICATE_UNTRUSTED`,
 * `REMOTE_FAULT` or `REMOTE_GARBAGE`; a writer also `OUTCOME_UNKNOWN`, where a call was sent and no answer came, so that
 * nobody can tell from the reply whether it took effect.
 */
import type { AssignmentId, ClientId, Naa, PolicyId, SnapshotId, VolumeId } from "../domain/ids.ts";

export interface ArrayClient {
  readonly id: ClientId;
  readonly name: string;
  readonly hostAddress: string;
  readonly initiators: readonly string[];
}

export interface Volume {
  readonly id: VolumeId;
  readonly name: string;
  readonly kind: "gold" | "clone";
  /** 32 hex digits, lower case. */
  readonly guid: string;
  readonly naa: Naa;
  readonly sizeBytes: number;
  readonly policyId?: PolicyId;
  readonly parentVolumeId?: VolumeId;
  readonly parentSnapshotId?: SnapshotId;
  readonly snapshotCount: number;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

export interface Snapshot {
  readonly id: SnapshotId;
  readonly name: string;
  readonly volumeId: VolumeId;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

export interface Assignment {
  readonly id: AssignmentId;
  readonly volumeId: VolumeId;
  readonly clientId: ClientId;
  readonly lunNumber: number;
  readonly createdAt: string;
}

export interface ArrayReader {
  /** All clients, or those of exactly this name (case-sensitive; names are not unique). */
  clients(filter?: { name?: string }): Promise<ArrayClient[]>;
  /** All volumes, or those that match every given member. */
  volumes(filter?: { name?: string; parentVolumeId?: VolumeId }): Promise<Volume[]>;
  /** One volume, or undefined when the array has none of that id. */
  volume(id: VolumeId): Promise<Volume | undefined>;
  assignments(filter?: { clientId?: ClientId; volumeId?: VolumeId }): Promise<Assignment[]>;
  /** All snapshots under a policy, of every volume it covers. */
  snapshots(policyId: PolicyId): Promise<Snapshot[]>;
}

/** Told how far a long job is, 0–100. */
export type JobProgress = (percent: number) => void;

/**
 * Each method sends the mutating call and waits for its job. `key` is the idempotency key: the array answers a repeat
 * of the same key with the first job, so a repeat after a lost reply has no second effect.
 * Refusals of the array (409, 403, a failed job) are `REMOTE_FAULT` with the array's own words.
 */
export interface ArrayWriter {
  createClone(
    what: { policyId: PolicyId; snapshotId: SnapshotId; name: string },
    key: string,
    progress?: JobProgress,
  ): Promise<{ volumeId: VolumeId }>;
  rollback(what: { policyId: PolicyId; snapshotId: SnapshotId }, key: string, progress?: JobProgress): Promise<void>;
  assign(
    what: { volumeId: VolumeId; clientId: ClientId },
    key: string,
    progress?: JobProgress,
  ): Promise<{ assignmentId: AssignmentId }>;
  unassign(assignmentId: AssignmentId, key: string, progress?: JobProgress): Promise<void>;
  /** Deletes a clone. The adapter never sends this for a volume whose kind is not `clone`: it reads it first. */
  deleteClone(volumeId: VolumeId, key: string, progress?: JobProgress): Promise<void>;
}
