/** What becomes of a confirm that meets another one: one run, and no lock that stays with a process that has nothing to do with it. */
import { beforeEach, describe, expect, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import type { Engine } from "../../../src/core/engine.ts";
import type { PlanRecord } from "../../../src/core/records.ts";
import { refusal, withEngine } from "../../support/engine.ts";
import { afterLooks, assemble, type Parts, standingClock, storeWith } from "../../support/parts.ts";

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

test.each([
  ["discarded", "PLAN_OBSOLETE", (engine: Engine, planId: string) => engine.discardPlan({ planId }, bench.actor)],
  ["declined", "DECLINED", (engine: Engine, planId: string) => engine.decline(planId, bench.app.actor("cli"), "no")],
] as const)(
  "a plan that was %s since is not carried out, and its locks are free for the next",
  async (_what, code, end) => {
    const parts = ownStore();
    const { engine } = await assemble(bench, parts);
    const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
    const late = await assemble(bench, { ...parts, store: beforeLocks(() => end(engine, plan.planId)) });
    await refusal(late.engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 }), code);
    const next = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
    const { runId } = await engine.confirm(next.planToken ?? "", bench.actor, { waitMs: 0 });
    expect(await engine.executeRun(runId, new AbortController().signal)).toMatchObject({ state: "succeeded" });
  },
);

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

describe("a confirm that finds the locks taken", () => {
  /** Does this in place of giving the locks, so many times. */
  const refusing = (times: number, instead: () => Promise<unknown> = async () => {}): NonNullable<Parts["store"]> => {
    let left = times;
    return (real) =>
      storeWith(real, {
        tryLock: async (names) => {
          if (left === 0) return real.tryLock(names);
          left -= 1;
          await instead();
          return undefined;
        },
      });
  };

  test("by nobody's run waits, ever longer, and goes on with them", async () => {
    const { clock, slept } = standingClock();
    const { engine } = await assemble(bench, { ...ownStore(), clock, store: refusing(3) });
    const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
    expect(await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 })).toMatchObject({ state: "queued" });
    expect(slept).toEqual([25, 37.5, 56.25]);
  });

  test("for longer than another confirm may take is told that it may try again", async () => {
    const { clock, slept } = standingClock();
    const { engine } = await assemble(bench, { ...ownStore(), clock, store: refusing(1_000) });
    const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
    const locked = await refusal(engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 }), "LOCKED");
    expect(locked).toMatchObject({ found: { runs: [] }, hint: "Try again in a moment.", next: [] });
    expect(Math.max(...slept)).toBe(400);
    const waited = slept.reduce((sum, ms) => sum + ms, 0);
    expect(waited).toBeGreaterThanOrEqual(20_000);
    expect(waited).toBeLessThan(20_400);
    expect((await engine.getPlan(plan.planId)).state).toBe("open");
  });

  test("by the run that another confirm of its plan has just started gets that run", async () => {
    const parts = ownStore();
    const { engine } = await assemble(bench, parts);
    const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
    const confirm = (by: Engine) => by.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    let first = "";
    const { engine: late } = await assemble(bench, {
      ...parts,
      store: refusing(1, async () => {
        first = (await confirm(engine)).runId;
      }),
    });
    expect(await confirm(late)).toMatchObject({ runId: first, state: "queued" });
  });
});

test("runs of one family that only read gold are confirmed beside each other", async () => {
  const { engine } = await assemble(bench, ownStore());
  await bench.reset("two-hosts");
  const plans = [
    await engine.plan("automated_testing", { lun: "Gold", client: "CDS1-ESX165" }, bench.actor),
    await engine.plan("automated_testing", { lun: "Gold", client: "CDS1-ESX166" }, bench.actor),
  ];
  for (const { planToken = "" } of plans)
    expect(await engine.confirm(planToken, bench.actor, { waitMs: 0 })).toMatchObject({ state: "queued" });
});

test.each([
  ["own", false, false],
  ["worker", false, true],
  ["worker", true, false],
] as const)(
  "a run waits for a worker only where the site has workers, and they can sign in: %s, vCenter of its own %s",
  async (runs, hasOwn, isQueued) => {
    const { engine, store } = await assemble(bench, { ...ownStore(), runs });
    const { url, username, password } = bench.lab.info.vcenter;
    const options = hasOwn ? { vcenter: { address: new URL(url).host, username, password } } : {};
    const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor, options);
    const { runId } = await engine.confirm(plan.planToken ?? "", bench.actor, { ...options, waitMs: 0 });
    expect((await store.read((tx) => tx.queued(runId))) !== undefined).toBe(isQueued);
  },
);

