/** Readings that are made at the same time, on a lab that counts what is called. */
import { readdir } from "node:fs/promises";
import { beforeEach, expect, test } from "vitest";
import { CLIENT, withEngine } from "../support/engine.ts";

const bench = await withEngine();

beforeEach(() => bench.reset("clone-assigned"));

const look = (client = CLIENT) => bench.app.engine.inspect({ client }, bench.actor);
const signIns = async () => {
  const { vim, dgs } = await bench.control.calls();
  return [vim["Login"], vim["Logout"], dgs["CreateSession"], dgs["DeleteSession"]];
};

test("those at the same time sign in once, and the last signs out", async () => {
  await Promise.all(Array.from({ length: 20 }, () => look()));
  expect(await signIns()).toEqual([1, 1, 1, 1]);
  await look();
  expect(await signIns()).toEqual([2, 2, 2, 2]);
});

test("one that is refused leaves the others their connection", async () => {
  const [refused, ...others] = await Promise.allSettled([look("No-Such-Client"), look(), look()]);
  expect(refused).toMatchObject({ status: "rejected", reason: { code: "UNKNOWN_CLIENT" } });
  expect(others.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled"]);
  expect(await signIns()).toEqual([1, 1, 1, 1]);
});

test("many take no more sockets than a few", async () => {
  let most = 0;
  const count = setInterval(async () => {
    most = Math.max(most, (await readdir("/proc/self/fd")).length);
  }, 5);
  const before = (await readdir("/proc/self/fd")).length;
  await Promise.all(Array.from({ length: 50 }, () => look()));
  clearInterval(count);
  expect(most).toBeGreaterThan(before);
  // Both ends of each socket are in this process. Alone, each would have three or more.
  expect(most - before).toBeLessThan(100);
});
