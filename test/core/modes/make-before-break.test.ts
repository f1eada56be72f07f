/** The order of the modes that clean up: the new volume first, the old one after, and what a stop in between leaves. */
import { beforeEach, describe, expect, test } from "vitest";
import type { PlanRecord } from "../../../src/core/records.ts";
import { unassign } from "../../../src/lab/world/array.ts";
import { ARRAY, opOf } from "../../support/array-under-test.ts";
import { change } from "../../support/change.ts";
import {
  assignedTo,
  expectFreshClone,
  expectGoldMounted,
  goldOf,
  hostOf,
  refusal,
  snapshotsOf,
  withEngine,
} from "../../support/engine.ts";
import { shownRun } from "../../support/views.ts";

const bench = await withEngine();
beforeEach(() => bench.reset("clone-assigned"));

const kinds = (plan: PlanRecord): string[] => plan.steps.map((step) => step.kind);

/** Kinds of the steps that a step waits for, directly or not. */
function awaited(plan: PlanRecord, kind: string): Set<string> {
  const byId = new Map(plan.steps.map((step) => [step.id, step]));
  const all = (id: string): string[] => {
    const step = byId.get(id);
    return step === undefined ? [] : [step.kind, ...step.after.flatMap(all)];
  };
  const [step] = plan.steps.filter((one) => one.kind === kind);
  return new Set(step?.after.flatMap(all));
}

const ops = async (): Promise<string[]> => (await bench.control.state()).mutations.map((change) => change.op);

describe("-A", () => {
  test("makes and assigns the clone first; one rescan sees both; the mount goes beside the deletion", async () => {
    const plan = await bench.plan("automated_testing");
    expect(kinds(plan)).toEqual([
      "create_clone",
      "assign",
      "power_off",
      "unregister",
      "unmount",
      "detach",
      "unassign",
      "rescan",
      "attach",
      "rescan",
      "mount_copy",
      "delete_clone",
      "forget_device",
    ]);
    expect(awaited(plan, "power_off")).toEqual(new Set(["create_clone", "assign"]));
    expect(awaited(plan, "unregister").has("power_off")).toBe(false);
    expect(awaited(plan, "unmount").has("power_off")).toBe(true);
    expect(awaited(plan, "delete_clone").has("mount_copy")).toBe(false);
    expect(awaited(plan, "delete_clone").has("rescan")).toBe(true);
    const run = await bench.run(plan);
    expect(run.state).toBe("succeeded");
    expect((await ops()).filter((op) => op === "RescanAllHba")).toHaveLength(1);
  });

  test("asks for unresolved volumes four times at most, from the plan to the report", async () => {
    await bench.prep("automated_testing");
    expect((await bench.control.calls()).vim["QueryUnresolvedVmfsVolumes"]).toBeLessThanOrEqual(4);
  });

  test.each([
    ["CloneSnapshot", 0],
    ["CreateAssignment", 1],
  ])("leaves host, VMs and assignments as they were where %s is refused", async (op, clones) => {
    const before = await bench.control.state();
    const plan = await bench.plan("automated_testing");
    await bench.control.faults({ api: "dgs", op, action: "job-failed" });
    expect((await bench.run(plan)).state).toBe("failed");
    const after = await bench.control.state();
    expect([after.hosts, after.vms, after.assignments]).toEqual([before.hosts, before.vms, before.assignments]);
    expect(after.volumes).toHaveLength(before.volumes.length + clones);
  });

  test("where the array has no room ends with that reason, nothing torn down; with release_first it has", async () => {
    await bench.control.touch("fill-array");
    const before = await bench.control.state();
    const run = await bench.prep("automated_testing");
    expect(run).toMatchObject({ state: "failed", error: { code: "NO_SPACE" } });
    expect(run.error?.message).toMatch(/no room for another clone|insufficient space in the aggregate/);
    expect(shownRun(run).next.join()).toContain("releaseFirst: true");
    const after = await bench.control.state();
    expect(after.mutations).toEqual([]);
    expect([after.hosts, after.vms, after.assignments, after.volumes]).toEqual([
      before.hosts,
      before.vms,
      before.assignments,
      before.volumes,
    ]);
    expect(await bench.prep("automated_testing", { releaseFirst: true })).toMatchObject({ state: "succeeded" });
  });

  test("with release_first takes the old environment away, down to the deletion, before anything is made", async () => {
    const plan = await bench.plan("automated_testing", { releaseFirst: true });
    expect(plan.request.releaseFirst).toBe(true);
    expect(kinds(plan).indexOf("create_clone")).toBeGreaterThan(kinds(plan).indexOf("forget_device"));
    expect(awaited(plan, "create_clone").has("delete_clone")).toBe(true);
    expect((await bench.run(plan)).state).toBe("succeeded");
    expect((await ops()).filter((op) => op === "RescanAllHba")).toHaveLength(2);
  });

  test("recognises the two volumes that a run left which stopped in between: a fresh plan cleans up both", async () => {
    const plan = await bench.plan("automated_testing");
    await bench.control.faults({ api: "vim", op: "UnmountVmfsVolume", action: "fault:HostConfigFault" });
    expect((await bench.run(plan)).state).toBe("failed");
    expect(assignedTo(await bench.control.state())).toHaveLength(2);
    const fresh = await bench.plan("automated_testing");
    expect(fresh.impact.clonesToDelete).toHaveLength(2);
    expect((await bench.run(fresh)).state).toBe("succeeded");
    const after = await bench.control.state();
    expectFreshClone(after, snapshotsOf(after, goldOf(after).id)[0]?.id ?? "");
    expect(after.volumes.filter((volume) => volume.kind === "clone")).toHaveLength(1);
    expect(hostOf(after).detached).toEqual([]);
  });

  test("does not recognise what somebody else assigned beside it", async () => {
    await bench.control.touch("assign", { client: "CDS1-ESX165" });
    await refusal(bench.plan("automated_testing"), "SEVERAL_ASSIGNED");
    await refusal(bench.plan("maintenance"), "SEVERAL_ASSIGNED");
  });

  test("rescans once more where somebody took the old clone away in between, and the new one got its LUN number", async () => {
    const plan = await bench.plan("automated_testing");
    const { world } = bench.lab;
    const [old] = world.model.assignments;
    const stop = world.onChange(() => {
      if (!world.mutations.some(({ op }) => op === opOf("CloneSnapshot", ARRAY))) return;
      stop();
      change(world, unassign, old?.id ?? "");
    });
    const run = await bench.run(plan);
    expect(run).toMatchObject({ state: "succeeded" });
    expect(run.steps.find(({ kind }) => kind === "rescan")?.detail).toMatch(/twice, since its LUN number/);
    expect((await ops()).filter((op) => op === "RescanAllHba")).toHaveLength(2);
  });

  test("a rescan comes before the assignment where the host still lists a disk that the array took away", async () => {
    await bench.control.touch("unassign");
    const plan = await bench.plan("automated_testing");
    expect(awaited(plan, "assign").has("rescan")).toBe(true);
  });
});

