import type { MoRef, VmfsUuid } from "../core/domain/ids.ts";
import type { Disk, Host, HostDevices, VmfsMount, VmState } from "../core/ports/hypervisor.ts";
import { readDevices } from "./host-storage.ts";
import type { Session } from "./session.ts";
import { readVmStates, readVmsOfHost } from "./vms.ts";

/** Whether a change is still to be made. Where the state does not tell, it is: vCenter then says why not. */
type Check = () => Promise<boolean>;

/** What is read before a change is sent a second time, in a new session; a `SoapCall`'s `stillNeeded`. */
export interface StillNeeded {
  runs(vm: MoRef): Check;
  registered(vm: MoRef): Check;
  unregistered(path: string, host: Host): Check;
  mounted(host: Host, vmfsUuid: VmfsUuid): Check;
  unmounted(host: Host, vmfsUuid: VmfsUuid): Check;
  /** No volume is mounted from the disk of this device path. */
  unresolved(host: Host, devicePath: string): Check;
  attached(host: Host, lunUuid: string): Check;
  detached(host: Host, lunUuid: string): Check;
}

export function createStillNeeded(session: Session): StillNeeded {
  const vmIs = (id: MoRef, stillNeeded: (vm: VmState | undefined) => boolean) => async (): Promise<boolean> =>
    stillNeeded((await readVmStates(session, [id]))[0]);
  const devicesAre = (host: Host, stillNeeded: (devices: HostDevices) => boolean) => async (): Promise<boolean> =>
    stillNeeded(await readDevices(session, host));
  const mountIs = (host: Host, uuid: VmfsUuid, stillNeeded: (mount: VmfsMount) => boolean): Check =>
    devicesAre(host, ({ mounts }) => mounts.filter((each) => each.vmfsUuid === uuid).every(stillNeeded));
  const diskIs = (host: Host, uuid: string, stillNeeded: (disk: Disk) => boolean): Check =>
    devicesAre(host, ({ disks }) => disks.filter((each) => each.uuid === uuid).every(stillNeeded));
  return {
    runs: (id) => vmIs(id, (vm) => vm?.powerState !== "poweredOff"),
    registered: (id) => vmIs(id, (vm) => vm !== undefined),
    unregistered: (path, host) => async () =>
      !(await readVmsOfHost(session, host.id)).some((each) => each.path === path),
    mounted: (host, uuid) => mountIs(host, uuid, (mount) => mount.mounted),
    unmounted: (host, uuid) => mountIs(host, uuid, (mount) => !mount.mounted),
    unresolved: (host, devicePath) =>
      devicesAre(
        host,
        ({ mounts }) => !mounts.some((each) => each.mounted && each.extents.some((naa) => devicePath.includes(naa))),
      ),
    attached: (host, uuid) => diskIs(host, uuid, (disk) => disk.state !== "off"),
    detached: (host, uuid) => diskIs(host, uuid, (disk) => disk.state === "off"),
  };
}
