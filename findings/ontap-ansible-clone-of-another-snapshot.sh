#!/usr/bin/env bash
# Ansible's netapp.ontap: a clone of another volume's other snapshot is "ok", if only it has the name.
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

echo "library:   netapp.ontap $version in Debian's ansible $(dpkg-query -W -f '${Version}' ansible), module na_ontap_volume_clone over REST"
echo "expected:  a clone whose parent volume or snapshot differs from the wanted one is an error"
echo "behaviour: the module asks the array for the clone's name only, and never for its parent: a clone of an older snapshot of"
echo "           another volume is reported as ok, changed false, and the play goes on with it.."
echo "seen:"

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=localhost 2>/dev/null
cat > run.py <<'PY'
import json
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qs, urlsplit

CLONE = {
    "uuid": "v-2",
    "name": "test_1",
    "clone": {"is_flexclone": True, "parent_volume": {"name": "gold_b"}, "parent_snapshot": {"name": "base_1"}},
}
writes = []
asked = []


class Array(BaseHTTPRequestHandler):
    """As much of ONTAP's REST interface as one clone needs."""

    def answer(self, body):
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        if "/storage/volumes" not in self.path:
            return self.answer({"version": {"full": "NetApp Release 9.13.1", "generation": 9, "major": 13, "minor": 1}})
        asked.extend(parse_qs(urlsplit(self.path).query)["fields"])
        return self.answer({"records": [CLONE], "num_records": 1})

    def write(self):
        writes.append(f"{self.command} {self.path}")
        self.answer({})

    do_POST = do_PATCH = do_DELETE = write

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", 0), Array)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("cert.pem", "key.pem")
server.socket = tls.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()


arguments = {
    "hostname": "127.0.0.1", "http_port": server.server_port, "https": True, "validate_certs": False, "username": "admin", "password": "example",
    "use_rest": "always", "vserver": "svm1", "name": "test_1", "parent_volume": "gold_a", "parent_snapshot": "base_2",
}
code = "import runpy; runpy.run_module('ansible_collections.netapp.ontap.plugins.modules.na_ontap_volume_clone', run_name='__main__', alter_sys=True)"
out = subprocess.run([sys.executable, "-W", "ignore", "-c", code], input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}), capture_output=True, text=True)
said = json.loads(out.stdout)
has = CLONE["clone"]
print(f"  the array has: test_1, clone of {has['parent_volume']['name']} at {has['parent_snapshot']['name']}")
print("  wanted:        test_1, clone of gold_a at base_2")
print(f"  asked for:     {asked}")
print(f"  said:          failed {said.get('failed', False)}, changed {said.get('changed')}; writes {writes}")
server.shutdown()
assert (said.get("failed", False), said.get("changed"), writes) == (False, False, []), "the behaviour has changed"
assert not any("parent" in field for field in asked), "the behaviour has changed"
PY
/usr/bin/python3 run.py
