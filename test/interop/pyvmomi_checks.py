"""What Debian's pyVmomi makes of the lab's vCenter.

Reads {"main", "shared", "username", "password", "expire"} as JSON from the first argument: ports of two labs, and the
operation whose next call ends the session. Prints one line a check, `ok NAME` or `not ok NAME: WHY`.
"""
import http.client
import json
import ssl
import sys
import traceback

from pyVim.connect import Disconnect, SmartConnect
from pyVim.task import WaitForTask, WaitForTasks
from pyVmomi import vim, vmodl

setup = json.loads(sys.argv[1])
context = ssl._create_unverified_context()
pc_types = vmodl.query.PropertyCollector


def connect(port, password=setup["password"]):
    return SmartConnect(
        host="127.0.0.1", port=port, user=setup["username"], pwd=password, sslContext=context
    )


def check(function):
    try:
        function()
        print("ok pyvmomi: " + function.__doc__)
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1].lineno
        why = " ".join(str(error).split())[:300]
        print("not ok pyvmomi: %s: line %d: %s %s" % (function.__doc__, where, type(error).__name__, why))
    sys.stdout.flush()
    return function


def refuses(fault, call, *args):
    """Exactly this fault, not a subclass and not a superclass."""
    try:
        call(*args)
    except vmodl.MethodFault as error:
        assert type(error) is fault, "got %s" % type(error).__name__
        return error
    raise AssertionError("no fault")


def traversal(name, kind, path, *more, **options):
    return pc_types.TraversalSpec(name=name, type=kind, path=path, selectSet=list(more), **options)


def named(name):
    return pc_types.SelectionSpec(name=name)


def filter_spec(start, kind, paths, selects, skip=True):
    return pc_types.FilterSpec(
        objectSet=[pc_types.ObjectSpec(obj=start, skip=skip, selectSet=selects)],
        propSet=[pc_types.PropertySpec(type=kind, pathSet=paths, all=False)],
    )


def by_type(kind, within=None):
    view = content.viewManager.CreateContainerView(within or content.rootFolder, [kind], True)
    found = list(view.view)
    view.Destroy()
    return found


def vm_named(name):
    return [vm for vm in by_type(vim.VirtualMachine) if vm.name == name][0]


@check
def wrong_password():
    """a wrong password is InvalidLogin"""
    refuses(vim.fault.InvalidLogin, connect, setup["main"], "wrong")


si = connect(setup["main"])
content = si.RetrieveContent()
host = [one for one in by_type(vim.HostSystem) if one.name == setup["host"]][0]
storage = host.configManager.storageSystem


def datastore_of_host():
    return [one for one in host.datastore if one.name == setup["label"]][0]


def lun_of(naa):
    return [lun for lun in storage.storageDeviceInfo.scsiLun if lun.canonicalName == naa][0]


@check
def signed_in():
    """signs in over TLS and sees its session"""
    assert content.about.apiType == "VirtualCenter"
    assert content.sessionManager.currentSession.userName == setup["username"]
    assert si.CurrentTime().year > 2000


@check
def walks_the_tree():
    """walks the inventory one property at a time"""
    seen = []

    def walk(entity):
        seen.append(entity)
        assert entity.name
        if entity is not content.rootFolder:
            assert entity.parent is not None
        if isinstance(entity, vim.Folder):
            for child in entity.childEntity:
                walk(child)
        if isinstance(entity, vim.Datacenter):
            for folder in (entity.vmFolder, entity.hostFolder, entity.datastoreFolder, entity.networkFolder):
                walk(folder)
        if isinstance(entity, vim.ComputeResource):
            for child in entity.host:
                walk(child)
            walk(entity.resourcePool)

    walk(content.rootFolder)
    kinds = {type(one).__name__ for one in seen}
    for kind in ("Datacenter", "HostSystem", "ResourcePool", "Datastore", "VirtualMachine", "Network"):
        assert "vim." + kind in kinds, kind


@check
def every_property():
    """reads every property of every kind of object that it knows"""
    pool = by_type(vim.ResourcePool)[0]
    objects = [content.rootFolder, by_type(vim.Datacenter)[0], by_type(vim.ComputeResource)[0], pool, host]
    objects += [datastore_of_host(), vm_named("web-01"), by_type(vim.Network)[0], storage, datastore_of_host().browser]
    objects += [host.configManager.datastoreSystem, content.viewManager, content.taskManager, content.propertyCollector]
    for one in objects:
        for prop in one._GetPropertyList():
            getattr(one, prop.name)


