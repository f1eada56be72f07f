import { beforeEach, expect, it } from "vitest";
import { asClientId } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import { assignedTo, CLIENT, withEngine } from "../../support/engine.ts";
import { actOf, carryThrough, codeOf, stepBench } from "../../support/step-world.ts";

const bench = await withEngine();
const steps = await stepBench(bench);

beforeEach(() => bench.reset("empty"));

async function client() {
  const found = (await bench.control.state()).clients.find((one) => one.name === CLIENT);
  if (found === undefined) throw new Error("the lab has no such client");
  return { id: asClientId(found.id), name: plainName(CLIENT) };
}

it("assigns a volume; one that is assigned is done, with the same assignment", async () => {
  const { volume } = await steps.gold();
  const step = { id: "s1", after: [], kind: "assign", volume, client: await client() } as const;
  const { first, again } = await carryThrough(step, await steps.world());
  expect(first.outputs?.assignmentId).toBeDefined();
  expect(again.outputs).toEqual(first.outputs);
  expect(assignedTo(await bench.control.state()).map((one) => one.id)).toEqual([volume.id]);
});

it("assigns what an earlier step made, and stops where that step left no record", async () => {
  const { volume } = await steps.gold();
  const step = { id: "s2", after: [], kind: "assign", volume: { from: "s1" }, client: await client() } as const;
  expect(await codeOf(actOf(step, await steps.world()))).toBe("OUTCOME_UNKNOWN");
  await carryThrough(step, await steps.world({ outputs: { s1: { volume } } }));
  expect(assignedTo(await bench.control.state())).toHaveLength(1);
});
