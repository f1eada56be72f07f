/** What failures leave behind, and what the next plan makes of it. */

import { beforeAll, describe, expect, test } from "vitest";
import { createClone } from "../../../src/lab/world/array.ts";
import { detachScsiLun } from "../../../src/lab/world/storage.ts";
import { change } from "../../support/change.ts";
import {
  assignedTo,
  type Bench,
  CLIENT,
  expectFreshClone,
  expectGoldMounted,
  goldOf,
  HOST,
  refusal,
  snapshotsOf,
  vmsOf,
  withEngine,
} from "../../support/engine.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine({}, { limits: { guestShutdown: "1s", deviceWait: "1s" } });
});

const OTHER = "CDS1-ESX166";
const hostWorld = () => {
  const { world } = bench.lab;
  const host = world.model.hosts.find((one) => one.name === HOST);
  if (host === undefined) throw new Error("no host");
  return { world, host };
};
const latest = async (): Promise<string> => {
  const state = await bench.control.state();
  return snapshotsOf(state, goldOf(state).id)[0]?.id ?? "";
};

describe("a clone that a failed run made", () => {
  test("and could not assign is offered for deletion in the next -A of this client, and gone after it", async () => {
    await bench.reset("empty");
    await bench.control.faults({ api: "dgs", op: "CreateAssignment", times: 9, action: "job-failed" });
    expect(await bench.prep("automated_testing")).toMatchObject({ state: "failed" });
    await bench.control.clearFaults();
    const orphan = (await bench.control.state()).volumes.find((volume) => volume.kind === "clone");

    const elsewhere = await bench.plan("automated_testing", { client: OTHER });
    expect(elsewhere.impact.clonesToDelete).toEqual([]);
    expect(elsewhere.leftovers.join()).toContain(orphan?.id);
    const maintenance = await bench.plan("maintenance");
    expect(maintenance.impact.clonesToDelete).toEqual([]);
    expect(maintenance.leftovers.join()).toContain(orphan?.id);

    const plan = await bench.plan("automated_testing");
    expect(plan.impact.clonesToDelete.map((clone) => clone.id)).toEqual([orphan?.id]);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expectFreshClone(after, await latest());
    expect(after.volumes.filter((volume) => volume.kind === "clone")).toHaveLength(1);
  });

  test("and that was assigned is cleaned up as what the client has", async () => {
    await bench.reset("clone-assigned");
    await bench.control.faults({
      api: "vim",
      op: "ResolveMultipleUnresolvedVmfsVolumes",
      times: 9,
      action: "fault:HostConfigFault",
    });
    expect(await bench.prep("automated_testing")).toMatchObject({ state: "failed" });
    await bench.control.clearFaults();
    const [left] = assignedTo(await bench.control.state());
    expect(left?.kind).toBe("clone");
    expect(await bench.prep("automated_testing")).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expectFreshClone(after, await latest());
    expect(after.volumes.some((volume) => volume.id === left?.id)).toBe(false);
  });

  test("by hand, of which no journal tells, is a leftover and nothing else", async () => {
    await bench.reset("empty");
    const { world } = bench.lab;
    const gold = goldOf(await bench.control.state());
    const byHand = change(world, createClone, gold.policyId ?? "", await latest(), "by-hand");
    const run = await bench.prep("automated_testing");
    expect(run).toMatchObject({ state: "succeeded" });
    expect(run.report?.leftovers.join()).toContain(byHand.id);
    expect((await bench.control.state()).volumes.some((volume) => volume.id === byHand.id)).toBe(true);
  });
});

