import type { Fault } from "./fault.ts";
import type { OperationName } from "./operations.ts";

/**
 * What follows where a server does not offer a call; with none here, nothing can be done without it. Calls for which
 * there is another way (`CreateListView`, `SearchDatastoreSubFolders_Task`) are here for when that fails too.
 */
const WITHOUT: Partial<Readonly<Record<OperationName, string>>> = {
  FindAllByIp:
    "Hosts can then be found by their inventory name only: name the host in vCenter as the client's address is written on the array.",
  FindAllByDnsName:
    "Hosts can then be found by their inventory name only: name the host in vCenter as the client's address is written on the array.",
  QueryUnresolvedVmfsVolumes:
    "Which disks hold copies of a VMFS volume cannot be determined, so nothing is planned on this host's storage.",
  ResolveMultipleUnresolvedVmfsVolumes:
    "Copies cannot be mounted then: mount the copy by hand with its signature kept (`esxcli storage vmfs snapshot mount`), then resume the run.",
  SearchDatastore_Task: "VMX files cannot be listed then: register the VMs by hand.",
  SearchDatastoreSubFolders_Task: "VMX files cannot be listed then: register the VMs by hand.",
  UnmountVmfsVolume:
    "Volumes cannot be unmounted then: unmount it on the host (`esxcli storage filesystem unmount`), then resume the run.",
  MountVmfsVolume:
    "Volumes cannot be mounted then: mount it on the host (`esxcli storage filesystem mount`), then resume the run.",
  DetachScsiLun:
    "Disks cannot be detached then: detach it on the host (`esxcli storage core device set --state=off`), then resume the run.",
  AttachScsiLun:
    "Disks cannot be attached then: attach it on the host (`esxcli storage core device set --state=on`), then resume the run.",
  DeleteScsiLunState:
    "The host keeps listing the disk as detached then: remove it there (`esxcli storage core device detached remove`), then resume the run.",
  RescanAllHba: "New disks stay unseen then: rescan the adapters on the host, then resume the run.",
  RescanVmfs: "New volumes stay unseen then: rescan the datastores on the host, then resume the run.",
  ShutdownGuest: "Guests cannot be shut down then: do it in the guest, or allow --force_power_off.",
};

const UNKNOWN_METHODS = ["MethodNotFound", "NotImplemented"];

/** Whether a fault says that the server does not know the call. vCenter itself says so in words only. */
export const isUnsupportedFault = ({ type, message }: Fault): boolean =>
  UNKNOWN_METHODS.includes(type) || (type === "InvalidRequest" && /unable to resolve wsdl method/i.test(message));

export const withoutCall = (operation: OperationName): string =>
  WITHOUT[operation] ??
  "Nothing can be done here without it: check that vcenter.address is a vCenter, not something else that speaks vim25.";