@check
def unreadable_property():
    """a property that it may not read is a typed NoPermission"""
    refuses(vim.fault.NoPermission, lambda: content.sessionManager.sessionList)


@check
def datastores_and_vms():
    """reads datastores with extents and VMs with power states in one traversal"""
    down = traversal("down", vim.Folder, "childEntity", named("down"), traversal(
        "stores", vim.Datacenter, "datastore", traversal("vms", vim.Datastore, "vm")))
    spec = pc_types.FilterSpec(
        objectSet=[pc_types.ObjectSpec(obj=content.rootFolder, skip=True, selectSet=[down])],
        propSet=[
            pc_types.PropertySpec(type=vim.Datastore, pathSet=["name", "info", "host", "summary.accessible"]),
            pc_types.PropertySpec(type=vim.VirtualMachine, pathSet=["name", "runtime.powerState", "config.files.vmPathName"]),
        ],
    )
    found = content.propertyCollector.RetrieveContents([spec])
    stores = [one for one in found if isinstance(one.obj, vim.Datastore)]
    vms = [{p.name: p.val for p in one.propSet} for one in found if isinstance(one.obj, vim.VirtualMachine)]
    values = {p.name: p.val for p in stores[0].propSet}
    extent = values["info"].vmfs.extent[0]
    assert extent.diskName.startswith("naa.") and extent.partition == 1
    assert values["host"][0].mountInfo.accessible and values["summary.accessible"] is True
    assert {vm["runtime.powerState"] for vm in vms} == {"poweredOn", "poweredOff"}
    assert all(vm["config.files.vmPathName"].startswith("[" + values["name"] + "] ") for vm in vms)


@check
def inheritance_and_paging():
    """matches ManagedEntity by inheritance and pages by token"""
    down = [
        traversal("folder", vim.Folder, "childEntity", named("folder"), named("dcVm"), named("dcHost")),
        traversal("dcVm", vim.Datacenter, "vmFolder", named("folder")),
        traversal("dcHost", vim.Datacenter, "hostFolder", named("folder")),
    ]
    spec = filter_spec(content.rootFolder, vim.ManagedEntity, ["name", "parent"], down, skip=False)
    collector = content.propertyCollector
    page = collector.RetrievePropertiesEx([spec], pc_types.RetrieveOptions(maxObjects=2))
    objects = list(page.objects)
    while page.token:
        assert len(page.objects) == 2
        page = collector.ContinueRetrievePropertiesEx(page.token)
        objects += page.objects
    whole = collector.RetrieveProperties([spec])
    assert [str(one.obj) for one in objects] == [str(one.obj) for one in whole]
    assert content.rootFolder in [one.obj for one in objects] and len(objects) > 8
    first = collector.RetrievePropertiesEx([spec], pc_types.RetrieveOptions(maxObjects=1))
    collector.CancelRetrievePropertiesEx(first.token)
    refuses(vmodl.fault.InvalidArgument, collector.ContinueRetrievePropertiesEx, first.token)
    refuses(vmodl.query.InvalidProperty, collector.RetrieveProperties, [
        filter_spec(content.rootFolder, vim.ManagedEntity, ["nonsense"], [])])


@check
def searches():
    """finds hosts by IP and DNS name, VMs by UUID and by path"""
    index = content.searchIndex
    assert index.FindByIp(None, setup["host"], False) == host
    assert index.FindAllByIp(None, "192.0.2.1", False) == []
    name = host.config.network.dnsConfig
    assert index.FindByDnsName(None, name.hostName + "." + name.domainName, False) == host
    vm = vm_named("web-01")
    assert index.FindByUuid(None, vm.config.instanceUuid, True, True) == vm
    assert index.FindByIp(None, vm.guest.ipAddress, True) == vm
    datacenter = host.parent.parent.parent
    assert index.FindByInventoryPath("%s/vm/web-01" % datacenter.name) == vm
    assert index.FindByInventoryPath("/%s/host/%s/%s/" % (datacenter.name, host.name, host.name)) == host
    assert index.FindByInventoryPath("nowhere/vm") is None
    assert index.FindByDatastorePath(datacenter, vm.config.files.vmPathName) == vm


