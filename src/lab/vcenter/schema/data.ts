/** Enumerations and data types of the requests and replies, fields in schema order (`schema.ts` tells the notation). */
export const DATA_TYPES = `
enum ManagedEntityStatus: gray green yellow red
enum TaskInfoState: queued running success error
enum ObjectUpdateKind: modify enter leave
enum PropertyChangeOp: add remove assign indirectRemove
enum HostSystemConnectionState: connected notResponding disconnected
enum HostSystemPowerState: poweredOn poweredOff standBy unknown
enum VirtualMachinePowerState: poweredOff poweredOn suspended
enum VirtualMachineConnectionState: connected disconnected orphaned inaccessible invalid
enum VirtualMachineFaultToleranceState: notConfigured disabled enabled needSecondary starting running
enum VirtualMachineRecordReplayState: recording replaying inactive
enum VirtualMachineToolsStatus: toolsNotInstalled toolsNotRunning toolsOld toolsOk
enum VirtualSCSISharing: noSharing virtualSharing physicalSharing
enum FibreChannelPortType: fabric loop pointToPoint unknown
enum SharesLevel: low normal high custom
enum VmfsUuidResolution: resignature forceMount

DynamicData:
CustomFieldValue < DynamicData: key int
CustomFieldDef < DynamicData: key int, name string, type string
Tag < DynamicData: key string

SelectionSpec < DynamicData: name string?
TraversalSpec < SelectionSpec: type string, path string, skip boolean?, selectSet SelectionSpec*
ObjectSpec < DynamicData: obj &ManagedObject, skip boolean?, selectSet SelectionSpec*
PropertySpec < DynamicData: type string, all boolean?, pathSet string*
PropertyFilterSpec < DynamicData: propSet PropertySpec+, objectSet ObjectSpec+, reportMissingObjectsInResults boolean?
RetrieveOptions < DynamicData: maxObjects int?
WaitOptions < DynamicData: maxWaitSeconds int?, maxObjectUpdates int?
DynamicProperty < DynamicData: name string, val anyType
MissingProperty < DynamicData: path string, fault LocalizedMethodFault
MissingObject < DynamicData: obj &ManagedObject, fault LocalizedMethodFault
ObjectContent < DynamicData: obj &ManagedObject, propSet DynamicProperty*, missingSet MissingProperty*
RetrieveResult < DynamicData: token string?, objects ObjectContent+
PropertyChange < DynamicData: name string, op PropertyChangeOp, val anyType?
ObjectUpdate < DynamicData: kind ObjectUpdateKind, obj &ManagedObject, changeSet PropertyChange*, missingSet MissingProperty*
PropertyFilterUpdate < DynamicData: filter &PropertyFilter, objectSet ObjectUpdate*, missingSet MissingObject*
UpdateSet < DynamicData: version string, filterSet PropertyFilterUpdate*, truncated boolean?

AboutInfo < DynamicData: name string, fullName string, vendor string, version string, build string, localeVersion string?, localeBuild string?, osType string, productLineId string, apiType string, apiVersion string, instanceUuid string?, licenseProductName string?, licenseProductVersion string?
ServiceContent < DynamicData: rootFolder &Folder, propertyCollector &PropertyCollector, viewManager &ViewManager?, about AboutInfo, sessionManager &SessionManager?, authorizationManager &AuthorizationManager?, taskManager &TaskManager?, searchIndex &SearchIndex?
UserSession < DynamicData: key string, userName string, fullName string, loginTime dateTime, lastActiveTime dateTime, locale string, messageLocale string, extensionSession boolean?, ipAddress string?, userAgent string?, callCount long?
LocalizableMessage < DynamicData: key string, message string?
LocalizedMethodFault < DynamicData: fault MethodFault, localizedMessage string?
TaskReason < DynamicData:
TaskReasonUser < TaskReason: userName string
TaskInfo < DynamicData: key string, task &Task, description LocalizableMessage?, name string?, descriptionId string, entity &ManagedEntity?, entityName string?, locked &ManagedEntity*, state TaskInfoState, cancelled boolean, cancelable boolean, error LocalizedMethodFault?, result anyType?, progress int?, reason TaskReason, queueTime dateTime, startTime dateTime?, completeTime dateTime?, eventChainId int, changeTag string?, parentTaskKey string?, rootTaskKey string?

DatacenterConfigInfo < DynamicData: defaultHardwareVersionKey string?
ComputeResourceSummary < DynamicData: totalCpu int, totalMemory long, numCpuCores short, numCpuThreads short, effectiveCpu int, effectiveMemory long, numHosts int, numEffectiveHosts int, overallStatus ManagedEntityStatus
ComputeResourceConfigInfo < DynamicData: vmSwapPlacement string, spbmEnabled boolean?, defaultHardwareVersionKey string?
SharesInfo < DynamicData: shares int, level SharesLevel
ResourceAllocationInfo < DynamicData: reservation long?, expandableReservation boolean?, limit long?, shares SharesInfo?, overheadLimit long?
ResourceConfigSpec < DynamicData: entity &ManagedEntity?, changeVersion string?, lastModified dateTime?, cpuAllocation ResourceAllocationInfo, memoryAllocation ResourceAllocationInfo
ResourcePoolResourceUsage < DynamicData: reservationUsed long, reservationUsedForVm long, unreservedForPool long, unreservedForVm long, overallUsage long, maxUsage long
ResourcePoolRuntimeInfo < DynamicData: memory ResourcePoolResourceUsage, cpu ResourcePoolResourceUsage, overallStatus ManagedEntityStatus
ResourcePoolSummary < DynamicData: name string, config ResourceConfigSpec, runtime ResourcePoolRuntimeInfo
NetworkSummary < DynamicData: network &Network?, name string, accessible boolean, ipPoolName string

HostRuntimeInfo < DynamicData: connectionState HostSystemConnectionState, powerState HostSystemPowerState, standbyMode string?, inMaintenanceMode boolean, bootTime dateTime?
HostHardwareSummary < DynamicData: vendor string, model string, uuid string, memorySize long, cpuModel string, cpuMhz int, numCpuPkgs short, numCpuCores short, numCpuThreads short, numNics int, numHBAs int
HostConfigSummary < DynamicData: name string, port int, sslThumbprint string?, product AboutInfo?, vmotionEnabled boolean, faultToleranceEnabled boolean?
HostListSummaryQuickStats < DynamicData: overallCpuUsage int?, overallMemoryUsage int?, distributedCpuFairness int?, distributedMemoryFairness int?, uptime int?
HostListSummary < DynamicData: host &HostSystem?, hardware HostHardwareSummary?, runtime HostRuntimeInfo?, config HostConfigSummary, quickStats HostListSummaryQuickStats, overallStatus ManagedEntityStatus, rebootRequired boolean, managementServerIp string?
HostConfigManager < DynamicData: datastoreSystem &HostDatastoreSystem?, storageSystem &HostStorageSystem?, networkSystem &HostNetworkSystem?, virtualNicManager &HostVirtualNicManager?, advancedOption &OptionManager?
HostIpConfig < DynamicData: dhcp boolean, ipAddress string?, subnetMask string?
HostVirtualNicSpec < DynamicData: ip HostIpConfig?, mac string?
HostVirtualNic < DynamicData: device string, key string, portgroup string, spec HostVirtualNicSpec, port string?
HostDnsConfig < DynamicData: dhcp boolean, virtualNicDevice string?, ipv6VirtualNicDevice string?, hostName string, domainName string, address string*, searchDomain string*
HostNetworkInfo < DynamicData: vnic HostVirtualNic*, dnsConfig HostDnsConfig?
VirtualNicManagerNetConfig < DynamicData: nicType string, multiSelectAllowed boolean, candidateVnic HostVirtualNic*, selectedVnic string*
HostVirtualNicManagerInfo < DynamicData: netConfig VirtualNicManagerNetConfig*
HostDiagnosticPartition < DynamicData: storageType string, diagnosticType string, slots int, id HostScsiDiskPartition
OptionValue < DynamicData: key string, value anyType
HostConfigInfo < DynamicData: host &HostSystem, product AboutInfo, storageDevice HostStorageDeviceInfo?, fileSystemVolume HostFileSystemVolumeInfo?, network HostNetworkInfo?, virtualNicManagerInfo HostVirtualNicManagerInfo?, activeDiagnosticPartition HostDiagnosticPartition?, option OptionValue*
HostSystemInfo < DynamicData: vendor string, model string, uuid string, serialNumber string?
HostCpuInfo < DynamicData: numCpuPackages short, numCpuCores short, numCpuThreads short, hz long
HostCpuPackage < DynamicData: index short, vendor string, hz long, busHz long, description string, threadId short*
HostBIOSInfo < DynamicData: biosVersion string?, releaseDate dateTime?
HostHardwareInfo < DynamicData: systemInfo HostSystemInfo, cpuInfo HostCpuInfo, cpuPkg HostCpuPackage*, memorySize long, biosInfo HostBIOSInfo?
DasHeartbeatDatastoreInfo < DynamicData: datastore &Datastore, hosts &HostSystem*
ClusterDasAdvancedRuntimeInfo < DynamicData: heartbeatDatastoreInfo DasHeartbeatDatastoreInfo*
StoragePodSummary < DynamicData: name string, capacity long, freeSpace long

HostHostBusAdapter < DynamicData: key string?, device string, bus int, status string, model string, driver string?, pci string?
HostBlockHba < HostHostBusAdapter:
HostFibreChannelHba < HostHostBusAdapter: portWorldWideName long, nodeWorldWideName long, portType FibreChannelPortType, speed long
HostDevice < DynamicData: deviceName string, deviceType string
ScsiLunDescriptor < DynamicData: quality string, id string
ScsiLunCapabilities < DynamicData: updateDisplayNameSupported boolean
ScsiLun < HostDevice: key string?, uuid string, descriptor ScsiLunDescriptor*, canonicalName string?, displayName string?, lunType string, vendor string?, model string?, revision string?, scsiLevel int?, serialNumber string?, queueDepth int?, operationalState string+, capabilities ScsiLunCapabilities?, vStorageSupport string?
HostDiskDimensionsLba < DynamicData: blockSize int, block long
HostScsiDisk < ScsiLun: capacity HostDiskDimensionsLba, devicePath string, ssd boolean?, localDisk boolean?
HostTargetTransport < DynamicData:
HostFibreChannelTargetTransport < HostTargetTransport: portWorldWideName long, nodeWorldWideName long
HostScsiTopologyLun < DynamicData: key string, lun int, scsiLun string
HostScsiTopologyTarget < DynamicData: key string, target int, lun HostScsiTopologyLun*, transport HostTargetTransport?
HostScsiTopologyInterface < DynamicData: key string, adapter string, target HostScsiTopologyTarget*
HostScsiTopology < DynamicData: adapter HostScsiTopologyInterface*
HostMultipathInfoLogicalUnitPolicy < DynamicData: policy string
HostMultipathInfoPath < DynamicData: key string, name string, pathState string, state string?, isWorkingPath boolean?, adapter string, lun string, transport HostTargetTransport?
HostMultipathInfoLogicalUnit < DynamicData: key string, id string, lun string, path HostMultipathInfoPath+, policy HostMultipathInfoLogicalUnitPolicy
HostMultipathInfo < DynamicData: lun HostMultipathInfoLogicalUnit*
HostStorageDeviceInfo < DynamicData: hostBusAdapter HostHostBusAdapter*, scsiLun ScsiLun*, scsiTopology HostScsiTopology?, multipathInfo HostMultipathInfo?, softwareInternetScsiEnabled boolean
HostMountInfo < DynamicData: path string?, accessMode string, mounted boolean?, accessible boolean?, inaccessibleReason string?
HostScsiDiskPartition < DynamicData: diskName string, partition int
HostForceMountedInfo < DynamicData: persist boolean, mounted boolean
HostFileSystemVolume < DynamicData: type string, name string, capacity long
HostVmfsVolume < HostFileSystemVolume: blockSizeMb int, maxBlocks int, majorVersion int, version string, uuid string, extent HostScsiDiskPartition+, vmfsUpgradable boolean, forceMountedInfo HostForceMountedInfo?, ssd boolean?, local boolean?
HostFileSystemMountInfo < DynamicData: mountInfo HostMountInfo, volume HostFileSystemVolume, vStorageSupport string?
HostFileSystemVolumeInfo < DynamicData: volumeTypeList string*, mountInfo HostFileSystemMountInfo*
HostDatastoreSystemCapabilities < DynamicData: nfsMountCreationRequired boolean, nfsMountCreationSupported boolean, localDatastoreSupported boolean, vmfsExtentExpansionSupported boolean?
HostUnresolvedVmfsExtent < DynamicData: device HostScsiDiskPartition, devicePath string, vmfsUuid string, isHeadExtent boolean, ordinal int, startBlock int, endBlock int, reason string
HostUnresolvedVmfsVolumeResolveStatus < DynamicData: resolvable boolean, incompleteExtents boolean?, multipleCopies boolean?
HostUnresolvedVmfsVolume < DynamicData: extent HostUnresolvedVmfsExtent+, vmfsLabel string, vmfsUuid string, totalBlocks int, resolveStatus HostUnresolvedVmfsVolumeResolveStatus
HostUnresolvedVmfsResolutionSpec < DynamicData: extentDevicePath string+, uuidResolution string
HostUnresolvedVmfsResolutionResult < DynamicData: spec HostUnresolvedVmfsResolutionSpec, vmfs HostVmfsVolume?, fault LocalizedMethodFault?
HostUnresolvedVmfsResignatureSpec < DynamicData: extentDevicePath string+
HostVmfsRescanResult < DynamicData: host &HostSystem, fault LocalizedMethodFault?
HostResignatureRescanResult < DynamicData: rescan HostVmfsRescanResult*, result &Datastore
HostStorageSystemVmfsVolumeResult < DynamicData: key string, fault LocalizedMethodFault?
HostStorageSystemScsiLunResult < DynamicData: key string, fault LocalizedMethodFault?

DatastoreInfo < DynamicData: name string, url string, freeSpace long, maxFileSize long, maxVirtualDiskCapacity long?, maxMemoryFileSize long?, timestamp dateTime?
VmfsDatastoreInfo < DatastoreInfo: maxPhysicalRDMFileSize long?, maxVirtualRDMFileSize long?, vmfs HostVmfsVolume?
DatastoreSummary < DynamicData: datastore &Datastore?, name string, url string, capacity long, freeSpace long, uncommitted long?, accessible boolean, multipleHostAccess boolean?, type string, maintenanceMode string?
DatastoreHostMount < DynamicData: key &HostSystem, mountInfo HostMountInfo
DatastoreCapability < DynamicData: directoryHierarchySupported boolean, rawDiskMappingsSupported boolean, perFileThinProvisioningSupported boolean, storageIORMSupported boolean, nativeSnapshotSupported boolean
StorageIORMInfo < DynamicData: enabled boolean, congestionThresholdMode string?, congestionThreshold int, percentOfPeakThroughput int?, statsCollectionEnabled boolean?, reservationEnabled boolean?

FileQueryFlags < DynamicData: fileType boolean, fileSize boolean, modification boolean, fileOwner boolean
FileQuery < DynamicData:
VmConfigFileQueryFilter < DynamicData: matchConfigVersion int*, encrypted boolean?
VmConfigFileQueryFlags < DynamicData: configVersion boolean, encryption boolean?
VmConfigFileQuery < FileQuery: filter VmConfigFileQueryFilter?, details VmConfigFileQueryFlags?
TemplateConfigFileQuery < VmConfigFileQuery:
VmDiskFileQueryFilter < DynamicData: diskType string*, matchHardwareVersion int*, controllerType string*, thin boolean?
VmDiskFileQueryFlags < DynamicData: diskType boolean, capacityKb boolean, hardwareVersion boolean, controllerType boolean?, diskExtents boolean?, thin boolean?
VmDiskFileQuery < FileQuery: filter VmDiskFileQueryFilter?, details VmDiskFileQueryFlags?
FolderFileQuery < FileQuery:
FloppyImageFileQuery < FileQuery:
IsoImageFileQuery < FileQuery:
VmLogFileQuery < FileQuery:
VmNvramFileQuery < FileQuery:
VmSnapshotFileQuery < FileQuery:
HostDatastoreBrowserSearchSpec < DynamicData: query FileQuery*, details FileQueryFlags?, searchCaseInsensitive boolean?, matchPattern string*, sortFoldersFirst boolean?
FileInfo < DynamicData: path string, friendlyName string?, fileSize long?, modification dateTime?, owner string?
VmConfigFileInfo < FileInfo: configVersion int?
TemplateConfigFileInfo < VmConfigFileInfo:
VmDiskFileInfo < FileInfo: diskType string?, capacityKb long?
VmNvramFileInfo < FileInfo:
FolderFileInfo < FileInfo:
HostDatastoreBrowserSearchResults < DynamicData: datastore &Datastore?, folderPath string?, file FileInfo*

VirtualMachineFileInfo < DynamicData: vmPathName string?, snapshotDirectory string?, suspendDirectory string?, logDirectory string?
ToolsConfigInfoToolsLastInstallInfo < DynamicData: counter int
ToolsConfigInfo < DynamicData: toolsVersion int?, afterPowerOn boolean?, afterResume boolean?, beforeGuestStandby boolean?, beforeGuestShutdown boolean?, lastInstallInfo ToolsConfigInfoToolsLastInstallInfo?
VirtualMachineFlagInfo < DynamicData: disableAcceleration boolean?, enableLogging boolean?
VirtualMachineDefaultPowerOpInfo < DynamicData: powerOffType string?, suspendType string?, resetType string?, defaultPowerOffType string?, defaultSuspendType string?, defaultResetType string?, standbyAction string?
Description < DynamicData: label string, summary string
AuthorizationPrivilege < DynamicData: privId string, onParent boolean, name string, privGroupName string
AuthorizationRole < DynamicData: roleId int, system boolean, name string, info Description, privilege string*
Permission < DynamicData: entity &ManagedEntity?, principal string, group boolean, roleId int, propagate boolean
PrivilegeAvailability < DynamicData: privId string, isGranted boolean
EntityPrivilege < DynamicData: entity &ManagedEntity, privAvailability PrivilegeAvailability+
UserPrivilegeResult < DynamicData: entity &ManagedEntity, privileges string*
VirtualDeviceConnectInfo < DynamicData: startConnected boolean, allowGuestControl boolean, connected boolean, status string?
VirtualDeviceBackingInfo < DynamicData:
VirtualDeviceFileBackingInfo < VirtualDeviceBackingInfo: fileName string, datastore &Datastore?, backingObjectId string?
VirtualDiskFlatVer2BackingInfo < VirtualDeviceFileBackingInfo: diskMode string, split boolean?, writeThrough boolean?, thinProvisioned boolean?, eagerlyScrub boolean?, uuid string?
VirtualCdromIsoBackingInfo < VirtualDeviceFileBackingInfo:
VirtualDevice < DynamicData: key int, deviceInfo Description?, backing VirtualDeviceBackingInfo?, connectable VirtualDeviceConnectInfo?, controllerKey int?, unitNumber int?
VirtualDisk < VirtualDevice: capacityInKB long, capacityInBytes long?
VirtualCdrom < VirtualDevice:
VirtualController < VirtualDevice: busNumber int, device int*
VirtualIDEController < VirtualController:
VirtualSCSIController < VirtualController: hotAddRemove boolean?, sharedBus VirtualSCSISharing, scsiCtlrUnitNumber int?
ParaVirtualSCSIController < VirtualSCSIController:
VirtualHardware < DynamicData: numCPU int, numCoresPerSocket int?, memoryMB int, device VirtualDevice*
FaultToleranceConfigInfo < DynamicData: role int, instanceUuids string+, configPaths string+, orphaned boolean?
ManagedByInfo < DynamicData: extensionKey string, type string
VirtualMachineConfigInfo < DynamicData: changeVersion string, modified dateTime, name string, guestFullName string, version string, uuid string, instanceUuid string?, locationId string?, template boolean, guestId string, alternateGuestName string, annotation string?, files VirtualMachineFileInfo, tools ToolsConfigInfo?, flags VirtualMachineFlagInfo, defaultPowerOps VirtualMachineDefaultPowerOpInfo, hardware VirtualHardware, ftInfo FaultToleranceConfigInfo?, managedBy ManagedByInfo?
ElementDescription < Description: key string
OptionType < DynamicData: valueIsReadonly boolean?
ChoiceOption < OptionType: choiceInfo ElementDescription+, defaultIndex int?
VirtualMachineQuestionInfo < DynamicData: id string, text string, choice ChoiceOption
VirtualMachineRuntimeInfo < DynamicData: host &HostSystem?, connectionState VirtualMachineConnectionState, powerState VirtualMachinePowerState, faultToleranceState VirtualMachineFaultToleranceState?, toolsInstallerMounted boolean, suspendTime dateTime?, bootTime dateTime?, question VirtualMachineQuestionInfo?, maxCpuUsage int?, maxMemoryUsage int?, numMksConnections int, recordReplayState VirtualMachineRecordReplayState?, cleanPowerOff boolean?, onlineStandby boolean, consolidationNeeded boolean?
VirtualMachineGuestSummary < DynamicData: guestId string?, guestFullName string?, toolsStatus VirtualMachineToolsStatus?, toolsVersionStatus string?, toolsRunningStatus string?, hostName string?, ipAddress string?
VirtualMachineConfigSummary < DynamicData: name string, template boolean, vmPathName string?, memorySizeMB int?, cpuReservation int?, memoryReservation int?, numCpu int?, numEthernetCards int?, numVirtualDisks int?, uuid string?, instanceUuid string?, guestId string?, guestFullName string?, annotation string?, ftInfo FaultToleranceConfigInfo?, managedBy ManagedByInfo?
VirtualMachineStorageSummary < DynamicData: committed long, uncommitted long, unshared long, timestamp dateTime
VirtualMachineQuickStats < DynamicData: overallCpuUsage int?, overallCpuDemand int?, guestMemoryUsage int?, hostMemoryUsage int?, guestHeartbeatStatus ManagedEntityStatus
VirtualMachineSummary < DynamicData: vm &VirtualMachine?, runtime VirtualMachineRuntimeInfo, guest VirtualMachineGuestSummary?, config VirtualMachineConfigSummary, storage VirtualMachineStorageSummary?, quickStats VirtualMachineQuickStats, overallStatus ManagedEntityStatus
GuestInfo < DynamicData: toolsStatus VirtualMachineToolsStatus?, toolsVersionStatus string?, toolsRunningStatus string?, toolsVersion string?, guestId string?, guestFamily string?, guestFullName string?, hostName string?, ipAddress string?, guestState string
`;
