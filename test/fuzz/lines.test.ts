/** Lines that are nearly JSON-RPC, and lines that are not: the server goes on, and what can be answered is. */
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fakeEngine } from "../support/fake-engine.ts";
import { initialize, request } from "../support/raw-mcp.ts";
import { amount, SEED, TIME_LIMIT_MS } from "./amount.ts";
import { anyEdit, edited, hostileText, hostileValue } from "./hostile.ts";
import { watchProcess } from "./watch.ts";
import { openWire } from "./wire.ts";

const LINES = amount({ short: 6_000, long: 200_000 });
const BATCH = 30;

const METHODS = [
  "initialize",
  "ping",
  "tools/list",
  "tools/call",
  "resources/list",
  "resources/read",
  "resources/templates/list",
  "prompts/list",
  "prompts/get",
  "completion/complete",
  "logging/setLevel",
  "notifications/cancelled",
  "notifications/progress",
  "server/discover",
  "subscriptions/listen",
] as const;

const GOOD = [
  initialize(),
  request(1, "tools/call", { name: "list_luns", arguments: {} }),
  request(2, "prompts/get", { name: "prep", arguments: { lun: "Gold" } }),
  request(3, "resources/read", { uri: "atvm://luns" }),
  request(4, "completion/complete", {
    ref: { type: "ref/prompt", name: "prep" },
    argument: { name: "lun", value: "G" },
  }),
  { jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } },
].map((message) => Buffer.from(JSON.stringify(message)));

const message: fc.Arbitrary<unknown> = fc.record(
  {
    jsonrpc: fc.oneof({ weight: 9, arbitrary: fc.constant("2.0") }, { weight: 1, arbitrary: hostileValue }),
    id: fc.oneof(fc.nat(), hostileText, hostileValue),
    method: fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...METHODS) }, { weight: 1, arbitrary: hostileText }),
    params: hostileValue,
    result: hostileValue,
    error: hostileValue,
  },
  { requiredKeys: ["jsonrpc"] },
);

const anyLine: fc.Arbitrary<Buffer> = fc
  .oneof(
    fc
      .tuple(fc.constantFrom(...GOOD), fc.array(anyEdit, { minLength: 1, maxLength: 3 }))
      .map(([good, edits]) => edits.reduce(edited, good)),
    message.map((value) => Buffer.from(JSON.stringify(value))),
    fc.array(message, { maxLength: 3 }).map((batch) => Buffer.from(JSON.stringify(batch))),
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
  )
  // A line is what it is up to its end.
  .map((line) => Buffer.from(line.filter((byte) => byte !== 0x0a)));

test(
  "whatever comes on a line, the next request is answered",
  async () => {
    const wire = await openWire(fakeEngine());
    const watch = watchProcess();
    let batches = 0;
    let growth = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(anyLine, { minLength: BATCH, maxLength: BATCH }), async (lines) => {
        for (const line of lines) wire.send(line);
        expect(await wire.ask("ping", {})).toMatchObject({ result: {} });
        // Streams of one process answer without a turn of its loop, and what waits for one would pile up.
        await setImmediate();
        batches += 1;
        if (batches % 20 === 0) growth = watch.heapGrowth();
      }),
      { numRuns: Math.ceil(LINES / BATCH), seed: SEED, endOnFailure: true },
    );
    expect(growth).toBeLessThan(48 * 1024 * 1024);
    expect(wire.noise).toEqual([]);
    expect(watch.unhandled).toEqual([]);
    watch.stop();
  },
  TIME_LIMIT_MS,
);
