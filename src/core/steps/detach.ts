import { diskOf, whileBusy } from "./shared.ts";
import { type StepOf, stepKind } from "./types.ts";

/** `HostStorageSystem.DetachScsiLun` by `ScsiLun.uuid`, which is looked up by NAA at the last moment. The host remembers it. */
export const detach = stepKind<StepOf<"detach">>({
  kind: "detach",
  irreversible: false,
  describe: (step) => `Detach disk ${step.naa} on the host`,
  async check(step, { hypervisor, host }) {
    const disk = diskOf(await hypervisor.hostDevices(host), step.naa);
    if (disk === undefined) return { detail: "the host has no such disk" };
    if (disk.state === "off") return { detail: "already detached" };
    return async (world) => {
      await whileBusy(world, () => world.hypervisor.detach(host, disk.uuid));
      return { detail: "detached" };
    };
  },
});
