/** The hypervisor, as the engine needs it. What is said of errors in `array.ts` holds here as well. */
import type { PrepError } from "../domain/errors.ts";
import type { MoRef, Naa, VmfsUuid } from "../domain/ids.ts";
import type { SafeText } from "../domain/safe-text.ts";

export interface Host {
  readonly id: MoRef;
  /** As vCenter lists it: often the address. */
  readonly name: SafeText;
  readonly connectionState: "connected" | "disconnected" | "notResponding";
  readonly inMaintenanceMode?: boolean;
  readonly datacenter: { readonly id: MoRef; readonly name: SafeText; readonly vmFolder: MoRef };
  readonly computeResource: MoRef;
  readonly resourcePool: MoRef;
  readonly storageSystem: MoRef;
  readonly datastoreSystem: MoRef;
  /** What holds its advanced options. */
  readonly optionManager?: MoRef;
  /** It stands in a cluster: `computeResource` is that. */
  readonly clustered?: boolean;
  /** The disk of its active core dump partition, as the host calls it. */
  readonly dumpDisk?: string;
}

/** What else than VMs a host and its cluster keep on datastores. */
export interface HostFiles {
  /** As the host writes them: `/vmfs/volumes/<uuid>/dir`, `[datastore] /dir`, `[] /vmfs/volumes/<uuid>/dir`. */
  readonly folders: readonly { readonly use: "scratch" | "syslog"; readonly path: string }[];
  /** Datastores that vSphere HA keeps heartbeats of this host on. */
  readonly heartbeats: readonly MoRef[];
  /** What of this vCenter does not tell, and why. */
  readonly unread: readonly { readonly what: string; readonly error: PrepError }[];
}

/** A VMFS datastore. One object per Datacenter: two Datacenters that mount one volume have two of these. */
export interface Datastore {
  readonly id: MoRef;
  readonly name: SafeText;
  /** The same as paths spell it, in brackets: for paths alone, never shown. */
  readonly pathName: string;
  readonly datacenterId: MoRef;
  readonly vmfsUuid: VmfsUuid;
  /** Disks that the volume lies on, as canonical names; more than one: a spanned volume. */
  readonly extents: readonly Naa[];
  readonly accessible: boolean;
  readonly browser: MoRef;
  /** The datastore cluster that it is in. */
  readonly storagePod?: MoRef;
  /** Storage I/O Control is on. */
  readonly ioControl?: boolean;
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
  readonly label: SafeText;
  readonly extents: readonly Naa[];
  readonly mounted: boolean;
  readonly accessible: boolean;
  readonly forceMounted: boolean;
}

/** An unresolved VMFS volume (`HostUnresolvedVmfsVolume`): one a signature; several copies of it are its extents, each on a disk of its own. */
export interface UnresolvedCopy {
  readonly vmfsUuid: VmfsUuid;
  readonly label: SafeText;
  readonly extents: readonly { readonly naa: Naa; readonly devicePath: string; readonly isHead: boolean }[];
  readonly resolvable: boolean;
  readonly multipleCopies: boolean;
  readonly incompleteExtents: boolean;
}

export interface HostDevices {
  readonly disks: readonly Disk[];
  readonly mounts: readonly VmfsMount[];
}

export interface HostStorage extends HostDevices {
  /** IQNs and WWNs of the host's adapters, as the host spells them. */
  readonly initiators: readonly string[];
  readonly unresolved: readonly UnresolvedCopy[];
}

/** What a step has to know of a VM before and after it acts on it. */
export interface VmState {
  readonly id: MoRef;
  readonly name: SafeText;
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
  /** They are starting: the guest can be asked to shut down in a while. */
  readonly toolsStarting?: boolean;
  /** Every datastore that it uses, its home among them. */
  readonly datastoreIds: readonly MoRef[];
  /** The text of the question that it waits for an answer to. */
  readonly question?: string;
  /** Fault Tolerance is configured for it. */
  readonly faultTolerant?: boolean;
  /** Key of the extension that manages it, such as `com.vmware.vim.eam`. */
  readonly managedBy?: string;
  /**
   * What of it vCenter does not allow now. Its power state alone disables some: an unregistering while it is on, a
   * power-off while it is off.
   */
  readonly disabled?: readonly VmOperation[];
}

