/**
 * The lab's shared vocabulary: the data of its one world, and the operations that its two front ends (the DGS HTTP
 * server and the vCenter SOAP server) call on it. `world.ts` implements `LabWorld`; `scenarios.ts` builds models.
 */

export interface LabVolume {
  id: string;
  name: string;
  kind: "gold" | "clone";
  /** 32 hex digits. */
  guid: string;
  sizeBytes: number;
  policyId?: string;
  parentVolumeId?: string;
  parentSnapshotId?: string;
  createdAt: string;
  /** Which content the volume carries: changes with a rollback, copied to clones from the snapshot. */
  dataVersion: number;
  /** What its VMFS header says: a clone carries gold's. */
  header: { vmfsUuid: string; naa: string; label: string };
  /** Paths of VMX files relative to the datastore root, such as `web-01/web-01.vmx`. */
  files: LabFile[];
}

export interface LabFile {
  path: string;
  /** What registering it makes: name, identity, whether it is a template (`.vmtx` or marked). */
  vmName: string;
  instanceUuid: string;
  template: boolean;
  /** Its folder cannot be searched. */
  unreadable?: boolean;
}

export interface LabSnapshot {
  id: string;
  name: string;
  volumeId: string;
  createdAt: string;
  dataVersion: number;
  files: LabFile[];
}

export interface LabPolicy {
  id: string;
  name: string;
}

export interface LabClient {
  id: string;
  name: string;
  hostAddress: string;
  initiators: string[];
  /** Ids of the clients in it, where it is a group of such. */
  members?: string[];
}

export interface LabAssignment {
  id: string;
  volumeId: string;
  clientId: string;
  lunNumber: number;
  createdAt: string;
}

export interface LabDatacenter {
  /** Managed object id, such as `datacenter-2`. */
  id: string;
  name: string;
  vmFolder: string;
  hostFolder: string;
  datastoreFolder: string;
  networkFolder: string;
  /** A folder of VMs below `vmFolder`, where an operator has made one. */
  subfolder?: { id: string; name: string };
}

/** A standalone host; its ComputeResource and pool have ids of their own. */
export interface LabHost {
  /** `host-10` */
  id: string;
  /** Inventory name; equals the client's host address. */
  name: string;
  dnsName: string;
  clientId: string;
  datacenterId: string;
  computeResource: string;
  resourcePool: string;
  /** A pool below the root pool, where an operator has made one. */
  subpool?: { id: string; name: string };
  storageSystem: string;
  datastoreSystem: string;
  connected: boolean;
  /** Volumes whose disk the host saw at its last RescanAllHba, in order. A volume unassigned since is a dead disk until the next one. */
  disks: LabDisk[];
  /** NAAs detached by hand: kept over rescans and reboots until attached or forgotten. */
  detached: Set<string>;
  /** VMFS uuids unmounted by hand: kept over rescans and reboots until mounted or forgotten. */
  unmountedByHand: Set<string>;
  /** vmfsUuid → NAA of a copy that was force-mounted with persistence. */
  forceMounted: Map<string, string>;
  /** VMFS volumes that the host lists: mounted ones, and ones unmounted by hand whose disk is there. */
  mounts: LabMount[];
  /** Copies found by the last RescanVmfs. */
  unresolved: { vmfsUuid: string; label: string; naa: string; resolvable: boolean }[];
}

export interface LabDisk {
  naa: string;
  volumeId: string;
  /** `ScsiLun.uuid` */
  uuid: string;
  /** `ScsiLun.key` */
  key: string;
}

export interface LabMount {
  vmfsUuid: string;
  label: string;
  naas: string[];
  mounted: boolean;
  accessible: boolean;
  forceMounted: boolean;
  datastoreId: string;
}

/** An inventory object: one per (Datacenter, VMFS volume). It goes when nothing mounts it and no VM is registered on it. */
export interface LabDatastore {
  id: string;
  name: string;
  datacenterId: string;
  vmfsUuid: string;
  naas: string[];
  browser: string;
}

export interface LabVm {
  id: string;
  name: string;
  instanceUuid: string;
  uuid: string;
  datacenterId: string;
  hostId: string;
  folderId: string;
  /** Absent for a template, and for one in its host's root pool. */
  poolId?: string;
  /** Datastore object of its home, and the path below it. */
  datastoreId: string;
  file: string;
  /** How vCenter prints its path: the usual form, or `[] /vmfs/volumes/<uuid>/…`. */
  pathForm: "bracket" | "absolute";
  powerState: "poweredOn" | "poweredOff" | "suspended";
  template: boolean;
  connectionState: "connected" | "disconnected" | "inaccessible" | "orphaned" | "invalid";
  toolsRunning: boolean;
  /** A guest that ignores ShutdownGuest. */
  ignoresShutdown: boolean;
  /** Disks and ISOs on other datastores than the home, besides the boot disk on the home. */
  foreignDevices: { kind: "disk" | "cdrom"; datastoreId: string; file: string }[];
}

export interface LabModel {
  datacenters: LabDatacenter[];
  hosts: LabHost[];
  datastores: LabDatastore[];
  vms: LabVm[];
  clients: LabClient[];
  policies: LabPolicy[];
  volumes: LabVolume[];
  snapshots: LabSnapshot[];
  assignments: LabAssignment[];
}