describe("-M", () => {
  test("assigns gold once the clone is off the host, unassigns the clone after that, and rescans once", async () => {
    const plan = await bench.plan("maintenance");
    expect(awaited(plan, "assign")).toEqual(new Set(["power_off", "unregister", "unmount", "detach"]));
    expect(awaited(plan, "unassign").has("assign")).toBe(true);
    expect((await bench.run(plan)).state).toBe("succeeded");
    expect((await ops()).filter((op) => op === "RescanAllHba")).toHaveLength(1);
    expectGoldMounted(await bench.control.state());
  });

  test.each(["maintenance", "automated_testing"] as const)(
    "stopped with gold and the clone both assigned, is finished by a fresh plan for %s",
    async (mode) => {
      const plan = await bench.plan("maintenance");
      await bench.control.faults({ api: "dgs", op: "DeleteAssignment", action: "job-failed" });
      expect((await bench.run(plan)).state).toBe("failed");
      expect(assignedTo(await bench.control.state())).toHaveLength(2);
      expect((await bench.run(await bench.plan(mode))).state).toBe("succeeded");
      const after = await bench.control.state();
      if (mode === "maintenance") expectGoldMounted(after);
      else expectFreshClone(after, snapshotsOf(after, goldOf(after).id)[0]?.id ?? "");
    },
  );
});

describe("-rvgd", () => {
  test("rolls back before anything of the old environment is touched, where gold is free", async () => {
    const plan = await bench.plan("rollback");
    expect(kinds(plan)[0]).toBe("rollback_volume");
    expect(awaited(plan, "power_off")).toEqual(new Set(["rollback_volume"]));
    expect((await bench.run(plan)).state).toBe("succeeded");
    expect((await ops()).filter((op) => op === "RescanAllHba")).toHaveLength(1);
    expectGoldMounted(await bench.control.state());
  });

  test("cleans up first where gold is assigned", async () => {
    await bench.reset("gold-assigned");
    const plan = await bench.plan("rollback");
    expect(awaited(plan, "rollback_volume").has("rescan")).toBe(true);
  });
});

describe("side by side", () => {
  test("two clients get clones of one gold at the same time; gold itself waits for both", async () => {
    const [one, other] = [
      await bench.plan("automated_testing"),
      await bench.plan("automated_testing", { client: "CDS1-ESX166" }),
    ];
    const runs = await Promise.all([bench.run(one), bench.run(other)]);
    expect(runs.map((run) => run.state)).toEqual(["succeeded", "succeeded"]);
  });
});
