/** Until when a token of this site is one, on clocks that are set forward and back. */
import { beforeEach, expect, test } from "vitest";
import type { Engine } from "../../../src/core/engine.ts";
import { withEngine } from "../../support/engine.ts";
import { assemble } from "../../support/parts.ts";

const MINUTES = 60_000;
const YEARS = 2 * 365 * 24 * 60 * MINUTES;

const bench = await withEngine();
let shift = 0;
let stores = 0;
let engine: Engine;
let token: string;

beforeEach(async () => {
  shift = 0;
  stores += 1;
  ({ engine } = await assemble(bench, { shiftMs: () => shift, anotherStore: `tokens-${stores}` }));
  ({ token } = await engine.createToken({ name: "ci", role: "operator", ttlMs: 10 * MINUTES }, bench.actor));
});

const isOne = async (): Promise<boolean> => (await engine.tokenHolder(token)) !== undefined;
/** Something that is done at this time, and so stands in the audit. */
const doneAt = async (ms: number): Promise<void> => {
  shift = ms;
  await engine.listLuns(bench.actor);
  await engine.createToken({ name: "other", role: "viewer", ttlMs: MINUTES }, bench.actor);
};

test("until its time has come", async () => {
  expect(await isOne()).toBe(true);
  shift = 9 * MINUTES;
  expect(await isOne()).toBe(true);
  shift = 11 * MINUTES;
  expect(await isOne()).toBe(false);
});

test("no longer, by a clock that was set back after it", async () => {
  await doneAt(11 * MINUTES);
  shift = 8 * MINUTES;
  expect(await isOne()).toBe(false);
});

test("still, by a clock that was years ahead in between", async () => {
  await doneAt(YEARS);
  expect(await isOne()).toBe(false);
  shift = 0;
  expect(await isOne()).toBe(true);
});

test("not once it is revoked", async () => {
  const [made] = await engine.listTokens();
  await engine.revokeToken(made?.id ?? "", bench.actor);
  expect(await isOne()).toBe(false);
});
