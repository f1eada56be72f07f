#!/usr/bin/env bash
# pyVmomi: a connection of its pool that the server has closed since the last call fails the next call; it is not opened again.
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
echo "expected:  what HTTP clients do: a kept connection that has ended is noticed, and the call goes over a new one"
echo "behaviour: a kept connection is used for 900 s whatever has become of it; the call fails, also a mere read. One call is"
echo "           lost for each connection that was kept. vCenter keeps idle ones for 900 s as well; a proxy, a firewall or a"
echo "           simulator that ends them sooner fails what looks at it every few seconds (community.vmware: every five)."
echo "seen:"

openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost 2>/dev/null
cat > run.py <<'PY'
import re
import ssl
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from pyVim import connect

BODY = """<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsd="http://www.w3.org/2001/XMLSchema"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><soapenv:Body><%sResponse xmlns="urn:vim25">%s</%sResponse></soapenv:Body></soapenv:Envelope>"""
CONTENT = """<returnval><rootFolder type="Folder">group-d1</rootFolder><propertyCollector type="PropertyCollector">pc</propertyCollector>
  <about><name>s</name><fullName>s</fullName><vendor>s</vendor><version>6.7.0</version><build>1</build><osType>s</osType>
  <productLineId>vpx</productLineId><apiType>VirtualCenter</apiType><apiVersion>6.7</apiVersion></about>
  <sessionManager type="SessionManager">SessionManager</sessionManager></returnval>"""
SESSION = """<returnval><key>1</key><userName>operator</userName><fullName>o</fullName><loginTime>2026-01-01T00:00:00Z</loginTime>
  <lastActiveTime>2026-01-01T00:00:00Z</lastActiveTime><locale>en</locale><messageLocale>en</messageLocale></returnval>"""
ANSWERS = {"RetrieveServiceContent": CONTENT, "Login": SESSION, "CurrentTime": "<returnval>2026-01-01T00:00:00Z</returnval>"}


class VCenter(BaseHTTPRequestHandler):
    """Answers the calls of this script; closes a connection that is idle for half a second."""

    protocol_version = "HTTP/1.1"
    timeout = 0.5

    def do_POST(self):
        method = re.search(r"Body>\s*<(\w+)", self.rfile.read(int(self.headers["Content-Length"])).decode()).group(1)
        reply = (BODY % (method, ANSWERS.get(method, ""), method)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/xml")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def log_message(self, *args):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), VCenter)
tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
tls.load_cert_chain("cert.pem", "key.pem")
server.socket = tls.wrap_socket(server.socket, server_side=True)
threading.Thread(target=server.serve_forever, daemon=True).start()
si = connect.Connect(
    host="localhost", port=server.server_port, user="operator", pwd="example", sslContext=ssl.create_default_context(cafile="cert.pem")
)


def call(when):
    try:
        answer = str(si.CurrentTime())
    except Exception as error:
        answer = type(error).__name__
    print(f"  CurrentTime {when}: {answer}")
    return answer


at_once = call("at once")
time.sleep(1.5)
after = call("after 1.5 s")
again = call("once more")
assert at_once == again == "2026-01-01 00:00:00+00:00", "the behaviour has changed"
assert after != at_once, "the behaviour has changed"
PY
/usr/bin/python3 -W ignore run.py
