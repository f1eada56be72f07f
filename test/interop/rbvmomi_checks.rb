# What Debian's rbvmomi makes of the lab's vCenter. Input and output are those of pyvmomi_checks.py.
require "json"
require "rbvmomi"

SETUP = JSON.parse(ARGV[0])
VIM = RbVmomi::VIM

def connect(port, password = SETUP["password"])
  VIM.connect(host: "127.0.0.1", port: port, insecure: true, user: SETUP["username"], password: password)
end

def check(name)
  yield
  puts "ok rbvmomi: #{name}"
rescue StandardError => e
  puts "not ok rbvmomi: #{name}: #{e.class} #{e.message[0, 300]} #{e.backtrace.grep(/rbvmomi_checks/).first}".gsub(/\s+/, " ")
ensure
  $stdout.flush
end

def assert(truth, why = "assertion failed")
  raise why unless truth
end

def refuses(type)
  yield
rescue RbVmomi::Fault => e
  assert e.fault.class.wsdl_name == type, "got #{e.fault.class.wsdl_name}"
else
  raise "no fault"
end

check("a wrong password is InvalidLogin") { refuses("InvalidLogin") { connect(SETUP["main"], "wrong") } }

vim = connect(SETUP["main"])
content = vim.serviceContent
host = content.searchIndex.FindByIp(ip: SETUP["host"], vmSearch: false)
storage = host.configManager.storageSystem
store_of = ->(label) { host.datastore.find { |one| one.name == label } }
view_of = lambda do |type|
  content.viewManager.CreateContainerView(container: content.rootFolder, type: [type], recursive: true).view
end
vm_named = ->(name) { view_of.("VirtualMachine").find { |vm| vm.name == name } }
lun_of = ->(naa) { storage.storageDeviceInfo.scsiLun.find { |lun| lun.canonicalName == naa } }

check("signs in over TLS and sees its session") do
  assert content.about.apiType == "VirtualCenter"
  assert content.sessionManager.currentSession.userName == SETUP["username"]
  assert vim.serviceInstance.CurrentTime.year > 2000
end

check("walks the inventory by its own helpers") do
  datacenter = vim.serviceInstance.find_datacenter(host.parent.parent.parent.name)
  assert datacenter.find_vm("web-01").is_a?(VIM::VirtualMachine)
  assert datacenter.find_datastore(SETUP["label"]).is_a?(VIM::Datastore)
  assert datacenter.find_compute_resource(host.name).host.first == host
  assert datacenter.vmFolder.childEntity.size > 3
end

check("reads datastores with extents and VMs with power states in one traversal") do
  spec = VIM.PropertyFilterSpec(
    objectSet: [{
      obj: content.rootFolder,
      skip: true,
      selectSet: [VIM.TraversalSpec(name: "down", type: "Folder", path: "childEntity", selectSet: [
        VIM.SelectionSpec(name: "down"),
        VIM.TraversalSpec(type: "Datacenter", path: "datastore", selectSet: [
          VIM.TraversalSpec(type: "Datastore", path: "vm"),
        ]),
      ])],
    }],
    propSet: [
      { type: "Datastore", pathSet: ["name", "info"] },
      { type: "VirtualMachine", pathSet: ["name", "runtime.powerState"] },
    ]
  )
  found = vim.propertyCollector.RetrieveProperties(specSet: [spec])
  stores, vms = found.partition { |one| one.obj.is_a?(VIM::Datastore) }
  assert stores.first["info"].vmfs.extent.first.diskName.start_with?("naa.")
  assert vms.map { |vm| vm["runtime.powerState"] }.uniq.sort == %w[poweredOff poweredOn]
end

check("reads whole objects") do
  vm = vm_named.("web-01")
  assert vm.config.hardware.device.grep(VIM::VirtualDisk).first.backing.fileName.end_with?(".vmdk")
  assert vm.summary.runtime.host == host
  assert host.config.network.vnic.first.spec.ip.ipAddress == SETUP["host"]
  assert host.summary.hardware.memorySize > 2**32
  assert storage.fileSystemVolumeInfo.mountInfo.first.volume.is_a?(VIM::HostVmfsVolume)
  assert storage.storageDeviceInfo.hostBusAdapter.first.portWorldWideName > 2**53
end

check("searches for VMX files and waits for the task by its own helper") do
  store = store_of.(SETUP["label"])
  results = store.browser.SearchDatastoreSubFolders_Task(
    datastorePath: "[#{store.name}]",
    searchSpec: { query: [VIM.VmConfigFileQuery], matchPattern: ["*.vmx"] }
  ).wait_for_completion
  files = results.flat_map { |one| one.file.map { |file| one.folderPath + file.path } }
  assert files.include?("[#{store.name}] web-01/web-01.vmx")
  task = store.browser.SearchDatastore_Task(datastorePath: "[#{store.name}] no-such")
  refuses("FileNotFound") { task.wait_for_completion }
end

