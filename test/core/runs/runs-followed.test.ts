/** A run as those see it who follow it, without a lab: what they are told and when, and what they do to one whose process is gone. */
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { clientLock } from "../../../src/core/engine-options.ts";
import type { HeldLock, RunRow, Store } from "../../../src/core/ports/store.ts";
import type { RunRecord } from "../../../src/core/records.ts";
import { SCRIPT_BEGUN } from "../../../src/core/runs/report.ts";
import { Runs } from "../../../src/core/runs/runs.ts";
import type { Step } from "../../../src/core/steps/types.ts";
import { refusal } from "../../support/engine.ts";
import { CLONE, GOLD } from "../../support/observations.ts";
import { storeWith } from "../../support/parts.ts";
import { type Planned, type RunBench, type RunParts, runBench, SOON } from "../../support/run-bench.ts";

const detach = (id: string): Step => ({ id, kind: "detach", after: [], naa: CLONE.naa });
const script = (id: string): Step => ({
  id,
  kind: "script",
  after: [],
  words: ["x"],
  withPassword: false,
  where: "here",
  goal: { mode: "release", lun: GOLD.name, signatures: [] },
});

interface Followed {
  readonly bench: RunBench;
  readonly runs: Runs;
  readonly row: RunRow;
  /** Of another process, that carries the run out. */
  readonly held: HeldLock | undefined;
  /** What was told of it. */
  readonly updates: RunRecord[];
}

/** A run that another process carries out. */
async function running(
  parts: RunParts = {},
  more: Planned = {},
  steps = [detach("s1"), detach("s2")],
): Promise<Followed> {
  const bench = await runBench(parts);
  const row = await bench.queued(steps, { ...more, run: { state: "running", ...more.run } });
  const held = await bench.store.tryLock(clientLock(row.clientId));
  return { bench, runs: new Runs(bench.deps), row, held, updates: [] };
}

const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn += 1) await setImmediate();
};

/** A store that tells of its changes; those that wait for one are counted. */
function telling(): { store: (real: Store) => Store; tell: () => void; watched: () => number } {
  const waiting = new Set<() => void>();
  return {
    store: (real) =>
      storeWith(real, {
        watch: async (_topic, changed) => {
          waiting.add(changed);
          return () => void waiting.delete(changed);
        },
      }),
    tell: () => {
      for (const changed of waiting) changed();
    },
    watched: () => waiting.size,
  };
}

/** A clock on which nothing passes unless told: whoever sleeps waits for its signal. */
const asleep: NonNullable<RunParts["sleep"]> = (_ms, signal) =>
  new Promise((resolve) => {
    if (signal?.aborted) resolve();
    else signal?.addEventListener("abort", () => resolve());
  });

