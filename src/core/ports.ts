/**
 * What the engine needs from outside, as types. Adapters implement these; `core/` imports nothing else of theirs.
 * Readers and writers are apart, so that code which only has a reader cannot change anything, by type.
 *
 * Every method may throw `PrepError` with `UNREACHABLE`, `TIMED_OUT`, `AUTHENTICATION_FAILED`, `CERTIFICATE_UNTRUSTED`,
 * `REMOTE_FAULT` or `REMOTE_GARBAGE`; a writer also `OUTCOME_UNKNOWN`, where a call was sent and no answer came, so that
 * nobody can tell from the reply whether it took effect.
 */
import type { AssignmentId, ClientId, MoRef, Naa, PolicyId, SnapshotId, VmfsUuid, VolumeId } from "./ids.ts";

// ───────────────────────────── the array ─────────────────────────────

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

// ─────────────────────────── the hypervisor ───────────────────────────

export interface Host {
  readonly id: MoRef;
  /** As vCenter lists it: often the address. */
  readonly name: string;
  readonly connectionState: "connected" | "disconnected" | "notResponding";
  readonly datacenter: { readonly id: MoRef; readonly name: string; readonly vmFolder: MoRef };
  readonly computeResource: MoRef;
  readonly resourcePool: MoRef;
  readonly storageSystem: MoRef;
  readonly datastoreSystem: MoRef;
}

/** A VMFS datastore. One object per Datacenter: two Datacenters that mount one volume have two of these. */
export interface Datastore {
  readonly id: MoRef;
  readonly name: string;
  readonly datacenterId: MoRef;
  readonly vmfsUuid: VmfsUuid;
  /** Disks that the volume lies on, as canonical names; more than one: a spanned volume. */
  readonly extents: readonly Naa[];
  readonly accessible: boolean;
  readonly browser: MoRef;
  readonly mounts: readonly {
    readonly hostId: MoRef;
    /** False after an unmount by hand. */
    readonly mounted: boolean;
    readonly accessible: boolean;
    /** Such as `AllPathsDown_Start`, `PermanentDeviceLoss`. */
    readonly inaccessibleReason?: string;
  }[];
}

export interface Disk {
  readonly naa: Naa;
  /** `ScsiLun.uuid`, which detach and attach want. */
  readonly uuid: string;
  /** `ScsiLun.operationalState[0]`: `ok`, `off` (detached), `lostCommunication`, … */
  readonly state: string;
}

/** A VMFS volume as the host itself lists it (`HostFileSystemVolumeInfo.mountInfo`). */
export interface VmfsMount {
  readonly vmfsUuid: VmfsUuid;
  readonly label: string;
  readonly extents: readonly Naa[];
  readonly mounted: boolean;
  readonly accessible: boolean;
  readonly forceMounted: boolean;
}

/** An unresolved VMFS copy (`HostUnresolvedVmfsVolume`). */
export interface UnresolvedCopy {
  readonly vmfsUuid: VmfsUuid;
  readonly label: string;
  readonly extents: readonly { readonly naa: Naa; readonly devicePath: string; readonly isHead: boolean }[];
  readonly resolvable: boolean;
  readonly multipleCopies: boolean;
  readonly incompleteExtents: boolean;
}

export interface HostStorage {
  readonly disks: readonly Disk[];
  readonly mounts: readonly VmfsMount[];
  readonly unresolved: readonly UnresolvedCopy[];
}

/** What a step has to know of a VM before and after it acts on it. */
export interface VmState {
  readonly id: MoRef;
  readonly name: string;
  /** `[datastore] dir/x.vmx` or `[] /vmfs/volumes/<uuid>/dir/x.vmx`; empty when vCenter does not tell. */
  readonly path: string;
  readonly powerState: "poweredOn" | "poweredOff" | "suspended";
}

export interface Vm extends VmState {
  readonly instanceUuid?: string;
  readonly hostId?: MoRef;
  /** `connected`, `disconnected`, `orphaned`, `inaccessible`, `invalid`. */
  readonly connectionState: string;
  readonly template: boolean;
  /** `guest.toolsRunningStatus` is `guestToolsRunning`. */
  readonly toolsRunning: boolean;
  /** Every datastore that it uses, its home among them. */
  readonly datastoreIds: readonly MoRef[];
}

/** A disk or CD of a VM that lies on some datastore. */
export interface VmDevice {
  readonly vmId: MoRef;
  /** As vSphere labels it: `Hard disk 2`, `CD/DVD drive 1`. */
  readonly label: string;
  readonly datastoreId?: MoRef;
  readonly fileName: string;
}

export interface Inventory {
  readonly hosts: readonly Host[];
  /** All VMFS datastores of all Datacenters. */
  readonly datastores: readonly Datastore[];
}

export interface VmxFile {
  /** `[datastore] dir/x.vmx`, unescaped. */
  readonly path: string;
  /** A `.vmtx`, or a VMX that the inventory had as a template. */
  readonly template: boolean;
}