describe("between the second look and the run", () => {
  /** The plan, by an engine that a second one is late to confirm: these come after its looks. */
  async function late(of: (engine: Engine, plan: PlanRecord) => (() => Promise<unknown>)[], more: Parts = {}) {
    const parts = ownStore();
    const { engine } = await assemble(bench, parts);
    const plan = await engine.plan("unregister", { lun: "Gold" }, bench.actor);
    const { engine: second } = await assemble(bench, {
      ...parts,
      ...more,
      systems: afterLooks(...of(engine, plan)),
    });
    const confirm = (by: Engine) => by.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    return { engine, plan, confirm, confirmLate: () => confirm(second) };
  }
  const nothing = async (): Promise<void> => {};
  const broken = async (): Promise<void> => {
    throw new RangeError("a fault of the program");
  };

  test("the plan is discarded: nothing is begun", async () => {
    const { plan, confirmLate, engine } = await late((first, { planId }) => [
      () => first.discardPlan({ planId }, bench.actor),
    ]);
    const refused = await refusal(confirmLate(), "PLAN_OBSOLETE");
    expect(refused).toMatchObject({ found: { planId: plan.planId }, next: [{ kind: "plan_again" }] });
    expect(await engine.listRuns({})).toEqual([]);
  });

  test("its time is up: nothing is begun", async () => {
    let shift = 0;
    const { plan, confirmLate, engine } = await late(
      (_first, { expiresAt }) => [
        async () => {
          shift = Date.parse(expiresAt) - Date.now();
        },
      ],
      { shiftMs: () => shift },
    );
    const refused = await refusal(confirmLate(), "PLAN_EXPIRED");
    expect(refused).toMatchObject({ found: { planId: plan.planId }, next: [{ kind: "plan_again" }] });
    expect(await engine.listRuns({})).toEqual([]);
  });

  test("another confirm gets through, where the store has lost the locks: both are told of its run", async () => {
    let first = "";
    const { engine, confirmLate } = await late(
      (engine, { planToken = "" }) => [
        async () => {
          first = (await engine.confirm(planToken, bench.actor, { waitMs: 0 })).runId;
        },
      ],
      {
        store: (real) =>
          storeWith(real, { tryLock: async () => ({ stillHeld: async () => true, release: async () => {} }) }),
      },
    );
    expect(await confirmLate()).toMatchObject({ runId: first });
    expect((await engine.listRuns({})).map(({ runId }) => runId)).toEqual([first]);
  });

  test("a fault of the program shows as what it is; the plan stays open, and its locks are free", async () => {
    const { engine, plan, confirm, confirmLate } = await late(() => [broken]);
    await expect(confirmLate()).rejects.toThrow("a fault of the program");
    expect((await engine.getPlan(plan.planId)).state).toBe("open");
    const { runId } = await confirm(engine);
    expect(await engine.executeRun(runId, new AbortController().signal)).toMatchObject({ state: "succeeded" });
  });

  test("the world is another one, and a fault of the program keeps a fresh plan from being made: that shows", async () => {
    const { engine, plan, confirmLate } = await late(() => [nothing, broken]);
    await bench.control.touch("power-on");
    await expect(confirmLate()).rejects.toThrow("a fault of the program");
    expect((await engine.getPlan(plan.planId)).state).toBe("open");
  });

  test("the world is another one, of which no fresh plan can be made: it is stale, and told why", async () => {
    const why = new PrepError("UNREACHABLE", "The host does not answer.", {
      hint: "Start it.",
      next: [{ kind: "see_plans" }],
    });
    const { engine, plan, confirmLate } = await late(() => [nothing, () => Promise.reject(why)]);
    await bench.control.touch("power-on");
    const stale = await refusal(confirmLate(), "STALE_PLAN");
    expect(stale).toMatchObject({
      found: { planId: plan.planId, refusal: { code: "UNREACHABLE", message: "The host does not answer." } },
      hint: "Start it.",
      next: [{ kind: "see_plans" }],
    });
    expect(await engine.getPlan(plan.planId)).toMatchObject({
      state: "stale",
      diff: [expect.stringMatching(/since$/)],
    });
    expect(await engine.listPlans()).toEqual([]);
  });

  test("the world is another one, and the plan is discarded before a fresh one takes its place: none does", async () => {
    const { engine, plan, confirmLate } = await late((first, { planId }) => [
      nothing,
      () => first.discardPlan({ planId }, bench.actor),
    ]);
    await bench.control.touch("power-on");
    const stale = await refusal(confirmLate(), "STALE_PLAN");
    expect(stale).toMatchObject({ hint: "Nothing was changed.", next: [{ kind: "plan_again" }] });
    expect(stale.found).toEqual({ planId: plan.planId });
    expect((await engine.getPlan(plan.planId)).state).toBe("discarded");
    expect(await engine.listPlans()).toEqual([]);
  });
});

test("a plan whose facts are the same and whose steps would be others is stale: VMs would be registered elsewhere", async () => {
  const parts = ownStore();
  const { engine } = await assemble(bench, parts);
  await bench.control.touch("unregister-vm");
  const plan = await engine.plan("register", { lun: "Gold" }, bench.actor);
  expect(plan.steps.map(({ kind }) => kind)).toEqual(["register"]);
  const { engine: late } = await assemble(bench, {
    ...parts,
    systems: (real) => (override) => {
      const systems = real(override);
      return {
        ...systems,
        write: () => systems.write(),
        read: () => {
          const { hypervisor, ...rest } = systems.read();
          const inventory = async () => {
            const { hosts, ...others } = await hypervisor.inventory();
            return { ...others, hosts: hosts.map((host) => ({ ...host, resourcePool: asMoRef("resgroup-other") })) };
          };
          return { ...rest, hypervisor: { ...hypervisor, inventory } };
        },
      };
    },
  });
  const stale = await refusal(late.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 }), "STALE_PLAN");
  expect(stale.extra["diff"]).toEqual(["the planned steps would now differ"]);
});
