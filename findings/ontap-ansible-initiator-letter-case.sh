#!/usr/bin/env bash
# Ansible's netapp.ontap: an iSCSI name in capitals is taken out of its igroup and put in again.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

if ! dpkg -s ansible python3-requests openssl >/dev/null 2>&1; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends ansible python3-requests openssl >apt.log 2>&1 || { cat apt.log; exit 1; }
fi
collections=/usr/lib/python3/dist-packages/ansible_collections
version=$(sed -n 's/.*"version": "\(.*\)".*/\1/p' "$collections/netapp/ontap/MANIFEST.json" | head -1)

echo "library:   netapp.ontap $version in Debian's ansible $(dpkg-query -W -f '${Version}' ansible), module na_ontap_igroup over REST"
echo "expected:  the names of initiators are compared without regard to case, as iSCSI and Fibre Channel do"
echo "behaviour: for a WWPN it is so. For an iqn the module sends a DELETE of the one that is there and then adds the same one. With"
echo "           force_remove_initiator the host loses its LUNs in between; without, an array with mapped LUNs refuses the play."
echo "seen:"

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=localhost 2>/dev/null
cat > run.py <<'PY'
import json
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

INITIATORS = [{"name": "iqn.1998-01.com.vmware:esx165"}, {"name": "20:00:00:50:56:b4:13:a8"}]
writes = []


class Array(BaseHTTPRequestHandler):
    """As much of ONTAP's REST interface as one igroup needs."""

    def answer(self, body):
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        if "/igroups" not in self.path:
            return self.answer({"version": {"full": "NetApp Release 9.13.1", "generation": 9, "major": 13, "minor": 1}})
        record = {"name": "esx165", "uuid": "ig-1", "svm": {"name": "svm1"}, "os_type": "vmware", "protocol": "mixed", "initiators": INITIATORS}
        return self.answer({"records": [record], "num_records": 1})

    def write(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
        writes.append(f"{self.command} {self.path.split('?')[0].removeprefix('/api/protocols/san')} {body}".strip())
        self.answer({})

    do_POST = do_PATCH = do_DELETE = write

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", 0), Array)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("cert.pem", "key.pem")
server.socket = tls.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()


def run(initiators):
    """Runs the module as Ansible does, and gives what it said and what it sent."""
    writes.clear()
    arguments = {
        "hostname": "127.0.0.1", "http_port": server.server_port, "https": True, "validate_certs": False, "username": "admin", "password": "example",
        "use_rest": "always", "vserver": "svm1", "name": "esx165", "initiators": initiators,
    }
    code = "import runpy; runpy.run_module('ansible_collections.netapp.ontap.plugins.modules.na_ontap_igroup', run_name='__main__', alter_sys=True)"
    out = subprocess.run([sys.executable, "-W", "ignore", "-c", code], input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}), capture_output=True, text=True)
    said = json.loads(out.stdout)
    assert "failed" not in said, said
    print(f"  wanted {initiators}: changed {said['changed']}")
    for line in writes:
        print(f"    {line}")
    return said["changed"], list(writes)


wwpn = run(["iqn.1998-01.com.vmware:esx165", "20:00:00:50:56:B4:13:A8"])
iqn = run(["iqn.1998-01.com.vmware:ESX165", "20:00:00:50:56:b4:13:a8"])
server.shutdown()
assert wwpn[1] == [], "the behaviour has changed"
assert [line.split(" ")[0] for line in iqn[1]] == ["DELETE", "POST"], "the behaviour has changed"
assert "vmware:esx165" in iqn[1][0] and "vmware:ESX165" in iqn[1][1], "the behaviour has changed"
PY
/usr/bin/python3 run.py
