import { beforeEach, expect, it } from "vitest";
import { CLIENT, withEngine } from "../../support/engine.ts";
import { actOf, carryThrough, codeOf, stepBench } from "../../support/step-world.ts";

const bench = await withEngine();
const steps = await stepBench(bench);

beforeEach(() => bench.reset("empty"));

async function cloneStep() {
  const { volume, snapshots } = await steps.gold();
  const [snapshot, older] = snapshots;
  if (snapshot === undefined || older === undefined) throw new Error("gold has fewer than two snapshots");
  return {
    step: {
      id: "s1",
      after: [],
      kind: "create_clone",
      gold: volume,
      snapshot,
      name: { stem: `${volume.name}-${CLIENT}`, joint: "-" },
    } as const,
    older,
  };
}

it("makes a clone that carries the run's name; the same run finds it again", async () => {
  const { step } = await cloneStep();
  const { first, again } = await carryThrough(step, await steps.world());
  expect(first.outputs?.volume?.name).toBe(`${step.gold.name}-${CLIENT}-20261121-030405-abcdef`);
  expect(again.outputs?.volume).toEqual(first.outputs?.volume);
  expect((await bench.control.calls()).dgs["CloneSnapshot"]).toBe(1);
});

it("takes no volume of that name for its own that was made from another snapshot", async () => {
  const { step, older } = await cloneStep();
  const world = await steps.world();
  await (await actOf({ ...step, snapshot: older }, world))(world);
  expect(await codeOf(actOf(step, await steps.world()))).toBe("OUTCOME_UNKNOWN");
});
