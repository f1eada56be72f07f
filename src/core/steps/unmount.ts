import { PrepError } from "../domain/errors.ts";

import { mountOf, whileBusy } from "./shared.ts";
import { type StepOf, stepKind } from "./types.ts";

/**
 * `HostStorageSystem.UnmountVmfsVolume` by vmfsUuid. Gold and its clones share that uuid, so the mount's disk is
 * compared first. Never `RemoveDatastore` or `Destroy`: those delete the volume.
 */
export const unmount = stepKind<StepOf<"unmount">>({
  kind: "unmount",
  irreversible: false,
  describe: (step) => `Unmount datastore ${step.datastore.name} (${step.vmfsUuid} on ${step.naa})`,
  async check(step, { hypervisor, host }) {
    const { mounts } = await hypervisor.hostDevices(host);
    const other = mounts.find(
      (mount) => mount.vmfsUuid === step.vmfsUuid && mount.mounted && !mount.extents.includes(step.naa),
    );
    if (other !== undefined) {
      throw new PrepError("STALE_PLAN", `VMFS volume ${step.vmfsUuid} now lies on another disk than the plan found.`, {
        found: { planned: step.naa, now: other.extents },
        hint: "Plan again.",
      });
    }
    if (mountOf({ mounts }, step.naa)?.mounted !== true) return { detail: "not mounted" };
    return async (world) => {
      await whileBusy(world, () => world.hypervisor.unmount(host, step.vmfsUuid));
      return { detail: "unmounted" };
    };
  },
});
