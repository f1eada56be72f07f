/** A machine whose clock was two years ahead once, with a store that remembers it. */
import { beforeAll, beforeEach, expect, test } from "vitest";
import type { Engine } from "../../../src/core/engine.ts";
import { type Bench, refusal, withEngine } from "../../support/engine.ts";
import { assemble, type Parts } from "../../support/parts.ts";

const YEARS = 2 * 365 * 86_400_000;
let bench: Bench;
let shift = 0;
let stores = 0;
beforeAll(async () => {
  bench = await withEngine();
  // Each test has a store of its own, which the bench knows nothing of.
  bench.changesWithoutPlans();
});
beforeEach(async () => {
  await bench.reset("clone-assigned");
  shift = YEARS;
});

async function ahead(parts: Parts = {}): Promise<Engine> {
  stores += 1;
  const anotherStore = `clock-${stores}`;
  return (await assemble(bench, { ...parts, shiftMs: () => shift, anotherStore })).engine;
}

test("plans made afterwards end in time, those made before are closed, and the audit says why", async () => {
  const engine = await ahead({ openPlans: 1 });
  const early = await engine.plan("register", { lun: "Gold" }, bench.actor);
  shift = 0;
  const plan = await engine.plan("register", { lun: "Gold" }, bench.actor);
  expect(Math.abs(Date.parse(plan.createdAt) - Date.now())).toBeLessThan(60_000);
  await refusal(engine.confirm(early.planToken ?? "", bench.actor), "PLAN_OBSOLETE");
  shift = 3_600_000;
  await refusal(engine.confirm(plan.planToken ?? "", bench.actor), "PLAN_EXPIRED");
  const { rows, chain } = await engine.readAudit({});
  expect(rows.filter((row) => row.type === "clock_set_back")).toMatchObject([
    { data: { newest: expect.stringMatching(/^20/), discarded: [early.planId] } },
  ]);
  expect(chain).toMatchObject({ holds: true });
});

test("a run from then is overtaken by one that came after it", async () => {
  const engine = await ahead();
  await bench.control.faults({ api: "dgs", op: "CloneSnapshot", action: "job-failed" });
  const plan = await engine.plan("automated_testing", { lun: "Gold" }, bench.actor);
  const failed = await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 25_000 });
  expect(failed).toMatchObject({ state: "failed" });
  await bench.control.clearFaults();
  shift = 0;
  const later = await engine.plan("maintenance", { lun: "Gold" }, bench.actor);
  expect(await engine.confirm(later.planToken ?? "", bench.actor, { waitMs: 25_000 })).toMatchObject({
    state: "succeeded",
  });
  await refusal(engine.resumePlan(failed.runId, bench.actor), "PLAN_OBSOLETE");
  expect((await engine.listRuns({})).map((run) => run.planId)).toEqual([later.planId, plan.planId]);
});

test("a run from then whose runner never came holds nothing", async () => {
  const engine = await ahead({ launch: async () => {} });
  const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
  expect(await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 })).toMatchObject({ state: "queued" });
  shift = 0;
  expect(await engine.plan("unregister", { lun: "Gold" }, bench.actor)).toMatchObject({ state: "open" });
});
