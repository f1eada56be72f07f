#!/usr/bin/env bash
# Ansible's netapp.ontap: a change of letter case only is "ok", and is never sent.
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

echo "library:   netapp.ontap $version in Debian's ansible $(dpkg-query -W -f '${Version}' ansible), module na_ontap_snapshot over REST"
echo "expected:  texts are compared as they are: another comment is a change"
echo "behaviour: present and wanted texts are put into lower case before they are compared. 'GOLD: do not delete' over 'gold: do"
echo "           not delete' is reported as ok, and no PATCH is sent; any other change of the same field takes the new case along."
echo "seen:"

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=localhost 2>/dev/null
cat > run.py <<'PY'
import json
import ssl
import subprocess
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

comment = "gold: do not delete"
patches = []


class Array(BaseHTTPRequestHandler):
    """As much of ONTAP's REST interface as one snapshot needs."""

    def answer(self, body):
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def do_GET(self):
        if "/snapshots" in self.path:
            record = {"uuid": "s-1", "name": "base_1", "comment": comment}
        elif "/storage/volumes" in self.path:
            record = {"uuid": "v-1", "name": "gold_a"}
        else:
            return self.answer({"version": {"full": "NetApp Release 9.13.1", "generation": 9, "major": 13, "minor": 1}})
        return self.answer({"records": [record], "num_records": 1})

    def do_PATCH(self):
        patches.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.answer({})

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", 0), Array)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("cert.pem", "key.pem")
server.socket = tls.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()


def run(wanted):
    """Runs the module as Ansible does, and tells what it said and what it sent."""
    patches.clear()
    arguments = {
        "hostname": "127.0.0.1", "http_port": server.server_port, "https": True, "validate_certs": False, "username": "admin", "password": "example",
        "use_rest": "always", "vserver": "svm1", "volume": "gold_a", "snapshot": "base_1", "comment": wanted,
    }
    code = "import runpy; runpy.run_module('ansible_collections.netapp.ontap.plugins.modules.na_ontap_snapshot', run_name='__main__', alter_sys=True)"
    out = subprocess.run([sys.executable, "-W", "ignore", "-c", code], input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}), capture_output=True, text=True)
    said = json.loads(out.stdout)
    assert "failed" not in said, said
    print(f"  has {comment!r}, wanted {wanted!r}: changed {said['changed']}, sent {patches}")
    return said["changed"], list(patches)


same_letters = run("GOLD: do not delete")
other_text = run("GOLD: do not touch")
server.shutdown()
assert same_letters == (False, []), "the behaviour has changed"
assert other_text == (True, [{"comment": "GOLD: do not touch"}]), "the behaviour has changed"
PY
/usr/bin/python3 run.py
