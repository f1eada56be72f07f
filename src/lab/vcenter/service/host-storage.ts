/** A host's storage as vim25 data: adapters, disks, VMFS volumes and unresolved copies. */
import {
  devicePathOf,
  type LabCopy,
  type LabDisk,
  type LabHost,
  type LabMount,
  portNamesOf,
  VimFault,
} from "../../world/model.ts";
import { presented } from "../../world/state.ts";
import { isResolvable } from "../../world/storage.ts";
import type { Data } from "../wire/value.ts";
import type { Lookups } from "./lookups.ts";

const BLOCK = 512;
const MIB = 1024 ** 2;

/** vCenter asks the host for these: of one that does not answer they cannot be read. */
export function live<T>(host: LabHost, read: () => T): T {
  if (host.connected) return read();
  throw new VimFault("HostNotConnected", `Unable to communicate with the remote host ${host.name}`);
}

export function storageDevices(host: LabHost, lookups: Lookups): Data {
  return {
    hostBusAdapter: () => adaptersOf(host),
    scsiLun: () => host.disks.map((disk) => scsiDisk(host, disk, lookups)),
    scsiTopology: () => topologyOf(host),
    multipathInfo: () => pathsOf(host, lookups),
    softwareInternetScsiEnabled: false,
  };
}

function adaptersOf(host: LabHost): Data[] {
  // World-wide names do not fit a double: they stay big integers.
  const tail = BigInt(`0x${Buffer.from(host.id).toString("hex").slice(-6)}`);
  return [64, 65].map((number, index) => ({
    $type: "HostFibreChannelHba",
    key: `key-vim.host.FibreChannelHba-vmhba${number}`,
    device: `vmhba${number}`,
    bus: index + 3,
    status: "online",
    model: "Lab 16 Gb Fibre Channel Adapter",
    driver: "lab_fc",
    pci: `0000:0${index + 3}:00.0`,
    portWorldWideName: portNamesOf(host)[index],
    nodeWorldWideName: 0x2000_0000_0000_0000n + tail * 2n + BigInt(index),
    portType: "fabric",
    speed: 16,
  }));
}

/** Each adapter sees each disk, at one target. */
function topologyOf(host: LabHost): Data {
  return {
    adapter: adaptersOf(host).map((adapter) => ({
      key: `key-vim.host.ScsiTopology.Interface-${String(adapter["device"])}`,
      adapter: String(adapter["key"]),
      target: [
        {
          key: `key-vim.host.ScsiTopology.Target-${String(adapter["device"])}:0:0`,
          target: 0,
          lun: host.disks.map(({ key }, index) => ({
            key: `key-vim.host.ScsiTopology.Lun-${key}`,
            lun: index + 1,
            scsiLun: key,
          })),
          transport: {
            $type: "HostFibreChannelTargetTransport",
            portWorldWideName: 0x5000_0972_0000_0001n,
            nodeWorldWideName: 0x5000_0972_0000_0000n,
          },
        },
      ],
    })),
  };
}

/** One path to each disk over each adapter, the first in use. Over a lost disk's paths nothing comes any more. */
function pathsOf(host: LabHost, lookups: Lookups): Data {
  return {
    lun: host.disks.map((disk, lun) => {
      const key = `key-vim.host.MultipathInfo.LogicalUnit-${disk.uuid}`;
      const alive = presented(lookups, host, disk.volumeId);
      return {
        key,
        id: disk.uuid,
        lun: disk.key,
        path: adaptersOf(host).map((adapter, index) => {
          const name = `${String(adapter["device"])}:C0:T0:L${lun + 1}`;
          return {
            key: `key-vim.host.MultipathInfo.Path-${name}`,
            name,
            pathState: alive ? "active" : "dead",
            state: alive ? "active" : "dead",
            isWorkingPath: alive && index === 0,
            adapter: String(adapter["key"]),
            lun: key,
          };
        }),
        policy: { policy: "VMW_PSP_RR" },
      };
    }),
  };
}

export const hasAdapter = (host: LabHost, device: string): boolean =>
  adaptersOf(host).some((adapter) => adapter["device"] === device);

function operationalState(host: LabHost, disk: LabDisk, lookups: Lookups): string {
  if (host.detached.has(disk.naa)) return "off";
  return presented(lookups, host, disk.volumeId) ? "ok" : "lostCommunication";
}