check("shuts guests down, powers off and on, with typed refusals") do
  refuses("ToolsUnavailable") { vm_named.(SETUP["noTools"]).ShutdownGuest }
  vm = vm_named.(SETUP["noTools"])
  refuses("InvalidPowerState") { vm.UnregisterVM }
  vm.PowerOffVM_Task.wait_for_completion
  refuses("InvalidPowerState") { vm.PowerOffVM_Task }
  vm.PowerOnVM_Task.wait_for_completion
  vm.PowerOffVM_Task.wait_for_completion
  vm_named.("web-01").PowerOffVM_Task.wait_for_completion
end

check("unregisters and registers") do
  vm = vm_named.("db-01")
  path, folder, pool = vm.config.files.vmPathName, vm.parent, vm.resourcePool
  vm.UnregisterVM
  refuses("ManagedObjectNotFound") { vm.name }
  registered = folder.RegisterVM_Task(path: path, asTemplate: false, pool: pool, host: host).wait_for_completion
  assert registered.summary.config.vmPathName == path
  task = folder.RegisterVM_Task(path: path, asTemplate: false, pool: pool)
  refuses("AlreadyExists") { task.wait_for_completion }
end

check("unmounts, detaches, attaches and mounts, and is refused when that was done before") do
  store = store_of.(SETUP["label"])
  uuid, naa = store.info.vmfs.uuid, store.info.vmfs.extent.first.diskName
  disk = lun_of.(naa).uuid
  refuses("ResourceInUse") { storage.UnmountVmfsVolume(vmfsUuid: uuid) }
  refuses("ResourceInUse") { storage.DetachScsiLun(lunUuid: disk) }
  store.vm.each(&:UnregisterVM)
  storage.UnmountVmfsVolume(vmfsUuid: uuid)
  refuses("InvalidState") { storage.UnmountVmfsVolume(vmfsUuid: uuid) }
  storage.DetachScsiLun(lunUuid: disk)
  refuses("InvalidState") { storage.DetachScsiLun(lunUuid: disk) }
  refuses("NotFound") { storage.MountVmfsVolume(vmfsUuid: uuid) }
  storage.AttachScsiLun(lunUuid: disk)
  refuses("InvalidState") { storage.AttachScsiLun(lunUuid: disk) }
  storage.RescanVmfs
  storage.MountVmfsVolume(vmfsUuid: uuid)
  refuses("InvalidState") { storage.MountVmfsVolume(vmfsUuid: uuid) }
  assert store_of.(SETUP["label"]).summary.accessible
end

check("rescans, finds the unresolved copy and force-mounts it") do
  storage.RescanAllHba
  storage.RescanVmfs
  copy = storage.QueryUnresolvedVmfsVolume.find { |one| one.extent.first.device.diskName == SETUP["copyNaa"] }
  assert copy.resolveStatus.resolvable
  result = storage.ResolveMultipleUnresolvedVmfsVolumes(
    resolutionSpec: [{ extentDevicePath: [copy.extent.first.devicePath], uuidResolution: "forceMount" }]
  ).first
  assert result.fault.nil? && result.vmfs.forceMountedInfo.persist
  assert host.configManager.datastoreSystem.QueryUnresolvedVmfsVolumes.empty?
end

check("a force mount of a signature that is mounted in the Datacenter carries VmfsAlreadyMounted in its result") do
  other = connect(SETUP["shared"])
  system = other.serviceContent.searchIndex.FindByIp(ip: SETUP["host"], vmSearch: false).configManager.storageSystem
  system.RescanAllHba
  system.RescanVmfs
  copy = system.QueryUnresolvedVmfsVolume.first
  result = system.ResolveMultipleUnresolvedVmfsVolumes(
    resolutionSpec: [{ extentDevicePath: [copy.extent.first.devicePath], uuidResolution: "forceMount" }]
  ).first
  assert result.fault.fault.class.wsdl_name == "VmfsAlreadyMounted"
  other.close
end

check("resolves and resignatures by tasks, a refusal told in the result") do
  other = connect(SETUP["shared"])
  target = other.serviceContent.searchIndex.FindByIp(ip: SETUP["host"], vmSearch: false)
  system = target.configManager.storageSystem
  paths = [system.QueryUnresolvedVmfsVolume.first.extent.first.devicePath]
  result = system.ResolveMultipleUnresolvedVmfsVolumesEx_Task(
    resolutionSpec: [{ extentDevicePath: paths, uuidResolution: "forceMount" }]
  ).wait_for_completion.first
  assert result.fault.fault.class.wsdl_name == "VmfsAlreadyMounted"
  made = target.configManager.datastoreSystem.ResignatureUnresolvedVmfsVolume_Task(
    resolutionSpec: { extentDevicePath: paths }
  ).wait_for_completion
  assert made.result.summary.accessible && made.result.name.start_with?("snap-")
  assert system.QueryUnresolvedVmfsVolume.empty?
  other.close
end

check("an expired session is NotAuthenticated") do
  refuses("NotAuthenticated") { content.searchIndex.FindByDnsName(dnsName: "x", vmSearch: false) }
  refuses("NotAuthenticated") { vim.serviceInstance.CurrentTime }
end
