"""Ansible's `community.vmware` collection (Debian's `ansible`) against the lab's vCenter.

Takes {"main", "username", "password", "host", "label", "datacenter"} as JSON in the first argument, runs the collection's
modules, each in a process of its own over TLS, and prints `ok …` or `not ok …` for each check.
"""
import json
import subprocess
import sys

setup = json.loads(sys.argv[1])
# The module of power tells a VM's pending question through an encoder of later pyVmomi releases than Debian's: a VM without a
# question has nothing for it to encode.
RUN = """
import json, runpy
from pyVmomi import VmomiSupport
if not hasattr(VmomiSupport, "VmomiJSONEncoder"):
    class Encoder(json.JSONEncoder):
        def __init__(self, strip_dynamic=False, **more):
            super().__init__(**more)
    VmomiSupport.VmomiJSONEncoder = Encoder
runpy.run_module("ansible_collections.community.vmware.plugins.modules.vmware_%s", run_name="__main__")
"""
CONNECTION = {
    "hostname": "127.0.0.1",
    "port": setup["main"],
    "username": setup["username"],
    "password": setup["password"],
    "validate_certs": False,
}


def play(module, **args):
    """What the module says of itself: {"changed": …} or {"failed": true, "msg": …}."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", RUN % module],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": {**CONNECTION, **args}}),
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        return json.loads(done.stdout.strip().splitlines()[-1])
    except (IndexError, ValueError):
        return {"failed": True, "msg": "%s %s" % (done.stdout[-300:], done.stderr[-900:])}


def check(name, judge, said):
    """`judge` looks at what a module said; what it cannot find is a failed check as well."""
    try:
        passed = not said.get("failed") and judge(said)
    except (KeyError, IndexError, TypeError, StopIteration) as missing:
        passed, said = False, "%r in %s" % (missing, said)
    line = " ".join(str(said).split())[-900:]
    print("%s community.vmware: %s%s" % ("ok" if passed else "not ok", name, "" if passed else ": %s" % line), flush=True)


def vms():
    return {vm["guest_name"]: vm for vm in play("vm_info").get("virtual_machines", [])}


check("about", lambda said: said["about_info"]["api_type"] == "VirtualCenter", play("about_info"))
check(
    "datacenters",
    lambda said: setup["datacenter"] in [one["name"] for one in said["datacenter_info"]],
    play("datacenter_info"),
)
check(
    "host facts, its hardware among them",
    lambda said: said["ansible_facts"]["ansible_memtotal_mb"] > 0
    and setup["label"] in [one["name"] for one in said["ansible_facts"]["ansible_datastore"]],
    play("host_facts", esxi_hostname=setup["host"]),
)
check("a rescan of storage", lambda said: said["changed"], play("host_scanhba", esxi_hostname=setup["host"]))
check(
    "disks, with their targets",
    lambda said: any(disk["canonical_name"].startswith("naa.") for disk in said["hosts_disk_info"][setup["host"]]),
    play("host_disk_info", esxi_hostname=setup["host"]),
)
check(
    "datastores",
    lambda said: next(one for one in said["datastores"] if one["name"] == setup["label"])["accessible"],
    play("datastore_info", datacenter=setup["datacenter"]),
)
check("VMs and their power", lambda said: said["web-01"]["power_state"] == "poweredOn", vms())
check(
    "guest tools",
    lambda said: said["vmtools_info"]["vm_tools_running_status"] == "guestToolsRunning",
    play("guest_tools_info", datacenter=setup["datacenter"], name="web-01"),
)
check("VMkernel adapters", lambda said: setup["host"] in said["host_vmk_info"], play("vmkernel_info", esxi_hostname=setup["host"]))
check(
    "permissions",
    lambda said: isinstance(said["permission_info"], list),
    play("object_role_permission_info", object_name=setup["host"], object_type="HostSystem"),
)

register = {
    "datacenter": setup["datacenter"],
    "folder": "/%s/vm" % setup["datacenter"],
    "esxi_hostname": setup["host"],
    "name": "db-01",
}
path = "[%s] db-01/db-01.vmx" % setup["label"]
running = play("guest_register_operation", **{**register, "name": "web-01"}, state="absent")
check(
    "a running VM is not unregistered, with the reason",
    lambda said: "InvalidPowerState" in said["msg"] or "power" in said["msg"].lower(),
    {"msg": running.get("msg", "")} if running.get("failed") else {"failed": True, "msg": running},
)
check("a VM that is off is unregistered", lambda said: said["changed"], play("guest_register_operation", **register, state="absent"))
check("and is gone", lambda said: "db-01" not in said and "web-01" in said, vms())
check(
    "it is registered again by its path",
    lambda said: said["changed"],
    play("guest_register_operation", **register, state="present", path=path),
)
check("and is there", lambda said: said["db-01"]["power_state"] == "poweredOff", vms())

for state, changes, then in (
    ("powered-off", True, "poweredOff"),
    ("powered-off", False, "poweredOff"),
    ("powered-on", True, "poweredOn"),
    ("shutdown-guest", True, "poweredOff"),
    ("powered-on", True, "poweredOn"),
):
    said = play("guest_powerstate", name="web-01", state=state, state_change_timeout=30)
    check(
        "%s%s" % (state, "" if changes else " again changes nothing"),
        lambda said: said["changed"] is changes and vms()["web-01"]["power_state"] == then,
        said,
    )
