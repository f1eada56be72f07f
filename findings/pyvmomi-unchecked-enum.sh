#!/usr/bin/env bash
# pyVmomi: an enumeration takes any word, and a list takes anything by append(), though all else is checked.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

if ! dpkg -s python3-pyvmomi >/dev/null 2>&1; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends python3-pyvmomi >apt.log 2>&1 || { cat apt.log; exit 1; }
fi

echo "library:   pyVmomi $(dpkg-query -W -f '${Version}' python3-pyvmomi) (Debian python3-pyvmomi)"
echo "expected:  a TypeError, as for a misspelt property, a text for a number, or a wrong member of an assigned list"
echo "behaviour: names of enumerations are sent as they are typed: 'forceMounted', which the prose of the API's manual says where the"
echo "           type says 'forceMount', goes out unnoticed. A list that was appended to is not checked, so a text stands where"
echo "           an object belongs. The server is the first to object, if it does."
echo "seen:"

cat > run.py <<'PY'
import re

from pyVmomi import vim
from pyVmomi.SoapAdapter import Serialize


def wire(data):
    """The elements of a data object as a request has them."""
    return re.sub(r"^<object[^>]*>|</object>$", "", Serialize(data, version="vim.version.version11").decode())


def refused(make):
    try:
        make()
    except (AttributeError, TypeError) as error:
        return type(error).__name__
    return "taken"


spec = vim.vm.ConfigSpec()
checks = {
    "misspelt property": refused(lambda: setattr(spec, "nmae", "gold")),
    "text for a number": refused(lambda: setattr(spec, "numCPUs", "4")),
    "assigned list of texts": refused(lambda: setattr(spec, "extraConfig", ["uuid.action=keep"])),
    "appended text": refused(lambda: spec.extraConfig.append("uuid.action=keep")),
    "unknown enumeration word": refused(lambda: vim.host.UnresolvedVmfsResolutionSpec(extentDevicePath=["a"], uuidResolution="forceMounted")),
}
for name, outcome in checks.items():
    print(f"  {name + ':':26} {outcome}")
mount = wire(vim.host.UnresolvedVmfsResolutionSpec(extentDevicePath=["a"], uuidResolution="forceMounted"))
change = wire(spec)
print(f"  sent: {mount}")
print(f"  sent: {change}")
assert list(checks.values()) == ["AttributeError", "TypeError", "TypeError", "taken", "taken"], "the behaviour has changed"
assert "<uuidResolution>forceMounted</uuidResolution>" in mount, "the behaviour has changed"
assert change == "<extraConfig>uuid.action=keep</extraConfig>", "the behaviour has changed"
PY
/usr/bin/python3 -W ignore run.py