describe("registrations on a disk that is gone", () => {
  test.each(["automated_testing", "maintenance", "rollback"] as const)(
    "are removed as impact of the plan before anything is mounted: %s",
    async (mode) => {
      await bench.reset("stale-inventory");
      const dead = vmsOf(await bench.control.state());
      expect(dead.map((vm) => vm.connectionState)).toEqual(dead.map(() => "inaccessible"));
      const plan = await bench.plan(mode);
      expect(plan.impact.vmsToUnregister.map((vm) => vm.moref).toSorted()).toEqual(dead.map((vm) => vm.id).toSorted());
      expect(plan.impact.vmsToPowerOff).toEqual([]);
      expect(plan.impact.datastoresToUnmount).toEqual([]);
      expect(plan.warnings.join()).toMatch(/left from an earlier failure/);
      expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
      expect(vmsOf(await bench.control.state())).toEqual([]);
    },
  );

  test("are found without any memory of the signature, by the datastore's label, which the plan says", async () => {
    const fresh = await withEngine({ scenario: "stale-inventory" });
    const plan = await fresh.plan("automated_testing");
    expect(plan.impact.vmsToUnregister).toHaveLength(5);
    expect(plan.warnings.join()).toMatch(/concluded from its label/);
    expect(await fresh.run(plan)).toMatchObject({ state: "succeeded" });
    expect(vmsOf(await fresh.control.state())).toEqual([]);
  });

  test("of another family stay, whatever is prepared beside them", async () => {
    await bench.reset("stale-inventory");
    const dead = vmsOf(await bench.control.state());
    expect(await bench.prep("automated_testing", { lun: "Gold2" })).toMatchObject({ state: "succeeded" });
    const after = vmsOf(await bench.control.state());
    expect(after.filter((vm) => dead.some((one) => one.id === vm.id))).toEqual(dead);
  });

  test.each(["unassign", "lose-disk"] as const)(
    "whose VMs still run are powered off, unregistered with the template, and then rescanned away: %s",
    async (what) => {
      await bench.reset("clone-assigned");
      await bench.control.touch(what);
      const before = vmsOf(await bench.control.state());
      const running = before.filter((vm) => vm.powerState === "poweredOn").map((vm) => vm.id);
      expect(before.some((vm) => vm.template)).toBe(true);
      const plan = await bench.plan("automated_testing");
      expect(plan.steps.slice(0, 5).map((step) => step.kind)).toEqual([
        "create_clone",
        "power_off",
        "unregister",
        "rescan",
        "assign",
      ]);
      expect(plan.impact.vmsToPowerOff.map((vm) => vm.moref).toSorted()).toEqual(running.toSorted());
      expect(plan.warnings.join()).toContain(`after a hard power-off of the ${running.length} that still run`);
      expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
      const after = await bench.control.state();
      expectFreshClone(after, await latest());
      expect(vmsOf(after)).toEqual([]);
    },
  );

  test.each(["maintenance", "rollback", "release"] as const)(
    "whose VMs still run from a lost disk go before anything else of the host changes: %s",
    async (mode) => {
      await bench.reset("clone-assigned");
      await bench.control.touch("lose-disk");
      expect(await bench.prep(mode)).toMatchObject({ state: "succeeded" });
      const after = await bench.control.state();
      if (mode !== "release") expectGoldMounted(after);
      expect(vmsOf(after)).toEqual([]);
      expect(hostWorld().host.disks.filter((disk) => disk.lost === true)).toEqual([]);
    },
  );

  test("whose VMs cannot be powered off say what a person has to do, and leave them registered; then the run goes on", async () => {
    await bench.reset("clone-assigned");
    await bench.control.touch("lose-disk");
    const [stuck = ""] = await bench.control.touch("power-off-fails");
    const run = await bench.prep("automated_testing");
    expect(run).toMatchObject({ state: "failed" });
    expect(run.error?.hint).toMatch(/end its process on the host .*or reboot the host/);
    expect(vmsOf(await bench.control.state()).map((vm) => vm.id)).toContain(stuck);
    await bench.control.touch("reboot-host");
    const rest = await bench.app.engine.resumePlan(run.runId, bench.actor);
    expect(await bench.run(rest)).toMatchObject({ state: "succeeded" });
    expectFreshClone(await bench.control.state(), await latest());
  });

  test("on which gold, assigned behind the host's back, would come up at the next rescan are refused; unassigned again, it is prepared", async () => {
    await bench.reset("clone-assigned");
    await bench.control.touch("unassign");
    await bench.control.touch("assign", { client: CLIENT });
    const refused = await refusal(bench.plan("maintenance"), "SIGNATURE_MOUNTED");
    expect(refused.hint).toMatch(/Unassign the gold volume/);
    await bench.control.touch("unassign");
    expect(await bench.prep("maintenance")).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expectGoldMounted(after);
    expect(vmsOf(after)).toEqual([]);
  });

  test("used from elsewhere as well are refused: a stranger's disk would come back to life on other data", async () => {
    await bench.reset("clone-assigned");
    const [stranger] = await bench.control.touch("foreign-disk");
    const [clone] = assignedTo(await bench.control.state());
    await bench.control.touch("unassign", { lun: clone?.id ?? "" });
    const refused = await refusal(bench.plan("automated_testing"), "VM_SPANS_DATASTORES");
    expect(JSON.stringify(refused.found)).toContain(stranger);
  });
});