@check
def files_on_datastore():
    """searches for VMX files, nested folders and templates included"""
    store = datastore_of_host()
    spec = vim.host.DatastoreBrowser.SearchSpec(matchPattern=["*.vmx", "*.vmtx"])
    task = store.browser.SearchDatastoreSubFolders_Task("[%s]" % store.name, spec)
    WaitForTask(task, si=si)
    paths = [(result.folderPath, one.path) for result in task.info.result for one in result.file]
    assert ("[%s] web-01/" % store.name, "web-01.vmx") in paths
    assert any(path.endswith(".vmtx") for _, path in paths)
    assert any("/" in folder.split("] ", 1)[1].rstrip("/") for folder, _ in paths)
    query = vim.host.DatastoreBrowser.SearchSpec(
        query=[vim.host.DatastoreBrowser.VmConfigQuery()],
        details=vim.host.DatastoreBrowser.FileInfo.Details(fileType=True, fileSize=True, modification=True, fileOwner=True),
    )
    task = store.browser.SearchDatastore_Task("[%s] web-01" % store.name, query)
    WaitForTask(task, si=si)
    (found,) = task.info.result.file
    assert isinstance(found, vim.host.DatastoreBrowser.VmConfigInfo) and found.fileSize > 0
    missing = store.browser.SearchDatastore_Task("[%s] no-such" % store.name, query)
    refuses(vim.fault.FileNotFound, WaitForTask, missing, True, si)
    elsewhere = store.browser.SearchDatastore_Task("[no-such]", query)
    refuses(vim.fault.InvalidDatastore, WaitForTask, elsewhere, True, si)


@check
def refused_while_in_use():
    """unmount with registered VMs and detach of a mounted disk are ResourceInUse"""
    info = datastore_of_host().info.vmfs
    refuses(vim.fault.ResourceInUse, storage.UnmountVmfsVolume, info.uuid)
    refuses(vim.fault.ResourceInUse, storage.DetachScsiLun, lun_of(info.extent[0].diskName).uuid)


@check
def guest_shutdown():
    """guest shutdown works with tools and is ToolsUnavailable without"""
    refuses(vim.fault.ToolsUnavailable, vm_named(setup["noTools"]).ShutdownGuest)
    vm = vm_named("web-01")
    collector = content.propertyCollector.CreatePropertyCollector()
    collector.CreateFilter(filter_spec(vm, vim.VirtualMachine, ["runtime.powerState"], [], skip=False), False)
    update = collector.WaitForUpdatesEx("", pc_types.WaitOptions(maxWaitSeconds=10))
    assert update.filterSet[0].objectSet[0].kind == "enter"
    vm.ShutdownGuest()
    update = collector.WaitForUpdatesEx(update.version, pc_types.WaitOptions(maxWaitSeconds=10))
    (change,) = update.filterSet[0].objectSet[0].changeSet
    assert (change.name, change.op, change.val) == ("runtime.powerState", "assign", "poweredOff")
    assert collector.WaitForUpdatesEx(update.version, pc_types.WaitOptions(maxWaitSeconds=0)) is None
    refuses(vmodl.query.InvalidCollectorVersion, collector.WaitForUpdatesEx, "no-such-version")
    collector.Destroy()


@check
def power():
    """powers off and on with its own task helpers, and gets typed refusals"""
    vm = vm_named(setup["noTools"])
    refuses(vim.fault.InvalidPowerState, vm.UnregisterVM)
    WaitForTask(vm.PowerOffVM_Task(), si=si)
    assert vm.runtime.powerState == "poweredOff"
    fault = refuses(vim.fault.InvalidPowerState, vm.PowerOffVM_Task)
    assert (fault.requestedState, fault.existingState) == ("poweredOff", "poweredOff")
    WaitForTask(vm.PowerOnVM_Task(), si=si)
    refuses(vim.fault.InvalidPowerState, vm.PowerOnVM_Task)
    WaitForTasks([vm.PowerOffVM_Task()], si=si)
    refuses(vmodl.fault.NotSupported, WaitForTask, vm_named("tpl-base").PowerOnVM_Task(), True, si)


