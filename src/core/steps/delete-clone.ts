import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import { type StepOf, stepKind, type World } from "./types.ts";

/** What must hold right before the delete: a clone, the planned one, held by nobody, with nothing made from it. False: it is gone. */
async function isDeletable(step: StepOf<"delete_clone">, world: World): Promise<boolean> {
  const [volume, assignments, dependents] = await Promise.all([
    world.array.volume(step.volume.id),
    world.array.assignments({ volumeId: step.volume.id }),
    world.array.dependents(step.volume.id),
  ]);
  if (volume === undefined) return false;
  const name = volume.name;
  const found = { volume: volume.id, naa: volume.naa };
  // Declared by the array, or made from what the plan saw it made from.
  const clone =
    volume.declaredKind ?? (step.parent !== undefined && volume.parent?.volumeId === step.parent && "clone");
  if (clone !== "clone") {
    throw new PrepError("FORBIDDEN", `${name} (${volume.id}) is no clone any more; only clones are ever deleted.`, {
      found,
      hint: "Plan again.",
    });
  }
  if (volume.unusable !== undefined) {
    throw new PrepError("VOLUME_UNUSABLE", `${name} ${safeText(volume.unusable)}.`, {
      found,
      hint: "Mend that on the array, then plan again.",
    });
  }
  if (volume.naa !== step.volume.naa) {
    throw new PrepError("STALE_PLAN", `Volume ${volume.id} is not the planned clone any more.`, {
      found: { ...found, planned: step.volume.naa },
      hint: "Plan again.",
    });
  }
  if (assignments.length > 0) {
    throw new PrepError("VOLUME_IN_USE", `${name} (${volume.id}) is assigned again.`, {
      found: { ...found, assignments: assignments.map(({ id, clientId }) => ({ id, clientId })) },
      hint: "Find out who assigned it, then plan again.",
    });
  }
  if (dependents.clones.length > 0 || dependents.snapshots > 0) {
    throw new PrepError("CLONE_HAS_CHILDREN", `${name} (${volume.id}) has snapshots or clones of its own.`, {
      found: { ...found, children: dependents.clones, snapshotCount: dependents.snapshots },
      hint: "Delete those on the array first, or keep the clone.",
      next: [{ kind: "plan_with", option: "keepClone" }],
    });
  }
  return true;
}

/** Gold is refused here, by the plan, by the driver and, where it knows of gold, by the array. */
export const deleteClone = stepKind<StepOf<"delete_clone">>({
  kind: "delete_clone",
  irreversible: true,
  describe: (step) => `Delete clone ${step.volume.name} (${step.volume.id}, ${step.volume.naa})`,
  async check(step, reading) {
    if (!(await isDeletable(step, reading))) return { detail: "the array has no such volume" };
    return async (world) => {
      if (!(await isDeletable(step, world))) return { detail: "the array has no such volume" };
      await world.array.deleteClone(step.volume.id, world.key, (percent) => world.progress(`${percent} %`));
      return { detail: "deleted" };
    };
  },
});
