/** What becomes of a confirm that meets another one: one run, and no lock that stays with a process that has nothing to do with it. */
import { beforeEach, expect, test } from "vitest";
import { refusal, withEngine } from "../../support/engine.ts";
import { assemble, type Parts, storeWith } from "../../support/parts.ts";

const bench = await withEngine();
// Each test has a store of its own, which the bench knows nothing of.
bench.changesWithoutPlans();
beforeEach(() => bench.reset("clone-assigned"));

let stores = 0;
const ownStore = (): Parts => {
  stores += 1;
  return { anotherStore: `redeem-${stores}`, launch: async () => undefined };
};

/** Does this right before the first locks are given. */
const beforeLocks = (first: () => Promise<unknown>): NonNullable<Parts["store"]> => {
  let isDone = false;
  return (real) =>
    storeWith(real, {
      tryLock: async (names) => {
        if (!isDone) {
          isDone = true;
          await first();
        }
        return real.tryLock(names);
      },
    });
};

test("the run that another confirm has started since is what this one gets, and its locks are free for it", async () => {
  const parts = ownStore();
  const { engine } = await assemble(bench, parts);
  const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
  const token = plan.planToken ?? "";
  let first = "";
  const late = await assemble(bench, {
    ...parts,
    store: beforeLocks(async () => {
      first = (await engine.confirm(token, bench.actor, { waitMs: 0 })).runId;
    }),
  });
  expect(await late.engine.confirm(token, bench.actor, { waitMs: 0 })).toMatchObject({ runId: first, state: "queued" });
  expect(await engine.executeRun(first, new AbortController().signal)).toMatchObject({ state: "succeeded" });
});

test("a plan that was discarded since is not carried out, and its locks are free for the next", async () => {
  const parts = ownStore();
  const { engine } = await assemble(bench, parts);
  const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
  const late = await assemble(bench, {
    ...parts,
    store: beforeLocks(() => engine.discardPlan({ planId: plan.planId }, bench.actor)),
  });
  await refusal(late.engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 }), "PLAN_OBSOLETE");
  const next = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
  const { runId } = await engine.confirm(next.planToken ?? "", bench.actor, { waitMs: 0 });
  expect(await engine.executeRun(runId, new AbortController().signal)).toMatchObject({ state: "succeeded" });
});

test("a run that waits to be begun holds its family and its client: another plan's confirm names it", async () => {
  const { engine } = await assemble(bench, ownStore());
  const [one, sameClient] = [
    await engine.plan("unregister", { lun: "Gold" }, bench.actor),
    await engine.plan("automated_testing", { lun: "Gold2" }, bench.actor),
  ];
  const { runId } = await engine.confirm(one.planToken ?? "", bench.actor, { waitMs: 0 });
  const locked = await refusal(engine.confirm(sameClient.planToken ?? "", bench.actor, { waitMs: 0 }), "LOCKED");
  expect(locked).toMatchObject({
    found: { runs: [{ runId, mode: "unregister", state: "queued" }] },
    hint: "Wait for it, or have it stopped between two steps.",
    next: [
      { kind: "follow_run", runId },
      { kind: "stop_run", runId },
    ],
  });
  expect((await engine.getPlan(sameClient.planId)).state).toBe("open");
});

test("a plan that is carried out is written down with what it was approved on", async () => {
  const { engine } = await assemble(bench, ownStore());
  const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
  const { runId } = await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
  const { rows } = await engine.readAudit({ planId: plan.planId, limit: 100 });
  expect(rows.filter(({ type }) => type === "plan_redeemed")).toMatchObject([
    { runId, data: { policy: "token", approvedBy: bench.actor.principal, approvedChannel: "token" } },
  ]);
});

test("a confirm that finds the locks taken by nobody's run waits, ever longer, and is told that it may try again", async () => {
  const parts = ownStore();
  const { engine } = await assemble(bench, parts);
  const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
  let tries = 0;
  const { engine: late } = await assemble(bench, {
    ...parts,
    store: (real) =>
      storeWith(real, {
        tryLock: async (names) => {
          tries += 1;
          return tries < 4 ? undefined : real.tryLock(names);
        },
      }),
  });
  expect(await late.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 })).toMatchObject({ state: "queued" });
  expect(tries).toBe(4);
});
