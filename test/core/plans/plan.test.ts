/** A stored plan: read as what it was written as, or not at all. */
import { beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { canonicalJson, sha256 } from "../../../src/core/domain/canonical.ts";
import { MODES } from "../../../src/core/domain/modes.ts";
import { readPlan } from "../../../src/core/plans/plan.ts";
import type { PlanRow } from "../../../src/core/ports/store.ts";
import { type Bench, withEngine } from "../../support/engine.ts";
import { assemble } from "../../support/parts.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

async function rowsOfAllModes(): Promise<PlanRow[]> {
  const { engine, store } = await assemble(bench);
  const plans = [];
  for (const scenario of ["clone-assigned", "gold-assigned", "stale-inventory"]) {
    await bench.reset(scenario);
    for (const mode of MODES) {
      const inputs = { lun: "Gold", registerVms: true, newSnapshot: "another" };
      const plan = await engine.plan(mode, inputs, bench.actor).catch(() => undefined);
      const row = plan && (await store.read((tx) => tx.plan(plan.planId)));
      if (row !== undefined) plans.push(row);
    }
  }
  return plans;
}

const withBody = (row: PlanRow, plan: unknown): PlanRow => {
  const body = canonicalJson(plan);
  return { ...row, body, digest: sha256(body) };
};

/** Every way to leave one member out, at any depth. */
function* without(value: unknown): Generator<unknown> {
  if (Array.isArray(value)) {
    for (const [at, item] of value.entries()) for (const less of without(item)) yield value.with(at, less);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, member] of Object.entries(value)) {
    yield Object.fromEntries(Object.entries(value).filter(([name]) => name !== key));
    for (const less of without(member)) yield { ...value, [key]: less };
  }
}

test("is read back without a loss, for every mode; with a member less it is another valid plan, or none", async () => {
  const rows = await rowsOfAllModes();
  expect(new Set(rows.map((row) => row.mode))).toEqual(new Set(MODES));
  let refused = 0;
  for (const row of rows) {
    expect(canonicalJson(readPlan(row))).toBe(row.body);
    for (const less of without(JSON.parse(row.body))) {
      const changed = withBody(row, less);
      try {
        expect(canonicalJson(readPlan(changed))).toBe(changed.body);
      } catch (thrown) {
        // Without its version it counts as another version's.
        expect(thrown).toMatchObject({ code: expect.stringMatching(/^(STORE_UNUSABLE|PLAN_OBSOLETE)$/) });
        refused += 1;
      }
    }
  }
  expect(refused).toBeGreaterThan(rows.length * 50);
});

test("with a step of no known kind is not read, although its digest fits", async () => {
  const [row] = await rowsOfAllModes();
  if (row === undefined) throw new Error("there is no plan");
  const plan = z.looseObject({ draft: z.looseObject({}) }).parse(JSON.parse(row.body));
  const steps = [{ id: "s1", kind: "format_disk", naa: "naa.6" }];
  const changed = withBody(row, { ...plan, draft: { ...plan.draft, steps } });
  expect(() => readPlan(changed)).toThrow(expect.objectContaining({ code: "STORE_UNUSABLE" }));
});

test("with an id that no system could have given is not read", async () => {
  const rows = await rowsOfAllModes();
  const body = rows.find(({ body }) => body.includes('"kind":"detach"'))?.body ?? "";
  const row = rows.find((other) => other.body === body);
  if (row === undefined) throw new Error("there is no plan that detaches");
  const [device = ""] = /"naa":"naa\.[0-9a-f]+"/.exec(body) ?? [];
  for (const changed of ['"naa":""', '"naa":"vmhba1:C0:T0:L1"', '"naa":"naa."']) {
    const altered = withBody(row, JSON.parse(body.replaceAll(device, changed)));
    expect(() => readPlan(altered)).toThrow(expect.objectContaining({ code: "STORE_UNUSABLE" }));
  }
  const [pool = ""] = /"resourcePool":"[^"]+"/.exec(body) ?? [];
  const poolless = withBody(row, JSON.parse(body.replace(pool, '"resourcePool":""')));
  expect(() => readPlan(poolless)).toThrow(expect.objectContaining({ code: "STORE_UNUSABLE" }));
});
