/** The data of the lab's one world, and the refusals of its rules. `scenarios.ts` builds models. */

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
  /**
   * Volumes whose disk the host saw at its last RescanAllHba, in order. A volume unassigned since is a dead disk until
   * the next one, and after it for as long as something that runs or a template refers to it.
   */
  disks: LabDisk[];
  /** NAAs detached by hand: kept over rescans and reboots until attached or forgotten. */
  detached: Set<string>;
  /** VMFS uuids unmounted by hand: kept over rescans and reboots until mounted or forgotten. */
  unmountedByHand: Set<string>;
  /** vmfsUuid → NAA of a copy that was force-mounted with persistence. */
  forceMounted: Map<string, string>;
  /** VMFS volumes that the host lists: mounted ones, and ones unmounted by hand whose disk is there. */
  mounts: LabMount[];
  /** Copies found by the last RescanVmfs. The interface shows those of one signature as one volume. */
  unresolved: LabCopy[];
  /** Set: a signature that several disks carry cannot be resolved here. */
  copiesUnresolvable?: boolean;
  maintenance?: boolean;
  /** What the host itself keeps on datastores. */
  keeps?: { what: HostUse; datastoreId: string }[];
  disabledMethods?: string[];
}

/** A disk with the header of another. */
export interface LabCopy {
  vmfsUuid: string;
  label: string;
  naa: string;
}

export type HostUse = "scratch" | "syslog" | "coredump";

export type LagKind = "disk" | "volume" | "datastore";

export interface LabDisk {
  naa: string;
  volumeId: string;
  vendor: string;
  /** `ScsiLun.uuid` */
  uuid: string;
  /** `ScsiLun.key` */
  key: string;
  /** The last rescan found it gone, and something still refers to it. */
  lost?: boolean;
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
  /** vCenter does not list it yet. */
  late?: boolean;
  /** The datastore cluster that it is in. */
  pod?: { id: string; name: string };
  /** Storage I/O control is on. */
  ioControl?: boolean;
  /** vSphere HA keeps its heartbeats on it. */
  heartbeat?: boolean;
  disabledMethods?: string[];
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
  pathForm: "bracket" | "absolute" | "none";
  powerState: "poweredOn" | "poweredOff" | "suspended";
  template: boolean;
  connectionState: "connected" | "disconnected" | "inaccessible" | "orphaned" | "invalid";
  toolsRunning: boolean;
  /** Its tools are starting: they run after so many shutdowns that are refused for want of them. */
  toolsStarting?: number;
  /** A guest that ignores ShutdownGuest. */
  ignoresShutdown: boolean;
  /** The fault that powering it off ends in. */
  powerOffFails?: string;
  /** It waits for an answer, and for its power to change until then. */
  question?: { id: string; text: string; choices: readonly { key: string; label: string }[] };
  /** The extension that it belongs to: a person's hands are not for it. */
  managedBy?: { extensionKey: string; type: string };
  /** It is the primary of a fault tolerant pair. */
  faultTolerant?: boolean;
  /** Where its snapshots and its working files lie, when not at its home. */
  workingDatastoreId?: string;
  disabledMethods?: string[];
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
  /** How many clones the array has room for; any number when left out. */
  clonesFit?: number;
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
export class ArrayProblem extends Error {
  readonly status: number;
  readonly title: string;
  constructor(status: number, title: string, detail: string) {
    super(detail);
    this.status = status;
    this.title = title;
  }
}

export interface Credentials {
  username: string;
  password: string;
}

/** World-wide names of a host's two Fibre Channel ports. They do not fit a double: they stay big integers. */
export function portNamesOf({ id }: { readonly id: string }): readonly bigint[] {
  const tail = BigInt(`0x${Buffer.from(id).toString("hex").slice(-6)}`);
  return [0n, 1n].map((index) => 0x2100_0000_0000_0000n + tail * 2n + index);
}

/** Device path of a disk's first partition, as unresolved extents name it. */
export const devicePathOf = (naa: string): string => `/vmfs/devices/disks/${naa}:1`;
