#!/usr/bin/env bash
# Ansible's community.vmware: the first datastore that is in maintenance mode already ends the work for its whole cluster.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

if ! dpkg -s ansible python3-pyvmomi python3-requests >/dev/null 2>&1; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends ansible python3-pyvmomi python3-requests >apt.log 2>&1 || { cat apt.log; exit 1; }
fi
collection=/usr/lib/python3/dist-packages/ansible_collections/community/vmware
version=$(sed -n 's/.*"version": "\(.*\)".*/\1/p' "$collection/MANIFEST.json" | head -1)

echo "library:   community.vmware $version in Debian's ansible $(dpkg-query -W -f '${Version}' ansible), module vmware_datastore_maintenancemode"
echo "expected:  with cluster_name, each datastore of the cluster is taken into maintenance mode, or out of it; one that is there"
echo "           already needs nothing"
echo "behaviour: the first one that is there already ends the loop. Those behind it are not touched and not named, and the task is"
echo "           ok: however often it runs, they stay as they are."
echo "seen:"

cat > run.py <<'PY'
import contextlib
import io
import json
import runpy

from ansible.module_utils import basic
from ansible_collections.community.vmware.plugins.module_utils import vmware
from pyVmomi import vim

NORMAL = "normal"
IN = "inMaintenance"


class VCenter:
    """Stands where pyVmomi's SOAP connection does: a cluster with datastores, which change their mode at once."""

    version = "vim.version.version13"

    def __init__(self, modes):
        self.cluster = vim.ClusterComputeResource("domain-c1", self)
        self.datastores = [vim.Datastore(f"datastore-{number}", self) for number, _ in enumerate(modes, 1)]
        self.modes = dict(zip(self.datastores, modes))
        self.task = vim.Task("task-1", self)

    def InvokeAccessor(self, mo, info):
        if info.name == "view":
            return [self.cluster]
        if info.name == "name":
            return "lab" if mo == self.cluster else mo._GetMoId()
        if info.name == "datastore":
            return self.datastores
        if info.name == "summary":
            return vim.Datastore.Summary(name=mo._GetMoId(), maintenanceMode=self.modes[mo])
        return {"info": vim.TaskInfo(state="success")}[info.name]

    def InvokeMethod(self, mo, info, arguments):
        if info.name == "CreateContainerView":
            return vim.view.ContainerView("view-1", self)
        if info.name == "EnterMaintenanceMode":
            self.modes[mo] = IN
            return vim.storageDrs.StoragePlacementResult(task=self.task)
        assert info.name == "ExitMaintenanceMode", info.name
        self.modes[mo] = NORMAL
        return self.task


def play(vcenter, state):
    content = vim.ServiceInstanceContent(rootFolder=vim.Folder("group-d1", vcenter), viewManager=vim.view.ViewManager("ViewManager", vcenter))
    vmware.connect_to_api = lambda module, return_si: (vim.ServiceInstance("ServiceInstance", vcenter), content)
    arguments = {"hostname": "vcenter.example", "username": "admin", "password": "example", "cluster_name": "lab", "state": state}
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        runpy.run_module("ansible_collections.community.vmware.plugins.modules.vmware_datastore_maintenancemode", run_name="__main__")
    said = json.loads(out.getvalue())
    result = "failed" if said.get("failed") else "changed" if said["changed"] else "ok"
    return result, list(vcenter.modes.values()), list(said.get("datastore_status", {}))


def short(modes):
    return ", ".join({NORMAL: "normal", IN: "in maintenance"}[mode] for mode in modes)


seen = {}
for state, before in (("present", [NORMAL, NORMAL, NORMAL]), ("present", [IN, NORMAL, NORMAL]), ("absent", [IN, NORMAL, IN])):
    vcenter = VCenter(before)
    print(f"  {state}, three datastores: {short(before)}")
    for turn in ("first", "second"):
        result, after, named = seen[state, *before, turn] = play(vcenter, state)
        print(f"    {turn + ' run':10} {result:7} {len(named)} of 3 named, now {short(after)}")
assert seen == {
    ("present", NORMAL, NORMAL, NORMAL, "first"): ("changed", [IN, IN, IN], ["datastore-1", "datastore-2", "datastore-3"]),
    ("present", NORMAL, NORMAL, NORMAL, "second"): ("ok", [IN, IN, IN], ["datastore-1"]),
    ("present", IN, NORMAL, NORMAL, "first"): ("ok", [IN, NORMAL, NORMAL], ["datastore-1"]),
    ("present", IN, NORMAL, NORMAL, "second"): ("ok", [IN, NORMAL, NORMAL], ["datastore-1"]),
    ("absent", IN, NORMAL, IN, "first"): ("changed", [NORMAL, NORMAL, IN], ["datastore-1", "datastore-2"]),
    ("absent", IN, NORMAL, IN, "second"): ("ok", [NORMAL, NORMAL, IN], ["datastore-1"]),
}, f"the behaviour has changed: {seen}"
PY
/usr/bin/python3 -W ignore run.py
