/** Many confirms and followers in one process: they share what they ask the store. */
import { setImmediate } from "node:timers/promises";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Bench, withEngine } from "../../support/engine.ts";
import { assemble, gateAtUnmount, storeWith } from "../../support/parts.ts";

describe("in one process", () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await withEngine();
    bench.changesWithoutPlans();
  });
  beforeEach(() => bench.reset("clone-assigned"));

  test("one of twenty confirms asks for the locks, and all are told of its run", async () => {
    let asked = 0;
    const { engine } = await assemble(bench, {
      anotherStore: "confirms",
      store: (real) =>
        storeWith(real, {
          tryLock: (names) => {
            if (names.shared !== undefined) asked += 1;
            return real.tryLock(names);
          },
        }),
    });
    const plan = await engine.plan("automated_testing", { lun: "Gold" }, bench.actor);
    const confirm = () => engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 60_000 });
    const runs = await Promise.all(Array.from({ length: 20 }, confirm));
    expect(new Set(runs.map(({ runId }) => runId)).size).toBe(1);
    expect(new Set(runs.map(({ state }) => state))).toEqual(new Set(["succeeded"]));
    expect(asked).toBe(1);
  });

  test("twenty who follow a run are told of it by two readings of its journal", async () => {
    let isHeld = false;
    let asked = 0;
    const held: (() => void)[] = [];
    const gate = gateAtUnmount();
    const { engine } = await assemble(bench, {
      anotherStore: "followers",
      systems: gate.systems,
      store: (real) =>
        storeWith(real, {
          read: (work) =>
            real.read((tx) =>
              work({
                ...tx,
                plan: async (planId) => {
                  const row = await tx.plan(planId);
                  asked += 1;
                  return row;
                },
                steps: async (runId) => {
                  if (isHeld) await new Promise<void>((resolve) => held.push(resolve));
                  return tx.steps(runId);
                },
              }),
            ),
        }),
    });
    const plan = await engine.plan("automated_testing", { lun: "Gold" }, bench.actor);
    const { runId } = await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    await gate.reached;
    isHeld = true;
    asked = 0;
    const told = new Set<number>();
    const followed = Array.from({ length: 20 }, (_, at) =>
      engine.getRun(runId, { waitMs: 60_000, onUpdate: () => void told.add(at) }),
    );
    // Each asks for the plan first, and then at once for the journal.
    await expect.poll(() => asked).toBe(20);
    await setImmediate();
    expect(held).toHaveLength(1);
    held[0]?.();
    await expect.poll(() => held.length).toBe(2);
    expect(told.size).toBe(1);
    held[1]?.();
    await expect.poll(() => told.size).toBe(20);
    isHeld = false;
    for (const release of held) release();
    gate.open();
    for (const run of await Promise.all(followed)) expect(run.state).toBe("succeeded");
  });
});
