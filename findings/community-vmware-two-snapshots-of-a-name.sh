#!/usr/bin/env bash
# Ansible's community.vmware: with two snapshots of one name, a revert goes to the older one, or nowhere with "ok".
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

echo "library:   community.vmware $version in Debian's ansible $(dpkg-query -W -f '${Version}' ansible), module vmware_guest_snapshot"
echo "expected:  a snapshot's name that two snapshots of the VM carry, which vSphere allows, is an error"
echo "behaviour: the search does not look below a snapshot that has the name. Of two in one chain it finds the older one only, and"
echo "           reverts to it or removes it. Of two in two branches it says that there is none, and the task is ok: the VM is"
echo "           left as it was. And 'present' calls a snapshot current that is not."
echo "seen:"

cat > run.py <<'PY'
import contextlib
import io
import json
import runpy
from datetime import datetime

from ansible.module_utils import basic
from ansible_collections.community.vmware.plugins.module_utils import vmware
from pyVmomi import vim


class VCenter:
    """Stands where pyVmomi's SOAP connection does: gives the properties of one VM, and keeps the calls that change something."""

    version = "vim.version.version13"

    def __init__(self, trees, current):
        self.writes = []
        self.vm = vim.VirtualMachine("vm-7", self)
        self.search = vim.SearchIndex("SearchIndex", self)
        self.properties = {
            "capability": vim.vm.Capability(quiescedSnapshotsSupported=False, memorySnapshotsSupported=False),
            "snapshot": vim.vm.SnapshotInfo(rootSnapshotList=[self.tree(*tree) for tree in trees], currentSnapshot=self.snapshot(current)),
            "info": vim.TaskInfo(state="success"),
        }

    def snapshot(self, number):
        return vim.vm.Snapshot(f"snapshot-{number}", self)

    def tree(self, number, name, *children):
        return vim.vm.SnapshotTree(
            id=number, name=name, snapshot=self.snapshot(number), vm=self.vm, description="", createTime=datetime(2026, 11, number),
            state="poweredOff", quiesced=False, childSnapshotList=[self.tree(*child) for child in children],
        )

    def InvokeAccessor(self, mo, info):
        return self.properties[info.name]

    def InvokeMethod(self, mo, info, arguments):
        if info.name == "FindByUuid":
            return self.vm
        self.writes.append(f"{info.name} {mo._GetMoId()}")
        return vim.Task("task-1", self)


def play(vcenter, state):
    content = vim.ServiceInstanceContent(searchIndex=vcenter.search)
    vmware.connect_to_api = lambda module, return_si: (vim.ServiceInstance("ServiceInstance", vcenter), content)
    arguments = {
        "hostname": "vcenter.example", "username": "admin", "password": "example", "datacenter": "lab",
        "uuid": "420f7b1e-0000-4000-8000-000000000007", "snapshot_name": "clean", "state": state,
    }
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode()
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.suppress(SystemExit):
        runpy.run_module("ansible_collections.community.vmware.plugins.modules.vmware_guest_snapshot", run_name="__main__")
    said = json.loads(out.getvalue())
    result = "failed" if said.get("failed") else "changed" if said.get("changed") else "ok"
    return result, vcenter.writes, said.get("msg", "").split(":")[0]


CHAIN = [(1, "clean", (2, "patched", (3, "clean")))]
BRANCHES = [(1, "base", (2, "clean"), (3, "clean"))]
print("  chain:    snapshot-1 clean > snapshot-2 patched > snapshot-3 clean, the current one")
print("  branches: snapshot-1 base > snapshot-2 clean and snapshot-3 clean, the current one")
seen = {}
for shape, trees in (("chain", CHAIN), ("branches", BRANCHES)):
    for state in ("revert", "absent"):
        result, writes, message = seen[shape, state] = play(VCenter(trees, 3), state)
        print(f"  {shape:9} {state:8} {result:8} {writes} {message}".rstrip())
result, writes, message = seen["present"] = play(VCenter([(1, "clean", (2, "patched"))], 2), "present")
print(f"  clean > patched, the current one: present {result} {writes} {message}")
none = "Couldn't find any snapshots with specified name"
assert seen == {
    ("chain", "revert"): ("changed", ["Revert snapshot-1"], ""),
    ("chain", "absent"): ("changed", ["Remove snapshot-1"], ""),
    ("branches", "revert"): ("ok", [], none),
    ("branches", "absent"): ("ok", [], none),
    "present": ("ok", [], "Snapshot named [clean] already exists and is current."),
}, f"the behaviour has changed: {seen}"
PY
/usr/bin/python3 -W ignore run.py
