import { diskOf, labelOf, resolve, whileBusy } from "./shared.ts";
import { type StepOf, stepKind } from "./types.ts";

/** `HostStorageSystem.AttachScsiLun`: undoes a detach that the host remembers for this NAA. */
export const attach = stepKind<StepOf<"attach">>({
  kind: "attach",
  irreversible: false,
  describe: (step) => `Attach the disk of ${labelOf(step.volume)}, if the host remembers it as detached`,
  async check(step, { hypervisor, host, outputs }) {
    const disk = diskOf(await hypervisor.hostDevices(host), resolve(step.volume, { outputs }).naa);
    if (disk?.state !== "off") return { detail: "not detached" };
    return async (world) => {
      await whileBusy(world, () => world.hypervisor.attach(host, disk.uuid));
      return { detail: "attached" };
    };
  },
});