@check
def registration():
    """unregisters and registers, with typed faults in the tasks"""
    vm = vm_named("db-01")
    path, folder, pool = vm.config.files.vmPathName, vm.parent, vm.resourcePool
    vm.UnregisterVM()
    refuses(vmodl.fault.ManagedObjectNotFound, lambda: vm.name)
    task = folder.RegisterVM_Task(path, None, False, pool, host)
    WaitForTask(task, si=si)
    assert task.info.name.info.wsdlName == "RegisterVM_Task" and task.info.descriptionId == "Folder.registerVm"
    assert task.info.result.config.files.vmPathName == path and task.info.result != vm
    refuses(vim.fault.AlreadyExists, WaitForTask, folder.RegisterVM_Task(path, None, False, pool, host), True, si)
    absent = path.replace("db-01.vmx", "no-such.vmx")
    refuses(vim.fault.NotFound, WaitForTask, folder.RegisterVM_Task(absent, None, False, pool, host), True, si)
    nowhere = "[no-such] x/x.vmx"
    refuses(vim.fault.InvalidDatastore, WaitForTask, folder.RegisterVM_Task(nowhere, None, False, pool, host), True, si)
    refuses(vmodl.fault.InvalidArgument, WaitForTask, folder.RegisterVM_Task(path, None, False, None, host), True, si)


@check
def unmount_and_detach():
    """unmounts, detaches, attaches and mounts, and is refused when that was done before"""
    store = datastore_of_host()
    uuid, naa = store.info.vmfs.uuid, store.info.vmfs.extent[0].diskName
    disk = lun_of(naa).uuid
    for vm in list(store.vm):
        vm.UnregisterVM()
    refuses(vim.fault.NotFound, storage.UnmountVmfsVolume, "00000000-00000000-0000-000000000000")
    refuses(vim.fault.NotFound, storage.MountVmfsVolume, "00000000-00000000-0000-000000000000")
    refuses(vim.fault.InvalidState, storage.MountVmfsVolume, uuid)
    storage.UnmountVmfsVolume(uuid)
    refuses(vim.fault.InvalidState, storage.UnmountVmfsVolume, uuid)
    (mount,) = [one for one in storage.fileSystemVolumeInfo.mountInfo if one.volume.uuid == uuid]
    assert mount.mountInfo.mounted is False and mount.volume.extent[0].diskName == naa
    refuses(vim.fault.InvalidState, storage.AttachScsiLun, disk)
    storage.DetachScsiLun(disk)
    assert lun_of(naa).operationalState[0] == "off"
    refuses(vim.fault.InvalidState, storage.DetachScsiLun, disk)
    refuses(vim.fault.NotFound, storage.MountVmfsVolume, uuid)
    refuses(vim.fault.NotFound, storage.DetachScsiLun, "no-such-lun")
    storage.AttachScsiLun(disk)
    storage.RescanVmfs()
    storage.MountVmfsVolume(uuid)
    assert datastore_of_host().summary.accessible
    storage.UnmountVmfsVolume(uuid)
    storage.DetachScsiLun(disk)
    storage.DeleteScsiLunState(naa)
    refuses(vim.fault.NotFound, storage.DeleteScsiLunState, naa)
    storage.DeleteVmfsVolumeState(uuid)
    refuses(vim.fault.NotFound, storage.DeleteVmfsVolumeState, uuid)


