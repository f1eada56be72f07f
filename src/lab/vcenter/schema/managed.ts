/**
 * Managed object types and their properties, in schema order. Types without properties are known by name only; a property of type anyType exists
 * on real servers and is unset here.
 */
export const MANAGED_TYPES = `
ManagedObject:
ExtensibleManagedObject < ManagedObject: value CustomFieldValue*, availableField CustomFieldDef*
ManagedEntity < ExtensibleManagedObject: parent &ManagedEntity?, customValue CustomFieldValue*, overallStatus ManagedEntityStatus, configStatus ManagedEntityStatus, effectiveRole int*, name string, disabledMethod string*, recentTask &Task*, alarmActionsEnabled boolean?, tag Tag*, configIssue anyType?, permission anyType?, declaredAlarmState anyType?, triggeredAlarmState anyType?
Folder < ManagedEntity: childType string*, childEntity &ManagedEntity*
StoragePod < Folder:
Datacenter < ManagedEntity: vmFolder &Folder, hostFolder &Folder, datastoreFolder &Folder, networkFolder &Folder, datastore &Datastore*, network &Network*, configuration DatacenterConfigInfo
ComputeResource < ManagedEntity: resourcePool &ResourcePool?, host &HostSystem*, datastore &Datastore*, network &Network*, summary ComputeResourceSummary, configurationEx ComputeResourceConfigInfo, environmentBrowser anyType?
ClusterComputeResource < ComputeResource:
ResourcePool < ManagedEntity: summary ResourcePoolSummary, runtime ResourcePoolRuntimeInfo, owner &ComputeResource, resourcePool &ResourcePool*, vm &VirtualMachine*, config ResourceConfigSpec, childConfiguration anyType?
VirtualApp < ResourcePool:
HostSystem < ManagedEntity: runtime HostRuntimeInfo, summary HostListSummary, configManager HostConfigManager, config HostConfigInfo?, vm &VirtualMachine*, datastore &Datastore*, network &Network*, datastoreBrowser &HostDatastoreBrowser, hardware anyType?, capability anyType?, licensableResource anyType?, systemResources anyType?, remediationState anyType?, precheckRemediationResult anyType?, remediationResult anyType?, complianceCheckState anyType?, complianceCheckResult anyType?, answerFileValidationState anyType?, answerFileValidationResult anyType?
VirtualMachine < ManagedEntity: config VirtualMachineConfigInfo?, resourcePool &ResourcePool?, parentVApp &ManagedEntity?, runtime VirtualMachineRuntimeInfo, guest GuestInfo?, summary VirtualMachineSummary, datastore &Datastore*, network &Network*, guestHeartbeatStatus ManagedEntityStatus, capability anyType?, layout anyType?, layoutEx anyType?, storage anyType?, environmentBrowser anyType?, resourceConfig anyType?, snapshot anyType?, rootSnapshot anyType?
Datastore < ManagedEntity: info DatastoreInfo, summary DatastoreSummary, host DatastoreHostMount*, vm &VirtualMachine*, browser &HostDatastoreBrowser, capability DatastoreCapability, iormConfiguration StorageIORMInfo?
Network < ManagedEntity: summary NetworkSummary, host &HostSystem*, vm &VirtualMachine*
DistributedVirtualPortgroup < Network:
OpaqueNetwork < Network:
DistributedVirtualSwitch < ManagedEntity:
VmwareDistributedVirtualSwitch < DistributedVirtualSwitch:
HostStorageSystem < ExtensibleManagedObject: storageDeviceInfo HostStorageDeviceInfo?, fileSystemVolumeInfo HostFileSystemVolumeInfo, systemFile string*, multipathStateInfo anyType?
HostDatastoreSystem < ManagedObject: datastore &Datastore*, capabilities HostDatastoreSystemCapabilities
HostDatastoreBrowser < ManagedObject: datastore &Datastore*, supportedType FileQuery*
HostNetworkSystem < ExtensibleManagedObject:
ServiceInstance < ManagedObject: serverClock dateTime, content ServiceContent, capability anyType?
SessionManager < ManagedObject: sessionList UserSession*, currentSession UserSession?, message string?, messageLocaleList string*, supportedLocaleList string*, defaultLocale string
PropertyCollector < ManagedObject: filter &PropertyFilter*
PropertyFilter < ManagedObject: spec PropertyFilterSpec, partialUpdates boolean
ViewManager < ManagedObject: viewList &View*
View < ManagedObject:
ManagedObjectView < View: view &ManagedObject*
ContainerView < ManagedObjectView: container &ManagedEntity, type string*, recursive boolean
ListView < ManagedObjectView:
InventoryView < ManagedObjectView:
SearchIndex < ManagedObject:
TaskManager < ManagedObject: recentTask &Task*, maxCollector int, description anyType?
Task < ExtensibleManagedObject: info TaskInfo
`;
