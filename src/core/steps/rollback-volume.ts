import { PrepError } from "../domain/errors.ts";

import { isNewer } from "../observe/observe.ts";
import { type StepOf, stepKind, type World } from "./types.ts";

/** What must hold right before it: gold held by nobody, the snapshot there, and no snapshot at stake that the plan did not name. */
async function checkPrecondition(step: StepOf<"rollback_volume">, world: World): Promise<void> {
  const [assignments, own, volumes, traits] = await Promise.all([
    world.array.assignments({ volumeId: step.gold.id }),
    world.array.snapshots({ volumeId: step.gold.id }),
    world.array.volumes({ parentVolumeId: step.gold.id }),
    world.array.traits(),
  ]);
  const name = step.gold.name;
  if (assignments.length > 0) {
    throw new PrepError("VOLUME_IN_USE", `${name} is assigned; it cannot be rolled back.`, {
      found: { assignments: assignments.map(({ id, clientId }) => ({ id, clientId })) },
      hint: "Find out who assigned it, then plan again.",
    });
  }
  const chosen = own.find((snapshot) => snapshot.id === step.snapshot.id);
  if (chosen === undefined) {
    throw new PrepError("STALE_PLAN", `Snapshot ${step.snapshot.name} (${step.snapshot.id}) is gone.`, {
      found: { snapshot: step.snapshot.id },
      hint: "Plan again with another snapshot.",
    });
  }
  const newer = own.filter((one) => isNewer(one, chosen));
  const losesThem = traits.rollback.newerSnapshots === "lost";
  const unplanned = losesThem ? newer.filter((one) => !step.lost.includes(one.id)) : [];
  if (unplanned.length > 0) {
    throw new PrepError("STALE_PLAN", "There are newer snapshots now than the plan said would be lost.", {
      found: { snapshots: unplanned.map((one) => ({ id: one.id, name: one.name })) },
      hint: "Plan again: the new plan lists them.",
    });
  }
  const children =
    traits.rollback.blockedByClonesOf === "none" || newer.length === 0
      ? []
      : volumes.filter(
          ({ parent }) => parent?.snapshotId === undefined || newer.some(({ id }) => id === parent.snapshotId),
        );
  if (children.length > 0) {
    throw new PrepError("VOLUME_IN_USE", "A newer snapshot than the chosen one has clones.", {
      found: { clones: children.map((child) => child.id) },
      hint: "Delete these clones first, or choose a newer snapshot.",
    });
  }
}

/**
 * The world does not show whether it took effect, so a repeat rests on the array's traits: the same key gets the first
 * answer (the key is the originating run's), or the same rollback once more ends in the same state.
 */
export const rollbackVolume = stepKind<StepOf<"rollback_volume">>({
  kind: "rollback_volume",
  irreversible: true,
  describe: (step) =>
    `Roll ${step.gold.name} (${step.gold.id}) back to snapshot ${step.snapshot.name} (${step.snapshot.id}); what was written since${step.lost.length > 0 ? ` and ${step.lost.length} newer snapshot${step.lost.length === 1 ? "" : "s"}` : ""} is lost`,
  async check(step, reading) {
    await checkPrecondition(step, reading);
    return async (world) => {
      await checkPrecondition(step, world);
      const { naa } = await world.array.rollback(
        { volumeId: step.gold.id, snapshotId: step.snapshot.id },
        world.key,
        (percent) => world.progress(`${percent} %`),
      );
      if (naa === step.gold.naa) return { detail: "rolled back" };
      throw new PrepError(
        "REMOTE_FAULT",
        `${step.gold.name} was rolled back, and is another disk since: ${naa} instead of ${step.gold.naa}.`,
        {
          found: { volumeId: step.gold.id, planned: step.gold.naa, now: naa },
          hint: "Its VMFS volume is an unresolved copy to the hosts now: check it with the storage administrator before gold is used again.",
          extra: { settled: true },
        },
      );
    };
  },
});
