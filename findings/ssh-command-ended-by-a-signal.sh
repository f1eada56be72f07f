#!/usr/bin/env bash
# OpenSSH: a forced command that a signal ends looks, to the caller, like a connection that failed.
set -euo pipefail
work=$(mktemp -d)
cd "$work"
stop() {
  [ ! -s pid ] || kill "$(cat pid)" 2>/dev/null || true
  rm -rf "$work"
}
trap stop EXIT

root=()
[ "$(id -u)" = 0 ] || root=(sudo)
if ! dpkg -s openssh-server openssh-client >/dev/null 2>&1; then
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends openssh-server openssh-client >apt.log 2>&1 || { cat apt.log; exit 1; }
fi
[ -d /run/sshd ] || "${root[@]}" install -d -m 755 /run/sshd

echo "library:   OpenSSH $(dpkg-query -W -f '${Version}' openssh-server) (Debian), ssh and a forced command"
echo "expected:  128 plus the signal's number, as a shell says (143 for TERM, 137 for KILL), or a word on standard error"
echo "behaviour: ssh exits with 255 and says nothing, just as its exit code is when it could not connect. A caller that tries"
echo "           again on 255 repeats a command that had begun. Wrapped in a shell that stays, the command gives 143."
echo "seen:"

ssh-keygen -q -t ed25519 -N '' -f host
for key in plain wrapped; do ssh-keygen -q -t ed25519 -N '' -f $key; done
cat > command <<'SH'
#!/bin/bash
echo "begun" >> "$(dirname "$0")/log"
[ "$SSH_ORIGINAL_COMMAND" = leave ] && exit 7
kill -s "$SSH_ORIGINAL_COMMAND" $$
SH
chmod +x command
{
  echo "restrict,command=\"$work/command\" $(cat plain.pub)"
  echo "restrict,command=\"$work/command; exit \$?\" $(cat wrapped.pub)"
} > keys
port=$((20000 + $$ % 20000))
cat > sshd_config <<CONF
Port $port
ListenAddress 127.0.0.1
HostKey $work/host
PidFile $work/pid
AuthorizedKeysFile $work/keys
StrictModes no
UsePAM no
PermitRootLogin yes
CONF
/usr/sbin/sshd -f "$work/sshd_config" -E "$work/sshd.log"
for _ in $(seq 100); do [ -s pid ] && break; sleep 0.1; done

# Runs the forced command of a key; prints the exit code, and what standard error said.
call() {
  local code=0
  ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -o IdentitiesOnly=yes \
    -i "$1" -p "$3" "$(id -un)@127.0.0.1" "$2" > /dev/null 2> err < /dev/null || code=$?
  echo "$code $(tr -d '\r' < err | head -1)"
}
left=$(call plain leave "$port")
term=$(call plain TERM "$port")
kill9=$(call plain KILL "$port")
wrapped=$(call wrapped TERM "$port")
begun=$(wc -l < log)
none=$(call plain leave 1)
echo "  the command exits with 7:        $left"
echo "  TERM ends the command:           $term"
echo "  KILL ends the command:           $kill9"
echo "  TERM, the command in a shell:    $wrapped"
echo "  no server there:                 $none"
echo "  commands begun:                  $begun"
[ "$left|$term|$kill9|${wrapped%% *}|${none%% *}|$begun" = "7 |255 |255 |143|255|4" ] || { echo "the behaviour has changed"; exit 1; }
