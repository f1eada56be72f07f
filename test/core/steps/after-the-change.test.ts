/** Whether a change was made is one thing, whether it could be looked at another; and an answer that claims it is no look. */
import { beforeEach, describe, expect, it } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { Step, VmRef } from "../../../src/core/steps/types.ts";
import { CLIENT, refusal, vmsOf, withEngine } from "../../support/engine.ts";
import { actOf, doneOf, hurried, stepBench } from "../../support/step-world.ts";

const bench = await withEngine({}, { limits: { deviceWait: "2s" } });
const steps = await stepBench(bench);

beforeEach(() => bench.reset("clone-assigned"));

const base = { id: "s1", after: [] } as const;

async function vms(state: "poweredOn" | "poweredOff"): Promise<VmRef[]> {
  const all = vmsOf(await bench.control.state()).filter((vm) => vm.powerState === state && !vm.template);
  return all.map(({ id, name, path }) => ({ id: asMoRef(id), name: plainName(name), path }));
}

const powerOff = async (): Promise<Step> => ({ ...base, kind: "power_off", vms: await vms("poweredOn") });

const shutDown = async (): Promise<Step> => ({
  ...base,
  kind: "shut_down_guest",
  vms: await vms("poweredOn"),
  thenForce: false,
});

const unregister = async (): Promise<Step> => ({
  ...base,
  kind: "unregister",
  vms: await vms("poweredOff"),
  dead: false,
});

async function register(): Promise<Step> {
  const { host } = await steps.world();
  const { volume } = await steps.assigned();
  return { ...base, kind: "register", volume, folder: host.datacenter.vmFolder, pool: host.resourcePool };
}

async function mount(): Promise<Step> {
  await bench.reset("half-cleaned");
  return { ...base, kind: "mount", volume: (await steps.assigned()).volume };
}

async function createClone(): Promise<Step> {
  const { volume: gold, snapshots } = await steps.gold();
  const [snapshot = expect.fail("gold has no snapshot")] = snapshots;
  return { ...base, kind: "create_clone", gold, snapshot, name: { stem: `${gold.name}-${CLIENT}`, joint: "-" } };
}

/** Fails the reads of `op` from the change on, so often. */
function failReads(api: "dgs" | "vim", op: string, times: number): void {
  const { world } = bench.lab;
  const stop = world.onChange(() => {
    if (world.mutations.length === 0) return;
    stop();
    world.faults.add({ api, op, times, action: { kind: "http500" } });
  });
}

describe("a change that is made, and whose first look fails", () => {
  it.each([
    ["power_off", powerOff, "vim", "RetrievePropertiesEx"],
    ["unregister", unregister, "vim", "RetrievePropertiesEx"],
    ["register", register, "vim", "RetrievePropertiesEx"],
    ["mount", mount, "vim", "RetrievePropertiesEx"],
    ["create_clone", createClone, "dgs", "ListVolumes"],
  ] as const)("is looked at again: %s", async (_kind, stepOf, api, op) => {
    const step = await stepOf();
    const world = await steps.world();
    const act = await actOf(step, world);
    failReads(api, op, 1);
    await act(world);
    await doneOf(step, world);
  });

  it.each([
    ["power_off", powerOff, /powered off, as vCenter says; they could not be read/],
    ["mount", mount, /as vCenter says; the host could not be asked/],
  ] as const)("is done where it cannot be looked at for good, and said so: %s", async (_kind, stepOf, says) => {
    const world = hurried(await steps.world());
    const act = await actOf(await stepOf(), world);
    failReads("vim", "RetrievePropertiesEx", 99);
    expect((await act(world)).detail).toMatch(says);
  });

  it("is done where only the name of its datastore cannot be looked up: mount", async () => {
    const world = hurried(await steps.world());
    const act = await actOf(await mount(), world);
    const away = new PrepError("UNREACHABLE", "Away.", { hint: "Wait." });
    const hypervisor = { ...world.hypervisor, inventory: () => Promise.reject(away) };
    expect((await act({ ...world, hypervisor })).detail).toMatch(/^mounted; its datastore could not be read/);
  });
});

describe("an answer that claims the goal, which is not reached", () => {
  it.each([
    [true, /^Their disk is gone.*esxcli vm process kill/],
    [false, /^Check these VMs' tasks and events/],
  ])("says what to do about VMs that stay on: disk lost %s", async (diskLost, hint) => {
    const world = hurried(await steps.world());
    const step: Step = { ...base, kind: "power_off", vms: await vms("poweredOn"), ...(diskLost ? { diskLost } : {}) };
    const act = await actOf(step, world);
    await bench.control.faults({ api: "vim", op: "PowerOffVM_Task", times: 99, action: "fault:InvalidPowerState" });
    expect((await refusal(act(world), "REMOTE_FAULT")).hint).toMatch(hint);
  });

  it.each([
    ["power_off", powerOff, "PowerOffVM_Task", "fault:InvalidPowerState", /still on/],
    ["shut_down_guest", shutDown, "ShutdownGuest", "fault:InvalidPowerState", /still on/],
    ["unregister", unregister, "UnregisterVM", "fault:ManagedObjectNotFound", /still in the inventory/],
    ["register", register, "RegisterVM_Task", "fault:AlreadyExists", /not in the inventory/],
  ] as const)("is not taken for it: %s", async (_kind, stepOf, op, action, says) => {
    const world = hurried(await steps.world());
    const act = await actOf(await stepOf(), world);
    await bench.control.faults({ api: "vim", op, times: 99, action });
    const error: unknown = await act(world).catch((thrown: unknown) => thrown);
    if (!(error instanceof PrepError)) throw error;
    expect(error.message).toMatch(says);
    const ids = new Set(vmsOf(await bench.control.state()).map(({ id }) => id));
    const named = error.found as {
      readonly vms?: readonly { id: string; name: string }[];
      readonly missing?: readonly string[];
    };
    for (const { id, name } of named.vms ?? []) {
      expect(ids).toContain(id);
      expect(name).not.toBe("");
    }
    expect([...(named.vms ?? []), ...(named.missing ?? [])].length).toBeGreaterThan(0);
    expect((await bench.control.state()).mutations).toEqual([]);
  });
});
