/**
 * The storage array, as the engine needs it. Drivers implement this; `core/` imports nothing else of theirs.
 * Readers and writers are apart, so that code which only has a reader cannot change anything, by type.
 *
 * Every method may throw `PrepError` with `UNREACHABLE`, `TIMED_OUT`, `AUTHENTICATION_FAILED`, `CERTIFICATE_UNTRUSTED`,
 * `REMOTE_FAULT` or `REMOTE_GARBAGE`; a writer also `OUTCOME_UNKNOWN`, where a call was sent and no answer came, so that
 * nobody can tell from the reply whether it took effect.
 */

import type { AssignmentId, ClientId, Naa, SnapshotId, VolumeId } from "../domain/ids.ts";
import type { SafeText } from "../domain/safe-text.ts";

export interface ArrayClient {
  /** Its name, on an array whose clients have nothing else that stays. */
  readonly id: ClientId;
  readonly name: SafeText;
  /** The host's address, where the array keeps one. */
  readonly hostAddress?: string;
  /** IQNs and WWNs, as the array spells them. */
  readonly initiators: readonly string[];
  /** Stands for several hosts: what is assigned to it is presented to each of them. */
  readonly group?: boolean;
}

export interface Volume {
  readonly id: VolumeId;
  readonly name: SafeText;
  /** What the array itself says that it is, where it does. What it is to us, `core/observe/kinds.ts` decides. */
  readonly declaredKind?: "gold" | "clone";
  readonly naa: Naa;
  /** The vendor's own name for the disk, such as a serial number: shown, never compared. */
  readonly label?: SafeText;
  readonly sizeBytes: number;
  /** What it was made from; the snapshot where the array keeps it. */
  readonly parent?: { readonly volumeId: VolumeId; readonly snapshotId?: SnapshotId };
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Why nothing must be done with it, in words that follow "it". */
  readonly unusable?: string;
}

export interface Snapshot {
  readonly id: SnapshotId;
  readonly name: SafeText;
  readonly volumeId: VolumeId;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
}

export interface Assignment {
  /** The driver's own: opaque to everybody else. */
  readonly id: AssignmentId;
  readonly volumeId: VolumeId;
  readonly clientId: ClientId;
  readonly lunNumber?: number;
  /** ISO 8601, UTC; where the array keeps it. */
  readonly createdAt?: string;
  /** `group`: it is a group of clients that the volume is assigned to, and this one is in it. */
  readonly via: "direct" | "group";
}

/** What hangs on a volume: its deletion would take it along, or fails because of it. */
export interface Dependents {
  /** Snapshots of its own. */
  readonly snapshots: number;
  readonly clones: readonly VolumeId[];
}

/** A rule of names: `allowed` and `first` are classes of a regular expression. */
export interface NameRule {
  readonly max: number;
  readonly allowed: string;
  readonly first: string;
}

/** What an array can and does, as plain JSON: read once a connection and bound into plans. */
export interface ArrayTraits {
  /** Its name, with its version where that is known: for texts only. */
  readonly product: string;
  readonly clients: {
    readonly identity: "id" | "name";
    readonly address: boolean;
    readonly initiators: boolean;
  };
  readonly cloneNames: NameRule & { readonly unique: boolean };
  /** Absent where it takes no snapshots for others. */
  readonly snapshotNames?: NameRule;
  readonly lineage: { readonly volume: boolean; readonly snapshot: boolean; readonly kindDeclared: boolean };
  readonly rollback: {
    readonly newerSnapshots: "lost" | "kept";
    readonly blockedByClonesOf: "newer" | "none";
    readonly needsUnassigned: boolean;
    /** The same rollback once more ends in the same state. */
    readonly repeatSafe: boolean;
  };
  /** For how long a deleted volume can be brought back, by the array's own means, and whether its name stays taken. */
  readonly deletion: { readonly keptHours?: number; readonly keepsName: boolean };
  /** How a repeat is told from a first call: by its key, or by what is there. */
  readonly repeats: "key" | "lookup";
}

export interface ArrayReader {
  /** Read once; a plan made with others is stale. */
  traits(): Promise<ArrayTraits>;
  /** All clients, or those of exactly this name (case-sensitive; names are not unique). */
  clients(filter?: { name?: string }): Promise<ArrayClient[]>;
  /** All volumes, or those that match every given member. Never one that is deleted and only kept for a while. */
  volumes(filter?: { name?: string; parentVolumeId?: VolumeId }): Promise<Volume[]>;
  /** One volume, or undefined when the array has none of that id. */
  volume(id: VolumeId): Promise<Volume | undefined>;
  assignments(filter?: { clientId?: ClientId; volumeId?: VolumeId }): Promise<Assignment[]>;
  /** A volume's own snapshots. */
  snapshots(of: { volumeId: VolumeId }): Promise<Snapshot[]>;
  /** What a deletion of the volume has to look at. */
  dependents(volumeId: VolumeId): Promise<Dependents>;
}

/** Told how far a long act is, 0–100, where the array knows. */
export type JobProgress = (percent: number) => void;

/**
 * Each method waits until its state is the array's, or throws: a repeat of what is so already succeeds. `key` names the
 * act over repeats; an array with idempotency keys gets it. Refusals of the array are `REMOTE_FAULT` with its own words;
 * an error says `settled: true` where the array has said that the act is over and was not done.
 */
export interface ArrayWriter {
  /** One that exists already and has this parent and snapshot is returned; with another it is refused. */
  createClone(
    what: { volumeId: VolumeId; snapshotId: SnapshotId; name: string },
    key: string,
    progress?: JobProgress,
  ): Promise<{ volumeId: VolumeId }>;
  /** Returns the volume's NAA after it: the same, or whoever knew it by the other has to be told. */
  rollback(
    what: { volumeId: VolumeId; snapshotId: SnapshotId },
    key: string,
    progress?: JobProgress,
  ): Promise<{ naa: Naa }>;
  assign(
    what: { volumeId: VolumeId; clientId: ClientId },
    key: string,
    progress?: JobProgress,
  ): Promise<{ assignmentId: AssignmentId }>;
  unassign(assignmentId: AssignmentId, key: string, progress?: JobProgress): Promise<void>;
  /** Deletes a clone, never by force and never for good where the array keeps it. Anything else is refused unsent. */
  deleteClone(volumeId: VolumeId, key: string, progress?: JobProgress): Promise<void>;
  /** Only where there are `traits.snapshotNames`. One that a call with this key took is returned; another of the name is refused. */
  takeSnapshot(
    what: { volumeId: VolumeId; name: string },
    key: string,
    progress?: JobProgress,
  ): Promise<{ snapshotId: SnapshotId }>;
}
