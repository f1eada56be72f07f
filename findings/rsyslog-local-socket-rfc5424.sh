#!/usr/bin/env bash
# rsyslog: an RFC 5424 message on the local socket is read as an old one: the program's name becomes "1".
set -euo pipefail
work=$(mktemp -d)
cd "$work"
stop() {
  [ ! -s pid ] || kill "$(cat pid)" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT

if ! dpkg -s rsyslog bsdutils >/dev/null 2>&1; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends rsyslog bsdutils >apt.log 2>&1 || { cat apt.log; exit 1; }
fi

echo "library:   rsyslog $(dpkg-query -W -f '${Version}' rsyslog), imuxsock; logger of util-linux $(dpkg-query -W -f '${Version}' bsdutils) (Debian)"
echo "expected:  the same message gives the same fields, whether it comes by the socket or by UDP"
echo "behaviour: by UDP the RFC 5424 header is understood. By the local socket, with the defaults, program, message id and"
echo "           structured data are lost: the version number 1 becomes the program's name, the rest is text of the message."
echo "           usespecialparser=\"off\" parsehostname=\"on\" on the input mends it."
echo "seen:"

port=$((20000 + $$ % 20000))
cat > rsyslog.conf <<CONF
module(load="imuxsock" SysSock.Use="off")
module(load="imudp")
input(type="imuxsock" Socket="$work/default.sock" CreatePath="on")
input(type="imuxsock" Socket="$work/plain.sock" CreatePath="on" usespecialparser="off" parsehostname="on")
input(type="imudp" address="127.0.0.1" port="$port")
template(name="fields" type="string" string="program=%app-name% msgid=%msgid% data=%structured-data% text=%msg%\n")
action(type="omfile" file="$work/out" template="fields")
CONF
: > out
/usr/sbin/rsyslogd -f "$work/rsyslog.conf" -i "$work/pid"
arguments=(--rfc5424=notq -p local0.notice -t prep --msgid AUDIT --sd-id audit@32473 --sd-param 'seq="7"')

# Sends one message by the way given, and waits until a line more is written.
send() {
  local name=$1 lines
  shift
  lines=$(wc -l < out)
  logger "${arguments[@]}" "$@" 'run finished'
  for _ in $(seq 100); do
    [ "$(wc -l < out)" -gt "$lines" ] && break
    sleep 0.1
  done
  printf '  %-28s %s\n' "$name" "$(tail -1 out)"
}
for _ in $(seq 100); do [ -S plain.sock ] && break; sleep 0.1; done
send 'UDP:' --server 127.0.0.1 --port "$port" --udp
send 'local socket, defaults:' --socket "$work/default.sock"
send 'local socket, parser off:' --socket "$work/plain.sock"

good='program=prep msgid=AUDIT data=[audit@32473 seq="7"] text=run finished'
{ [ "$(sed -n 1p out)" = "$good" ] && [[ "$(sed -n 2p out)" == 'program=1 msgid=- data=- text='*'[audit@32473 seq="7"] run finished' ]] &&
  [ "$(sed -n 3p out)" = "$good" ]; } || { echo "the behaviour has changed"; exit 1; }
