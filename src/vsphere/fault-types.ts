/**
 * Which vim25 faults are kinds of which, for the families that are told apart here; from VMware's vSphere Web Services API
 * reference. A server may answer with any kind of the fault that a call is documented to answer with.
 */
const KINDS: Readonly<Record<string, string>> = {
  FileFault:
    "CannotAccessFile CannotCreateFile CannotDeleteFile DirectoryNotEmpty FileAlreadyExists FileLocked " +
    "FileNameTooLong FileNotFound FileNotWritable FileTooLarge IncorrectFileType NetworkCopyFault NoDiskSpace " +
    "NotADirectory NotAFile TooManyConcurrentNativeClones TooManyNativeCloneLevels TooManyNativeClonesOnFile",
  HostCommunication: "HostNotConnected HostNotReachable",
  HostConfigFault:
    "AdminDisabled AdminNotDisabled BlockedByFirewall ClockSkew DisableAdminNotSupported HostConfigFailed " +
    "HostInDomain InvalidHostName NasConfigFault NoGateway NoVirtualNic PlatformConfigFault VmfsMountFault",
  NasConfigFault:
    "InvalidNasCredentials InvalidNetworkResource NasConnectionLimitReached NasSessionCredentialConflict " +
    "NasVolumeNotMounted NetworkInaccessible NoPermissionOnNasVolume",
  PlatformConfigFault: "InvalidBundle PatchInstallFailed PatchIntegrityError",
  VmfsMountFault: "VmfsAlreadyMounted VmfsAmbiguousMount",
  InsufficientResourcesFault:
    "InsufficientAgentVmsDeployed InsufficientCpuResourcesFault InsufficientFailoverResourcesFault " +
    "InsufficientGraphicsResourcesFault InsufficientHostCapacityFault InsufficientMemoryResourcesFault " +
    "InsufficientNetworkCapacity InsufficientNetworkResourcePoolCapacity InsufficientStandbyResource " +
    "InsufficientStorageSpace InsufficientVFlashResourcesFault InvalidResourcePoolStructureFault " +
    "NumVirtualCpusExceedsLimit VmFaultToleranceTooManyFtVcpusOnHost VmFaultToleranceTooManyVMsOnHost " +
    "VmSmpFaultToleranceTooManyVMsOnHost",
  InsufficientHostCapacityFault:
    "InsufficientHostCpuCapacityFault InsufficientHostMemoryCapacityFault InsufficientPerCpuCapacity",
  InsufficientStandbyResource: "InsufficientStandbyCpuResource InsufficientStandbyMemoryResource",
  InvalidDatastore: "DatastoreNotWritableOnHost InaccessibleDatastore InvalidDatastorePath",
  DatastoreNotWritableOnHost: "SwapDatastoreNotWritableOnHost",
  InaccessibleDatastore: "InaccessibleFTMetadataDatastore",
  InvalidState:
    "CannotPowerOffVmInCluster EncryptionKeyRequired InvalidDatastoreState InvalidHostState InvalidPowerState " +
    "InvalidVmState MksConnectionLimitReached NoActiveHostInCluster OvfConsumerPowerOnFault QuestionPending " +
    "VmPowerOnDisabled",
  InvalidHostState: "InvalidHostConnectionState",
  ResourceInUse: "FilterInUse QuiesceDatastoreIOForHAFailed",
  TaskInProgress: "VAppTaskInProgress",
  VmConfigFault:
    "CannotAccessVmComponent CannotDisableSnapshot CannotUseNetwork CpuHotPlugNotSupported " +
    "DeltaDiskFormatNotSupported EightHostLimitViolated FaultToleranceCannotEditMem GenericVmConfigFault " +
    "InvalidFormat InvalidVmConfig LargeRDMNotSupportedOnDatastore MemoryHotPlugNotSupported " +
    "NoCompatibleHardAffinityHost NoCompatibleSoftAffinityHost NumVirtualCpusIncompatible " +
    "OvfConsumerValidationFault QuarantineModeFault RDMNotSupportedOnDatastore RuleViolation " +
    "SoftRuleVioCorrectionDisallowed SoftRuleVioCorrectionImpact UnsupportedDatastore UnsupportedVmxLocation " +
    "VAppNotRunning VAppPropertyFault VFlashCacheHotConfigNotSupported VFlashModuleNotSupported " +
    "VirtualHardwareCompatibilityIssue VmConfigIncompatibleForFaultTolerance VmConfigIncompatibleForRecordReplay " +
    "VmHostAffinityRuleViolation",
  CannotAccessVmComponent: "CannotAccessVmConfig CannotAccessVmDevice",
  CannotAccessVmDevice: "CannotAccessNetwork CannotAccessVmDisk",
  CannotAccessNetwork: "DestinationSwitchFull LegacyNetworkInterfaceInUse VMOnConflictDVPort VMOnVirtualIntranet",
  CannotAccessVmDisk: "RDMPointsToInaccessibleDisk",
  InvalidFormat: "InvalidDiskFormat InvalidSnapshotFormat",
  InvalidVmConfig: "InvalidDeviceSpec SwapPlacementOverrideNotSupported TooManyDevices UnsupportedGuest VmWwnConflict",
  InvalidDeviceSpec:
    "DeviceHotPlugNotSupported DeviceNotFound DeviceUnsupportedForVmPlatform DeviceUnsupportedForVmVersion " +
    "DisallowedDiskModeChange InvalidController InvalidDeviceBacking InvalidDeviceOperation MissingController",
  UnsupportedDatastore: "MemoryFileFormatNotSupportedByDatastore UnSupportedDatastoreForVFlash",
  VAppPropertyFault:
    "InvalidNetworkInType InvalidPropertyType InvalidPropertyValue MissingIpPool MissingNetworkIpConfig " +
    "NoAvailableIp NoVcManagedIpConfigured NotUserConfigurableProperty",
  InvalidPropertyValue: "UnconfiguredPropertyValue",
  VirtualHardwareCompatibilityIssue:
    "CpuIncompatible DeviceNotSupported DiskNotSupported DrsVmotionIncompatibleFault FeatureRequirementsNotMet " +
    "MemorySizeNotRecommended MemorySizeNotSupported MemorySizeNotSupportedByDatastore NotEnoughCpus " +
    "NumVirtualCoresPerSocketNotSupported NumVirtualCpusNotSupported StorageVmotionIncompatible " +
    "VirtualHardwareVersionNotSupported WakeOnLanNotSupported",
  CpuIncompatible: "CpuCompatibilityUnknown CpuIncompatible1ECX CpuIncompatible81EDX FaultToleranceCpuIncompatible",
  DeviceNotSupported:
    "DeviceBackingNotSupported DeviceControllerNotSupported DigestNotSupported FileBackedPortNotSupported " +
    "MultiWriterNotSupported NonPersistentDisksNotSupported RDMNotSupported RawDiskNotSupported " +
    "RemoteDeviceNotSupported SharedBusControllerNotSupported VMINotSupported VirtualDiskModeNotSupported " +
    "VirtualEthernetCardNotSupported",
  DeviceBackingNotSupported:
    "DVPortNotSupported UnusedVirtualDiskBlocksNotScrubbed VirtualDiskBlocksNotFullyProvisioned",
  RDMNotSupported: "PhysCompatRDMNotSupported",
  DiskNotSupported: "IDEDiskNotSupported",
  NotEnoughCpus: "NotEnoughLogicalCpus",
};

const PARENTS: ReadonlyMap<string, string> = new Map(
  Object.entries(KINDS).flatMap(([parent, kinds]) => kinds.split(" ").map((kind) => [kind, parent] as const)),
);

/** The fault's type, then what it is a kind of, the nearest first. */
export function ancestryOf(type: string): string[] {
  const ancestry = [type];
  for (let parent = PARENTS.get(type); parent !== undefined; parent = PARENTS.get(parent)) ancestry.push(parent);
  return ancestry;
}
