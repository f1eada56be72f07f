import { diskOf } from "./shared.ts";
import { type DetachStep, stepKind } from "./types.ts";

/** `HostStorageSystem.DetachScsiLun` by `ScsiLun.uuid`, which is looked up by NAA at the last moment. The host remembers it. */
export const detach = stepKind<DetachStep>({
  kind: "detach",
  irreversible: false,
  describe: (step) => `Detach disk ${step.naa} on the host`,
  async isDone(step, world) {
    const disk = diskOf(await world.hypervisor.hostStorage(world.host), step.naa);
    if (disk === undefined) return { detail: "the host has no such disk" };
    return disk.state === "off" ? { detail: "already detached" } : undefined;
  },
  async apply(step, world) {
    const disk = diskOf(await world.hypervisor.hostStorage(world.host), step.naa);
    if (disk !== undefined) await world.hypervisor.detach(world.host, disk.uuid);
    return { detail: "detached" };
  },
});
