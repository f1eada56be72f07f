/** A run's rows as whoever follows it sees them: what is known of it, and nothing that is not. */
import { expect, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { RUN_STATES } from "../../../src/core/domain/states.ts";
import { viewRun } from "../../../src/core/runs/run-view.ts";
import type { Step } from "../../../src/core/steps/types.ts";
import { CLONE } from "../../support/observations.ts";
import { runBench } from "../../support/run-bench.ts";

const detach = (id: string): Step => ({ id, kind: "detach", after: [], naa: CLONE.naa });
const AT = ["2026-11-28T12:00:00.000Z", "2026-11-28T12:01:00.000Z"] as const;

test("a run that nothing is known of yet has its plan's steps, all to come", async () => {
  const bench = await runBench();
  const row = await bench.queued([detach("s1"), detach("s2")]);
  const stored = await bench.planOf(row);
  const { plan } = stored;
  const step = { kind: "detach", text: expect.stringContaining(CLONE.naa), state: "pending" };
  expect(viewRun(row, stored, [])).toStrictEqual({
    runId: row.id,
    planId: row.planId,
    mode: "release",
    request: plan.request,
    target: plan.target,
    requestedBy: { principal: "os:tester" },
    state: "queued",
    steps: [
      { id: "s1", ...step },
      { id: "s2", ...step },
    ],
    next: [],
    createdAt: row.createdAt,
  });
});

test("a run has what its rows say: who approved it, what it resumes, its steps, its end", async () => {
  const bench = await runBench();
  const error = new PrepError("REMOTE_FAULT", "It is busy.", { hint: "Wait." }).toRecord();
  const report = { vms: [], leftovers: ["A datastore."] };
  const row = await bench.queued([detach("s1"), detach("s2")], {
    run: {
      state: "failed",
      resumes: "run_before",
      endedAt: AT[1],
      error: JSON.stringify(error),
      report: JSON.stringify(report),
      next: JSON.stringify([{ kind: "see_runs" }]),
    },
  });
  const { row: planRow, plan } = await bench.planOf(row);
  const view = (approval: object) =>
    viewRun(row, { plan, row: { ...planRow, ...approval } }, [
      { runId: row.id, seq: 0, stepId: "s1", state: "done", startedAt: AT[0], endedAt: AT[1], detail: "detached" },
      { runId: row.id, seq: 1, stepId: "s2", state: "failed", error: JSON.stringify(error) },
    ]);
  const { steps, ...whole } = view({ approvedBy: "os:operator", approvedChannel: "cli" });
  expect(steps).toStrictEqual([
    { ...steps[0], state: "done", startedAt: AT[0], endedAt: AT[1], detail: "detached" },
    { id: "s2", kind: "detach", text: expect.any(String), state: "failed", error },
  ]);
  expect(whole).toMatchObject({
    approvedBy: { who: "os:operator", channel: "cli" },
    resumes: "run_before",
    endedAt: AT[1],
    error,
    report,
    next: [{ kind: "see_runs" }],
  });
  expect(view({ approvedBy: "os:operator" }).approvedBy).toEqual({ who: "os:operator", channel: "" });
  expect(view({}).approvedBy).toBeUndefined();
});

test("what to do next of a run that was resumed is to look at the one that goes on", async () => {
  const bench = await runBench();
  const row = await bench.queued([detach("s1")], {
    run: { state: "failed", resumedBy: "run_after", next: JSON.stringify([{ kind: "see_runs" }]) },
  });
  const view = viewRun(row, await bench.planOf(row), []);
  expect(view.resumedBy).toBe("run_after");
  expect(view.next).toEqual([{ kind: "show_run", runId: "run_after" }]);
});

test.each(RUN_STATES)(
  "how a step ended that is under way by the journal is unknown once its run is over: %s",
  async (state) => {
    const bench = await runBench();
    const row = await bench.queued([detach("s1"), detach("s2")], { run: { state } });
    const journal = (["running", "done"] as const).map((step, seq) => ({
      runId: row.id,
      seq,
      stepId: `s${seq + 1}`,
      state: step,
    }));
    const goesOn = state === "queued" || state === "running";
    expect(viewRun(row, await bench.planOf(row), journal).steps.map((step) => step.state)).toEqual([
      goesOn ? "running" : "unknown",
      "done",
    ]);
  },
);
