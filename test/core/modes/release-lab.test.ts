import { beforeAll, describe, expect, test } from "vitest";
import { commandOf } from "../../../src/text/index.ts";
import { assignedTo, type Bench, GOLD, goldOf, hostOf, refusal, vmsOf, withEngine } from "../../support/engine.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

describe("--release", () => {
  test("takes a clone from the host and the array, and makes nothing new", async () => {
    await bench.reset("clone-assigned");
    const before = await bench.control.state();
    const [clone] = assignedTo(before);
    const plan = await bench.plan("release");
    expect(commandOf(plan)).toContain(`atvm_prep --release -n ${GOLD} -c CDS1-ESX165 `);
    expect(plan.steps.map((step) => step.kind)).toEqual([
      "power_off",
      "unregister",
      "unmount",
      "detach",
      "unassign",
      "rescan",
      "delete_clone",
      "forget_device",
    ]);
    const run = await bench.run(plan);
    expect(run).toMatchObject({ state: "succeeded", report: { vms: [], leftovers: [] }, next: [{ kind: "note" }, {}] });
    const after = await bench.control.state();
    expect(assignedTo(after)).toEqual([]);
    expect(after.volumes).toEqual(before.volumes.filter((volume) => volume.id !== clone?.id));
    expect(hostOf(after)).toMatchObject({ mounts: [], detached: [] });
    expect(vmsOf(after)).toEqual([]);
    expect((await bench.plan("release")).steps).toEqual([]);
  });

  test("keeps the clone on the array where that is asked for", async () => {
    await bench.reset("clone-assigned");
    const { volumes } = await bench.control.state();
    const run = await bench.prep("release", { keepClone: true });
    expect(run).toMatchObject({ state: "succeeded", report: { leftovers: [expect.stringMatching(/^Kept as asked/)] } });
    const after = await bench.control.state();
    expect(assignedTo(after)).toEqual([]);
    expect(after.volumes).toEqual(volumes);
  });

  test("shuts the guests on gold down, unassigns it, and never deletes it", async () => {
    await bench.reset("gold-assigned");
    const before = await bench.control.state();
    const plan = await bench.plan("release");
    expect(plan.impact).toMatchObject({ clonesToDelete: [], volumesToUnassign: [{ id: goldOf(before).id }] });
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expect(goldOf(after)).toEqual(goldOf(before));
    expect(assignedTo(after)).toEqual([]);
    const ops = after.mutations.map((change) => change.op);
    expect(ops).toContain("ShutdownGuest");
    expect(ops).not.toContain("PowerOffVM_Task");
    expect(ops).not.toContain("DeleteVolume");
    // Gold can come back after it.
    expect(await bench.prep("maintenance")).toMatchObject({ state: "succeeded" });
  });

  test("with nothing there is an empty plan that succeeds", async () => {
    await bench.reset("empty");
    const plan = await bench.plan("release");
    expect(plan.steps).toEqual([]);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded", steps: [] });
  });

  test("clears registrations whose disk is gone", async () => {
    await bench.reset("stale-inventory");
    const plan = await bench.plan("release");
    expect(plan.steps.map((step) => step.kind)).toEqual(expect.arrayContaining(["unregister", "rescan"]));
    expect(plan.impact.vmsToPowerOff).toEqual([]);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expect(vmsOf(after)).toEqual([]);
    expect(hostOf(after).mounts).toEqual([]);
  });

  test("takes along the clone that an unfinished run of this client made", async () => {
    await bench.reset("empty");
    await bench.control.faults({ api: "dgs", op: "CreateAssignment", action: "job-failed" });
    expect(await bench.prep("automated_testing")).toMatchObject({ state: "failed" });
    await bench.control.clearFaults();
    expect((await bench.control.state()).volumes.filter((volume) => volume.kind === "clone")).toHaveLength(1);
    expect(await bench.prep("release")).toMatchObject({ state: "succeeded" });
    expect((await bench.control.state()).volumes.filter((volume) => volume.kind === "clone")).toEqual([]);
  });

  test("leaves another family's clone on the same host as it is, and refuses what a cleanup refuses", async () => {
    await bench.reset("two-hosts");
    const held = (await bench.control.state()).hosts;
    const plan = await bench.plan("release", { client: "CDS1-ESX166" });
    expect(plan.steps).toEqual([]);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    expect((await bench.control.state()).hosts).toEqual(held);
    await bench.reset("clone-assigned");
    await bench.control.touch("snapshot-clone");
    await refusal(bench.plan("release"), "CLONE_HAS_CHILDREN");
  });
});
