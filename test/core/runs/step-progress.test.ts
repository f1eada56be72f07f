import { beforeAll, expect, test } from "vitest";
import type { Clock } from "../../../src/core/ports/runtime.ts";
import { stepProgress } from "../../../src/core/runs/step-progress.ts";
import { silentLog } from "../../../src/logging/log.ts";
import { type Bench, withEngine } from "../../support/engine.ts";
import { assemble, storeWith } from "../../support/parts.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

const row = { runId: "run_1", seq: 0, stepId: "s1", state: "running" } as const;

/** Progress whose pauses end when they are told to; each write is one of `writes`, and of these those that failed. */
async function progress(write: () => Promise<void> = async () => undefined) {
  const { store } = await assemble(bench);
  const pauses: (() => void)[] = [];
  const asked: number[] = [];
  const clock: Clock = {
    now: () => new Date(),
    elapsed: () => 0,
    sleep: (ms, signal) => {
      asked.push(ms);
      return new Promise((resolve) => {
        pauses.push(resolve);
        signal?.addEventListener("abort", () => resolve());
      });
    },
  };
  const writes: (string | undefined)[] = [];
  const warned: unknown[] = [];
  const recording = storeWith(store, {
    write: async (work) => {
      const putStep = async (step: { readonly detail?: string }): Promise<void> => void writes.push(step.detail);
      const result = await store.write((tx) => work({ ...tx, putStep }));
      await write();
      return result;
    },
  });
  const log = { ...silentLog, warn: (about: unknown) => void warned.push(about) };
  const told = stepProgress({ store: recording, clock, log }, row);
  return { told, pauses, asked, writes, warned };
}

test("the latest word is written, a while after the first was said; then the next one", async () => {
  const { told, pauses, asked, writes } = await progress();
  told.tell("1 of 3");
  told.tell("2 of 3");
  expect(asked).toEqual([250]);
  expect(writes).toEqual([]);
  pauses[0]?.();
  await expect.poll(() => writes).toEqual(["2 of 3"]);
  told.tell("3 of 3");
  expect(asked).toEqual([250, 250]);
  pauses[1]?.();
  await expect.poll(() => writes).toEqual(["2 of 3", "3 of 3"]);
});

test("nothing is written after the step's end", async () => {
  const { told, pauses, writes } = await progress();
  told.tell("1 of 3");
  told.end();
  pauses[0]?.();
  told.tell("2 of 3");
  await new Promise((resolve) => setImmediate(resolve));
  expect(writes).toEqual([]);
});

test("a word that cannot be written is a line in the log, and the next is written all the same", async () => {
  let isFull = true;
  const { told, pauses, writes, warned } = await progress(async () => {
    if (isFull) throw new Error("full");
  });
  told.tell("1 of 3");
  pauses[0]?.();
  await expect.poll(() => warned.length).toBe(1);
  expect(warned).toMatchObject([{ err: { message: "full" } }]);
  isFull = false;
  told.tell("2 of 3");
  pauses[1]?.();
  await expect.poll(() => writes.at(-1)).toBe("2 of 3");
});
