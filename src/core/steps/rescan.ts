import { PrepError } from "../domain/errors.ts";
import type { Naa } from "../domain/ids.ts";
import { diskOf, labelOf, resolve, waitFor } from "./shared.ts";
import { type StepOf, stepKind, type WritableWorld } from "./types.ts";

/** Rescans until the host's disks are as expected, or the time is over. */
async function rescanUntil(
  expected: { readonly gone: readonly Naa[]; readonly present: Naa | undefined },
  world: WritableWorld,
): Promise<void> {
  const { gone, present } = expected;
  let unmet: string[] = [];
  const settled = await waitFor(world.clock, world.limits.deviceWaitMs, async () => {
    await world.hypervisor.rescan(world.host);
    const storage = await world.hypervisor.hostDevices(world.host);
    const isThere = (naa: Naa): boolean => diskOf(storage, naa) !== undefined;
    unmet = gone.filter(isThere).map((naa) => `${naa} is still there`);
    if (present !== undefined && !isThere(present)) unmet.push(`${present} is not there`);
    return unmet.length === 0 ? true : undefined;
  });
  if (settled !== undefined) return;
  throw new PrepError("TIMED_OUT", `After repeated rescans: ${unmet.join("; ")}.`, {
    found: { host: world.host.id, gone, present },
    hint: "Check the host's paths to the array (zoning, initiators) in vCenter, then resume the run.",
  });
}

/** `RescanAllHba` (disks come and go), then `RescanVmfs` (volumes and copies). Harmless to repeat. */
export const rescan = stepKind<StepOf<"rescan">>({
  kind: "rescan",
  irreversible: false,
  describe(step) {
    const gone = step.expectGone.length > 0 ? ` and see ${step.expectGone.join(", ")} gone` : "";
    const present = step.expectPresent === undefined ? "" : ` and see the disk of ${labelOf(step.expectPresent)}`;
    return `Rescan the host${gone}${present}${step.onlyIfChanged === undefined ? "" : ", if a disk was attached"}`;
  },
  async check(step, { changed, outputs }) {
    if (step.onlyIfChanged !== undefined && !changed(step.onlyIfChanged)) return { detail: "not needed" };
    const present = step.expectPresent === undefined ? undefined : resolve(step.expectPresent, { outputs }).naa;
    return async (world) => {
      await rescanUntil({ gone: step.expectGone, present }, world);
      return { detail: present === undefined ? "rescanned" : `rescanned, ${present} is there` };
    };
  },
});
