import { beforeAll, describe, expect, test } from "vitest";
import { rescanHba } from "../../../src/lab/world/rescan.ts";
import { detachScsiLun, unmountVmfs } from "../../../src/lab/world/storage.ts";
import { change } from "../../support/change.ts";
import {
  assignedTo,
  type Bench,
  expectGoldMounted,
  goldOf,
  HOST,
  hostOf,
  refusal,
  unregisteredOn,
  vmsOf,
  withEngine,
} from "../../support/engine.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine({}, { limits: { guestShutdown: "1s" } });
});

const kinds = (plan: { steps: readonly { kind: string }[] }): string[] => plan.steps.map((step) => step.kind);

describe("-M", () => {
  test.each(["clone-assigned", "empty", "two-hosts", "twin-snapshots", "half-cleaned", "stale-inventory", "same-gold"])(
    "brings gold up from %s, and its content stays as it was",
    async (scenario) => {
      await bench.reset(scenario);
      const before = await bench.control.state();
      const run = await bench.prep("maintenance");
      expect(run).toMatchObject({ state: "succeeded" });
      const after = await bench.control.state();
      expectGoldMounted(after);
      expect(vmsOf(after)).toEqual([]);
      expect(goldOf(after)).toEqual(goldOf(before));
      expect(after.snapshots).toEqual(before.snapshots);
      const old = assignedTo(before).filter((volume) => volume.kind === "clone");
      expect(after.volumes.filter((volume) => old.some((one) => one.id === volume.id))).toEqual([]);
      const others = (state: typeof after) => state.assignments.filter((one) => one.clientId !== clientOf(state));
      expect(others(after)).toEqual(others(before));
      expect(vmsOf(after, "192.168.1.166")).toEqual(vmsOf(before, "192.168.1.166"));
    },
  );

  const clientOf = (state: Awaited<ReturnType<Bench["control"]["state"]>>) =>
    state.clients.find((client) => client.hostAddress === HOST)?.id;

  test("with gold assigned and mounted the goal is reached: no step, no change, a run that succeeds", async () => {
    await bench.reset("gold-assigned");
    const plan = await bench.plan("maintenance");
    expect(plan.steps).toEqual([]);
    const run = await bench.run(plan);
    expect(run).toMatchObject({ state: "succeeded", steps: [] });
    expect((await bench.control.state()).mutations).toEqual([]);
  });

  test("with gold assigned and mounted --register_vms registers what is missing and nothing else", async () => {
    await bench.reset("gold-assigned");
    const before = await bench.control.state();
    const gold = goldOf(before);
    expect(unregisteredOn(before, gold.id)).not.toEqual([]);
    const plan = await bench.plan("maintenance", { registerVms: true });
    expect(kinds(plan)).toEqual(["register"]);
    expect(plan.impact.vmsToRegister.map((vm) => vm.path)).toEqual(unregisteredOn(before, gold.id));
    await bench.run(plan);
    const after = await bench.control.state();
    expect(unregisteredOn(after, gold.id)).toEqual([]);
    expect(vmsOf(after)).toEqual(expect.arrayContaining(vmsOf(before)));
  });

  test("with gold assigned and mounted --register_vms counts an orphaned registration as missing", async () => {
    await bench.reset("gold-assigned");
    const [orphan] = await bench.control.touch("orphan-vm");
    const plan = await bench.plan("maintenance", { registerVms: true });
    expect(kinds(plan)).toEqual(["unregister", "register"]);
    expect(plan.impact.vmsToUnregister.map((vm) => vm.moref)).toEqual([orphan]);
    await bench.run(plan);
    const after = await bench.control.state();
    expect(unregisteredOn(after, goldOf(after).id)).toEqual([]);
    expect(vmsOf(after).map((vm) => vm.connectionState)).toEqual(vmsOf(after).map(() => "connected"));
  });

  test("an orphaned registration on gold that is to be mounted again goes first; those that come back with the mount stay", async () => {
    await bench.reset("gold-assigned", { running: 0 });
    const [orphan] = await bench.control.touch("orphan-vm");
    await bench.control.touch("unassign");
    const { world } = bench.lab;
    const [host] = world.model.hosts;
    change(world, rescanHba, host?.id ?? "");
    await bench.control.touch("assign", { client: "CDS1-ESX165" });
    const before = await bench.control.state();
    const plan = await bench.plan("maintenance", { registerVms: true });
    expect(plan.impact.vmsToUnregister.map((vm) => vm.moref)).toEqual([orphan]);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expectGoldMounted(after);
    expect(unregisteredOn(after, goldOf(after).id)).toEqual([]);
    expect(vmsOf(after).map((vm) => vm.connectionState)).toEqual(vmsOf(after).map(() => "connected"));
    const kept = vmsOf(before).filter((vm) => vm.id !== orphan);
    expect(vmsOf(after).map((vm) => vm.id)).toEqual(expect.arrayContaining(kept.map((vm) => vm.id)));
    expect(kept).not.toEqual([]);
  });

  test("from a clone with --register_vms every VM of gold is registered", async () => {
    await bench.reset("clone-assigned");
    const run = await bench.prep("maintenance", { registerVms: true });
    expect(run).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expect(unregisteredOn(after, goldOf(after).id)).toEqual([]);
    expect(vmsOf(after).some((vm) => vm.template)).toBe(true);
    expect(vmsOf(after).every((vm) => vm.powerState === "poweredOff")).toBe(true);
    expect(run.report?.vms.every((vm) => vm.registered)).toBe(true);
  });

  test("gold that was assigned behind the host's back is found by a rescan", async () => {
    await bench.reset("empty");
    await bench.control.touch("assign", { client: "CDS1-ESX165" });
    const plan = await bench.plan("maintenance");
    expect(kinds(plan)).toEqual(["rescan", "attach", "rescan", "mount"]);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    expectGoldMounted(await bench.control.state());
  });

  test("gold whose datastore was unmounted by hand is only mounted", async () => {
    await bench.reset("gold-assigned", { running: 0, vms: 0 });
    const { world } = bench.lab;
    const [host] = world.model.hosts;
    change(world, unmountVmfs, host?.id ?? "", host?.mounts[0]?.vmfsUuid ?? "");
    const plan = await bench.plan("maintenance");
    expect(kinds(plan)).toEqual(["mount"]);
    await bench.run(plan);
    expectGoldMounted(await bench.control.state());
  });

  test("gold whose disk was detached too is attached first", async () => {
    await bench.reset("gold-assigned", { running: 0, vms: 0 });
    const { world } = bench.lab;
    const [host] = world.model.hosts;
    change(world, unmountVmfs, host?.id ?? "", host?.mounts[0]?.vmfsUuid ?? "");
    change(world, detachScsiLun, host?.id ?? "", host?.disks[0]?.uuid ?? "");
    const plan = await bench.plan("maintenance");
    expect(kinds(plan)).toContain("attach");
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    expectGoldMounted(await bench.control.state());
  });

  test("after -A from gold, whose disk and datastore the host remembers as detached and unmounted, -M brings gold back", async () => {
    await bench.reset("gold-assigned");
    expect(await bench.prep("automated_testing")).toMatchObject({ state: "succeeded" });
    expect(hostOf(await bench.control.state()).detached).not.toEqual([]);
    expect(await bench.prep("maintenance")).toMatchObject({ state: "succeeded" });
    expectGoldMounted(await bench.control.state());
  });

  test("with --keep_clone the clone leaves the client and stays on the array, told as a leftover", async () => {
    await bench.reset("clone-assigned");
    const [old] = assignedTo(await bench.control.state());
    const run = await bench.prep("maintenance", { keepClone: true });
    const after = await bench.control.state();
    expectGoldMounted(after);
    expect(after.volumes.some((volume) => volume.id === old?.id)).toBe(true);
    expect(run.report?.leftovers.join()).toContain(old?.id);
    const again = await bench.plan("automated_testing");
    expect(again.leftovers.join()).toContain(old?.id);
    expect(again.impact.clonesToDelete).toEqual([]);
  });

  test("a clone that was unassigned under a running host is cleaned up: nothing of it comes back on gold", async () => {
    await bench.reset("clone-assigned");
    await bench.control.touch("unassign");
    const plan = await bench.plan("maintenance");
    expect(plan.impact.vmsToUnregister).toHaveLength(5);
    expect(plan.impact.vmsToPowerOff).toHaveLength(2);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expectGoldMounted(after);
    expect(vmsOf(after)).toEqual([]);
  });

  test("with the same signature in another Datacenter it warns of identities that exist twice", async () => {
    await bench.reset("same-gold");
    const plan = await bench.plan("maintenance");
    expect(plan.warnings.join()).toMatch(/another Datacenter/);
  });

  test.each([
    ["busy-elsewhere", "VOLUME_IN_USE"],
    ["one-datacenter", "SIGNATURE_MOUNTED"],
    ["twin-datastores", "DATASTORE_AMBIGUOUS"],
  ] as const)("from %s it is refused: %s", async (scenario, code) => {
    await bench.reset(scenario);
    await refusal(bench.plan("maintenance"), code);
    expect((await bench.control.state()).mutations).toEqual([]);
  });
});
