/** Runners and servers as processes: killed, stopped, told to end, outnumbered. */
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { PlanRecord } from "../../../src/core/records.ts";
import { type EngineChild, engineChild, until } from "../../support/children.ts";
import { type Bench, onPostgres, refusal, withEngine } from "../../support/engine.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});
beforeEach(async () => {
  await bench.control.clearFaults();
  for (const { planId } of await bench.app.engine.listPlans())
    await bench.app.engine.discardPlan({ planId }, bench.actor);
  await bench.control.reset({ scenario: "clone-assigned" });
});

/** A server needs a moment to notice that a session is gone; the operating system does not. */
const SOON = { waitMs: 20_000 };

const seen = (op: string) => until(() => ((bench.lab.world.faults.calls().vim[op] ?? 0) > 0 ? true : undefined));

/** A child whose run of a fresh plan stands in the unmount; `let go` with `clearFaults` does not wake a hung call, an ended one does. */
async function standing(
  options: { detached?: boolean } = {},
  action = "hang",
): Promise<{ child: EngineChild; runId: string }> {
  const child = engineChild(bench, options);
  await child.ready();
  const plan = await bench.plan("automated_testing");
  await bench.control.faults({ api: "vim", op: "UnmountVmfsVolume", action });
  child.confirm(plan.planToken);
  await seen("UnmountVmfsVolume");
  const { runId = "" } = await bench.app.engine.getPlan(plan.planId);
  return { child, runId };
}

describe("a runner", () => {
  test("that is killed frees its locks at once: the run is interrupted, what its step did is unknown, the rest is resumed", async () => {
    const { child, runId } = await standing();
    expect(await bench.app.engine.getRun(runId)).toMatchObject({ state: "running" });
    await child.end("SIGKILL");
    const run = await bench.app.engine.getRun(runId, SOON);
    expect(run).toMatchObject({ state: "interrupted" });
    expect(run.steps.find((step) => step.kind === "unmount")).toMatchObject({ state: "unknown" });
    expect(run.next).toContainEqual({ kind: "resume", runId });
    await bench.control.clearFaults();
    expect((await bench.run(await bench.app.engine.resumePlan(runId, bench.actor))).state).toBe("succeeded");
    expect((await bench.app.engine.verifyAudit()).problems).toEqual([]);
  });

  test("that is killed, and the one that resumes it too, leave one clone that is assigned once", async () => {
    const killedAfter = async (plan: PlanRecord, op: string): Promise<string> => {
      const child = engineChild(bench);
      await child.ready();
      await bench.control.faults({ api: "dgs", op, action: "hang-after" });
      child.confirm(plan.planToken);
      const { world } = bench.lab;
      await until(() => world.mutations.find((one) => one.op === op));
      await child.end("SIGKILL");
      await bench.control.clearFaults();
      const { runId = "" } = await bench.app.engine.getPlan(plan.planId);
      expect(await bench.app.engine.getRun(runId, SOON)).toMatchObject({ state: "interrupted" });
      return runId;
    };
    const first = await killedAfter(await bench.plan("automated_testing"), "CloneSnapshot");
    const second = await killedAfter(await bench.app.engine.resumePlan(first, bench.actor), "CreateAssignment");
    await refusal(bench.app.engine.resumePlan(first, bench.actor), "PLAN_OBSOLETE");
    const third = await bench.run(await bench.app.engine.resumePlan(second, bench.actor));
    expect(third).toMatchObject({ state: "succeeded", resumes: second });
    const { mutations } = await bench.control.state();
    for (const op of ["CloneSnapshot", "CreateAssignment", "DeleteVolume"])
      expect(mutations.filter((one) => one.op === op)).toHaveLength(1);
    expect(third.report?.volume?.name).toContain(first.slice(-6));
  });

  test("that is stopped keeps its locks: nobody takes the run over, plans beside it or calls it ended", async () => {
    const { child, runId } = await standing();
    child.process.kill("SIGSTOP");
    expect(await bench.app.engine.getRun(runId)).toMatchObject({ state: "running" });
    await refusal(bench.plan("automated_testing"), "LOCKED");
    await refusal(bench.app.engine.resumePlan(runId, bench.actor), "LOCKED");
    expect(await bench.app.engine.executeRun(runId, new AbortController().signal)).toMatchObject({ state: "running" });
    expect(await bench.app.engine.getRun(runId)).toMatchObject({ state: "running" });
    await child.end("SIGKILL");
    expect(await bench.app.engine.getRun(runId, SOON)).toMatchObject({ state: "interrupted" });
  });

  test("that is told to end stops before its next step", async () => {
    const { child, runId } = await standing({}, "slow:500");
    await child.end("SIGTERM");
    const run = await bench.app.engine.getRun(runId);
    expect(run).toMatchObject({ state: "interrupted" });
    const [last] = run.steps.filter((step) => step.state !== "pending").slice(-1);
    expect(last).toMatchObject({ kind: "unmount", state: "done" });
    expect((await bench.run(await bench.app.engine.resumePlan(runId, bench.actor))).state).toBe("succeeded");
  });

  test("of a server is a process of its own, and outlives it", async () => {
    const { child, runId } = await standing({ detached: true }, "slow:500");
    await child.end("SIGKILL");
    const run = await bench.app.engine.getRun(runId, { waitMs: 25_000 });
    expect(run).toMatchObject({ state: "succeeded" });
    expect((await bench.control.state()).mutations.filter((one) => one.op === "CloneSnapshot")).toHaveLength(1);
  });
});

describe.skipIf(onPostgres)("a full disk", () => {
  test("keeps a plan from being carried out: nothing runs that cannot be recorded", async () => {
    // A file can be no larger than half a page of the store, so that whatever is to be appended finds no room.
    const child = engineChild(bench, { prefix: ["sh", "-c", 'ulimit -f 4; exec "$@"', "sh"] });
    await child.ready();
    const plan = await bench.plan("automated_testing");
    child.confirm(plan.planToken);
    expect(await child.outcomes()).toEqual([{ code: "AUDIT_UNWRITABLE" }]);
    expect((await bench.control.state()).mutations).toEqual([]);
    expect(await bench.app.engine.getPlan(plan.planId)).toMatchObject({ state: "open" });
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
  });
});

describe("a hundred confirms at once", () => {
  test("from ten processes start one run, and all are told of it", async () => {
    const children = Array.from({ length: 10 }, () => engineChild(bench));
    await Promise.all(children.map((child) => child.ready()));
    const plan = await bench.plan("automated_testing");
    for (const child of children) child.confirm(plan.planToken, 10);
    const outcomes = (await Promise.all(children.map((child) => child.outcomes()))).flat();
    expect(outcomes).toHaveLength(100);
    const { runId } = await bench.app.engine.getPlan(plan.planId);
    expect(new Set(outcomes.map((one) => JSON.stringify(one)))).toEqual(
      new Set([JSON.stringify({ runId, state: "succeeded" })]),
    );
    const state = await bench.control.state();
    for (const op of ["CloneSnapshot", "CreateAssignment", "DeleteVolume"])
      expect(state.mutations.filter((one) => one.op === op)).toHaveLength(1);
    const { rows } = await bench.app.engine.readAudit({ planId: plan.planId, limit: 1_000 });
    expect(rows.filter((row) => row.type === "plan_redeemed")).toHaveLength(1);
    expect(rows.filter((row) => row.type === "confirm_repeated").length).toBeLessThanOrEqual(99);
    expect((await bench.app.engine.verifyAudit()).problems).toEqual([]);
  }, 120_000);
});
