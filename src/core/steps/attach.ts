import { diskOf, labelOf, resolve } from "./shared.ts";
import { type AttachStep, stepKind } from "./types.ts";

/** `HostStorageSystem.AttachScsiLun`: undoes a detach that the host remembers for this NAA. */
export const attach = stepKind<AttachStep>({
  kind: "attach",
  irreversible: false,
  describe: (step) => `Attach the disk of ${labelOf(step.volume)}, if the host remembers it as detached`,
  async isDone(step, world) {
    const disk = diskOf(await world.hypervisor.hostStorage(world.host), resolve(step.volume, world).naa);
    return disk?.state === "off" ? undefined : { detail: "not detached" };
  },
  async apply(step, world) {
    const disk = diskOf(await world.hypervisor.hostStorage(world.host), resolve(step.volume, world).naa);
    if (disk !== undefined) await world.hypervisor.attach(world.host, disk.uuid);
    return { detail: "attached" };
  },
});
