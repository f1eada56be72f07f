#!/usr/bin/env bash
# lnav: an RFC 5424 message with two structured elements is no message: it becomes text of the one before.
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
echo "expected:  structured data of any number of elements, as the standard has them and as logger writes them by default"
echo "behaviour: one element is understood. With two, or with a single escaped quote in a value, the line is taken for a"
echo "           continuation of the message before: it is in no count, no filter and no query of its own."
echo "seen:"

# Counts the messages of a file of two, of which the second has the structured data given.
messages() {
  {
    echo '<133>1 2026-01-01T12:00:00.000Z host prep 42 AUDIT - run started'
    echo "<133>1 2026-01-01T12:00:01.000Z host prep 42 AUDIT $1 run finished"
  } > audit.log
  lnav -n -c ';SELECT count(*) AS n FROM syslog_log' -c ':write-csv-to -' audit.log | tail -1
}
same=0
while IFS='|' read -r data expected; do
  n=$(messages "$data")
  printf '  %-58s messages %s of 2\n' "$data" "$n"
  [ "$n" != "$expected" ] || same=$((same + 1))
done <<'CASES'
-|2
[audit@32473 seq="7"]|2
[audit@32473 seq="7" note="3.5\" disk"]|1
[timeQuality tzKnown="1" isSynced="0"][audit@32473 seq="7"]|1
CASES
[ "$same" = 4 ] || { echo "the behaviour has changed"; exit 1; }
