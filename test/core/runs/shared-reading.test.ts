import { expect, test } from "vitest";
import { sharedReading } from "../../../src/core/runs/shared-reading.ts";

/** Readings that end when they are told to, numbered in the order in which they were begun. */
function readings() {
  const begun: PromiseWithResolvers<number>[] = [];
  const ask = sharedReading(() => {
    const reading = Promise.withResolvers<number>();
    begun.push(reading);
    return reading.promise;
  });
  return { begun, ask, end: (at: number) => begun[at]?.resolve(at) };
}

test("who asks while one is read gets the one after it, all of them the same", async () => {
  const { begun, ask, end } = readings();
  const first = ask();
  const others = [ask(), ask()];
  expect(begun).toHaveLength(1);
  end(0);
  expect(await first).toBe(0);
  expect(begun).toHaveLength(2);
  const late = ask();
  end(1);
  expect(await Promise.all(others)).toEqual([1, 1]);
  expect(begun).toHaveLength(3);
  end(2);
  expect(await late).toBe(2);
});

test("who asks in the moment one ends gets the one that others wait for already", async () => {
  const { begun, ask, end } = readings();
  const early = ask().then(() => ask());
  const waiting = ask();
  end(0);
  await expect.poll(() => begun.length).toBe(2);
  end(1);
  expect(await Promise.all([early, waiting])).toEqual([1, 1]);
  expect(begun).toHaveLength(2);
});

test("who asks when nothing is read has it read", async () => {
  const { begun, ask, end } = readings();
  for (const at of [0, 1, 2]) {
    const asked = ask();
    expect(begun).toHaveLength(at + 1);
    end(at);
    expect(await asked).toBe(at);
  }
});

test("a reading that fails fails for who asked for it, and the next one is read all the same", async () => {
  const { begun, ask, end } = readings();
  const first = ask();
  const second = ask();
  begun[0]?.reject(new Error("no"));
  await expect(first).rejects.toThrow("no");
  end(1);
  expect(await second).toBe(1);
  const third = ask();
  end(2);
  expect(await third).toBe(2);
});
