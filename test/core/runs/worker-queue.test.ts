/** A worker and its queue, without a lab: which runs it takes, when, and what it waits for at its end. */
import { setImmediate } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import type { WorkerOptions } from "../../../src/core/engine.ts";
import type { Clock } from "../../../src/core/ports/runtime.ts";
import type { RunRow, Store } from "../../../src/core/ports/store.ts";
import { Runs } from "../../../src/core/runs/runs.ts";
import { Worker } from "../../../src/core/runs/worker.ts";
import type { Step } from "../../../src/core/steps/types.ts";
import { refusal } from "../../support/engine.ts";
import { CLONE } from "../../support/observations.ts";
import { storeWith } from "../../support/parts.ts";
import { type RunBench, type RunParts, runBench, SOON, settled } from "../../support/run-bench.ts";

const detach: Step = { id: "s1", kind: "detach", after: [], naa: CLONE.naa };

/** Pauses that are over after a turn, and are written down. */
const hurried =
  (paused: number[]): Clock["sleep"] =>
  async (ms, signal) => {
    if (signal?.aborted) return;
    await setImmediate();
    paused.push(ms);
  };

interface Working {
  readonly bench: RunBench;
  readonly claimed: string[];
  /** Queued for workers. */
  enqueue(): Promise<RunRow>;
  /** Whoever waits for the queue is told. */
  tell(): void;
  /** Resolves when a run stands at the gate. */
  reached(): Promise<void>;
  /** Lets go of the run that stands at the gate, or comes to it. */
  open(): Promise<void>;
  /** Tells it to end, lets go of all of them, and waits for its end. */
  end(): Promise<void>;
  readonly stop: AbortController;
  readonly ended: () => boolean;
  readonly done: Promise<void>;
}

/** A worker over a store that tells of its queue; each run stands at a gate in its only step. */
async function working(options: Partial<WorkerOptions> = {}, parts: RunParts = {}, before = 0): Promise<Working> {
  const waiting = new Set<() => void>();
  const gates: (() => void)[] = [];
  let isOpen = false;
  const detached = (): Promise<void> =>
    new Promise((resolve) => {
      if (isOpen) resolve();
      else gates.push(resolve);
    });
  const bench = await runBench({
    settings: { runs: "worker" },
    hypervisor: { detach: detached },
    // Nothing passes: who waits is woken, or waits on.
    sleep: (_ms, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) resolve();
        else signal?.addEventListener("abort", () => resolve());
      }),
    ...parts,
    store: (real) => {
      const told = storeWith(real, {
        watch: async (_topic, changed) => {
          waiting.add(changed);
          return () => void waiting.delete(changed);
        },
        // Each run is of its own client here.
        tryLock: async () => ({ stillHeld: async () => true, release: async () => undefined }),
      });
      return parts.store?.(told) ?? told;
    },
  });
  const reached = (): Promise<void> => expect.poll(() => gates.length, SOON).toBeGreaterThan(0);
  const enqueue = async (): Promise<RunRow> => {
    const row = await bench.queued([detach]);
    await bench.store.write((tx) => tx.enqueueRun(row.id, row.createdAt));
    return row;
  };
  for (let at = 0; at < before; at += 1) await enqueue();
  const claimed: string[] = [];
  const stop = new AbortController();
  let isOver = false;
  const done = new Worker(bench.deps, new Runs(bench.deps))
    .work({ name: "one", atOnce: 4, onClaim: (runId) => claimed.push(runId), ...options }, stop.signal)
    .finally(() => {
      isOver = true;
    });
  return {
    bench,
    claimed,
    enqueue,
    tell: () => {
      for (const changed of waiting) changed();
    },
    reached,
    open: async () => {
      await reached();
      gates.shift()?.();
    },
    end: async () => {
      stop.abort();
      isOpen = true;
      for (const open of gates) open();
      await done;
    },
    stop,
    ended: () => isOver,
    done,
  };
}

const stateOf = async ({ bench }: Working, id: string): Promise<string> => (await bench.run(id)).state;