describe("who follows a run", () => {
  test("is told at once how it is, where nothing is to be waited for", async () => {
    const { bench, runs, row } = await running();
    expect(await runs.follow(row.id, {})).toMatchObject({ runId: row.id, state: "running" });
    expect(bench.passed).toBe(0);
  });

  test("waits as long as was said, and no longer", async () => {
    const { bench, runs, row } = await running();
    expect(await runs.follow(row.id, { waitMs: 2_350 })).toMatchObject({ state: "running" });
    expect(bench.passed).toBe(2_350);
  });

  test("stops when the signal aborts", async () => {
    const controller = new AbortController();
    const { runs, row } = await running({ sleep: asleep });
    const followed = runs.follow(row.id, { waitMs: 60_000, signal: controller.signal });
    await settled();
    controller.abort();
    expect(await followed).toMatchObject({ state: "running" });
  });

  test("is told of each change that shows, once, and last of the end", async () => {
    const changes = telling();
    let looks = 0;
    const { bench, runs, row, updates } = await running({
      store: (real) =>
        storeWith(changes.store(real), {
          read: (work) =>
            real.read((tx) =>
              work({
                ...tx,
                steps: (runId) => {
                  looks += 1;
                  return tx.steps(runId);
                },
              }),
            ),
        }),
      sleep: asleep,
    });
    const followed = runs.follow(row.id, { waitMs: 60_000, onUpdate: (view) => void updates.push(view) });
    const looked = async (): Promise<number> => {
      await expect.poll(() => looks, SOON).toBeGreaterThan(0);
      await settled();
      looks = 0;
      return updates.length;
    };
    const change = async (work: Parameters<typeof bench.store.write>[0]): Promise<number> => {
      await bench.store.write(work);
      changes.tell();
      return looked();
    };
    expect(await looked()).toBe(1);
    // When it was started is in no record of it.
    expect(await change((tx) => tx.updateRun(row.id, { startedAt: row.createdAt }))).toBe(1);
    expect(await change((tx) => tx.putStep({ runId: row.id, seq: 0, stepId: "s1", state: "running" }))).toBe(2);
    expect(await change(async () => undefined)).toBe(2);
    expect(await change((tx) => tx.updateRun(row.id, { state: "succeeded" }))).toBe(3);
    const { steps } = await followed;
    expect(updates.map(({ state }) => state)).toEqual(["running", "running", "succeeded"]);
    expect(steps.map(({ state }) => state)).toEqual(["unknown", "pending"]);
    expect(changes.watched()).toBe(0);
  });

  test("is told of the end only when this process has let go of its locks", async () => {
    const bench = await runBench();
    const runs = new Runs(bench.deps);
    const row = await bench.queued([detach("s1")]);
    const gate = Promise.withResolvers<void>();
    const held = { stillHeld: async () => true, release: () => gate.promise };
    const executed = runs.execute(row.id, { held });
    let isTold = false;
    const followed = runs.follow(row.id, { waitMs: 60_000 }).then((run) => {
      isTold = true;
      return run;
    });
    await expect.poll(async () => (await bench.run(row.id)).state, SOON).toBe("succeeded");
    await settled();
    expect(isTold).toBe(false);
    gate.resolve();
    expect(await followed).toMatchObject({ state: "succeeded" });
    await executed;
  });

  test("of a run in this process waits for no more than its end", async () => {
    const gate = Promise.withResolvers<void>();
    const changes = telling();
    const bench: RunBench = await runBench({
      store: changes.store,
      sleep: asleep,
      hypervisor: { detach: () => gate.promise },
    });
    const runs = new Runs(bench.deps);
    const row = await bench.queued([detach("s1")]);
    const executed = runs.execute(row.id, {});
    const followed = runs.follow(row.id, { waitMs: 60_000 });
    await settled();
    gate.resolve();
    // Nobody tells of the change.
    expect(await followed).toMatchObject({ state: "succeeded" });
    await executed;
  });

  test("is refused where there is no such run, or its plan is not in the store", async () => {
    let isGone = false;
    const { runs, row } = await running({
      store: (real) =>
        storeWith(real, {
          read: (work) => real.read((tx) => work({ ...tx, plan: async (id) => (isGone ? undefined : tx.plan(id)) })),
        }),
    });
    const unknown = await refusal(runs.follow("run_none", {}), "RUN_UNKNOWN");
    expect(unknown.next).toEqual([{ kind: "see_runs" }]);
    isGone = true;
    const lost = await refusal(runs.follow(row.id, {}), "STORE_UNUSABLE");
    expect(lost.next).toEqual([{ kind: "verify_audit" }]);
  });

  test("in a list hides no other by a plan that was altered", async () => {
    const { bench, runs, row } = await running();
    await bench.store.write(async (tx) => {
      await tx.putStep({ runId: row.id, seq: 0, stepId: "s1", state: "done" });
    });
    expect((await runs.viewIfReadable(row))?.steps.map(({ state }) => state)).toEqual(["done", "pending"]);
    await bench.store.write((tx) => tx.updatePlan(row.planId, { body: "{}" }));
    expect(await runs.viewIfReadable(row)).toBeUndefined();
    expect(bench.log.map(({ message }) => message)).toEqual(["a run's plan was altered"]);
  });
});

