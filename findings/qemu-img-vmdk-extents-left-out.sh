#!/usr/bin/env bash
# qemu-img: an extent of a VMDK that is marked read-only is left out, and what follows it moves up.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

if ! dpkg -s qemu-utils libvmdk-utils >/dev/null 2>&1; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends qemu-utils libvmdk-utils >apt.log 2>&1 || { cat apt.log; exit 1; }
fi

echo "library:   qemu-img $(dpkg-query -W -f '${Version}' qemu-utils) (Debian); for comparison vmdkinfo of libvmdk $(dpkg-query -W -f '${Version}' libvmdk-utils)"
echo "expected:  a read-only extent is read like the others (RW, RDONLY and NOACCESS are words of VMware's format), and what"
echo "           qemu-img cannot read it refuses, as it does for a createType that it does not know"
echo "behaviour: a line whose access is not RW is skipped like a comment, as is the type ZERO, which has no file. The disk is"
echo "           smaller by that extent, and all data behind it stands at the wrong place; info, check and convert succeed"
echo "           without a warning."
echo "seen:"

for letter in a b c; do
  head -c 1048576 /dev/zero | tr '\0' "$letter" > "$letter.raw"
done

# Reads a disk of three extents of 1 MiB each, whose second line is given: qemu-img's size, check and bytes, vmdkinfo's size.
read_disk() {
  cat > disk.vmdk <<VMDK
# Disk DescriptorFile
version=1
CID=12345678
parentCID=ffffffff
createType="twoGbMaxExtentFlat"

# Extent description
RW 2048 FLAT "a.raw" 0
$1
RW 2048 FLAT "c.raw" 0

# The Disk Data Base
#DDB
ddb.adapterType = "lsilogic"
ddb.geometry.cylinders = "3"
ddb.geometry.heads = "64"
ddb.geometry.sectors = "32"
ddb.virtualHWVersion = "13"
VMDK
  local size check code=0
  size=$(qemu-img info disk.vmdk 2>&1 | sed -n 's/^virtual size: \(.* MiB\) .*/\1/p')
  check=$(qemu-img check disk.vmdk 2>&1)
  qemu-img convert -O raw disk.vmdk disk.raw >convert.log 2>&1 || code=$?
  echo "$size, $check, convert exit $code$(cat convert.log), bytes $(tr '\0' '.' < disk.raw | tr -s 'abc.'), vmdkinfo $(vmdkinfo disk.vmdk | sed -n 's/.*Media size:\t*\(.* MiB\) .*/\1/p')"
}

same=0
for line in 'RW 2048 FLAT "b.raw" 0' 'RDONLY 2048 FLAT "b.raw" 0' 'NOACCESS 2048 FLAT "b.raw" 0' 'RW 2048 ZERO'; do
  seen=$(read_disk "$line")
  printf '  %-29s %s\n' "$line" "$seen"
  ok='No errors were found on the image., convert exit 0'
  case "$line=$seen" in
    'RW 2048 FLAT "b.raw" 0='"3 MiB, $ok, bytes abc, vmdkinfo 3.0 MiB") same=$((same + 1)) ;;
    'RDONLY 2048 FLAT "b.raw" 0='* | 'NOACCESS 2048 FLAT "b.raw" 0='* | 'RW 2048 ZERO='*)
      [ "$seen" = "2 MiB, $ok, bytes ac, vmdkinfo 3.0 MiB" ] && same=$((same + 1)) ;;
  esac
done
[ "$same" = 4 ] || { echo "the behaviour has changed"; exit 1; }
