#!/usr/bin/env bash
# Ansible's community.vmware: "gold " finds the VM "gold", and the VM "gold " is found by no name.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

if ! dpkg -s ansible python3-pyvmomi >/dev/null 2>&1; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends ansible python3-pyvmomi >apt.log 2>&1 || { cat apt.log; exit 1; }
fi
collection=/usr/lib/python3/dist-packages/ansible_collections/community/vmware
version=$(sed -n 's/.*"version": "\(.*\)".*/\1/p' "$collection/MANIFEST.json" | head -1)

echo "library:   community.vmware $version in Debian's ansible $(dpkg-query -W -f '${Version}' ansible), find_vm_by_name and find_obj"
echo "expected:  the wanted name is compared with the present ones as it is"
echo "behaviour: find_object_by_name strips and keeps the wanted name, and decodes the present one only; find_obj decodes both and"
echo "           strips none. So within one collection a VM is found by one module and not by the other, and a name with a"
echo "           blank at its end picks the VM without it."
echo "seen:"

cat > run.py <<'PY'
from types import SimpleNamespace

from ansible_collections.community.vmware.plugins.module_utils.vmware import find_obj, find_vm_by_name
from pyVmomi import vim


class Vm:
    def __init__(self, name):
        self.name = name


VMS = [Vm(name) for name in ("gold", "gold ", "50%25", "a%2fb")]


class View:
    """A container view over the four VMs, under the names that vCenter gives: it writes % as %25 and / as %2f."""

    view = VMS

    def Destroy(self):
        pass


content = SimpleNamespace(rootFolder=None, viewManager=SimpleNamespace(CreateContainerView=lambda *_, **__: View()))
seen = {}
for wanted in ("gold", "gold ", "a/b", "a%2fb", "50%25"):
    by_name = find_vm_by_name(content, wanted)
    by_obj = find_obj(content, [vim.VirtualMachine], wanted)
    seen[wanted] = (by_name and by_name.name, by_obj and by_obj.name)
    print(f"  wanted {wanted!r:9} find_vm_by_name {seen[wanted][0]!r:9} find_obj {seen[wanted][1]!r}")
assert seen == {
    "gold": ("gold", "gold"),
    "gold ": ("gold", "gold "),
    "a/b": ("a%2fb", "a%2fb"),
    "a%2fb": (None, "a%2fb"),
    "50%25": (None, "50%25"),
}, "the behaviour has changed"
PY
/usr/bin/python3 -W ignore run.py
