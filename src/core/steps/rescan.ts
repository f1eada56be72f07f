import { PrepError } from "../domain/errors.ts";
import { diskOf, labelOf, resolve, waitFor } from "./shared.ts";
import { type RescanStep, stepKind } from "./types.ts";

/** `RescanAllHba` (disks come and go), then `RescanVmfs` (volumes and copies). Harmless to repeat. */
export const rescan = stepKind<RescanStep>({
  kind: "rescan",
  irreversible: false,
  describe(step) {
    const gone = step.gone.length > 0 ? ` and see ${step.gone.join(", ")} gone` : "";
    const there = step.there === undefined ? "" : ` and see the disk of ${labelOf(step.there)}`;
    return `Rescan the host${gone}${there}${step.after === undefined ? "" : ", if a disk was attached"}`;
  },
  async isDone(step, world) {
    return step.after !== undefined && !world.changed(step.after) ? { detail: "not needed" } : undefined;
  },
  async apply(step, world) {
    const there = step.there === undefined ? undefined : resolve(step.there, world).naa;
    let missing = "";
    const settled = await waitFor(world.clock, world.limits.copyWaitMs, async () => {
      await world.hypervisor.rescan(world.host);
      const storage = await world.hypervisor.hostStorage(world.host);
      const still = step.gone.filter((naa) => diskOf(storage, naa) !== undefined);
      const absent = there !== undefined && diskOf(storage, there) === undefined;
      missing = [...still.map((naa) => `${naa} is still there`), ...(absent ? [`${there} is not there`] : [])].join(
        "; ",
      );
      return missing === "" ? true : undefined;
    });
    if (settled === undefined) {
      throw new PrepError("TIMED_OUT", `After repeated rescans: ${missing}.`, {
        found: { host: world.host.id, gone: step.gone, there },
        hint: "Look at the host's paths to the array (zoning, initiators) in vCenter, then resume the run.",
      });
    }
    return { detail: there === undefined ? "rescanned" : `rescanned, ${there} is there` };
  },
});