/** A vim25 fault that the world refuses an operation with; the SOAP side sends it as the typed fault `type`. */
export class VimFault extends Error {
  readonly type: string;
  /** Members of the fault in schema order, such as `{ requestedState, existingState }`. */
  readonly detail: Readonly<Record<string, string>>;
  constructor(type: string, message: string, detail: Readonly<Record<string, string>> = {}) {
    super(message);
    this.type = type;
    this.detail = detail;
  }
}

/** An HTTP refusal of the array. */
export class DgsProblem extends Error {
  readonly status: number;
  readonly title: string;
  constructor(status: number, title: string, detail: string) {
    super(detail);
    this.status = status;
    this.title = title;
  }
}

/** Milliseconds added: `dgs` to each array call and job, `vim` to each SOAP call, `task` to each vCenter task, `rescan` to each rescan call. */
export interface Latency {
  dgs: number;
  vim: number;
  task: number;
  rescan: number;
}

export type FaultAction =
  | {
      kind:
        | "http500"
        | "http503"
        | "reset"
        | "reset-after"
        | "hang"
        | "hang-after"
        | "garbage"
        | "expire-session"
        | "job-failed";
    }
  | { kind: "slow"; ms: number }
  | { kind: "task-error" | "fault"; fault: string };

export interface Faults {
  /**
   * Counts one call of `op` and returns what to do to it, if a fault is set for it. Each front end calls this exactly
   * once per request, right after it knows the operation.
   */
  take(api: "dgs" | "vim", op: string): FaultAction | undefined;
  add(fault: { api: "dgs" | "vim" | "*"; op: string; nth?: number; times?: number; action: FaultAction }): void;
  /** Takes every fault back; calls that one of them holds end unanswered. */
  clear(): void;
  /** Aborts at the next `clear`. Taken along with the fault, it tells a held call when its time is over. */
  readonly cleared: AbortSignal;
}

export interface Credentials {
  username: string;
  password: string;
}

/**
 * The world as the front ends see it. Operations are synchronous: they apply the whole change, log it as a mutation and
 * wake the listeners, or throw `VimFault`/`DgsProblem` with nothing changed. Latency, tasks, jobs and faults on
 * the wire are the front ends' affair.
 */
export interface LabWorld {
  readonly model: LabModel;
  readonly latency: Latency;
  readonly faults: Faults;
  /** Rises with every change; `reset` raises it too and replaces `model`. */
  readonly version: number;
  /** Rises with every `reset`: sessions stay, tasks, views and filters of an earlier generation are gone. */
  readonly generation: number;
  onChange(listener: () => void): () => void;

  // vCenter operations; for the mutations' log, `by` is the signed-in user and `op` the method, where several do the same.
  // All ids are managed object ids.
  rescanHba(hostId: string, by: string): void;
  rescanVmfs(hostId: string, by: string): void;
  /** `ResourceInUse` with registered VMs, `InvalidState` twice or inaccessible, `NotFound`. */
  unmountVmfs(hostId: string, vmfsUuid: string, by: string, op?: string): void;
  mountVmfs(hostId: string, vmfsUuid: string, by: string, op?: string): void;
  /** Returns the mounted volume; refusals are thrown as VimFault, which the SOAP side puts into `result[].fault`. */
  forceMount(hostId: string, devicePath: string, by: string, op?: string): LabMount;
  /** The copy gets a signature and a label of its own. Returns it mounted; refusals are `HostConfigFault`. */
  resignature(hostId: string, devicePath: string, by: string, op: string): LabMount;
  detachScsiLun(hostId: string, lunUuid: string, by: string, op?: string): void;
  attachScsiLun(hostId: string, lunUuid: string, by: string, op?: string): void;
  deleteScsiLunState(hostId: string, canonicalName: string, by: string): void;
  deleteVmfsVolumeState(hostId: string, vmfsUuid: string, by: string): void;
  powerOff(vmId: string, by: string): void;
  powerOn(vmId: string, by: string): void;
  /** Throws `ToolsUnavailable` or `InvalidPowerState`; false when the guest ignores it. The SOAP side calls `finishShutdown` after the task latency. */
  shutdownGuest(vmId: string, by: string): boolean;
  /** The end of an accepted `shutdownGuest`: off, unless it is gone or off by then. Not logged again: `ShutdownGuest` was. */
  finishShutdown(vmId: string): void;
  unregisterVm(vmId: string, by: string): void;
  /** `path` is `[datastore] dir/x.vmx` (percent escapes decoded); returns the VM's id. */
  registerVm(
    what: { folderId: string; path: string; name?: string; asTemplate: boolean; poolId?: string; hostId?: string },
    by: string,
  ): string;
  /** VMX and VMTX paths on the volume of a datastore; `InvalidDatastore`/`InaccessibleDatastore` as vCenter has them. */
  filesOn(datastoreId: string): LabFile[];

  // Array operations.
  createClone(policyId: string, snapshotId: string, name: string, by: string): LabVolume;
  rollback(policyId: string, snapshotId: string, by: string): LabVolume;
  assign(volumeId: string, clientId: string, by: string): LabAssignment;
  unassign(assignmentId: string, by: string): void;
  deleteVolume(volumeId: string, by: string): void;
}

/** Device path of a disk's first partition, as unresolved extents name it. */
export const devicePathOf = (naa: string): string => `/vmfs/devices/disks/${naa}:1`;
