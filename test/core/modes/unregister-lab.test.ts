import { beforeAll, describe, expect, test } from "vitest";
import { commandOf } from "../../../src/text/index.ts";
import { assignedTo, type Bench, hostOf, refusal, vmsOf, withEngine } from "../../support/engine.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine({}, { limits: { guestShutdown: "1s" } });
});

const ops = async (): Promise<string[]> => (await bench.control.state()).mutations.map((change) => change.op);

describe("-U", () => {
  test("takes running, stopped, suspended and dead VMs and templates of a clone out of the inventory, and nothing else", async () => {
    await bench.reset("clone-assigned", { vms: 7, running: 3 });
    await bench.control.touch("suspend");
    await bench.control.touch("orphan-vm");
    const before = await bench.control.state();
    const kept = (state: typeof before) => [state.volumes, state.assignments, state.hosts, state.files];
    const plan = await bench.plan("unregister");
    expect(plan.steps.map((step) => step.kind)).toEqual(["power_off", "unregister"]);
    expect(plan.impact.vmsToPowerOff).toHaveLength(2);
    expect(plan.impact.vmsToUnregister.map((vm) => vm.moref).toSorted()).toEqual(
      vmsOf(before)
        .map((vm) => vm.id)
        .toSorted(),
    );
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    const after = await bench.control.state();
    expect(vmsOf(after)).toEqual([]);
    expect(kept(after)).toEqual(kept(before));
  });

  test("nothing registered: an empty plan that succeeds", async () => {
    await bench.reset("clone-assigned");
    await bench.prep("unregister");
    const plan = await bench.plan("unregister");
    expect(plan.steps).toEqual([]);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded", steps: [] });
  });

  test("VMs on gold are shut down through the guest", async () => {
    await bench.reset("gold-assigned");
    const run = await bench.prep("unregister");
    expect(run).toMatchObject({ state: "succeeded" });
    expect(vmsOf(await bench.control.state())).toEqual([]);
    expect(await ops()).toContain("ShutdownGuest");
    expect(await ops()).not.toContain("PowerOffVM_Task");
    expect(hostOf(await bench.control.state()).mounts).toHaveLength(1);
  });

  test("a guest on gold that does not go down in time stops the run for an operator; nothing was powered off hard", async () => {
    await bench.reset("gold-assigned");
    const [stubborn] = await bench.control.touch("guest-ignores-shutdown");
    const run = await bench.prep("unregister");
    expect(run).toMatchObject({ state: "needs_operator", error: { code: "GUEST_STILL_RUNNING" } });
    expect(JSON.stringify(run.error)).toContain(stubborn);
    expect(run.next).toContainEqual({ kind: "resume", runId: run.runId });
    const after = await bench.control.state();
    expect(after.vms.find((vm) => vm.id === stubborn)?.powerState).toBe("poweredOn");
    expect(await ops()).not.toContain("PowerOffVM_Task");
    expect(await ops()).not.toContain("UnregisterVM");
  });

  test("with --force_power_off the late guest is powered off after the limit, as the plan warned", async () => {
    await bench.reset("gold-assigned");
    const [stubborn] = await bench.control.touch("guest-ignores-shutdown");
    const plan = await bench.plan("unregister", { forcePowerOff: true });
    expect(plan.steps.map((step) => step.kind)).toEqual(["shut_down_guest", "power_off", "unregister"]);
    expect(plan.warnings.join()).toMatch(/powered off hard/);
    expect(commandOf(plan)).toContain("--force_power_off");
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    const { mutations, vms } = await bench.control.state();
    expect(mutations.filter((change) => change.op === "PowerOffVM_Task").map((change) => change.target)).toEqual([
      stubborn,
    ]);
    expect(vms).toEqual([]);
  });

  test("a VM without tools on gold is powered off only with --force_power_off", async () => {
    await bench.reset("gold-assigned");
    const [mute] = await bench.control.touch("no-tools");
    const refused = await refusal(bench.plan("unregister"), "TOOLS_MISSING");
    expect(JSON.stringify(refused.found)).toContain(mute);
    expect(await bench.prep("unregister", { forcePowerOff: true })).toMatchObject({ state: "succeeded" });
    expect(vmsOf(await bench.control.state())).toEqual([]);
  });

  test("a VM of which vCenter tells no path goes with the others where all that it uses is there", async () => {
    await bench.reset("clone-assigned");
    const [vm] = await bench.control.touch("lose-path");
    const plan = await bench.plan("unregister");
    expect(plan.impact.vmsToUnregister.map(({ moref }) => moref)).toContain(vm);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    expect(vmsOf(await bench.control.state())).toEqual([]);
  });

  test("guests on gold whose tools are starting are waited for", async () => {
    const patient = await withEngine({ scenario: "gold-assigned" });
    const [vm] = await patient.control.touch("tools-starting");
    const plan = await patient.plan("unregister");
    expect(plan.steps.map(({ kind }) => kind)).toEqual(["shut_down_guest", "unregister"]);
    // Whether they run by now makes no plan stale.
    expect(await patient.run(plan)).toMatchObject({ state: "succeeded" });
    expect((await patient.control.state()).vms.map(({ id }) => id)).not.toContain(vm);
  });

  test("a suspended VM on gold is unregistered as it is, with a warning that its state stays in the image", async () => {
    await bench.reset("gold-assigned", { running: 1 });
    await bench.control.touch("suspend");
    const plan = await bench.plan("unregister");
    expect(plan.steps.map((step) => step.kind)).toEqual(["unregister"]);
    expect(plan.warnings.join()).toMatch(/suspended state stays/);
    await bench.run(plan);
    expect(vmsOf(await bench.control.state())).toEqual([]);
  });

  test("a volume whose disk the host lost: its dead VMs are unregistered without a power-off", async () => {
    await bench.reset("clone-assigned");
    const [clone] = assignedTo(await bench.control.state());
    await bench.control.touch("unassign");
    await bench.control.touch("reboot-host");
    await bench.control.touch("assign", { lun: clone?.id ?? "", client: "CDS1-ESX165" });
    expect(vmsOf(await bench.control.state()).map((vm) => vm.connectionState)).toContain("inaccessible");
    const plan = await bench.plan("unregister");
    expect(plan.steps.map((step) => step.kind)).toEqual(["unregister"]);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
    expect(vmsOf(await bench.control.state())).toEqual([]);
  });

  test("VMs of the other client with the same names and paths stay", async () => {
    await bench.reset("same-gold");
    const other = vmsOf(await bench.control.state(), "192.168.1.166");
    await bench.prep("unregister");
    const after = await bench.control.state();
    expect(vmsOf(after)).toEqual([]);
    expect(vmsOf(after, "192.168.1.166")).toEqual(other);
  });

  test.each([
    ["empty", "NOTHING_ASSIGNED"],
    ["busy-elsewhere", "NOTHING_ASSIGNED"],
    ["stale-inventory", "NOTHING_ASSIGNED"],
    ["one-datacenter", "NOTHING_ASSIGNED"],
    ["twin-datastores", "DATASTORE_AMBIGUOUS"],
  ] as const)("from %s it is refused: %s", async (scenario, code) => {
    await bench.reset(scenario);
    await refusal(bench.plan("unregister"), code);
    expect((await bench.control.state()).mutations).toEqual([]);
  });
});
