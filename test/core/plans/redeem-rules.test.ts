/** Which runs hold a family or a client, which came later, and for how long one that waits is waited for. */
import { describe, expect, test } from "vitest";
import type { Mode } from "../../../src/core/domain/modes.ts";
import { lockedBy, mayBegin, overtaken, overtakenBy } from "../../../src/core/plans/redeem.ts";
import type { QueueRow, RunRow } from "../../../src/core/ports/store.ts";

const NOW = Date.parse("2026-11-29T12:00:00.000Z");
const MINUTE = 60_000;
const QUEUE_MS = 5 * MINUTE;
const ago = (ms: number): string => new Date(NOW - ms).toISOString();

const runOf = (id: string, changes: Partial<RunRow> = {}): RunRow => ({
  id,
  planId: `plan-${id}`,
  mode: "automated_testing",
  principal: "os:somebody@here",
  goldId: "gold-1",
  clientId: "client-1",
  lunName: "Gold",
  clientName: "CDS1-ESX165",
  state: "failed",
  createdAt: ago(0),
  originId: id,
  originCreatedAt: ago(0),
  cancelRequested: false,
  ...changes,
});

describe("a queued run", () => {
  const waits = (createdAt: string, entry?: Omit<QueueRow, "runId">): Promise<boolean> =>
    mayBegin(
      { queued: async (runId) => (entry === undefined ? undefined : { runId, ...entry }) },
      { id: "run-1", createdAt },
      { clock: { now: () => new Date(NOW) }, settings: { limits: { queueMs: QUEUE_MS } } },
    );

  test.each([
    ["a minute for its runner to come up", (age: number) => waits(ago(age)), MINUTE],
    [
      "as long as the site says for a worker",
      (age: number) => waits(ago(99 * MINUTE), { queuedAt: ago(age) }),
      QUEUE_MS,
    ],
    [
      "a minute more for the worker that took it",
      (age: number) => waits(ago(99 * MINUTE), { queuedAt: ago(98 * MINUTE), claimedAt: ago(age), claimedBy: "one" }),
      MINUTE,
    ],
  ])("has %s, whichever way the clock was wrong", async (_what, waitsAt, most) => {
    expect(await waitsAt(most - 1)).toBe(true);
    expect(await waitsAt(1 - most)).toBe(true);
    expect(await waitsAt(most)).toBe(false);
    expect(await waitsAt(-most)).toBe(false);
  });
});

describe("a run is overtaken", () => {
  const mine = runOf("mine");
  const before = runOf("before");
  /** The store's answer, of which the newest run comes first. */
  const among = (...newestFirst: RunRow[]): Promise<string | undefined> =>
    overtakenBy(
      {
        runs: async ({ goldId, clientId, limit }) =>
          newestFirst
            .filter((run) => (goldId ?? run.goldId) === run.goldId && (clientId ?? run.clientId) === run.clientId)
            .slice(0, limit),
      },
      mine,
    ).then((by) => by?.id);
  const elsewhere = (mode: Mode): RunRow => runOf("later", { mode, clientId: "client-2" });

  test("by a later one on its client, of whatever LUN, and by none that came before", async () => {
    expect(await among(mine)).toBeUndefined();
    expect(await among(mine, before)).toBeUndefined();
    expect(await among(runOf("later"), mine, before)).toBe("later");
    expect(await among(runOf("later", { goldId: "gold-2" }), mine, before)).toBe("later");
  });

  test("by a later one of its family on another client where that changes gold, not where both read it", async () => {
    expect(await among(elsewhere("rollback"), mine, before)).toBe("later");
    expect(await among(elsewhere("automated_testing"), mine, before)).toBeUndefined();
  });

  test("by one of the newest where it is not among those any more", async () => {
    expect(await among(runOf("later"))).toBe("later");
    expect(await among(...Array.from({ length: 60 }, (_, at) => runOf(`later-${at}`)), mine)).toBe("later-0");
  });
});

test("whoever comes after another run is told of that one, and of the plan where there is one", () => {
  expect(overtaken("mine", "later").found).toStrictEqual({ runId: "later" });
  expect(overtaken("mine", "later", "plan-1").found).toStrictEqual({ planId: "plan-1", runId: "later" });
  expect(overtaken("mine", "later").next).toEqual([{ kind: "show_run", runId: "later" }]);
});

test("whoever finds the locks held is told of the run, and how to follow or stop it; of none, to try again", () => {
  const [live, other] = [runOf("live", { state: "running" }), runOf("other", { state: "queued", mode: "register" })];
  expect(lockedBy([live, other])).toMatchObject({
    code: "LOCKED",
    found: {
      runs: [
        { runId: "live", mode: "automated_testing", state: "running" },
        { runId: "other", mode: "register", state: "queued" },
      ],
    },
    hint: "Wait for it, or have it stopped between two steps.",
    next: [
      { kind: "follow_run", runId: "live" },
      { kind: "stop_run", runId: "live" },
    ],
  });
  expect(lockedBy([])).toMatchObject({ found: { runs: [] }, hint: "Try again in a moment.", next: [] });
});