describe("whether its process lives", () => {
  /** How often the locks of a run that goes on are asked for while `follow` is at it. */
  async function asking(): Promise<Followed & { asked: () => number }> {
    let asked = 0;
    const followed = await running({
      store: (real) =>
        storeWith(real, {
          tryLock: (names) => {
            asked += 1;
            return real.tryLock(names);
          },
        }),
    });
    return { ...followed, asked: () => asked };
  }

  test("is asked at first and once a second, however often it is looked at", async () => {
    const { runs, row, asked } = await asking();
    await runs.follow(row.id, { waitMs: 3_500 });
    expect(asked()).toBe(4);
  });

  test("is asked for whoever begins to follow", async () => {
    const { bench, runs, row, asked } = await asking();
    const first = runs.follow(row.id, { waitMs: 700 });
    await expect.poll(() => bench.passed, SOON).toBeGreaterThan(200);
    expect(asked()).toBe(1);
    await runs.follow(row.id, {});
    expect(asked()).toBe(2);
    await first;
  });

  test("is not asked of one that is over, of one in this process, or of one that may still be begun", async () => {
    const { bench, runs, row, held, asked } = await asking();
    await held?.release();
    const over = await bench.queued([detach("s1")], { run: { state: "failed" } });
    const waits = await bench.queued([detach("s1")]);
    for (const one of [over, waits]) expect(await runs.reconcile(one)).toBe(one);
    const gate = Promise.withResolvers<void>();
    const own = runs.execute(waits.id, { held: { stillHeld: async () => true, release: () => gate.promise } });
    await expect.poll(async () => (await bench.run(waits.id)).state, SOON).toBe("succeeded");
    const begun = { ...waits, state: "running" } as const;
    expect(await runs.reconcile(begun)).toBe(begun);
    expect(asked()).toBe(0);
    gate.resolve();
    await own;
    // The process of the first one is gone.
    expect(await runs.reconcile(row)).toMatchObject({ state: "interrupted" });
    const again = await bench.store.tryLock(clientLock(row.clientId));
    expect(again).toBeDefined();
    await again?.release();
  });
});

describe("a run whose process is gone", () => {
  /** Looked at, with these of its steps under way and the others done. */
  async function cutOff(steps: readonly Step[], began: readonly string[], more: Planned = {}) {
    const { bench, runs, row, held } = await running({}, { draft: { leftovers: ["A datastore."] }, ...more }, [
      ...steps,
    ]);
    await bench.store.write(async (tx) => {
      for (const [seq, { id }] of steps.entries())
        await tx.putStep({ runId: row.id, seq, stepId: id, state: began.includes(id) ? "running" : "done" });
    });
    await held?.release();
    return { bench, runs, row };
  }
  const two = [detach("s1"), detach("s2")];

  test.each([
    [[], "Its process ended between two steps; what was done is done.", {}],
    [["s2"], "Its process ended during step s2; nobody saw how that step ended.", { during: "s2" }],
    [["s1", "s2"], "Its process ended during steps s1, s2; nobody saw how those ended.", { during: "s1, s2" }],
  ])("is interrupted, once, and says during what: %j", async (began, text, data) => {
    const { bench, runs, row } = await cutOff(two, began);
    bench.passed = 5_000;
    const seen = await runs.reconcile(row);
    expect(seen).toEqual(await bench.run(row.id));
    expect(seen).toMatchObject({ state: "interrupted", endedAt: "2026-11-28T12:00:05.000Z" });
    expect(JSON.parse(seen.next ?? "")).toEqual([
      { kind: "note", text },
      { kind: "resume", runId: row.id },
    ]);
    expect(JSON.parse(seen.report ?? "")).toEqual({ vms: [], leftovers: ["A datastore."] });
    expect(await bench.events(row.id)).toEqual([["run_interrupted", data]]);
    expect(await runs.reconcile(seen)).toBe(seen);
  });

  test("is not resumed where the site's script was under way, and is where another step was", async () => {
    const during = await cutOff([detach("s1"), script("s2")], ["s2"]);
    expect(JSON.parse((await during.runs.reconcile(during.row)).next ?? "")).toEqual([
      { kind: "note", text: expect.stringContaining(SCRIPT_BEGUN) },
      { kind: "plan_again" },
    ]);
    const before = await cutOff([detach("s1"), script("s2")], ["s1"]);
    expect(JSON.parse((await before.runs.reconcile(before.row)).next ?? "")).toEqual([
      { kind: "note", text: expect.not.stringContaining(SCRIPT_BEGUN) },
      { kind: "resume", runId: before.row.id },
    ]);
  });

  test("is interrupted also where its plan's record was altered: nothing is told of what it left", async () => {
    const { bench, runs, row } = await cutOff(two, []);
    await bench.store.write((tx) => tx.updatePlan(row.planId, { body: "{}" }));
    const seen = await runs.reconcile(row);
    expect(seen.state).toBe("interrupted");
    expect(seen).not.toHaveProperty("report");
  });

  test("and that was never begun has done nothing, and says so", async () => {
    const { bench, runs, row } = await cutOff([], [], { run: { state: "queued" } });
    bench.passed = 61_000;
    const seen = await runs.reconcile(row);
    expect(JSON.parse(seen.next ?? "")).toMatchObject([{ text: "Nothing took it up in time; nothing was done." }, {}]);
  });
});