function scsiDisk(host: LabHost, disk: LabDisk, lookups: Lookups): Data {
  const devicePath = `/vmfs/devices/disks/${disk.naa}`;
  return {
    $type: "HostScsiDisk",
    deviceName: devicePath,
    deviceType: "disk",
    key: disk.key,
    uuid: disk.uuid,
    descriptor: [{ quality: "highQuality", id: disk.naa }],
    canonicalName: disk.naa,
    displayName: `${disk.vendor} Fibre Channel Disk (${disk.naa})`,
    lunType: "disk",
    vendor: disk.vendor,
    model: "VIRTUAL-DISK",
    revision: "0001",
    scsiLevel: 6,
    serialNumber: "unavailable",
    queueDepth: 64,
    operationalState: [operationalState(host, disk, lookups)],
    capabilities: { updateDisplayNameSupported: true },
    vStorageSupport: "vStorageSupported",
    capacity: { blockSize: BLOCK, block: Math.floor(lookups.capacityOf([disk.naa]) / BLOCK) },
    devicePath,
    ssd: true,
    localDisk: false,
  };
}

export function fileSystemVolumes(host: LabHost, lookups: Lookups): Data {
  return {
    volumeTypeList: ["VMFS", "NFS", "NFS41", "vsan", "VVOL"],
    mountInfo: () =>
      host.mounts.map((mount) => ({
        mountInfo: mountInfoOf(mount),
        volume: vmfsVolume(mount, lookups),
        vStorageSupport: "vStorageSupported",
      })),
  };
}

/** How one host has the volume: unmounted by hand, mounted, or mounted with its disk gone. */
export function mountInfoOf(mount: LabMount): Data {
  return {
    path: `/vmfs/volumes/${mount.vmfsUuid}`,
    accessMode: "readWrite",
    mounted: mount.mounted,
    accessible: mount.accessible,
    ...(mount.mounted && !mount.accessible ? { inaccessibleReason: "AllPathsDown_Timeout" } : {}),
  };
}

interface VmfsFacts {
  readonly label: string;
  readonly vmfsUuid: string;
  readonly naas: readonly string[];
}

/** The volume itself; `forceMountedInfo` only where a host has it as a force-mounted copy. */
export function vmfsVolume(volume: VmfsFacts & Partial<LabMount>, lookups: Lookups): Data {
  return {
    $type: "HostVmfsVolume",
    type: "VMFS",
    name: volume.label,
    capacity: lookups.capacityOf(volume.naas),
    blockSizeMb: 1,
    maxBlocks: 63_963_136,
    majorVersion: 6,
    version: "6.82",
    uuid: volume.vmfsUuid,
    extent: volume.naas.map((diskName) => ({ diskName, partition: 1 })),
    vmfsUpgradable: false,
    ...(volume.forceMounted === true ? { forceMountedInfo: { persist: true, mounted: volume.mounted === true } } : {}),
    ssd: true,
    local: false,
  };
}

/** `HostUnresolvedVmfsVolume` for each signature that the host's last rescan found copies of, with an extent for each disk. */
export function unresolvedVolumes(host: LabHost, lookups: Lookups): Data[] {
  return live(host, () =>
    [...Map.groupBy(host.unresolved, ({ vmfsUuid }) => vmfsUuid)].map(([vmfsUuid, copies]) => ({
      extent: copies.map((copy) => unresolvedExtent(copy, lookups)),
      vmfsLabel: copies[0]?.label ?? "",
      vmfsUuid,
      totalBlocks: Math.max(...copies.map((copy) => blocksOf(copy, lookups))),
      resolveStatus: {
        resolvable: isResolvable(host, vmfsUuid),
        incompleteExtents: false,
        multipleCopies: copies.length > 1,
      },
    })),
  );
}

const blocksOf = ({ naa }: LabCopy, lookups: Lookups): number =>
  Math.min(Math.floor(lookups.capacityOf([naa]) / MIB), 2 ** 31 - 1);

/** Each copy is whole: its one extent is the head of it. */
const unresolvedExtent = (copy: LabCopy, lookups: Lookups): Data => ({
  device: { diskName: copy.naa, partition: 1 },
  devicePath: devicePathOf(copy.naa),
  vmfsUuid: copy.vmfsUuid,
  isHeadExtent: true,
  ordinal: 0,
  startBlock: 0,
  endBlock: Math.max(blocksOf(copy, lookups) - 1, 0),
  reason: "diskIdMismatch",
});
