import { beforeEach, expect, it } from "vitest";
import { withEngine } from "../../support/engine.ts";
import { actOf, codeOf, stepBench } from "../../support/step-world.ts";

const bench = await withEngine();
const steps = await stepBench(bench);

beforeEach(() => bench.reset("empty"));

/** Gold back to its latest snapshot: nothing else is lost. */
async function toLatest() {
  const { volume, snapshots } = await steps.gold();
  const [snapshot] = snapshots;
  if (snapshot === undefined) throw new Error("gold has no snapshot");
  const rolledBack = async (): Promise<boolean> =>
    (await bench.control.state()).mutations.some((change) => change.op === "RollbackSnapshot");
  const step = { id: "s1", after: [], kind: "rollback_volume", gold: volume, snapshot, lost: [] } as const;
  return { step, volume, snapshot, rolledBack };
}

it("rolls gold back", async () => {
  const { step, rolledBack } = await toLatest();
  const world = await steps.world();
  await (await actOf(step, world))(world);
  expect(await rolledBack()).toBe(true);
});

it.each([
  { change: "gold is assigned", touch: "assign", code: "VOLUME_IN_USE" },
  { change: "a newer snapshot is taken", touch: "new-snapshot", code: "STALE_PLAN" },
  { change: "the snapshot is deleted", touch: "delete-snapshot", code: "STALE_PLAN" },
])("does not roll back where $change after the check", async ({ touch, code }) => {
  const { step, volume, snapshot, rolledBack } = await toLatest();
  const world = await steps.world();
  const act = await actOf(step, world);
  await bench.control.touch(touch, {
    lun: volume.id,
    ...(touch === "delete-snapshot" ? { snapshot: snapshot.id } : {}),
  });
  expect(await codeOf(act(world))).toBe(code);
  expect(await rolledBack()).toBe(false);
});
