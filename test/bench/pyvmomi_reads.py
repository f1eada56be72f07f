"""Reads a datastore with its VMs as pyVmomi's users do, once or more, and prints one JSON line with the times in ms, the
first with the sign-in. Arguments: `collector` (one traversal with the PropertyCollector, the properties that atvm_prep
reads) or `one-at-a-time` (attribute by attribute), and how often. Standard input: the lab's JSON line.
"""
import json
import resource
import ssl
import sys
import time
from urllib.parse import urlsplit

from pyVim.connect import Disconnect, SmartConnect
from pyVmomi import vim, vmodl

how, times = sys.argv[1], int(sys.argv[2])
vcenter = json.load(sys.stdin)["vcenter"]
url = urlsplit(vcenter["url"])
pc = vmodl.query.PropertyCollector

VM_PROPERTIES = [
    "name",
    "datastore",
    "guest.toolsRunningStatus",
    "runtime.connectionState",
    "runtime.host",
    "runtime.powerState",
    "summary.config.instanceUuid",
    "summary.config.template",
    "summary.config.vmPathName",
]


def retrieve(content, start, kind, paths, selects):
    collector = content.propertyCollector
    spec = pc.FilterSpec(
        objectSet=[pc.ObjectSpec(obj=start, skip=True, selectSet=selects)],
        propSet=[pc.PropertySpec(type=kind, pathSet=paths, all=False)],
    )
    page = collector.RetrievePropertiesEx([spec], pc.RetrieveOptions())
    objects = []
    while page is not None:
        objects += page.objects
        page = collector.ContinueRetrievePropertiesEx(page.token) if page.token else None
    return [dict([("obj", each.obj)] + [(p.name, p.val) for p in each.propSet]) for each in objects]


def traversal(name, kind, path, *onward):
    selects = [pc.SelectionSpec(name=each) for each in onward]
    return pc.TraversalSpec(name=name, type=kind, path=path, skip=False, selectSet=selects)


def with_collector(content):
    below_root = [
        traversal("folder", vim.Folder, "childEntity", "folder", "datastores"),
        traversal("datastores", vim.Datacenter, "datastore"),
    ]
    datastores = retrieve(content, content.rootFolder, vim.Datastore, ["name", "info"], below_root)
    vms = []
    for datastore in datastores:
        below = [traversal("vms", vim.Datastore, "vm")]
        vms += retrieve(content, datastore["obj"], vim.VirtualMachine, VM_PROPERTIES, below)
    return [(vm["name"], vm["runtime.powerState"], vm["summary.config.vmPathName"]) for vm in vms]


def one_at_a_time(content):
    vms = []
    for datacenter in content.rootFolder.childEntity:
        for datastore in datacenter.datastore:
            assert datastore.info.vmfs.extent[0].diskName
            for vm in datastore.vm:
                vms.append((vm.name, vm.runtime.powerState, vm.summary.config.vmPathName))
    return vms


read = with_collector if how == "collector" else one_at_a_time
begun = time.perf_counter()
instance = SmartConnect(
    host=url.hostname,
    port=url.port,
    user=vcenter["username"],
    pwd=vcenter["password"],
    sslContext=ssl._create_unverified_context(),
)
content = instance.RetrieveContent()
read_ms = []
for _ in range(times):
    vms = read(content)
    read_ms.append((time.perf_counter() - begun) * 1000)
    begun = time.perf_counter()
Disconnect(instance)
rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"readMs": read_ms, "vms": len(vms), "rssMiB": rss}))
