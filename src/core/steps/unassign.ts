import { PrepError } from "../domain/errors.ts";

import { isMounted, mountOf } from "./shared.ts";
import { type StepOf, stepKind, type World } from "./types.ts";

async function isAssigned(step: StepOf<"unassign">, { array }: World): Promise<boolean> {
  const assignment = (await array.assignments({ clientId: step.client.id })).find(
    (one) => one.id === step.assignmentId,
  );
  if (assignment === undefined) return false;
  if (assignment.volumeId === step.volume.id) return true;
  throw new PrepError("STALE_PLAN", `Assignment ${step.assignmentId} is not of the planned volume any more.`, {
    found: { assignmentId: step.assignmentId, planned: step.volume.id, now: assignment.volumeId },
    hint: "Plan again.",
  });
}

/** A volume that is still in use would be lost under the host's feet. A dead mount does not count: it goes with the next rescan. */
async function checkUnused(step: StepOf<"unassign">, { hypervisor, host }: World): Promise<void> {
  const mount = mountOf(await hypervisor.hostDevices(host), step.volume.naa);
  if (!isMounted(mount)) return;
  throw new PrepError("STALE_PLAN", `${step.volume.name} is still mounted on the host.`, {
    found: { vmfsUuid: mount?.vmfsUuid, naa: step.volume.naa },
    hint: "Something mounted it again; plan again.",
  });
}

/** `DELETE /assignments/{id}`. */
export const unassign = stepKind<StepOf<"unassign">>({
  kind: "unassign",
  irreversible: false,
  describe: (step) => `Unassign ${step.volume.name} (${step.volume.id}) from ${step.client.name} on the array`,
  async check(step, reading) {
    if (!(await isAssigned(step, reading))) return { detail: "not assigned" };
    return async (world) => {
      const [assigned] = await Promise.all([isAssigned(step, world), checkUnused(step, world)]);
      if (!assigned) return { detail: "not assigned" };
      await world.array.unassign(step.assignmentId, world.key, (percent) => world.progress(`${percent} %`));
      return { detail: "unassigned" };
    };
  },
});
