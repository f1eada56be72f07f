import type { MoRef, VmfsUuid } from "../core/domain/ids.ts";
import type { Disk, Host, HostStorage, VmfsMount, VmState } from "../core/ports/hypervisor.ts";
import { readStorageAndVms } from "./host-storage.ts";
import type { Session } from "./session.ts";
import { readVmStates, readVmsOfHost } from "./vms.ts";

/** Whether a change is still to be made. Where the state does not tell, it is: vCenter then says why not. */
type Look = () => Promise<boolean>;

/** What is looked at before a change is sent a second time, in a new session; a `Call`'s `due`. */
export interface Looks {
  runs(vm: MoRef): Look;
  registered(vm: MoRef): Look;
  unregistered(path: string, host: Host): Look;
  mounted(host: Host, vmfsUuid: VmfsUuid): Look;
  unmounted(host: Host, vmfsUuid: VmfsUuid): Look;
  /** No volume is mounted from the disk of this device path. */
  unresolved(host: Host, devicePath: string): Look;
  attached(host: Host, lunUuid: string): Look;
  detached(host: Host, lunUuid: string): Look;
}

export function createLooks(session: Session): Looks {
  const vmIs = (id: MoRef, due: (vm: VmState | undefined) => boolean) => async (): Promise<boolean> =>
    due((await readVmStates(session, [id]))[0]);
  const storageIs = (host: Host, due: (storage: HostStorage) => boolean) => async (): Promise<boolean> =>
    due((await readStorageAndVms(session, host, [])).storage);
  const mountIs = (host: Host, uuid: VmfsUuid, due: (mount: VmfsMount) => boolean): Look =>
    storageIs(host, ({ mounts }) => mounts.filter((each) => each.vmfsUuid === uuid).every(due));
  const diskIs = (host: Host, uuid: string, due: (disk: Disk) => boolean): Look =>
    storageIs(host, ({ disks }) => disks.filter((each) => each.uuid === uuid).every(due));
  return {
    runs: (id) => vmIs(id, (vm) => vm?.powerState !== "poweredOff"),
    registered: (id) => vmIs(id, (vm) => vm !== undefined),
    unregistered: (path, host) => async () =>
      !(await readVmsOfHost(session, host.id)).some((each) => each.path === path),
    mounted: (host, uuid) => mountIs(host, uuid, (mount) => mount.mounted),
    unmounted: (host, uuid) => mountIs(host, uuid, (mount) => !mount.mounted),
    unresolved: (host, devicePath) =>
      storageIs(
        host,
        ({ mounts }) => !mounts.some((each) => each.mounted && each.extents.some((naa) => devicePath.includes(naa))),
      ),
    attached: (host, uuid) => diskIs(host, uuid, (disk) => disk.state !== "off"),
    detached: (host, uuid) => diskIs(host, uuid, (disk) => disk.state === "off"),
  };
}
