/** Many confirms and followers in one process: they share what they ask the store. */
import { beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { sharedReading } from "../../../src/core/runs/shared-reading.ts";
import { type Bench, withEngine } from "../../support/engine.ts";
import { assemble, gateAtUnmount, storeWith } from "../../support/parts.ts";

describe("a shared reading", () => {
  /** Readings that end when the test says so. */
  const readings = () => {
    const ends: ((value: string) => void)[] = [];
    const read = sharedReading(() => new Promise<string>((resolve) => ends.push(resolve)));
    return { read, ends };
  };

  it("is never one that was begun before it was asked for, and one for all who wait", async () => {
    const { read, ends } = readings();
    const first = read();
    const waiting = [read(), read(), read()];
    expect(ends).toHaveLength(1);
    ends[0]?.("before");
    expect(await first).toBe("before");
    await expect.poll(() => ends.length).toBe(2);
    const late = read();
    ends[1]?.("after");
    expect(await Promise.all(waiting)).toEqual(["after", "after", "after"]);
    await expect.poll(() => ends.length).toBe(3);
    ends[2]?.("later");
    expect(await late).toBe("later");
  });

  it("that fails, fails for those who waited for it, and not for the next", async () => {
    let fails = true;
    const read = sharedReading(async () => {
      if (fails) throw new Error("the store is away");
      return "here";
    });
    await expect(read()).rejects.toThrow("away");
    fails = false;
    expect(await read()).toBe("here");
  });
});

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

  test("twenty who follow a run read its journal as one", async () => {
    let reads = 0;
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
                steps: (runId) => {
                  reads += 1;
                  return tx.steps(runId);
                },
              }),
            ),
        }),
    });
    const plan = await engine.plan("automated_testing", { lun: "Gold" }, bench.actor);
    const { runId } = await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    await gate.reached;
    reads = 0;
    const updates = Array.from({ length: 20 }, () => 0);
    const followed = updates.map((_, at) =>
      engine.getRun(runId, {
        waitMs: 60_000,
        onUpdate: () => {
          updates[at] = (updates[at] ?? 0) + 1;
        },
      }),
    );
    gate.open();
    for (const run of await Promise.all(followed)) expect(run.state).toBe("succeeded");
    // Each was told of what went on; together they read less often than each of them was told.
    for (const told of updates) expect(told).toBeGreaterThan(1);
    expect(reads).toBeLessThan(updates.reduce((sum, told) => sum + told, 0));
  });
});
