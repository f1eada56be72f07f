import { beforeAll, describe, expect, test } from "vitest";
import type { Clock } from "../../../src/core/ports/runtime.ts";
import type { Store } from "../../../src/core/ports/store.ts";
import { watch } from "../../../src/core/runs/run-watch.ts";
import { type Bench, withEngine } from "../../support/engine.ts";
import { assemble, storeWith } from "../../support/parts.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

const { signal } = new AbortController();

/** A clock whose sleeps end when they are told to, or when their signal aborts. */
function sleeps(): { clock: Clock; asked: number[]; over: () => void } {
  const asked: number[] = [];
  let over = (): void => undefined;
  const sleep = (ms: number, until?: AbortSignal): Promise<void> => {
    asked.push(ms);
    return new Promise((resolve) => {
      over = resolve;
      until?.addEventListener("abort", () => resolve());
    });
  };
  return { clock: { now: () => new Date(), elapsed: () => 0, sleep }, asked, over: () => over() };
}

/** The bench's store, whose changes are told by the test; `end` counts. */
async function telling(): Promise<{ store: Store; tell: () => void; ended: () => number }> {
  const { store } = await assemble(bench);
  let told = (): void => undefined;
  let ended = 0;
  return {
    store: storeWith(store, {
      watch: async (_topic, changed) => {
        told = changed;
        return () => {
          ended += 1;
        };
      },
    }),
    tell: () => told(),
    ended: () => ended,
  };
}

describe("with a store that tells of changes", () => {
  test("the first look is at once; then one waits for a change, as long as it was said", async () => {
    const { store, tell, ended } = await telling();
    const { clock, asked, over } = sleeps();
    const changes = await watch({ store, clock }, "queue");
    await changes.next(9_000, signal);
    expect(asked).toEqual([]);
    const second = changes.next(9_000, signal);
    expect(asked).toEqual([9_000]);
    tell();
    await second;
    const third = changes.next(8_000, signal);
    over();
    await third;
    expect(asked).toEqual([9_000, 8_000]);
    // What was told while nobody waited is not lost, and counts once.
    tell();
    tell();
    await changes.next(7_000, signal);
    expect(asked).toEqual([9_000, 8_000]);
    const controller = new AbortController();
    const last = changes.next(6_000, controller.signal);
    controller.abort();
    await last;
    expect(asked).toEqual([9_000, 8_000, 6_000]);
    expect(ended()).toBe(0);
    changes.end();
    expect(ended()).toBe(1);
  });
});

describe("with one that does not", () => {
  test.each([
    ["queue", 1_000],
    [{ runId: "run_1" }, 100],
  ] as const)("one looks again: %o", async (topic, every) => {
    const { store } = await assemble(bench);
    const { clock, asked, over } = sleeps();
    const { watch: _, ...silent } = storeWith(store, {});
    const changes = await watch({ store: silent, clock }, topic);
    await changes.next(9_000, signal);
    for (const most of [9_000, 50]) {
      const waiting = changes.next(most, signal);
      over();
      await waiting;
    }
    expect(asked).toEqual([every, 50]);
    changes.end();
  });
});
