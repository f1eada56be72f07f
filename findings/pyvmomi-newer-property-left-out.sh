#!/usr/bin/env bash
# pyVmomi: a property that the connection's API version does not know is left out of the request, silently.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

if ! dpkg -s python3-pyvmomi openssl >/dev/null 2>&1; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends python3-pyvmomi openssl >apt.log 2>&1 || { cat apt.log; exit 1; }
fi

echo "library:   pyVmomi $(dpkg-query -W -f '${Version}' python3-pyvmomi) (Debian python3-pyvmomi)"
echo "expected:  a library that checks each type raises when a property cannot be sent"
echo "behaviour: it accepts the property and leaves it out of the request. connect.Connect() (not SmartConnect) speaks API"
echo "           4.1, whatever the server offers, so with it everything newer than 2010 is lost: the call succeeds and does less."
echo "seen:"

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
cat > run.py <<'PY'
import re
import ssl
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from pyVim import connect
from pyVmomi import vim

BODY = """<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><%sResponse xmlns="urn:vim25">%s</%sResponse></soapenv:Body></soapenv:Envelope>"""
CONTENT = """<returnval><rootFolder type="Folder">group-d1</rootFolder><propertyCollector type="PropertyCollector">pc</propertyCollector>
  <about><name>s</name><fullName>s</fullName><vendor>s</vendor><version>6.7.0</version><build>1</build><osType>s</osType>
  <productLineId>vpx</productLineId><apiType>VirtualCenter</apiType><apiVersion>6.7</apiVersion></about>
  <sessionManager type="SessionManager">SessionManager</sessionManager></returnval>"""
SESSION = """<returnval><key>1</key><userName>operator</userName><fullName>o</fullName><loginTime>2026-01-01T00:00:00Z</loginTime>
  <lastActiveTime>2026-01-01T00:00:00Z</lastActiveTime><locale>en</locale><messageLocale>en</messageLocale></returnval>"""
ANSWERS = {"RetrieveServiceContent": CONTENT, "Login": SESSION, "ReconfigVM_Task": '<returnval type="Task">task-1</returnval>'}
seen = {}


class VCenter(BaseHTTPRequestHandler):
    """Answers the three calls of this script, and keeps what it was sent."""

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        method = re.search(r"Body>\s*<(\w+)", text).group(1)
        seen[method] = (self.headers["SOAPAction"], text)
        reply = (BODY % (method, ANSWERS.get(method, ""), method)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args):
        pass


server = HTTPServer(("127.0.0.1", 0), VCenter)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("cert.pem", "key.pem")
server.socket = tls.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
si = connect.Connect(
    host="localhost", port=server.server_port, user="operator", pwd="example", sslContext=ssl.create_default_context(cafile="cert.pem")
)
spec = vim.vm.ConfigSpec(name="gold", firmware="efi", nestedHVEnabled=True)
task = vim.VirtualMachine("vm-42", si._stub).ReconfigVM_Task(spec)
action, request = seen["ReconfigVM_Task"]
sent = re.search(r"<spec.*</spec>", request, re.S).group(0)
print(f"  set:        name, firmware, nestedHVEnabled; read back: {spec.name}, {spec.firmware}, {spec.nestedHVEnabled}")
print(f"  SOAPAction: {action}")
print(f"  sent:       {sent}")
print(f"  answer:     {task._moId}, no error")
server.shutdown()
assert "4.1" in action and "<name>gold</name>" in sent, "the behaviour has changed"
assert "firmware" not in request and "nestedHVEnabled" not in request, "the behaviour has changed"
PY
/usr/bin/python3 -W ignore run.py
