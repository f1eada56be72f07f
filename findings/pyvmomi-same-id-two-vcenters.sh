#!/usr/bin/env bash
# pyVmomi: "vm-42" of one vCenter equals "vm-42" of another.
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
echo "expected:  a managed object knows its connection, so objects of two vCenters differ"
echo "behaviour: equality and hash look at type, id and server GUID only. Replies of the SOAP API carry no GUID,"
echo "           so a set or a dict of VMs from two vCenters silently merges those that share an id."
echo "seen:"

cat > run.py <<'PY'
from pyVmomi import vim
from pyVmomi.SoapAdapter import SoapResponseDeserializer, SoapStubAdapter

REPLY = b"""<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body>
  <FindChildResponse xmlns="urn:vim25"><returnval type="VirtualMachine">vm-42</returnval></FindChildResponse>
  </soapenv:Body></soapenv:Envelope>"""


def vm_of(host):
    """The same reply, read on a connection to the given vCenter."""
    stub = SoapStubAdapter(host=host, version="vim.version.version11")
    return SoapResponseDeserializer(stub).Deserialize(REPLY, vim.ManagedEntity)


site_a = vm_of("vcenter-a.example.test")
site_b = vm_of("vcenter-b.example.test")
print(f"  connections:   {site_a._stub.host} / {site_b._stub.host}")
print(f"  a == b:        {site_a == site_b}")
print(f"  len({{a, b}}):   {len({site_a, site_b})}")
power = {site_a: "poweredOn"}
power[site_b] = "poweredOff"
print(f"  power[a] after power[b] was set: {power[site_a]}")
assert site_a._stub is not site_b._stub
assert site_a == site_b and len({site_a, site_b}) == 1 and power[site_a] == "poweredOff", "the behaviour has changed"
PY
/usr/bin/python3 -W ignore run.py