describe("who carries a redeemed run out", () => {
  const vcenter = { address: "another.example", username: "u", password: "p" };
  const gone = new PrepError("INTERNAL", "It ended.", { hint: "See the log." });

  /** What became of it, and of the locks that the confirm handed over. */
  async function launched(parts: RunParts, override?: typeof vcenter) {
    const bench = await runBench(parts);
    const runs = new Runs(bench.deps);
    const row = await bench.queued([detach("s1")]);
    let isReleased = false;
    const held: HeldLock = {
      stillHeld: async () => true,
      release: async () => {
        isReleased = true;
      },
    };
    const launching = runs.launch(row, held, override);
    return { bench, runs, row, launching, isReleased: () => isReleased };
  }

  test("is a worker, where the site has workers, and whoever confirmed it where only they have the password", async () => {
    const workers = { settings: { runs: "worker" } } as const;
    const forWorker = await launched(workers);
    await forWorker.launching;
    expect(forWorker.isReleased()).toBe(true);
    await settled();
    expect(await forWorker.bench.run(forWorker.row.id)).toEqual(forWorker.row);
    const started: string[] = [];
    const own = await launched({ ...workers, launch: async (runId) => void started.push(runId) }, vcenter);
    await own.launching;
    expect(await own.runs.follow(own.row.id, { waitMs: 60_000 })).toMatchObject({ state: "succeeded" });
    expect(started).toEqual([]);
  });

  test("is a process of its own, where there are such, which takes the locks itself", async () => {
    const started: [string, boolean][] = [];
    let isReleased = false;
    const bench = await runBench({ launch: async (runId) => void started.push([runId, isReleased]) });
    const row = await bench.queued([detach("s1")]);
    const release = async (): Promise<void> => {
      isReleased = true;
    };
    await new Runs(bench.deps).launch(row, { stillHeld: async () => true, release }, undefined);
    expect(started).toEqual([[row.id, true]]);
  });

  test("is this process, where there are no others, with the locks that it has", async () => {
    const { bench, runs, row, launching, isReleased } = await launched({});
    await launching;
    expect(await runs.follow(row.id, { waitMs: 60_000 })).toMatchObject({ state: "succeeded" });
    expect(isReleased()).toBe(true);
    expect(bench.passed).toBeLessThan(30_000);
  });

  test("fails where its process cannot be started, and whoever confirmed it is told", async () => {
    const { bench, row, launching } = await launched({ launch: () => Promise.reject(gone) });
    await refusal(launching, "INTERNAL");
    expect(await bench.run(row.id)).toMatchObject({ state: "failed" });
  });

  test("fails where its process ended before it began it, and is left alone where it had begun it", async () => {
    let ended = (_why: PrepError): void => undefined;
    const launch: NonNullable<RunParts["launch"]> = async (_runId, tell) => {
      ended = tell;
    };
    const first = await launched({ launch });
    await first.launching;
    ended(gone);
    await settled();
    expect(await first.bench.run(first.row.id)).toMatchObject({ state: "failed" });
    const second = await launched({ launch });
    await second.launching;
    await second.bench.store.write((tx) => tx.updateRun(second.row.id, { state: "running" }));
    ended(gone);
    await settled();
    expect(await second.bench.run(second.row.id)).toMatchObject({ state: "running" });
    // A server that is closing has no store to write that into: whoever looks next sees that nobody took it up.
    const third = await launched({ launch });
    await third.launching;
    await third.runs.close();
    ended(gone);
    await settled();
    expect(await third.bench.run(third.row.id)).toMatchObject({ state: "queued" });
  });

  test("fails as soon as that can be written, and is told to whoever follows it, once", async () => {
    let isFull = true;
    let writes = 0;
    let ended = (_why: PrepError): void => undefined;
    const { bench, runs, row, launching } = await launched({
      launch: async (_runId, tell) => {
        ended = tell;
      },
      store: (real) =>
        storeWith(real, {
          write: async (work) => {
            writes += 1;
            if (isFull) throw new PrepError("AUDIT_UNWRITABLE", "Full.", { hint: "Make room." });
            return real.write(work);
          },
        }),
    });
    await launching;
    ended(gone);
    await settled();
    expect(bench.log.map(({ message }) => message)).toEqual(["that no process carries the run out cannot be written"]);
    await refusal(runs.follow(row.id, {}), "AUDIT_UNWRITABLE");
    isFull = false;
    expect(await runs.follow(row.id, {})).toMatchObject({ state: "failed", error: { message: "It ended." } });
    // It is settled: also where the row says something else later, nothing more is written.
    await bench.store.write((tx) => tx.updateRun(row.id, { state: "queued" }));
    writes = 0;
    expect(await runs.follow(row.id, {})).toMatchObject({ state: "queued" });
    expect(writes).toBe(0);
  });
});

