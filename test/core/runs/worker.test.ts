/** Workers: each takes queued runs from the store, once, and carries them out under the same locks. */
import { beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import type { Engine } from "../../../src/core/engine.ts";
import { type Bench, refusal, withEngine } from "../../support/engine.ts";
import { assemble, gateAtUnmount, type Parts, storeWith } from "../../support/parts.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
  // Each test has a store of its own, which the bench knows nothing of.
  bench.changesWithoutPlans();
});
/** A store of its own for each test: what waits in one is nothing for the workers of the next. */
let anotherStore = "";
let stores = 0;
beforeEach(async () => {
  await bench.reset("clone-assigned");
  stores += 1;
  anotherStore = `queue-${stores}`;
});

/** A server whose runs are for workers, and a plan that it has confirmed. */
async function queued(parts: Parts = {}): Promise<{ engine: Engine; runId: string }> {
  const { engine } = await assemble(bench, { runs: "worker", anotherStore, ...parts });
  const plan = await engine.plan("automated_testing", { lun: "Gold" }, bench.actor);
  const { runId, state } = await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
  expect(state).toBe("queued");
  return { engine, runId };
}

/** Works until the test says stop; `claimed` are the runs that it took. */
async function working(name: string, parts: Parts = {}, atOnce = 4, drain = false) {
  const { engine } = await assemble(bench, { runs: "worker", anotherStore, ...parts });
  const [stop, claimed] = [new AbortController(), [] as string[]];
  const done = engine.work({ name, atOnce, drain, onClaim: (runId) => claimed.push(runId) }, stop.signal);
  return {
    engine,
    claimed,
    end: async (): Promise<void> => {
      stop.abort();
      await done;
    },
  };
}

describe("a run that was queued for workers", () => {
  test("is begun by none but a worker, is carried out by one of them, and the audit says by which", async () => {
    const { engine, runId } = await queued();
    expect(bench.lab.world.mutations).toEqual([]);
    const workers = await Promise.all(["one", "two", "three"].map((name) => working(name)));
    expect(await engine.getRun(runId, { waitMs: 60_000 })).toMatchObject({ state: "succeeded" });
    expect(workers.flatMap(({ claimed }) => claimed)).toEqual([runId]);
    const { rows, chain } = await engine.readAudit({ runId, steps: false });
    expect(rows.map(({ type }) => type)).toEqual(["plan_redeemed", "run_claimed", "run_started", "run_succeeded"]);
    const by = ["one", "two", "three"].filter((_name, index) => (workers[index]?.claimed.length ?? 0) > 0);
    expect(rows.find(({ type }) => type === "run_claimed")?.data).toEqual({ worker: by[0] });
    expect(chain.holds).toBe(true);
    await Promise.all(workers.map(({ end }) => end()));
  });

  test("waits for a place: a worker takes no more at once than it was told", async () => {
    const gate = gateAtUnmount();
    const { engine, runId } = await queued();
    const plan = await engine.plan("automated_testing", { lun: "Gold2", client: "CDS1-ESX166" }, bench.actor);
    const other = await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    const one = await working("one", gate, 1);
    await gate.reached;
    expect(one.claimed).toEqual([runId]);
    expect(await engine.getRun(other.runId)).toMatchObject({ state: "queued" });
    gate.open();
    expect(await engine.getRun(other.runId, { waitMs: 60_000 })).toMatchObject({ state: "succeeded" });
    const { rows } = await engine.readAudit({ limit: 1_000, steps: false });
    expect(rows.filter(({ type }) => type === "run_claimed").map((row) => row.runId)).toEqual([runId, other.runId]);
    await one.end();
  });

  test("holds its LUN family while it waits: nothing else is planned or confirmed there", async () => {
    const { engine, runId } = await queued();
    const locked = await refusal(engine.plan("automated_testing", { lun: "Gold" }, bench.actor), "LOCKED");
    expect(locked.found).toMatchObject({ runs: [{ runId, state: "queued" }] });
  });

  test("and claimed by a worker that died is not handed out again: it ends as interrupted, and is resumed by a plan", async () => {
    let shift = 0;
    const { engine, runId } = await queued({ shiftMs: () => shift });
    const { store } = await assemble(bench, { anotherStore });
    const at = new Date().toISOString();
    const claim = { by: "dead", at, queuedSince: "2025-01-01T00:00:00.000Z" };
    expect(await store.write((tx) => tx.claimRun(claim))).toBe(runId);
    expect(await store.write((tx) => tx.claimRun(claim))).toBeUndefined();
    expect(await engine.getRun(runId)).toMatchObject({ state: "queued" });
    shift = 61_000;
    const run = await engine.getRun(runId);
    expect(run).toMatchObject({ state: "interrupted" });
    expect(run.next).toContainEqual({ kind: "note", text: "Nothing took it up in time; nothing was done." });
    expect(bench.lab.world.mutations).toEqual([]);
    expect((await engine.resumePlan(runId, bench.actor)).resumes).toBe(runId);
  });

  test("that no worker took in time is not begun any more", async () => {
    let shift = 0;
    const parts = { shiftMs: () => shift };
    const { engine, runId } = await queued(parts);
    shift = 14 * 60_000;
    expect(await engine.getRun(runId)).toMatchObject({ state: "queued" });
    shift = 16 * 60_000;
    const late = await working("late", parts);
    expect(await engine.getRun(runId)).toMatchObject({ state: "interrupted" });
    expect(late.claimed).toEqual([]);
    await late.end();
    expect(bench.lab.world.mutations).toEqual([]);
  });

  test("can be cancelled while it waits: the worker that takes it does nothing", async () => {
    const { engine, runId } = await queued();
    await engine.cancelRun(runId, bench.actor);
    const worker = await working("one");
    expect(await engine.getRun(runId, { waitMs: 60_000 })).toMatchObject({ state: "cancelled" });
    expect(bench.lab.world.mutations).toEqual([]);
    await worker.end();
  });
});