@check
def force_mount():
    """rescans, finds the unresolved copy, force-mounts it and registers from it"""
    assert not [lun for lun in storage.storageDeviceInfo.scsiLun if lun.canonicalName == setup["copyNaa"]]
    storage.RescanAllHba()
    assert lun_of(setup["copyNaa"]).operationalState == ["ok"]
    storage.RescanHba(storage.storageDeviceInfo.hostBusAdapter[0].device)
    storage.RefreshStorageSystem()
    storage.RescanVmfs()
    copies = storage.QueryUnresolvedVmfsVolume()
    assert len(host.configManager.datastoreSystem.QueryUnresolvedVmfsVolumes()) == len(copies)
    (copy,) = [one for one in copies if one.extent[0].device.diskName == setup["copyNaa"]]
    assert copy.resolveStatus.resolvable and copy.extent[0].isHeadExtent
    spec = vim.host.UnresolvedVmfsResolutionSpec(
        extentDevicePath=[copy.extent[0].devicePath], uuidResolution="forceMount")
    (result,) = storage.ResolveMultipleUnresolvedVmfsVolumes([spec])
    assert result.fault is None and result.vmfs.uuid == copy.vmfsUuid
    assert result.vmfs.forceMountedInfo.persist
    (again,) = storage.ResolveMultipleUnresolvedVmfsVolumes([spec])
    assert type(again.fault) is vim.fault.NotFound, again.fault
    refuses(vmodl.fault.InvalidArgument, storage.ResolveMultipleUnresolvedVmfsVolumes, [
        vim.host.UnresolvedVmfsResolutionSpec(extentDevicePath=["x"], uuidResolution="forceMounted")])
    store = [one for one in host.datastore if one.info.vmfs.uuid == copy.vmfsUuid][0]
    task = store.browser.SearchDatastoreSubFolders_Task(
        "[%s]" % store.name, vim.host.DatastoreBrowser.SearchSpec(matchPattern=["*.vmx"]))
    WaitForTask(task, si=si)
    folder, pool = host.parent.parent.parent.vmFolder, host.parent.resourcePool
    found = [result.folderPath + one.path for result in task.info.result for one in result.file]
    tasks = [folder.RegisterVM_Task(path, None, False, pool, host) for path in found]
    results = []
    WaitForTasks(tasks, si=si, results=results)
    assert len(results) == len(found) > 2
    assert {str(vm) for vm in store.vm} == {str(vm) for vm in results}


@check
def views():
    """keeps list views, and waits with the old WaitForUpdates through them"""
    vms = by_type(vim.VirtualMachine)
    view = content.viewManager.CreateListView(vms[:1])
    view.ModifyListView(vms[1:2], [])
    assert list(view.view) == vms[:2]
    collector = content.propertyCollector.CreatePropertyCollector()
    members = traversal("members", vim.view.ListView, "view")
    made = collector.CreateFilter(filter_spec(view, vim.VirtualMachine, ["name"], [members]), True)
    update = collector.WaitForUpdates(None)
    assert len(update.filterSet[0].objectSet) == 2
    view.ModifyListView([], vms[:1])
    update = collector.WaitForUpdates(update.version)
    (left,) = update.filterSet[0].objectSet
    assert left.kind == "leave" and left.obj == vms[0]
    made.Destroy()
    collector.Destroy()
    view.Destroy()
    refuses(vmodl.fault.ManagedObjectNotFound, lambda: view.view)


@check
def signature_mounted():
    """a force mount of a signature that is mounted in the Datacenter carries VmfsAlreadyMounted in its result"""
    other = connect(setup["shared"])
    index = other.RetrieveContent().searchIndex
    system = index.FindByIp(None, setup["host"], False).configManager.storageSystem
    system.RescanAllHba()
    system.RescanVmfs()
    (copy,) = system.QueryUnresolvedVmfsVolume()
    (result,) = system.ResolveMultipleUnresolvedVmfsVolumes([vim.host.UnresolvedVmfsResolutionSpec(
        extentDevicePath=[copy.extent[0].devicePath], uuidResolution="forceMount")])
    assert type(result.fault) is vim.fault.VmfsAlreadyMounted, result.fault
    assert result.fault.uuid == copy.vmfsUuid and result.vmfs is None
    Disconnect(other)


