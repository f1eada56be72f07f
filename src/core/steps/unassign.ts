import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import { isMounted, mountOf } from "./shared.ts";
import { stepKind, type UnassignStep } from "./types.ts";

/** `DELETE /assignments/{id}`. A volume that is still in use would be lost under the host's feet, so that is looked at first; a dead mount goes with the next rescan. */
export const unassign = stepKind<UnassignStep>({
  kind: "unassign",
  irreversible: false,
  describe: (step) =>
    `Unassign ${safeText(step.volume.name)} (${step.volume.id}) from ${safeText(step.client.name)} on the array`,
  async isDone(step, world) {
    // The host is asked beside the array: the act wants to know of its mounts before it does anything.
    const [assignments] = await Promise.all([
      world.array.assignments({ clientId: step.client.id }),
      world.hypervisor.hostStorage(world.host),
    ]);
    return assignments.some((assignment) => assignment.id === step.assignmentId)
      ? undefined
      : { detail: "not assigned" };
  },
  async apply(step, world) {
    const mount = mountOf(await world.hypervisor.hostStorage(world.host), step.volume.naa);
    if (isMounted(mount)) {
      throw new PrepError("STALE_PLAN", `${safeText(step.volume.name)} is still mounted on the host.`, {
        found: { vmfsUuid: mount?.vmfsUuid, naa: step.volume.naa },
        hint: "Something mounted it again; plan again.",
      });
    }
    await world.array.unassign(step.assignmentId, world.key, (percent) => world.progress(`${percent} %`));
    return { detail: "unassigned" };
  },
});