describe("a worker", () => {
  test("takes no more than it may at once, and the next one when one is over", async () => {
    const gate = gateAtUnmount();
    const worker = await working("one", { systems: gate.systems }, 1);
    const { engine, runId } = await queued();
    await gate.reached;
    const other = await engine.plan("automated_testing", { lun: "Gold2", client: "CDS1-ESX166" }, bench.actor);
    const second = await engine.confirm(other.planToken ?? "", bench.actor, { waitMs: 300 });
    expect(second.state).toBe("queued");
    gate.open();
    expect(await engine.getRun(runId, { waitMs: 60_000 })).toMatchObject({ state: "succeeded" });
    expect(await engine.getRun(second.runId, { waitMs: 60_000 })).toMatchObject({ state: "succeeded" });
    expect(worker.claimed).toEqual([runId, second.runId]);
    await worker.end();
  });

  test("that is told to end stops its own run between two steps", async () => {
    const gate = gateAtUnmount();
    const worker = await working("one", { systems: gate.systems });
    const { engine, runId } = await queued();
    await gate.reached;
    const ending = worker.end();
    gate.open();
    await ending;
    expect(await engine.getRun(runId)).toMatchObject({ state: "interrupted" });
  });

  test("that drains takes no more once it is told to end, and ends when its run is over", async () => {
    const gate = gateAtUnmount();
    const worker = await working("one", { systems: gate.systems }, 4, true);
    const { engine, runId } = await queued();
    await gate.reached;
    const ending = worker.end();
    const other = await engine.plan("automated_testing", { lun: "Gold2", client: "CDS1-ESX166" }, bench.actor);
    const second = await engine.confirm(other.planToken ?? "", bench.actor, { waitMs: 0 });
    gate.open();
    await ending;
    expect(await engine.getRun(runId)).toMatchObject({ state: "succeeded" });
    expect(await engine.getRun(second.runId)).toMatchObject({ state: "queued" });
    expect(worker.claimed).toEqual([runId]);
  });

  test("goes on when its store cannot be reached for a while", async () => {
    const away = new PrepError("STORE_UNUSABLE", "It restarts.", { hint: "Ask again.", retryable: true });
    let failures = 0;
    const worker = await working("one", {
      store: (real) =>
        storeWith(real, {
          write: (work) => {
            failures += 1;
            return failures > 1 ? real.write(work) : Promise.reject(away);
          },
        }),
    });
    const { engine, runId } = await queued();
    await vi.waitFor(() => expect(failures).toBeGreaterThan(0));
    expect(await engine.getRun(runId, { waitMs: 60_000 })).toMatchObject({ state: "succeeded" });
    await worker.end();
  });

  test("carries out what was confirmed on a machine that may make no changes", async () => {
    const { engine, runId } = await queued({ wrongController: "This is not the controller." });
    expect(bench.lab.world.mutations).toEqual([]);
    const worker = await working("on the controller");
    expect(await engine.getRun(runId, { waitMs: 60_000 })).toMatchObject({ state: "succeeded" });
    expect(worker.claimed).toEqual([runId]);
    await worker.end();
  });

  test("is not waited for by a run for another vCenter: that one is refused where no changes are made", async () => {
    const { engine } = await assemble(bench, { runs: "worker", anotherStore, wrongController: "Not the controller." });
    const { url, username, password } = bench.lab.info.vcenter;
    const vcenter = { address: new URL(url).host, username, password };
    const plan = await engine.plan("automated_testing", { lun: "Gold" }, bench.actor, { vcenter });
    const work = engine.confirm(plan.planToken ?? "", bench.actor, { vcenter, waitMs: 0 });
    await refusal(work, "WRONG_CONTROLLER");
    expect(bench.lab.world.mutations).toEqual([]);
  });

  test("does not work on a machine that may make no changes", async () => {
    const { engine } = await assemble(bench, { runs: "worker", wrongController: "This is not the controller." });
    const work = engine.work({ name: "one", atOnce: 1 }, new AbortController().signal);
    await refusal(work, "WRONG_CONTROLLER");
  });
});
