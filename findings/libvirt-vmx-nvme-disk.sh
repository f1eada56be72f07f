#!/usr/bin/env bash
# libvirt: a VMX whose disk hangs on an NVMe controller becomes a domain without a disk.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

if ! dpkg -s libvirt-clients >/dev/null 2>&1; then
  root=()
  [ "$(id -u)" = 0 ] || root=(sudo)
  "${root[@]}" apt-get update -qq -o DPkg::Lock::Timeout=300 >/dev/null
  "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o DPkg::Lock::Timeout=300 --no-install-recommends libvirt-clients >apt.log 2>&1 || { cat apt.log; exit 1; }
fi

echo "library:   libvirt $(dpkg-query -W -f '${Version}' libvirt-clients) (Debian), domxml-from-native vmware-vmx"
echo "expected:  a device that cannot be translated is an error, as it is for a raw device mapping"
echo "behaviour: disks on an NVMe controller, which vSphere has had since 6.5, are left out in silence: the domain is valid, and has"
echo "           nothing to boot from."
echo "seen:"

# The driver asks VMware's player for its version before it translates a file, and for nothing else.
mkdir bin
printf '#!/bin/sh\necho "VMware Player 16.0.0 build-1"\n' > bin/vmplayer
printf '#!/bin/sh\necho "Total running VMs: 0"\n' > bin/vmrun
chmod +x bin/*
export PATH="$work/bin:$PATH" XDG_RUNTIME_DIR="$work"

# Translates a VMX with one disk, of the given type on the given controller.
translate() {
  cat > vm.vmx <<VMX
.encoding = "UTF-8"
config.version = "8"
virtualHW.version = "13"
displayName = "gold"
guestOS = "ubuntu-64"
memSize = "1024"
numvcpus = "1"
$1.present = "TRUE"
$1:0.present = "TRUE"
$1:0.deviceType = "$2"
$1:0.fileName = "gold.vmdk"
VMX
  virsh -q -c vmwareplayer:///session domxml-from-native vmware-vmx vm.vmx 2>&1
}
same=0
for device in scsi0:scsi-hardDisk sata0:disk scsi0:rawDisk nvme0:disk; do
  code=0
  xml=$(translate "${device%%:*}" "${device##*:}") || code=$?
  disks=$(grep -c "<source file='gold.vmdk'/>" <<< "$xml" || true)
  printf '  %-20s exit %s, disks %s%s\n' "$device" "$code" "$disks" "$([ "$code" = 0 ] || echo ": $(tail -1 <<< "$xml")")"
  case "$device $code $disks" in
    'scsi0:scsi-hardDisk 0 1' | 'sata0:disk 0 1' | 'scsi0:rawDisk 1 0' | 'nvme0:disk 0 0') same=$((same + 1)) ;;
  esac
done
[ "$same" = 4 ] || { echo "the behaviour has changed"; exit 1; }
