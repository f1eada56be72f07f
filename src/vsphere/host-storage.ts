import { asVmfsUuid, type MoRef, naaOf } from "../core/domain/ids.ts";
import { plainName } from "../core/domain/safe-text.ts";
import type { Disk, Host, HostDevices, HostStorage, UnresolvedCopy, Vm, VmfsMount } from "../core/ports/hypervisor.ts";
import { garbage } from "./faults.ts";
import { mountState } from "./inventory.ts";
import { type Properties, retrieve, type Selection } from "./properties.ts";
import type { Session } from "./session.ts";
import { at, flag, list, refTo, text } from "./values.ts";
import { vmsFrom, vmsOnDatastores } from "./vms.ts";

const DISKS = "storageDeviceInfo.scsiLun";
const MOUNTS = "fileSystemVolumeInfo.mountInfo";
const ADAPTERS = "storageDeviceInfo.hostBusAdapter";

/** The host's own disks and mounts, and the VMs on `datastoreIds`, in one `RetrievePropertiesEx`. */
async function readDevicesAndVms(
  session: Session,
  host: Host,
  datastoreIds: readonly MoRef[],
): Promise<{ initiators: string[]; devices: HostDevices; vms: Vm[] }> {
  const action = `report the storage of host ${host.id}`;
  const selections: Selection[] = [
    {
      properties: { HostStorageSystem: [DISKS, MOUNTS, ADAPTERS] },
      from: [{ object: { type: "HostStorageSystem", id: host.storageSystem } }],
    },
    ...(datastoreIds.length === 0 ? [] : [vmsOnDatastores(datastoreIds)]),
  ];
  const objects = await retrieve(session, selections, action);
  const system = objects.find((each) => each.ref.type === "HostStorageSystem");
  // An absent answer must not read as "this host has no disks": a cleanup would take that for proof.
  if (system === undefined) throw garbage(action, { host: host.id, missing: "its storage system" });
  return {
    initiators: initiatorsOf(system),
    devices: { disks: disksOf(system), mounts: mountsOf(system) },
    vms: vmsFrom(objects),
  };
}

export async function readDevices(session: Session, host: Host): Promise<HostDevices> {
  return (await readDevicesAndVms(session, host, [])).devices;
}

export async function readUnresolved(session: Session, host: Host): Promise<UnresolvedCopy[]> {
  const copies = await session.call({
    operation: "QueryUnresolvedVmfsVolumes",
    args: { _this: refTo("HostDatastoreSystem", host.datastoreSystem) },
    action: `list the unresolved VMFS copies of host ${host.id}`,
  });
  return list(copies).map(copyFrom);
}

/** What the host itself says of its storage, and the VMs on `datastoreIds`: one property read beside one query of unresolved copies. */
export async function readStorageAndVms(
  session: Session,
  host: Host,
  datastoreIds: readonly MoRef[],
): Promise<{ storage: HostStorage; vms: Vm[] }> {
  const [{ initiators, devices, vms }, unresolved] = await Promise.all([
    readDevicesAndVms(session, host, datastoreIds),
    readUnresolved(session, host),
  ]);
  return { storage: { initiators, ...devices, unresolved }, vms };
}

/** `HostInternetScsiHba.iScsiName`, and `HostFibreChannelHba.portWorldWideName`, a signed 64-bit number, as 16 hex digits. */
function initiatorsOf(system: Properties): string[] {
  return system.items(ADAPTERS).flatMap((adapter) => {
    const iqn = text(adapter, "iScsiName");
    const wwn = text(adapter, "portWorldWideName");
    const hex = wwn !== undefined && /^-?\d+$/.test(wwn) ? BigInt.asUintN(64, BigInt(wwn)).toString(16) : undefined;
    return [...(iqn === undefined ? [] : [iqn]), ...(hex === undefined ? [] : [hex.padStart(16, "0")])];
  });
}

function disksOf(system: Properties): Disk[] {
  return system.items(DISKS).flatMap((each) => {
    const name = text(each, "canonicalName");
    const uuid = text(each, "uuid");
    if (name === undefined || uuid === undefined) return [];
    return [{ naa: naaOf(name), uuid, state: text(list(each, "operationalState")[0]) ?? "unknownState" }];
  });
}

function mountsOf(system: Properties): VmfsMount[] {
  return system.items(MOUNTS).flatMap((each) => {
    const volume = at(each, "volume");
    const uuid = text(volume, "uuid");
    const extents = list(volume, "extent");
    // NFS and vFAT volumes lie on no extents.
    if (uuid === undefined || extents.length === 0) return [];
    const { mounted, accessible } = mountState(at(each, "mountInfo"));
    return [
      {
        vmfsUuid: asVmfsUuid(uuid),
        label: plainName(text(volume, "name") ?? ""),
        extents: extents.flatMap((extent) => diskOf(extent)),
        mounted,
        accessible,
        // Set for a copy that was mounted by force, absent for a volume that mounted by itself.
        forceMounted: (at(volume, "forceMountedInfo") ?? undefined) !== undefined,
      },
    ];
  });
}

function copyFrom(volume: unknown): UnresolvedCopy {
  const uuid = text(volume, "vmfsUuid");
  if (uuid === undefined) throw garbage("list unresolved VMFS copies", { missing: "vmfsUuid" });
  const status = at(volume, "resolveStatus");
  return {
    vmfsUuid: asVmfsUuid(uuid),
    label: plainName(text(volume, "vmfsLabel") ?? ""),
    extents: list(volume, "extent").flatMap((extent) =>
      diskOf(at(extent, "device")).map((naa) => ({
        naa,
        devicePath: text(extent, "devicePath") ?? "",
        isHead: flag(extent, "isHeadExtent") ?? false,
      })),
    ),
    resolvable: flag(status, "resolvable") ?? false,
    multipleCopies: flag(status, "multipleCopies") ?? false,
    incompleteExtents: flag(status, "incompleteExtents") ?? false,
  };
}

function diskOf(partition: unknown): ReturnType<typeof naaOf>[] {
  const disk = text(partition, "diskName");
  return disk === undefined ? [] : [naaOf(disk)];
}