@check
def storage_tasks():
    """resolves, resignatures, unmounts, detaches, attaches and mounts by tasks, refusals told one by one"""
    other = connect(setup["shared"])
    target = other.RetrieveContent().searchIndex.FindByIp(None, setup["host"], False)
    system, datastores = target.configManager.storageSystem, target.configManager.datastoreSystem

    def outcome(task):
        WaitForTask(task, si=other)
        name = task.info.name.info.wsdlName
        assert name.endswith("_Task") and task.info.descriptionId.startswith("host."), task.info
        assert task.info.entity == target
        return task.info.result

    def faults(task):
        return [type(one.fault) if one.fault else None for one in outcome(task)]

    (copy,) = system.QueryUnresolvedVmfsVolume()
    path = copy.extent[0].devicePath
    (result,) = outcome(system.ResolveMultipleUnresolvedVmfsVolumesEx_Task([
        vim.host.UnresolvedVmfsResolutionSpec(extentDevicePath=[path], uuidResolution="forceMount")]))
    assert type(result.fault) is vim.fault.VmfsAlreadyMounted and result.vmfs is None
    refuses(vmodl.fault.InvalidArgument, system.ResolveMultipleUnresolvedVmfsVolumesEx_Task, [
        vim.host.UnresolvedVmfsResolutionSpec(extentDevicePath=[path], uuidResolution="forceMounted")])
    made = outcome(datastores.ResignatureUnresolvedVmfsVolume_Task(
        vim.host.UnresolvedVmfsResignatureSpec(extentDevicePath=[path])))
    volume = made.result.info.vmfs
    assert [one.host for one in made.rescan] == [target]
    assert volume.uuid != copy.vmfsUuid and volume.name.startswith("snap-") and made.result.summary.accessible
    assert volume.extent[0].diskName == copy.extent[0].device.diskName and volume.forceMountedInfo is None
    assert system.QueryUnresolvedVmfsVolume() == []
    again = datastores.ResignatureUnresolvedVmfsVolume_Task(
        vim.host.UnresolvedVmfsResignatureSpec(extentDevicePath=[path]))
    refuses(vim.fault.HostConfigFault, WaitForTask, again, True, other)
    (disk,) = [lun.uuid for lun in system.storageDeviceInfo.scsiLun if lun.canonicalName == volume.extent[0].diskName]
    nowhere = "00000000-00000000-0000-000000000000"
    (key,) = [one.key for one in outcome(system.MountVmfsVolumeEx_Task([nowhere]))]
    assert key == nowhere
    assert faults(system.DetachScsiLunEx_Task([disk])) == [vim.fault.ResourceInUse]
    assert faults(system.UnmountVmfsVolumeEx_Task([volume.uuid, nowhere])) == [None, vim.fault.NotFound]
    assert faults(system.UnmountVmfsVolumeEx_Task([volume.uuid])) == [vim.fault.InvalidState]
    assert faults(system.DetachScsiLunEx_Task([disk, "no-such-lun"])) == [None, vim.fault.NotFound]
    assert faults(system.DetachScsiLunEx_Task([disk])) == [vim.fault.InvalidState]
    assert faults(system.AttachScsiLunEx_Task([disk])) == [None]
    system.RescanVmfs()
    assert faults(system.MountVmfsVolumeEx_Task([volume.uuid])) == [None]
    assert faults(system.MountVmfsVolumeEx_Task([volume.uuid])) == [vim.fault.InvalidState]
    Disconnect(other)


def post(body):
    connection = http.client.HTTPSConnection("127.0.0.1", setup["main"], context=context)
    envelope = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"'
        ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><s:Body>%s</s:Body></s:Envelope>' % body
    )
    connection.request("POST", "/sdk", envelope, {
        "SOAPAction": "urn:vim25/6.7", "Content-Type": "text/xml", "Cookie": si._stub.cookie})
    response = connection.getresponse()
    return response.status, response.read().decode()


@check
def out_of_order():
    """a request out of schema order is InvalidRequest"""
    this = '<v:_this type="SearchIndex">SearchIndex</v:_this>'
    good = "<v:ip>192.0.2.1</v:ip><v:vmSearch>false</v:vmSearch>"
    bad = "<v:vmSearch>false</v:vmSearch><v:ip>192.0.2.1</v:ip>"
    frame = '<v:FindByIp xmlns:v="urn:vim25">%s</v:FindByIp>'
    assert post(frame % (this + good))[0] == 200
    status, text = post(frame % (this + bad))
    assert status == 500 and 'xsi:type="InvalidRequest"' in text and "Unexpected element tag" in text, text


@check
def expired():
    """an expired session is NotAuthenticated, and so is a call without one"""
    refuses(vim.fault.NotAuthenticated, content.searchIndex.FindByDnsName, None, "x", False)
    refuses(vim.fault.NotAuthenticated, si.CurrentTime)
    again = connect(setup["main"])
    assert again.CurrentTime()
    again.RetrieveContent().sessionManager.Logout()
    refuses(vim.fault.NotAuthenticated, again.CurrentTime)