describe("volumes whose disk the host does not have as it should", () => {
  test("a clone that the host never saw is unassigned and deleted", async () => {
    await bench.reset("empty");
    const gold = goldOf(await bench.control.state());
    const clone = change(bench.lab.world, createClone, gold.policyId ?? "", await latest(), "unseen");
    await bench.control.touch("assign", { lun: clone.id, client: CLIENT });
    const plan = await bench.plan("maintenance");
    const kinds = plan.steps.map((step) => step.kind);
    expect(kinds.slice(0, 3)).toEqual(["assign", "unassign", "rescan"]);
    expect(kinds.slice(-2)).toEqual(["delete_clone", "forget_device"]);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    expectGoldMounted(await bench.control.state());
  });

  test("gold whose disk went away under it and came back is rescanned in, its VMs with it", async () => {
    await bench.reset("gold-assigned");
    const before = vmsOf(await bench.control.state());
    await bench.control.touch("unassign");
    await bench.control.touch("reboot-host");
    await bench.control.touch("assign", { client: CLIENT });
    expect(await bench.prep("maintenance")).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expectGoldMounted(after);
    expect(vmsOf(after).map((vm) => [vm.id, vm.connectionState])).toEqual(before.map((vm) => [vm.id, "connected"]));
  });

  test("a detached clone is cleaned up: nothing to unmount, and the device is forgotten", async () => {
    await bench.reset("half-cleaned");
    const { world, host } = hostWorld();
    change(world, detachScsiLun, host.id, host.disks[0]?.uuid ?? "");
    expect(await bench.prep("automated_testing")).toMatchObject({ state: "succeeded" });
    expect([...host.detached]).toEqual([]);
    expectFreshClone(await bench.control.state(), await latest());
  });

  test("a copy that the host does not show in time is COPY_NOT_FOUND, and can be resumed", async () => {
    await bench.reset("empty");
    await bench.control.faults({ api: "vim", op: "RescanVmfs", times: 50, action: "fault:HostConfigFault" });
    expect(await bench.prep("automated_testing")).toMatchObject({ state: "failed" });
    await bench.control.clearFaults();
    const [run] = await bench.app.engine.listRuns({ limit: 1 });
    const rest = await bench.app.engine.resumePlan(run?.runId ?? "", bench.actor);
    expect(await bench.run(rest)).toMatchObject({ state: "succeeded" });
    expectFreshClone(await bench.control.state(), await latest());
  });
});

describe("the plan's budget", () => {
  test("-A on 2,000 VMs: at most 8 calls to the array, 8 and a page per 1,000 VMs to vCenter", async () => {
    await bench.reset("large");
    const plan = await bench.plan("automated_testing");
    expect(plan.impact.vmsToUnregister).toHaveLength(2_000);
    const { totals } = await bench.control.calls();
    expect(totals.dgs).toBeLessThanOrEqual(8);
    expect(totals.vim).toBeLessThanOrEqual(8 + 2);
  });
});
