/** An array that fails after it has made the change, and says nothing of that: nobody calls it refused, and a resume looks. */
import { expect, test } from "vitest";
import { assignedTo, type Bench, hostOf, withEngine } from "../../support/engine.ts";

const bench: Bench = await withEngine();

test.each([
  ["automated_testing", "CloneSnapshot"],
  ["automated_testing", "CreateAssignment"],
  ["automated_testing", "DeleteAssignment"],
  ["automated_testing", "DeleteVolume"],
  ["rollback", "RollbackSnapshot"],
] as const)("%s: %s", async (mode, op) => {
  await bench.reset("clone-assigned");
  await bench.control.faults({ api: "dgs", op, action: "http500-after" });
  const run = await bench.prep(mode);
  expect(run).toMatchObject({ state: "needs_operator", error: { code: "OUTCOME_UNKNOWN" } });
  expect(run.error?.message).toMatch(/500/);
  const resumed = await bench.run(await bench.app.engine.resumePlan(run.runId, bench.actor));
  expect(resumed).toMatchObject({ state: "succeeded" });
  const state = await bench.control.state();
  expect(assignedTo(state)).toHaveLength(1);
  expect(hostOf(state).mounts).toHaveLength(1);
  expect(state.mutations.filter((mutation) => mutation.op === op)).toHaveLength(1);
});

test.each([
  ["rollback", "gold-assigned", {}, "GetVolume"],
  ["snapshot", "empty", { newSnapshot: "taken" }, "ListSnapshots"],
] as const)(
  "%s: one look at what the array has done fails, and the run does not",
  async (mode, scenario, inputs, op) => {
    await bench.reset(scenario);
    const plan = await bench.plan(mode, inputs);
    const { world } = bench.lab;
    const stop = world.onChange(() => {
      if (!world.mutations.some(({ op: made }) => made === "RollbackSnapshot" || made === "CreateSnapshot")) return;
      stop();
      world.faults.add({ api: "dgs", op, action: { kind: "http500" } });
    });
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
  },
);

test("a rollback that cannot be looked at is not called failed", async () => {
  await bench.reset("gold-assigned");
  const plan = await bench.plan("rollback");
  await bench.control.faults({ api: "dgs", op: "GetVolume", times: 99, action: "http500" });
  const run = await bench.run(plan);
  expect(run).toMatchObject({ state: "needs_operator", error: { code: "OUTCOME_UNKNOWN" } });
  await bench.control.clearFaults();
  const resumed = await bench.run(await bench.app.engine.resumePlan(run.runId, bench.actor));
  expect(resumed).toMatchObject({ state: "succeeded" });
});