export interface HypervisorReader {
  /** Hosts (placed in their Datacenters) and VMFS datastores of the whole vCenter, in one paged read. */
  inventory(): Promise<Inventory>;
  /**
   * Ids of the hosts that `address` means: by inventory name, else by IP (`SearchIndex.FindAllByIp`), else by DNS name.
   * `hosts` are those of `inventory()`.
   */
  findHost(address: string, hosts: readonly Host[]): Promise<MoRef[]>;
  /** Where names lead from a folder or pool, each a child of its kind of the one before; undefined where there is none. */
  descend(from: { type: "Folder" | "ResourcePool"; id: MoRef }, names: readonly string[]): Promise<MoRef | undefined>;
  /** One host's disks, mounts and unresolved copies; with `datastores`, also the VMs that use any of them, in the same read. */
  hostStorage(host: Host): Promise<HostStorage>;
  vmsOn(datastoreIds: readonly MoRef[]): Promise<Vm[]>;
  /** Both at once, in one round trip where the adapter can. */
  hostStorageAndVms(host: Host, datastoreIds: readonly MoRef[]): Promise<{ storage: HostStorage; vms: Vm[] }>;
  /** VMs by reference; one that is gone is left out. */
  vmStates(ids: readonly MoRef[]): Promise<VmState[]>;
  /** Disks and CDs with a file backing. */
  vmDevices(vmIds: readonly MoRef[]): Promise<VmDevice[]>;
  /** Every `*.vmx` and `*.vmtx` below the datastore, nested folders included, and the folders that could not be read. */
  vmxFiles(datastore: { id: MoRef; name: string; browser: MoRef }): Promise<{ files: VmxFile[]; unreadable: string[] }>;
}

/** One thing of several that were asked for at once: its id and, where it failed, why. */
export interface BatchOutcome {
  readonly id: string;
  readonly error?: Error;
}

export type BatchProgress = (done: number, total: number) => void;

export interface HypervisorWriter {
  /** Hard power-off, in parallel within the limits, one wait for all tasks. `InvalidPowerState` (already off) is no error. */
  powerOff(vms: readonly MoRef[], progress?: BatchProgress): Promise<BatchOutcome[]>;
  /** Asks the guests to shut down and waits until all are off or `timeoutMs` is over; late ones are `GUEST_STILL_RUNNING`. */
  shutDownGuests(vms: readonly MoRef[], timeoutMs: number, progress?: BatchProgress): Promise<BatchOutcome[]>;
  /** `ManagedObjectNotFound` (already gone) is no error. */
  unregister(vms: readonly MoRef[], progress?: BatchProgress): Promise<BatchOutcome[]>;
  register(
    files: readonly VmxFile[],
    where: { host: Host; folder: MoRef; pool: MoRef },
    progress?: BatchProgress,
  ): Promise<(BatchOutcome & { vmId?: MoRef; alreadyThere?: boolean })[]>;
  unmount(host: Host, vmfsUuid: VmfsUuid): Promise<void>;
  mount(host: Host, vmfsUuid: VmfsUuid): Promise<void>;
  /** Force-mounts one unresolved copy by its head extent's device path; a `result[].fault` is `REMOTE_FAULT` (or `SIGNATURE_MOUNTED`). */
  forceMount(host: Host, devicePath: string): Promise<void>;
  detach(host: Host, diskUuid: string): Promise<void>;
  attach(host: Host, diskUuid: string): Promise<void>;
  /** `DeleteScsiLunState`; `NotFound` is no error. */
  forgetDevice(host: Host, naa: Naa): Promise<void>;
  /** RescanAllHba, then RescanVmfs. Takes minutes on real hosts. */
  rescan(host: Host): Promise<void>;
}

// ───────────────────────────── the rest ─────────────────────────────

/** Connections to both systems for the time of one look or one run. Closing ends the sessions. */
export interface Connection<A, H> {
  readonly array: A;
  readonly hypervisor: H;
  close(): Promise<void>;
}

/** Where the hypervisor is and whom to sign in as; a request may name another vCenter than the configured one (CLI `-vi`, `-vu`, `-vp`). */
export interface VcenterOverride {
  readonly address: string;
  readonly username: string;
  /** Never printed, stored or logged. */
  readonly password: string;
}

/** Opens connections. Sessions are made lazily, on the first call. `write` is called by `core/run.ts` alone. */
export interface Systems {
  /** Shown and bound into plans: DGS URL and vCenter address. */
  readonly endpoints: { readonly dgs: string; readonly vcenter: string };
  read(): Connection<ArrayReader, HypervisorReader>;
  write(): Connection<ArrayReader & ArrayWriter, HypervisorReader & HypervisorWriter>;
}

export interface Clock {
  now(): Date;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness, passed in: 256 bits for tokens, shorter for ids. */
export interface Entropy {
  bytes(count: number): Uint8Array;
}

/** What the engine says to the log; secrets are redacted behind it. */
export interface Logger {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}
