import { beforeAll, describe, expect, test } from "vitest";
import { powerOff, unregisterVm } from "../../../src/lab/world/vms.ts";
import { change } from "../../support/change.ts";
import { assignedTo, type Bench, hostOf, refusal, unregisteredOn, vmsOf, withEngine } from "../../support/engine.ts";
import { shownRun } from "../../support/views.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

const assigned = async (): Promise<string> => assignedTo(await bench.control.state())[0]?.id ?? "";
const unregisterAll = (): void => {
  const { world } = bench.lab;
  for (const vm of [...world.model.vms]) {
    if (vm.powerState === "poweredOn") change(world, powerOff, vm.id);
    change(world, unregisterVm, vm.id);
  }
};

describe("-R", () => {
  test.each(["clone-assigned", "gold-assigned", "two-hosts", "same-gold", "twin-snapshots"])(
    "registers the one VMX that is missing in %s and leaves the others alone",
    async (scenario) => {
      await bench.reset(scenario);
      const before = await bench.control.state();
      const volume = await assigned();
      const missing = unregisteredOn(before, volume);
      expect(missing).toHaveLength(1);
      const plan = await bench.plan("register");
      expect(plan.steps.map((step) => step.kind)).toEqual(["register"]);
      expect(plan.impact.vmsToRegister.map((vm) => vm.path)).toEqual(missing);
      expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
      const after = await bench.control.state();
      expect(unregisteredOn(after, volume)).toEqual([]);
      expect(after.vms).toHaveLength(before.vms.length + 1);
      expect(after.vms).toEqual(expect.arrayContaining(before.vms));
      expect(after.assignments).toEqual(before.assignments);
      expect(after.mutations.map((change) => change.op)).toEqual(["RegisterVM_Task"]);
    },
  );

  test("nothing missing: an empty plan that says so and succeeds", async () => {
    await bench.reset("clone-assigned");
    await bench.prep("register");
    const plan = await bench.plan("register");
    expect(plan.steps).toEqual([]);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded", steps: [] });
  });

  test("finds VMX files in nested folders, with spaces, percent signs, brackets and letters beyond ASCII; templates stay templates", async () => {
    await bench.reset("clone-assigned");
    unregisterAll();
    const volume = await assigned();
    const run = await bench.prep("register");
    expect(run).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expect(unregisteredOn(after, volume)).toEqual([]);
    const byFile = new Map(vmsOf(after).map((vm) => [vm.path.replace(/^\[[^\]]*\] /, ""), vm]));
    expect(byFile.get("QA Überprüfung/100% [alt] copy/büro-01.vmx")).toMatchObject({ template: false });
    expect(byFile.get("tpl-base/tpl-base.vmtx")).toMatchObject({ template: true });
    expect(vmsOf(after).map((vm) => vm.powerState)).toEqual(vmsOf(after).map(() => "poweredOff"));
    expect(run.report?.vms).toHaveLength(vmsOf(after).length);
    expect(shownRun(run).next.join()).toMatch(/moved or copied/);
  });

  test("an orphaned registration counts as missing: unregistered, then registered", async () => {
    await bench.reset("clone-assigned");
    const [orphan] = await bench.control.touch("orphan-vm");
    const volume = await assigned();
    const plan = await bench.plan("register");
    expect(plan.steps.map((step) => step.kind)).toEqual(["unregister", "register"]);
    expect(plan.impact.vmsToUnregister.map((vm) => vm.moref)).toEqual([orphan]);
    await bench.run(plan);
    const after = await bench.control.state();
    expect(unregisteredOn(after, volume)).toEqual([]);
    expect(after.vms.some((vm) => vm.id === orphan)).toBe(false);
    expect(vmsOf(after).map((vm) => vm.connectionState)).toEqual(vmsOf(after).map(() => "connected"));
  });

  test("a folder that cannot be read is told, and a dead VM in it keeps its registration", async () => {
    await bench.reset("clone-assigned");
    const [dead] = await bench.control.touch("orphan-vm", { vm: "db-01" });
    await bench.control.touch("unreadable-folder", { name: "db-01" });
    const plan = await bench.plan("register");
    expect(plan.warnings.join("\n")).toMatch(/db-01.* could not be read/);
    expect(plan.impact.vmsToUnregister).toEqual([]);
    expect(plan.impact.vmsToRegister.map((vm) => vm.name)).toEqual(["spare-01"]);
    const run = await bench.run(plan);
    expect(run).toMatchObject({ state: "succeeded" });
    expect(run.report?.leftovers.join()).toMatch(/db-01/);
    expect((await bench.control.state()).vms.some((vm) => vm.id === dead)).toBe(true);
  });

  test("where only an unreadable folder holds a VMX the goal counts as reached, with a warning", async () => {
    await bench.reset("clone-assigned");
    await bench.control.touch("unreadable-folder", { name: "spare-01" });
    const plan = await bench.plan("register");
    expect(plan.steps).toEqual([]);
    expect(plan.warnings.join()).toMatch(/spare-01.* could not be read/);
  });

  test("after -A it registers the clone's VMs, which the run left alone", async () => {
    await bench.reset("empty");
    await bench.prep("automated_testing");
    expect(vmsOf(await bench.control.state())).toEqual([]);
    expect(await bench.prep("register")).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expect(unregisteredOn(after, await assigned())).toEqual([]);
    expect(vmsOf(after)).toHaveLength(6);
  });

  describe("with register.folder and register.pool configured", () => {
    test("VMs go there, templates too as far as they have a pool", async () => {
      const placed = await withEngine({}, { register: { folder: "ATVM", pool: "ATVM" } });
      await placed.control.touch("add-places");
      const { datacenters, hosts } = placed.lab.world.model;
      await placed.prep("unregister");
      expect(await placed.prep("register")).toMatchObject({ state: "succeeded" });
      const vms = vmsOf(await placed.control.state());
      expect(vms).toHaveLength(6);
      expect(new Set(vms.map((vm) => vm["folder"]))).toEqual(new Set([datacenters[0]?.subfolder?.id]));
      expect(new Set(vms.map((vm) => vm["pool"]))).toEqual(new Set([hosts[0]?.subpool?.id, undefined]));
    });

    test("a slash and a percent sign in a name are written as vSphere writes them", async () => {
      const placed = await withEngine({}, { register: { folder: "Team A%2fB 50%25", pool: "Team A%2FB 50%25" } });
      await placed.control.touch("add-places", { name: "Team A/B 50%" });
      const { datacenters, hosts } = placed.lab.world.model;
      await placed.prep("unregister");
      expect(await placed.prep("register")).toMatchObject({ state: "succeeded" });
      const vms = vmsOf(await placed.control.state());
      expect(new Set(vms.map((vm) => vm["folder"]))).toEqual(new Set([datacenters[0]?.subfolder?.id]));
      expect(new Set(vms.map((vm) => vm["pool"]))).toEqual(new Set([hosts[0]?.subpool?.id, undefined]));
    });

    test("a name that vCenter does not have is refused before anything is planned, and matters to nothing else", async () => {
      const misplaced = await withEngine({}, { register: { folder: "ATVM/Clones" } });
      await misplaced.control.touch("add-places");
      const refused = await refusal(misplaced.plan("register"), "CONFIG_INVALID");
      expect(refused.message).toContain("ATVM/Clones");
      await refusal(misplaced.plan("automated_testing", { registerVms: true }), "CONFIG_INVALID");
      expect((await misplaced.plan("automated_testing")).steps).not.toEqual([]);
    });
  });

  test("a VM whose name another VM in the folder has is told with a way out", async () => {
    await bench.reset("two-hosts");
    await bench.prep("automated_testing", { lun: "Gold2", registerVms: true });
    const run = await bench.prep("automated_testing", { lun: "Gold2", client: "CDS1-ESX165", registerVms: true });
    expect(run).toMatchObject({ state: "failed", error: { code: "REMOTE_FAULT" } });
    expect(shownRun(run).next.join()).toMatch(/register\.folder/);
  });

  test.each([
    ["empty", "NOTHING_ASSIGNED"],
    ["busy-elsewhere", "NOTHING_ASSIGNED"],
    ["stale-inventory", "NOTHING_ASSIGNED"],
    ["one-datacenter", "NOTHING_ASSIGNED"],
    ["half-cleaned", "DATASTORE_NOT_FOUND"],
    ["twin-datastores", "DATASTORE_AMBIGUOUS"],
  ] as const)("from %s it is refused: %s", async (scenario, code) => {
    await bench.reset(scenario);
    await refusal(bench.plan("register"), code);
    expect((await bench.control.state()).mutations).toEqual([]);
  });

  test("of a volume whose disk the host does not see it is refused: DATASTORE_NOT_FOUND", async () => {
    await bench.reset("empty");
    await bench.control.touch("assign", { client: "CDS1-ESX165" });
    const refused = await refusal(bench.plan("register"), "DATASTORE_NOT_FOUND");
    expect(refused.found).toMatchObject({ volumeId: await assigned() });
    expect(hostOf(await bench.control.state()).disks).toEqual([]);
  });
});
