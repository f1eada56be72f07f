import { beforeAll, describe, expect, test } from "vitest";
import {
  assignedTo,
  type Bench,
  expectGoldMounted,
  GOLD,
  goldOf,
  refusal,
  snapshotsOf,
  vmsOf,
  withEngine,
} from "../../support/engine.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

const versionOf = (snapshot: Record<string, unknown> | undefined): unknown => snapshot?.["dataVersion"];

describe("-rvgd", () => {
  test.each(["clone-assigned", "empty", "gold-assigned", "half-cleaned", "stale-inventory", "two-hosts"])(
    "rolls gold back to the latest snapshot from %s and mounts it; no snapshot is lost",
    async (scenario) => {
      await bench.reset(scenario);
      const before = await bench.control.state();
      const [latest] = snapshotsOf(before, goldOf(before).id);
      const plan = await bench.plan("rollback");
      expect(plan.approval.policy).toBe("human");
      expect(plan.impact.snapshotsLost).toEqual([]);
      expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
      const after = await bench.control.state();
      expectGoldMounted(after);
      expect(goldOf(after).dataVersion).toBe(versionOf(latest));
      expect(after.snapshots).toEqual(before.snapshots);
      expect(vmsOf(after)).toEqual([]);
    },
  );

  test("past newer snapshots: the plan names each, and how old the chosen one is; they are gone afterwards", async () => {
    await bench.reset("gold-assigned");
    const before = await bench.control.state();
    const all = snapshotsOf(before, goldOf(before).id);
    const [, , third] = all;
    const newer = all.slice(0, 2);
    const plan = await bench.plan("rollback", { snapshot: third?.name });
    expect(plan.impact.snapshotsLost.map((snapshot) => snapshot.id).toSorted()).toEqual(
      newer.map((snapshot) => snapshot.id).toSorted(),
    );
    expect(plan.warnings.join()).toMatch(/\d+ (day|hour)s? old/);
    for (const snapshot of newer) expect(plan.warnings.join()).toContain(snapshot.name);
    expect(plan.steps.filter((step) => step.irreversible).map((step) => step.kind)).toEqual(["rollback_volume"]);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expect(goldOf(after).dataVersion).toBe(versionOf(third));
    expect(snapshotsOf(after, goldOf(after).id).map((snapshot) => snapshot.id)).toEqual(
      all.slice(2).map((snapshot) => snapshot.id),
    );
    expect(after.snapshots.filter((snapshot) => snapshot.volumeId !== goldOf(after).id)).toEqual(
      before.snapshots.filter((snapshot) => snapshot.volumeId !== goldOf(before).id),
    );
  });

  test("wants the LUN's full name typed: another answer approves nothing", async () => {
    await bench.reset("empty");
    const plan = await bench.plan("rollback");
    const person = bench.app.actor("cli");
    await refusal(bench.app.engine.confirm(plan.planToken ?? "", bench.actor), "NOT_APPROVED");
    const wrong: unknown = await bench.app.engine.approve(plan.planId, person, "Gold").catch((error: unknown) => error);
    expect(wrong).toMatchObject({ code: expect.stringMatching(/DECLINED|NOT_APPROVED|BAD_REQUEST/) });
    expect((await bench.control.state()).mutations).toEqual([]);
    await bench.app.engine.approve(plan.planId, person, GOLD);
    expect(await bench.app.engine.confirm(plan.planToken ?? "", bench.actor)).toMatchObject({ state: "succeeded" });
  });

  test("the clone made from a newer snapshot goes first; kept, it forbids the rollback", async () => {
    await bench.reset("clone-assigned");
    const before = await bench.control.state();
    const third = snapshotsOf(before, goldOf(before).id)[2]?.name;
    const [clone] = assignedTo(before);
    const refused = await refusal(bench.plan("rollback", { snapshot: third, keepClone: true }), "VOLUME_IN_USE");
    expect(JSON.stringify(refused.found)).toContain(clone?.id);
    expect(await bench.prep("rollback", { snapshot: third })).toMatchObject({ state: "succeeded" });
    expectGoldMounted(await bench.control.state());
  });

  test("a clone of a newer snapshot on another client forbids it", async () => {
    await bench.reset("same-gold");
    const before = await bench.control.state();
    const third = snapshotsOf(before, goldOf(before).id)[2]?.name;
    await refusal(bench.plan("rollback", { snapshot: third }), "VOLUME_IN_USE");
  });

  test("a snapshot taken after the plan was made makes it stale: it would have been lost unseen", async () => {
    await bench.reset("empty");
    const plan = await bench.plan("rollback");
    await bench.app.engine.approve(plan.planId, bench.app.actor("cli"), GOLD);
    await bench.control.touch("new-snapshot");
    const stale = await refusal(bench.app.engine.confirm(plan.planToken ?? "", bench.actor), "STALE_PLAN");
    expect(JSON.stringify(stale.extra["diff"])).toMatch(/newer than/);
    expect((await bench.control.state()).mutations).toEqual([]);
  });

  test.each([
    ["busy-elsewhere", "VOLUME_IN_USE"],
    ["one-datacenter", "SIGNATURE_MOUNTED"],
    ["twin-datastores", "DATASTORE_AMBIGUOUS"],
    ["twin-snapshots", "SNAPSHOT_AMBIGUOUS"],
  ] as const)("from %s it is refused: %s", async (scenario, code) => {
    await bench.reset(scenario);
    await refusal(bench.plan("rollback"), code);
    expect((await bench.control.state()).mutations).toEqual([]);
  });
});