describe("a run in this process", () => {
  test("stops between two steps when its own signal aborts, or the process closes, which waits for it", async () => {
    for (const how of ["signal", "close"] as const) {
      const controller = new AbortController();
      const gate = Promise.withResolvers<void>();
      const bench: RunBench = await runBench({ hypervisor: { detach: () => gate.promise } });
      const runs = new Runs(bench.deps);
      const row = await bench.queued([detach("s1"), { ...detach("s2"), after: ["s1"] }]);
      const executed = runs.execute(row.id, how === "signal" ? { signal: controller.signal } : {});
      const begun = async () => (await bench.store.read((tx) => tx.steps(row.id))).length;
      await expect.poll(begun, SOON).toBe(1);
      if (how === "signal") controller.abort();
      let isClosed = false;
      const closed = (how === "close" ? runs.close() : executed).then(() => {
        isClosed = true;
      });
      await settled();
      expect(isClosed).toBe(false);
      gate.resolve();
      await closed;
      expect(await bench.run(row.id)).toMatchObject({ state: "interrupted" });
    }
  });

  test("that cannot be carried out at all is in the log, and told to whoever follows it", async () => {
    let isFull = false;
    const bench = await runBench({
      store: (real) =>
        storeWith(real, {
          write: async (work) => {
            if (isFull) throw new PrepError("AUDIT_UNWRITABLE", "Full.", { hint: "Make room." });
            return real.write(work);
          },
        }),
    });
    const runs = new Runs(bench.deps);
    const row = await bench.queued([detach("s1")]);
    isFull = true;
    await runs.execute(row.id, {});
    expect(bench.log.map(({ message }) => message)).toEqual(["a run could not be carried out"]);
    isFull = false;
    expect(await runs.follow(row.id, {})).toMatchObject({ state: "failed", error: { code: "AUDIT_UNWRITABLE" } });
  });

  test.each([
    [undefined, []],
    [new PrepError("LOCKED", "Another process is at it.", { hint: "Wait." }), []],
    [new PrepError("STORE_UNUSABLE", "It is away.", { hint: "Wait." }), ["what is old was not removed"]],
  ])("removes what is old once it is over, and is no worse for it where that fails: %s", async (refused, logged) => {
    const asked: string[] = [];
    const bench = await runBench({
      settings: { keepDays: 1 },
      store: (real) =>
        storeWith(real, {
          tryLock: async (names) => {
            if (!names.exclusive.includes("retention")) return real.tryLock(names);
            asked.push("retention");
            await settled();
            if (refused !== undefined) throw refused;
            return real.tryLock(names);
          },
        }),
    });
    const runs = new Runs(bench.deps);
    const old = await bench.queued([detach("s1")]);
    await runs.execute(old.id, {});
    await runs.close();
    expect(asked).toEqual([]);
    bench.passed += 3 * 86_400_000;
    const later = new Runs(bench.deps);
    const row = await bench.queued([detach("s1")]);
    const executed = later.execute(row.id, {});
    await executed;
    await later.close();
    expect(asked).toEqual(["retention"]);
    expect(bench.log.filter(({ level }) => level === "error").map(({ message }) => message)).toEqual(logged);
    const kept = await bench.store.read((tx) => tx.audit({}));
    expect(kept.some(({ type }) => type === "audit_cut")).toBe(refused === undefined);
  });
});