describe("a worker", () => {
  test("takes what is queued, each once, and the audit says that it did", async () => {
    const worker = await working({}, {}, 3);
    await expect.poll(() => worker.claimed, SOON).toEqual(["run_1", "run_2", "run_3"]);
    const fourth = await worker.enqueue();
    worker.tell();
    await expect.poll(() => worker.claimed, SOON).toEqual(["run_1", "run_2", "run_3", fourth.id]);
    for (const id of worker.claimed) {
      await worker.open();
      await expect.poll(() => stateOf(worker, id), SOON).toBe("succeeded");
      const [first] = await worker.bench.events(id);
      expect(first).toEqual(["run_claimed", { worker: "one" }]);
    }
    expect(worker.ended()).toBe(false);
    worker.stop.abort();
    await worker.done;
    expect(worker.claimed).toHaveLength(4);
  });

  test("takes no more at once than it may, and the next one as soon as one is over", async () => {
    const taken: [string, string][] = [];
    let already = "at first";
    const onClaim = (runId: string): void => void taken.push([runId, already]);
    const worker = await working({ atOnce: 2, onClaim }, {}, 3);
    await expect.poll(() => taken.length, SOON).toBe(2);
    worker.tell();
    await worker.reached();
    await settled();
    already = "once one was over";
    await worker.open();
    await expect.poll(() => taken.length, SOON).toBe(3);
    expect(taken.map(([, when]) => when)).toEqual(["at first", "at first", "once one was over"]);
    await worker.end();
  });

  test.each([
    [false, "interrupted"],
    [true, "succeeded"],
  ])(
    "told to end takes no more, and waits for a run that has more to do: with drain %s it is %s",
    async (drain, state) => {
      const worker = await working({ drain });
      const row = await worker.bench.queued([detach, { ...detach, id: "s2", after: ["s1"] }]);
      await worker.bench.store.write((tx) => tx.enqueueRun(row.id, row.createdAt));
      worker.tell();
      await expect.poll(async () => (await worker.bench.store.read((tx) => tx.steps(row.id))).length, SOON).toBe(1);
      worker.stop.abort();
      await worker.enqueue();
      await settled();
      expect(worker.ended()).toBe(false);
      await worker.open();
      if (drain) await worker.open();
      await worker.done;
      expect(await stateOf(worker, row.id)).toBe(state);
      expect(worker.claimed).toEqual([row.id]);
    },
  );

  test("leaves what waited too long, and takes what has just not", async () => {
    const queueMs = 900_000;
    for (const [waited, taken] of [
      [queueMs - 1_000, 1],
      [queueMs + 1_000, 0],
    ] as const) {
      const worker = await working({}, {});
      await worker.enqueue();
      worker.bench.passed = waited;
      worker.tell();
      await settled();
      await expect.poll(() => worker.claimed, SOON).toHaveLength(taken);
      await worker.end();
    }
  });

  test("looks at the queue again where nobody tells of it", async () => {
    const paused: number[] = [];
    const { watch: _, ...silent } = { watch: undefined };
    const worker: Working = await working(
      {},
      {
        store: ({ watch: _watch, ...real }: Store) => ({ ...real, ...silent }),
        sleep: hurried(paused),
      },
    );
    await expect.poll(() => paused.length, SOON).toBeGreaterThan(2);
    expect(new Set(paused)).toEqual(new Set([1_000]));
    await worker.enqueue();
    await expect.poll(() => worker.claimed, SOON).toHaveLength(1);
    await worker.end();
  });

  test("waits five seconds for a store that cannot be listened to, and asks it again", async () => {
    const away = new PrepError("STORE_UNUSABLE", "It restarts.", { hint: "Ask again.", retryable: true });
    let refusals = 0;
    const paused: number[] = [];
    const worker = await working(
      {},
      {
        store: (real) =>
          storeWith(real, {
            watch: async (topic, changed) => {
              if (paused.length < 2) {
                refusals += 1;
                throw away;
              }
              return (await real.watch?.(topic, changed)) ?? (() => undefined);
            },
          }),
        sleep: hurried(paused),
      },
      1,
    );
    await expect.poll(() => worker.claimed, SOON).toEqual(["run_1"]);
    expect(refusals).toBe(2);
    expect(paused.slice(0, 2)).toEqual([5_000, 5_000]);
    await worker.end();
  });

  test("goes on after a store that was away for a while, and ends at what does not mend itself", async () => {
    const away = new PrepError("STORE_UNUSABLE", "It restarts.", { hint: "Ask again.", retryable: true });
    const broken = new PrepError("STORE_UNUSABLE", "It is damaged.", { hint: "Mend it." });
    let refused: PrepError | undefined;
    const refusals: PrepError[] = [];
    const worker = await working(
      {},
      {
        store: (real) =>
          storeWith(real, {
            write: async (work) => {
              if (refused === undefined) return real.write(work);
              refusals.push(refused);
              throw refused;
            },
            watch: async (topic, changed) => {
              const end = await real.watch?.(topic, changed);
              return () => {
                ends += 1;
                end?.();
              };
            },
          }),
      },
    );
    let ends = 0;
    refused = away;
    worker.tell();
    await expect
      .poll(() => worker.bench.log.map(({ message }) => message), SOON)
      .toContain("the queue could not be read");
    refused = undefined;
    await worker.enqueue();
    worker.tell();
    await worker.reached();
    refused = broken;
    worker.tell();
    await expect.poll(() => refusals.at(-1), SOON).toBe(broken);
    await settled();
    expect(worker.ended()).toBe(false);
    refused = undefined;
    const ending = refusal(worker.done, "STORE_UNUSABLE");
    await worker.open();
    await ending;
    expect(ends).toBe(1);
  });

  test("ends at a store that can never be listened to", async () => {
    const broken = new PrepError("STORE_UNUSABLE", "It is damaged.", { hint: "Mend it." });
    const watch = (): Promise<never> => Promise.reject(broken);
    const worker = await working({}, { store: (real) => storeWith(real, { watch }) });
    await expect(worker.done).rejects.toBe(broken);
  });

  test("goes on after a run that could not be carried out, which is in the log", async () => {
    const why = new PrepError("INTERNAL", "no process", { hint: "Look at the limits." });
    const worker = await working({ atOnce: 1 }, { launch: () => Promise.reject(why) }, 2);
    await expect.poll(() => worker.claimed, SOON).toEqual(["run_1", "run_2"]);
    await expect.poll(() => stateOf(worker, "run_2"), SOON).toBe("failed");
    worker.stop.abort();
    await worker.done;
    const message = "a claimed run could not be carried out";
    expect(worker.bench.log.filter(({ level }) => level === "error")).toMatchObject([{ message }, { message }]);
  });

  test("holds a place for a run in a process of its own until that is over", async () => {
    const started: [string, boolean][] = [];
    let isOver = false;
    const launch = async (runId: string): Promise<void> => void started.push([runId, isOver]);
    const worker = await working({ atOnce: 1 }, { launch }, 2);
    await expect.poll(() => started.length, SOON).toBe(1);
    await settled();
    isOver = true;
    await worker.bench.store.write((tx) => tx.updateRun("run_1", { state: "succeeded" }));
    worker.tell();
    await expect.poll(() => started.length, SOON).toBe(2);
    expect(started).toEqual([
      ["run_1", false],
      ["run_2", true],
    ]);
    // Told to end, it does not wait for the other process.
    worker.stop.abort();
    await worker.done;
    expect(await stateOf(worker, "run_2")).toBe("queued");
  });

  test("needs to be told of no run that it takes", async () => {
    const bench = await runBench({ settings: { runs: "worker" } });
    const row = await bench.queued([detach]);
    await bench.store.write((tx) => tx.enqueueRun(row.id, row.createdAt));
    const stop = new AbortController();
    const done = new Worker(bench.deps, new Runs(bench.deps)).work({ name: "one", atOnce: 1 }, stop.signal);
    await expect.poll(async () => (await bench.run(row.id)).state, SOON).toBe("succeeded");
    stop.abort();
    await done;
  });

  test("takes nothing where no changes may be made", async () => {
    const worker = await working({}, { settings: { runs: "worker", wrongController: () => "Not here." } }, 1);
    expect(await refusal(worker.done, "WRONG_CONTROLLER")).toMatchObject({ message: "Not here." });
    expect(worker.claimed).toEqual([]);
  });
});
