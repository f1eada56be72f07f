import { expect, test } from "vitest";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import { Handover } from "../../../src/core/runs/handover.ts";

const [a, b, c] = [asMoRef("vm-a"), asMoRef("vm-b"), asMoRef("vm-c")] as const;

async function batchesOf(taken: AsyncIterable<readonly string[]>): Promise<(readonly string[])[]> {
  const batches: (readonly string[])[] = [];
  for await (const batch of taken) batches.push(batch);
  return batches;
}

test("what was stopped is taken in batches as it comes, until the step ends", async () => {
  const handover = new Handover(["s1"]);
  handover.offer("s1", a);
  handover.offer("s1", b);
  const batches: (readonly string[])[] = [];
  const taken = (async () => {
    for await (const batch of handover.taken("s1")) {
      batches.push(batch);
      // The second batch comes while the taker waits, and so does the end.
      if (batches.length === 1) setImmediate(() => handover.offer("s1", c));
      else setImmediate(() => handover.end("s1"));
    }
  })();
  await taken;
  expect(batches).toEqual([[a, b], [c]]);
});

test("what was stopped before the end is taken after it", async () => {
  const handover = new Handover(["s1"]);
  handover.offer("s1", a);
  handover.end("s1");
  const batches = await batchesOf(handover.taken("s1"));
  expect(batches).toEqual([[a]]);
});

test("a step of an earlier run stops nothing: nobody waits for it", async () => {
  expect(await batchesOf(new Handover(["s1"]).taken("s0"))).toEqual([]);
});

test("each step has a line of its own", async () => {
  const handover = new Handover(["s1", "s2"]);
  handover.offer("s1", a);
  handover.offer("s2", b);
  handover.end("s1");
  handover.end("s2");
  expect(await batchesOf(handover.taken("s1"))).toEqual([[a]]);
  expect(await batchesOf(handover.taken("s2"))).toEqual([[b]]);
});
