import { PrepError } from "../domain/errors.ts";
import { diskOf, whileBusy } from "./shared.ts";
import { type StepOf, stepKind } from "./types.ts";

/** `HostStorageSystem.DeleteScsiLunState` of a deleted clone: the host stops remembering the detached device. */
export const forgetDevice = stepKind<StepOf<"forget_device">>({
  kind: "forget_device",
  irreversible: false,
  describe: (step) => `Make the host forget the detached device ${step.naa}`,
  async check(step, { hypervisor, host }) {
    if (diskOf(await hypervisor.hostDevices(host), step.naa) !== undefined) {
      throw new PrepError("STALE_PLAN", `Disk ${step.naa} is on the host although its clone was deleted.`, {
        found: { naa: step.naa },
        hint: "Rescan the host in vCenter and check the disk; then plan again.",
      });
    }
    return async (world) => {
      await whileBusy(world, () => world.hypervisor.forgetDevice(host, step.naa));
      return { detail: "forgotten" };
    };
  },
});
