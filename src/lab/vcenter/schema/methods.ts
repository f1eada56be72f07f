/** `Owner.Method(parameters) -> result`; `_this` goes without saying. `schema.ts` tells the notation. */
export const METHODS = `
ServiceInstance.RetrieveServiceContent() -> ServiceContent
ServiceInstance.CurrentTime() -> dateTime
SessionManager.Login(userName string, password string, locale string?) -> UserSession
SessionManager.Logout()
SessionManager.SessionIsActive(sessionID string, userName string) -> boolean
PropertyCollector.RetrieveProperties(specSet PropertyFilterSpec+) -> ObjectContent*
PropertyCollector.RetrievePropertiesEx(specSet PropertyFilterSpec+, options RetrieveOptions) -> RetrieveResult?
PropertyCollector.ContinueRetrievePropertiesEx(token string) -> RetrieveResult
PropertyCollector.CancelRetrievePropertiesEx(token string)
PropertyCollector.CreateFilter(spec PropertyFilterSpec, partialUpdates boolean) -> &PropertyFilter
PropertyCollector.CreatePropertyCollector() -> &PropertyCollector
PropertyCollector.DestroyPropertyCollector()
PropertyCollector.CheckForUpdates(version string?) -> UpdateSet?
PropertyCollector.WaitForUpdates(version string?) -> UpdateSet
PropertyCollector.WaitForUpdatesEx(version string?, options WaitOptions?) -> UpdateSet?
PropertyCollector.CancelWaitForUpdates()
PropertyFilter.DestroyPropertyFilter()
ViewManager.CreateContainerView(container &ManagedEntity, type string*, recursive boolean) -> &ContainerView
ViewManager.CreateListView(obj &ManagedObject*) -> &ListView
ListView.ModifyListView(add &ManagedObject*, remove &ManagedObject*) -> &ManagedObject*
ListView.ResetListView(obj &ManagedObject*) -> &ManagedObject*
View.DestroyView()
SearchIndex.FindByUuid(datacenter &Datacenter?, uuid string, vmSearch boolean, instanceUuid boolean?) -> &ManagedEntity?
SearchIndex.FindAllByUuid(datacenter &Datacenter?, uuid string, vmSearch boolean, instanceUuid boolean?) -> &ManagedEntity*
SearchIndex.FindByDatastorePath(datacenter &Datacenter, path string) -> &VirtualMachine?
SearchIndex.FindByDnsName(datacenter &Datacenter?, dnsName string, vmSearch boolean) -> &ManagedEntity?
SearchIndex.FindAllByDnsName(datacenter &Datacenter?, dnsName string, vmSearch boolean) -> &ManagedEntity*
SearchIndex.FindByIp(datacenter &Datacenter?, ip string, vmSearch boolean) -> &ManagedEntity?
SearchIndex.FindAllByIp(datacenter &Datacenter?, ip string, vmSearch boolean) -> &ManagedEntity*
SearchIndex.FindByInventoryPath(inventoryPath string) -> &ManagedEntity?
SearchIndex.FindChild(entity &ManagedEntity, name string) -> &ManagedEntity?
Folder.RegisterVM_Task(path string, name string?, asTemplate boolean, pool &ResourcePool?, host &HostSystem?) -> &Task
VirtualMachine.PowerOffVM_Task() -> &Task
VirtualMachine.PowerOnVM_Task(host &HostSystem?) -> &Task
VirtualMachine.ShutdownGuest()
VirtualMachine.UnregisterVM()
HostStorageSystem.RescanAllHba()
HostStorageSystem.RescanHba(hbaDevice string)
HostStorageSystem.RescanVmfs()
HostStorageSystem.RefreshStorageSystem()
HostStorageSystem.UnmountVmfsVolume(vmfsUuid string)
HostStorageSystem.MountVmfsVolume(vmfsUuid string)
HostStorageSystem.DetachScsiLun(lunUuid string)
HostStorageSystem.AttachScsiLun(lunUuid string)
HostStorageSystem.UnmountVmfsVolumeEx_Task(vmfsUuid string+) -> &Task
HostStorageSystem.MountVmfsVolumeEx_Task(vmfsUuid string+) -> &Task
HostStorageSystem.DetachScsiLunEx_Task(lunUuid string+) -> &Task
HostStorageSystem.AttachScsiLunEx_Task(lunUuid string+) -> &Task
HostStorageSystem.DeleteScsiLunState(lunCanonicalName string)
HostStorageSystem.DeleteVmfsVolumeState(vmfsUuid string)
HostStorageSystem.QueryUnresolvedVmfsVolume() -> HostUnresolvedVmfsVolume*
HostStorageSystem.ResolveMultipleUnresolvedVmfsVolumes(resolutionSpec HostUnresolvedVmfsResolutionSpec+) -> HostUnresolvedVmfsResolutionResult*
HostStorageSystem.ResolveMultipleUnresolvedVmfsVolumesEx_Task(resolutionSpec HostUnresolvedVmfsResolutionSpec+) -> &Task
HostDatastoreSystem.ResignatureUnresolvedVmfsVolume_Task(resolutionSpec HostUnresolvedVmfsResignatureSpec) -> &Task
HostDatastoreSystem.QueryUnresolvedVmfsVolumes() -> HostUnresolvedVmfsVolume*
HostDatastoreBrowser.SearchDatastore_Task(datastorePath string, searchSpec HostDatastoreBrowserSearchSpec?) -> &Task
HostDatastoreBrowser.SearchDatastoreSubFolders_Task(datastorePath string, searchSpec HostDatastoreBrowserSearchSpec?) -> &Task
Task.CancelTask()
`;