/** What is done to VMs. */
export type VmOperation = "powerOff" | "shutDownGuest" | "unregister";

/** A disk or CD of a VM that lies on some datastore. */
export interface VmDevice {
  readonly vmId: MoRef;
  /** As vSphere labels it: `Hard disk 2`, `CD/DVD drive 1`. */
  readonly label: SafeText;
  readonly datastoreId?: MoRef;
  readonly fileName: SafeText;
}

export interface Inventory {
  readonly hosts: readonly Host[];
  /** All VMFS datastores of all Datacenters. */
  readonly datastores: readonly Datastore[];
  /** What is missing in the two lists, since the account may not read it. */
  readonly unreadable: readonly UnreadableObject[];
}

export interface UnreadableObject {
  readonly id: MoRef;
  /** Such as `Datacenter`, `HostSystem`, `Datastore`. */
  readonly type: string;
  /** Undefined where that cannot be read either. */
  readonly datacenterId?: MoRef;
  /** Which property, and for want of which privilege. */
  readonly error: PrepError;
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
  findByPath(
    from: { type: "Folder" | "ResourcePool"; id: MoRef },
    names: readonly string[],
  ): Promise<MoRef | undefined>;
  /** One host's disks and mounts. */
  hostDevices(host: Host): Promise<HostDevices>;
  /** One host's unresolved copies: slow on a real host, which reads every disk for it. */
  unresolvedCopies(host: Host): Promise<UnresolvedCopy[]>;
  /** What this host and its cluster keep on datastores. What cannot be read of it is told, and stops nothing. */
  hostFiles(host: Host): Promise<HostFiles>;
  vmsOn(datastoreIds: readonly MoRef[]): Promise<Vm[]>;
  /** Disks, mounts, unresolved copies and the VMs that use any of the datastores, side by side. */
  hostStorageAndVms(host: Host, datastoreIds: readonly MoRef[]): Promise<{ storage: HostStorage; vms: Vm[] }>;
  /** VMs by reference; one that is gone is left out. */
  vmStates(ids: readonly MoRef[]): Promise<VmState[]>;
  /** Disks and CDs with a file backing. */
  vmDevices(vmIds: readonly MoRef[]): Promise<VmDevice[]>;
  /** Every `*.vmx` and `*.vmtx` below the datastore, nested folders included, and the folders that could not be read. */
  vmxFiles(datastore: {
    id: MoRef;
    pathName: string;
    browser: MoRef;
  }): Promise<{ files: VmxFile[]; unreadable: string[] }>;
}

/** One thing of several that were asked for at once: its id and, where it failed, why. */
export interface BatchOutcome<Id extends string = string> {
  readonly id: Id;
  readonly error?: Error;
}

export type BatchProgress = (done: number, total: number) => void;

/** Told of each thing that comes to its end, besides how many have. */
export type EachProgress<Id extends string> = (done: number, total: number, ended: BatchOutcome<Id>) => void;

export interface HypervisorWriter {
  /** Hard power-off, in parallel within the limits, one wait for all tasks. `InvalidPowerState` (already off) is no error. */
  powerOff(vms: readonly MoRef[], progress?: EachProgress<MoRef>): Promise<BatchOutcome[]>;
  /**
   * Asks the guests to shut down, those whose tools are starting once these run, within `timeoutMs`; then waits until all
   * are off or `timeoutMs` is over. Late ones are `GUEST_STILL_RUNNING`, those without tools `TOOLS_MISSING`.
   */
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
  /** RescanVmfs alone: looks again for volumes and copies on the disks that are there. */
  rescanVolumes(host: Host): Promise<void>;
}
