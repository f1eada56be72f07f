/** What appears seconds after the call that brings it has returned: disks, volumes and copies, datastores in vCenter. */
import { describe, expect, test } from "vitest";
import type { Systems } from "../../../src/core/ports/runtime.ts";
import { assignedTo, type Bench, expectGoldMounted, hostOf, vmsOf, withEngine } from "../../support/engine.ts";
import { assemble, type Parts } from "../../support/parts.ts";

const LATE = "disk=2rescans,volume=2rescans,datastore=4reads";

describe("late arrivals are waited for", () => {
  test("a disk, its copy, its datastore: mounted, registered and in the report", async () => {
    const bench = await withEngine({ lag: LATE });
    const run = await bench.prep("automated_testing", { registerVms: true });
    expect(run).toMatchObject({ state: "succeeded" });
    const state = await bench.control.state();
    const [volume] = assignedTo(state);
    const { mounts } = hostOf(state);
    expect(mounts).toMatchObject([{ naa: `naa.${volume?.guid}`, forceMounted: true }]);
    expect(vmsOf(state).length).toBeGreaterThan(0);
    expect(run.report?.datastore?.vmfsUuid).toBe(mounts[0]?.vmfsUuid);
    expect(run.report?.vms.length).toBe(vmsOf(state).length);
  });

  test("gold, which mounts by itself when it comes", async () => {
    const bench = await withEngine({ lag: LATE });
    const run = await bench.prep("maintenance", { registerVms: true });
    expect(run).toMatchObject({ state: "succeeded" });
    const state = await bench.control.state();
    expectGoldMounted(state);
    expect(vmsOf(state).length).toBeGreaterThan(0);
    expect(run.report?.datastore).toBeDefined();
  });

  test("a datastore that vCenter lists only after the run's last step is in the report", async () => {
    const bench = await withEngine({ scenario: "empty" }, { limits: { deviceWait: "1s" } });
    // The run's steps do not tell the signature that the observer would go by: it is on no datastore that they saw.
    bench.changesWithoutPlans();
    let looksAfterTheLastStep = 0;
    const { engine } = await assemble(bench, {
      systems: hidingDatastores(async () => {
        const [run] = await engine.listRuns({ limit: 1 });
        if (run?.steps.every(({ state }) => state === "done" || state === "skipped")) looksAfterTheLastStep += 1;
        return looksAfterTheLastStep < 2;
      }),
    });
    const plan = await engine.plan("automated_testing", { lun: "Gold" }, bench.actor);
    const run = await engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 25_000 });
    expect(run).toMatchObject({ state: "succeeded" });
    expect(run.report?.datastore).toBeDefined();
    expect(looksAfterTheLastStep).toBeGreaterThan(1);
  });
});

/** Of what came since its first look, vCenter lists no datastore to the run while `hides` says so. */
const hidingDatastores =
  (hides: () => Promise<boolean>): NonNullable<Parts["systems"]> =>
  (real) =>
  (override) => {
    const systems = real(override);
    const write = (): ReturnType<Systems["write"]> => {
      const connection = systems.write();
      const { hypervisor } = connection;
      let before: ReadonlySet<string> | undefined;
      const inventory: typeof hypervisor.inventory = async () => {
        const all = await hypervisor.inventory();
        before ??= new Set(all.datastores.map(({ id }) => id));
        if (!(await hides())) return all;
        return { ...all, datastores: all.datastores.filter(({ id }) => before?.has(id)) };
      };
      return { ...connection, hypervisor: { ...hypervisor, inventory } };
    };
    return { endpoints: systems.endpoints, read: () => systems.read(), write };
  };

function endLag({ lab: { world } }: Bench): void {
  world.state.lags.settings = {};
  world.state.lags.forget(() => true);
}

test("a copy that did not come in time: the resumed run rescans, and finds it", async () => {
  const bench = await withEngine({ lag: "volume=1000rescans" }, { limits: { deviceWait: "300ms" } });
  const failed = await bench.prep("automated_testing");
  expect(failed).toMatchObject({ state: "failed", error: { code: "COPY_NOT_FOUND" } });
  endLag(bench);
  const plan = await bench.app.engine.resumePlan(failed.runId, bench.actor);
  const left = plan.steps.map(({ kind }) => kind);
  expect(left.indexOf("rescan")).toBeGreaterThanOrEqual(0);
  expect(left.indexOf("rescan")).toBeLessThan(left.indexOf("mount_copy"));
  const { vim: before } = await bench.control.calls();
  expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
  const { vim: after } = await bench.control.calls();
  for (const call of ["RescanAllHba", "RescanVmfs"]) expect(after[call]).toBeGreaterThan(before[call] ?? 0);
  expect(hostOf(await bench.control.state()).mounts).toMatchObject([{ forceMounted: true }]);
});

test("a disk that the host lost between the run and its resume is found by that rescan", async () => {
  const bench = await withEngine({ lag: "volume=1000rescans" }, { limits: { deviceWait: "300ms" } });
  const failed = await bench.prep("automated_testing");
  expect(failed).toMatchObject({ state: "failed", error: { code: "COPY_NOT_FOUND" } });
  const { world } = bench.lab;
  endLag(bench);
  for (const host of world.model.hosts) {
    host.disks = [];
    host.unresolved = [];
  }
  world.announce();
  const plan = await bench.app.engine.resumePlan(failed.runId, bench.actor);
  expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
});
