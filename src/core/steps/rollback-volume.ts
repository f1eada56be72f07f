import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import { type StepOf, stepKind, type World } from "./types.ts";

/** What must hold right before it: gold held by nobody, the snapshot there, and no snapshot at stake that the plan did not name. */
async function checkPrecondition(step: StepOf<"rollback_volume">, world: World): Promise<void> {
  const [assignments, snapshots, volumes] = await Promise.all([
    world.array.assignments({ volumeId: step.gold.id }),
    world.array.snapshots(step.policyId),
    world.array.volumes({ parentVolumeId: step.gold.id }),
  ]);
  const name = safeText(step.gold.name);
  if (assignments.length > 0) {
    throw new PrepError("VOLUME_IN_USE", `${name} is assigned; it cannot be rolled back.`, {
      found: { assignments: assignments.map(({ id, clientId }) => ({ id, clientId })) },
      hint: "Find out who assigned it, then plan again.",
    });
  }
  const own = snapshots.filter((snapshot) => snapshot.volumeId === step.gold.id);
  const chosen = own.find((snapshot) => snapshot.id === step.snapshot.id);
  if (chosen === undefined) {
    throw new PrepError("STALE_PLAN", `Snapshot ${safeText(step.snapshot.name)} (${step.snapshot.id}) is gone.`, {
      found: { snapshot: step.snapshot.id },
      hint: "Plan again with another snapshot.",
    });
  }
  const unplanned = own.filter((one) => one.createdAt > chosen.createdAt && !step.lost.includes(one.id));
  if (unplanned.length > 0) {
    throw new PrepError("STALE_PLAN", "There are newer snapshots now than the plan said would be lost.", {
      found: { snapshots: unplanned.map((one) => ({ id: one.id, name: safeText(one.name) })) },
      hint: "Plan again: the new plan lists them.",
    });
  }
  const lost = new Set<string>(step.lost);
  const children = volumes.filter((one) => one.parentSnapshotId !== undefined && lost.has(one.parentSnapshotId));
  if (children.length > 0) {
    throw new PrepError("VOLUME_IN_USE", "A snapshot that would be lost has clones.", {
      found: { clones: children.map((child) => child.id) },
      hint: "Delete these clones first, or choose a newer snapshot.",
    });
  }
}

/**
 * `POST …/rollback`. The world does not show whether it took effect, so a repeat rests on the array's contract: the same
 * idempotency key gets the first job. The key is the originating run's.
 */
export const rollbackVolume = stepKind<StepOf<"rollback_volume">>({
  kind: "rollback_volume",
  irreversible: true,
  describe: (step) =>
    `Roll ${safeText(step.gold.name)} (${step.gold.id}) back to snapshot ${safeText(step.snapshot.name)} (${step.snapshot.id}); what was written since${step.lost.length > 0 ? ` and ${step.lost.length} newer snapshot${step.lost.length === 1 ? "" : "s"}` : ""} is lost`,
  async check(step, reading) {
    await checkPrecondition(step, reading);
    return async (world) => {
      await checkPrecondition(step, world);
      await world.array.rollback({ policyId: step.policyId, snapshotId: step.snapshot.id }, world.key, (percent) =>
        world.progress(`${percent} %`),
      );
      return { detail: "rolled back" };
    };
  },
});
