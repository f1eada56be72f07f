import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { commandOf } from "../../../src/text/index.ts";
import { afterwardsOf, summaryOf } from "../../../src/text/summary.ts";
import {
  assignedTo,
  type Bench,
  expectFreshClone,
  GOLD,
  goldOf,
  hostOf,
  refusal,
  snapshotsOf,
  withEngine,
} from "../../support/engine.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

const reset = (scenario: string, more: object = {}) => bench.control.reset({ scenario, ...more });
const clean = async (): Promise<void> => {
  await bench.control.clearFaults();
  for (const plan of await bench.app.engine.listPlans())
    await bench.app.engine.discardPlan({ planId: plan.planId }, bench.actor);
};

describe("-A", () => {
  beforeEach(clean);

  test("replaces the old clone by a new one of the latest snapshot; gold is untouched", async () => {
    await reset("clone-assigned");
    const before = await bench.control.state();
    const [old] = assignedTo(before);
    const [latest] = snapshotsOf(before, goldOf(before).id);
    const plan = await bench.plan("automated_testing");
    expect(plan.snapshot).toMatchObject({ id: latest?.id, chosenBy: "latest" });
    expect(commandOf(plan)).toContain(`atvm_prep -A -n ${GOLD} -s ${latest?.name} -c CDS1-ESX165 -vi`);
    expect(plan.impact.clonesToDelete.map((clone) => clone.id)).toEqual([old?.id]);
    expect(await bench.control.state()).toMatchObject({ mutations: [] });

    const run = await bench.run(plan);
    expect(run).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expectFreshClone(after, latest?.id ?? "");
    expect(after.volumes.some((volume) => volume.id === old?.id)).toBe(false);
    expect(goldOf(after)).toEqual(goldOf(before));
    expect(after.snapshots).toEqual(before.snapshots);
    expect(run.report?.volume?.id).toBe(assignedTo(after)[0]?.id);
    expect(assignedTo(after)[0]?.name).toMatch(
      new RegExp(`^${GOLD}[-_]CDS1[-_]ESX165[-_]\\d{8}[-_]\\d{6}[-_]${run.runId.slice(-6)}$`),
    );
  });

  test("that registers says how many VMX files the present clone has, and looks for them once", async () => {
    await reset("clone-assigned");
    const state = await bench.control.state();
    const [old] = assignedTo(state);
    const searches = async () => (await bench.control.calls()).vim["SearchDatastoreSubFolders_Task"];
    await bench.plan("automated_testing");
    expect(await searches()).toBeUndefined();

    const plan = await bench.plan("automated_testing", { registerVms: true });
    const count = state.files.filter(({ volumeId, path }) => volumeId === old?.id && /\.vm(tx|x)$/.test(path)).length;
    expect(plan.impact).toMatchObject({ vmsToRegister: [], vmxFilesToday: { count, volume: { id: old?.id } } });
    expect(summaryOf(plan)).toContain(`about ${count} VMs to register`);
    expect(afterwardsOf(plan).join(" ")).toContain(`Today "${old?.name}" has ${count} VMX files`);

    const run = await bench.run(plan);
    expect(run).toMatchObject({ state: "succeeded" });
    expect(run.report?.vms.filter(({ registered }) => registered)).toHaveLength(count);
    // The run's own step looks for itself, before and after; nothing else does.
    expect(await searches()).toBe(3);
  });

  test.each([
    ["gold's where the client holds nothing of it", "busy-elsewhere", GOLD],
    ["none where nothing of it is mounted anywhere", "empty", undefined],
  ])("that registers counts %s", async (_what, scenario, volume) => {
    await reset(scenario);
    const plan = await bench.plan("automated_testing", { registerVms: true });
    expect(plan.impact.vmxFilesToday?.volume.name).toBe(volume);
    expect(afterwardsOf(plan).join(" ")).toContain("The VMs found on it will be registered");
  });

  test("that registers is planned without a number where the present clone cannot be searched", async () => {
    await reset("clone-assigned");
    await bench.control.faults({ api: "vim", op: "SearchDatastoreSubFolders_Task", action: "fault:NoPermission" });
    const plan = await bench.plan("automated_testing", { registerVms: true });
    expect(plan.impact).not.toHaveProperty("vmxFilesToday");
    expect(afterwardsOf(plan).join(" ")).not.toContain("Today");
  });

  test("a second one cleans up what the first one made", async () => {
    await reset("clone-assigned");
    const first = await bench.prep("automated_testing");
    const second = await bench.prep("automated_testing");
    expect([first.state, second.state]).toEqual(["succeeded", "succeeded"]);
    const after = await bench.control.state();
    expect(assignedTo(after).map((volume) => volume.id)).toEqual([second.report?.volume?.id]);
    expect(after.volumes.some((volume) => volume.id === first.report?.volume?.id)).toBe(false);
    expect(hostOf(after).detached).toEqual([]);
  });

  test.each(["empty", "half-cleaned", "stale-inventory", "same-gold", "two-hosts"])(
    "reaches its goal from %s",
    async (scenario) => {
      await reset(scenario);
      const before = await bench.control.state();
      const run = await bench.prep("automated_testing");
      expect(run).toMatchObject({ state: "succeeded" });
      const after = await bench.control.state();
      expectFreshClone(after, snapshotsOf(before, goldOf(before).id)[0]?.id ?? "");
      const host = hostOf(after);
      expect(after.vms.filter((vm) => vm.host === host.name)).toEqual([]);
    },
  );

  test("from gold: guests are shut down, nothing is deleted", async () => {
    await reset("gold-assigned");
    const before = await bench.control.state();
    const plan = await bench.plan("automated_testing");
    expect(plan.steps.map((step) => step.kind)).toContain("shut_down_guest");
    expect(plan.impact.clonesToDelete).toEqual([]);
    const run = await bench.run(plan);
    expect(run).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expect(after.mutations.filter((change) => change.op === "PowerOffVM_Task" || change.op === "DeleteVolume")).toEqual(
      [],
    );
    expect(goldOf(after)).toEqual(goldOf(before));
  });

  test("with --register_vms every VMX of the clone is registered", async () => {
    await reset("clone-assigned");
    const run = await bench.prep("automated_testing", { registerVms: true });
    expect(run).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    const clone = assignedTo(after)[0];
    const files = after.files.filter((file) => file.volumeId === clone?.id);
    expect(after.vms.filter((vm) => vm.host === hostOf(after).name)).toHaveLength(files.length);
  });

  test("with --keep_clone the old clone stays on the array, unassigned", async () => {
    await reset("clone-assigned");
    const old = assignedTo(await bench.control.state())[0];
    await bench.prep("automated_testing", { keepClone: true });
    const after = await bench.control.state();
    expect(after.volumes.some((volume) => volume.id === old?.id)).toBe(true);
    expect(after.assignments.some((assignment) => assignment.volumeId === old?.id)).toBe(false);
  });

  test("a named snapshot is taken, an unknown one refused with the closest names", async () => {
    await reset("clone-assigned");
    const state = await bench.control.state();
    const third = snapshotsOf(state, goldOf(state).id)[2];
    const plan = await bench.plan("automated_testing", { snapshot: third?.name ?? "" });
    expect(plan.snapshot).toMatchObject({ id: third?.id, chosenBy: "name" });
    const refused = await refusal(
      bench.plan("automated_testing", { snapshot: `${third?.name}x` }),
      "SNAPSHOT_NOT_FOUND",
    );
    expect(refused.hint).toContain(third?.name);
  });

  test.each([
    ["twin-snapshots", "SNAPSHOT_AMBIGUOUS"],
    ["twin-datastores", "DATASTORE_AMBIGUOUS"],
    ["one-datacenter", "SIGNATURE_MOUNTED"],
  ] as const)("from %s it is refused: %s", async (scenario, code) => {
    await reset(scenario);
    await refusal(bench.plan("automated_testing"), code);
    expect((await bench.control.state()).mutations).toEqual([]);
  });
});

describe("a snapshot named by its id", () => {
  test("is that one, also where its name is not its own, and the command says so", async () => {
    await bench.reset("twin-snapshots");
    const state = await bench.control.state();
    const [latest] = snapshotsOf(state, goldOf(state).id);
    if (latest === undefined) throw new Error("no snapshot");
    const plan = await bench.plan("automated_testing", { snapshot: latest.id });
    expect(plan.snapshot).toMatchObject({ id: latest.id, chosenBy: "name" });
    expect(commandOf(plan)).toContain(`-s ${latest.id} `);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    expect(assignedTo(await bench.control.state())[0]?.parentSnapshotId).toBe(latest.id);
  });
});
