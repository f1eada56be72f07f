import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import { type StepOf, stepKind, type World } from "./types.ts";

/** What must hold right before the delete: a clone, the planned one, held by nobody, with nothing made from it. False: it is gone. */
async function isDeletable(step: StepOf<"delete_clone">, world: World): Promise<boolean> {
  const [volume, assignments, children] = await Promise.all([
    world.array.volume(step.volume.id),
    world.array.assignments({ volumeId: step.volume.id }),
    world.array.volumes({ parentVolumeId: step.volume.id }),
  ]);
  if (volume === undefined) return false;
  const name = safeText(volume.name);
  const found = { volume: volume.id, naa: volume.naa };
  if (volume.kind !== "clone") {
    throw new PrepError(
      "FORBIDDEN",
      `${name} (${volume.id}) is a ${volume.kind} volume; only clones are ever deleted.`,
      {
        found,
        hint: "Plan again.",
      },
    );
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
  if (children.length > 0 || volume.snapshotCount > 0) {
    throw new PrepError("CLONE_HAS_CHILDREN", `${name} (${volume.id}) has snapshots or clones of its own.`, {
      found: { ...found, children: children.map((child) => child.id), snapshotCount: volume.snapshotCount },
      hint: "Delete those on the array first, or keep the clone.",
      next: [{ kind: "plan_with", option: "keepClone" }],
    });
  }
  return true;
}

/** `DELETE /volumes/{id}` of a clone. Gold is refused here, by the plan, by the adapter and by the array. */
export const deleteClone = stepKind<StepOf<"delete_clone">>({
  kind: "delete_clone",
  irreversible: true,
  describe: (step) => `Delete clone ${safeText(step.volume.name)} (${step.volume.id}, ${step.volume.naa})`,
  async check(step, reading) {
    if (!(await isDeletable(step, reading))) return { detail: "the array has no such volume" };
    return async (world) => {
      if (!(await isDeletable(step, world))) return { detail: "the array has no such volume" };
      await world.array.deleteClone(step.volume.id, world.key, (percent) => world.progress(`${percent} %`));
      return { detail: "deleted" };
    };
  },
});
