#!/usr/bin/env bash
# vmdkstream: every disk that it makes has the same content id, so a delta of one disk fits every other.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

if ! dpkg -s python3-vmdkstream >/dev/null 2>&1; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends python3-vmdkstream >apt.log 2>&1 || { cat apt.log; exit 1; }
fi

echo "library:   vmdkstream $(dpkg-query -W -f '${Version}' python3-vmdkstream) (Debian python3-vmdkstream)"
echo "expected:  a new CID for each disk: by it a snapshot's or a linked clone's descriptor says which parent it belongs to"
echo "behaviour: CID and longContentID are constants, whatever the disk holds. Whoever tells disks apart, or checks a parent, by"
echo "           the CID takes all converted disks for one. Its own vmdk_disk_size_bytes cannot read what it wrote."
echo "seen:"

head -c 1048576 /dev/zero | tr '\0' a > gold.raw
head -c 2097152 /dev/zero | tr '\0' b > other.raw
cat > run.py <<'PY'
import VMDKstream

for name in ("gold", "other"):
    VMDKstream.convert_to_stream(f"{name}.raw", f"{name}.vmdk")
try:
    size = VMDKstream.vmdk_disk_size_bytes("gold.vmdk")
except Exception as error:
    size = type(error).__name__
print(f"  vmdk_disk_size_bytes of its own file: {size}")
PY
/usr/bin/python3 -W ignore run.py > size
id() { grep -a '^CID=\|^ddb.longContentID' "$1" | tr '\n' ' '; }
for name in gold other; do
  echo "  $name: $(stat -c %s $name.raw) bytes, sha256 $(sha256sum $name.raw | cut -c1-12)..., $(id $name.vmdk)"
done
cat size
[ "$(id gold.vmdk)" = "$(id other.vmdk)" ] && grep -q 'CID=7e5b80a7' gold.vmdk && grep -q Error size || { echo "the behaviour has changed"; exit 1; }
