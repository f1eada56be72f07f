#!/usr/bin/env bash
# lnav: the severity that a syslog message carries does not count; words of its text do.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

if ! dpkg -s lnav >/dev/null 2>&1; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends lnav >apt.log 2>&1 || { cat apt.log; exit 1; }
fi
export HOME=$work TERM=xterm

echo "library:   lnav $(dpkg-query -W -f '${Version}' lnav) (Debian), its built-in format for syslog files"
echo "expected:  the level is the severity of the message's priority, which lnav reads (log_pri)"
echo "behaviour: the level is guessed from words of the line. An emergency whose text has no such word is info; a debug message"
echo "           that says 'no error found' is an error. Filters by level and the error counts go by the guess."
echo "seen:"

cat > audit.log <<'LOG'
<128>1 2026-01-01T12:00:00.000Z host prep 42 AUDIT - the datastore is gone
<131>1 2026-01-01T12:00:01.000Z host prep 42 AUDIT - the LUN is not there
<132>1 2026-01-01T12:00:02.000Z host prep 42 AUDIT - two clones are left
<135>1 2026-01-01T12:00:03.000Z host prep 42 AUDIT - no error found
LOG
lnav -n -c ';SELECT log_pri % 8 AS severity, log_level AS level, log_body AS text FROM syslog_log' -c ':write-csv-to -' audit.log | tail -n +2 > seen
sed 's/^\([0-9]\),\([a-z]*\),\(.*\)/  severity \1, level \2: \3/' seen
diff seen - <<'EXPECTED' || { echo "the behaviour has changed"; exit 1; }
0,info,the datastore is gone
3,info,the LUN is not there
4,info,two clones are left
7,error,no error found
EXPECTED
