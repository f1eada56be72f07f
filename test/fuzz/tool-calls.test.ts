/** Tool calls with arguments that fit, nearly fit, or mean harm: each has an answer of the form that is promised, and nothing is changed. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { z } from "zod";
import { ERROR_CODES } from "../../src/core/domain/errors.ts";
import { TOOLS } from "../../src/tools/catalog.ts";
import type { Tool } from "../../src/tools/define.ts";
import { withEngine } from "../support/engine.ts";
import { amount, SEED, TIME_LIMIT_MS } from "./amount.ts";
import { hostileText, hostileValue } from "./hostile.ts";
import { watchProcess } from "./watch.ts";
import { openWire } from "./wire.ts";

const CALLS = amount({ short: 1_200, long: 100_000 });
/** Sent at once. */
const BATCH = 30;
/** What a server may keep: plans, rows in caches. */
const MOST_GROWTH = 48 * 1024 * 1024;

const GOOD: Readonly<Record<string, readonly unknown[]>> = {
  lun: ["Gold", "gold2", "compute migration", "AutomatedTest-VMBootImg-Gold"],
  client: ["165", "CDS1-ESX166"],
  host: ["192.168.1.165", "166"],
  snapshot: ["snap-0005", "nightly"],
  name: ["before_the_change"],
  reason: ["because"],
  planId: ["plan_1"],
  runId: ["run_1"],
  planToken: ["A".repeat(43)],
  since: ["2026-11-20", "7d"],
  until: ["2026-11-30T00:00:00Z"],
  type: ["plan_created"],
  actor: ["os:"],
  limit: [1, 500],
  waitSeconds: [0],
};

const valueFor = (key: string): fc.Arbitrary<unknown> => {
  const good = GOOD[key] ?? [true, false];
  return fc.constantFrom(...good);
};

/** `wrong`: how many of a call's arguments are what nobody should send. */
function argumentsOf({ input }: Tool): fc.Arbitrary<Record<string, unknown>> {
  const keys = Object.keys(input.shape);
  const fits = fc.record(Object.fromEntries(keys.map((key) => [key, valueFor(key)])), { requiredKeys: [] });
  const entry = fc.tuple(fc.oneof(fc.constantFrom("lun", ...keys), hostileText), hostileValue);
  return fc
    .tuple(
      fits,
      fc.oneof(
        { weight: 1, arbitrary: fc.constant([]) },
        { weight: 9, arbitrary: fc.array(entry, { minLength: 1, maxLength: 3 }) },
      ),
    )
    .map(([good, bad]) => Object.fromEntries([...Object.entries(good), ...bad]));
}

const anyCall = fc.oneof(
  ...TOOLS.map((tool) =>
    argumentsOf(tool).map((args): { name: string; arguments: unknown } => ({ name: tool.name, arguments: args })),
  ),
  fc.record({
    name: fc.oneof(fc.constantFrom(...TOOLS.map(({ name }) => name)), hostileText),
    arguments: hostileValue,
  }),
);

const Result = z.looseObject({
  isError: z.boolean().optional(),
  structuredContent: z.looseObject({
    error: z
      .looseObject({
        code: z.enum(ERROR_CODES).exclude(["INTERNAL"]),
        message: z.string().min(1),
        hint: z.string().min(1),
      })
      .optional(),
  }),
  content: z.array(z.looseObject({ type: z.literal("text"), text: z.string().min(1) })).min(1),
});
const Answer = z.union([
  z.looseObject({ result: Result }),
  // Of a tool that there is not, or parameters that are none.
  z.looseObject({
    error: z.looseObject({
      code: z.union([z.literal(-32_602), z.literal(-32_600), z.literal(-32_601)]),
      message: z.string().min(1),
    }),
  }),
]);

test(
  "every call is answered, and changes nothing",
  async () => {
    const bench = await withEngine({ vms: 3, running: 1 }, { limits: { openPlans: 1000 } });
    const wire = await openWire(bench.app.engine);
    const watch = watchProcess();
    const secrets = [bench.lab.info.dgs.password, bench.lab.info.vcenter.password];
    let batches = 0;
    let growth = 0;
    const codes = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(fc.array(anyCall, { minLength: BATCH, maxLength: BATCH }), async (calls) => {
        const answers = await Promise.all(
          calls.map(async (call) => ({ call, answer: await wire.ask("tools/call", call) })),
        );
        for (const { call, answer } of answers) {
          const text = JSON.stringify(answer);
          const read = Answer.safeParse(answer);
          expect(read.success ? undefined : { call, answer, wrong: z.prettifyError(read.error) }).toBeUndefined();
          for (const secret of secrets) expect(text).not.toContain(secret);
          expect(text).not.toMatch(/\\n\s+at |node:internal/);
          const code =
            read.success && "result" in read.data
              ? Result.parse(read.data.result).structuredContent.error?.code
              : "protocol";
          codes.set(code ?? "answered", (codes.get(code ?? "answered") ?? 0) + 1);
        }
        expect(bench.lab.world.mutations).toEqual([]);
        batches += 1;
        // What is loaded and cached at first is no leak.
        if (batches % 10 === 0) growth = watch.heapGrowth();
        await bench.app.engine.discardPlans({ principal: "fuzz@host", channel: "mcp" });
      }),
      { numRuns: Math.ceil(CALLS / BATCH), seed: SEED, endOnFailure: true },
    );
    expect(growth).toBeLessThan(MOST_GROWTH);
    expect(wire.noise).toEqual([]);
    expect(watch.unhandled).toEqual([]);
    watch.stop();
    await wire.end();
    // Refusing everything alike would pass as well.
    expect(codes.size).toBeGreaterThan(4);
    if (process.env["ATVM_FUZZ_SHOW"] !== undefined)
      process.stderr.write(`${JSON.stringify([batches * BATCH, growth, ...codes])}\n`);
  },
  TIME_LIMIT_MS,
);
