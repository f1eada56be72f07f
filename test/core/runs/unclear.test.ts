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
