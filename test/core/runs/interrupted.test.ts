/** A run whose process is gone: whoever looks at it next writes what nobody saw the end of. */
import { beforeEach, expect, test } from "vitest";
import type { RunRecord } from "../../../src/core/records.ts";
import { SCRIPT_BEGUN } from "../../../src/core/runs/report.ts";
import { withEngine } from "../../support/engine.ts";
import { assemble, storeWith } from "../../support/parts.ts";

const bench = await withEngine();
// Each test has a store of its own, which the bench knows nothing of.
bench.changesWithoutPlans();
beforeEach(() => bench.reset("clone-assigned"));

let stores = 0;

/** A run that its process began, and these of its steps; and then was gone. */
async function cutOff(
  ...began: string[]
): Promise<{ run: RunRecord; look: () => Promise<RunRecord>; events: unknown[] }> {
  stores += 1;
  const { engine, store } = await assemble(bench, {
    anotherStore: `cut-off-${stores}`,
    launch: async () => undefined,
  });
  const { planToken } = await engine.plan("release", { lun: "Gold" }, bench.actor);
  const { runId } = await engine.confirm(planToken ?? "", bench.actor, { waitMs: 0 });
  await store.write(async (tx) => {
    await tx.updateRun(runId, { state: "running" });
    for (const [seq, stepId] of began.entries()) await tx.putStep({ runId, seq, stepId, state: "running" });
  });
  const look = (): Promise<RunRecord> => engine.getRun(runId);
  const run = await look();
  await look();
  const { rows } = await engine.readAudit({ runId, limit: 100 });
  const events = rows.filter(({ type }) => type === "run_interrupted").map(({ data }) => data);
  return { run, look, events };
}

test("a run whose locks are taken for a moment waits for them", async () => {
  stores += 1;
  let tries = 0;
  const parts = { anotherStore: `cut-off-${stores}`, launch: async () => undefined };
  const { engine } = await assemble(bench, parts);
  const { planToken } = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
  const { runId } = await engine.confirm(planToken ?? "", bench.actor, { waitMs: 0 });
  const { engine: runner } = await assemble(bench, {
    ...parts,
    store: (real) =>
      storeWith(real, {
        tryLock: async (names) => {
          tries += 1;
          return tries < 3 ? undefined : real.tryLock(names);
        },
      }),
  });
  expect(await runner.executeRun(runId, new AbortController().signal)).toMatchObject({ state: "succeeded" });
  expect(tries).toBe(3);
});

test.each([
  [[], /^Its process ended between two steps; what was done is done\.$/, {}],
  [["s1"], /^Its process ended during step s1; nobody saw how that step ended\.$/, { during: "s1" }],
  [["s1", "s2"], /^Its process ended during steps s1, s2; nobody saw how those ended\.$/, { during: "s1, s2" }],
] as const)("began %j: it is interrupted, once, and says so", async (began, text, data) => {
  const { run, events } = await cutOff(...began);
  expect(run.state).toBe("interrupted");
  expect(run.next).toEqual([
    { kind: "note", text: expect.stringMatching(text) },
    { kind: "resume", runId: run.runId },
  ]);
  expect(run.steps.filter(({ state }) => state === "unknown").map(({ id }) => id)).toEqual(began);
  expect(run.report).toMatchObject({ vms: [] });
  expect(run.endedAt).toBeDefined();
  expect(events).toEqual([data]);
  expect(JSON.stringify(run.next)).not.toContain(SCRIPT_BEGUN);
});
