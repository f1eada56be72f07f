/** The steps on VMs: `power_off`, `shut_down_guest`, `unregister`, `register`. */

import { beforeEach, describe, expect, it } from "vitest";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { VmRef } from "../../../src/core/steps/types.ts";
import { refusal, vmsOf, withEngine } from "../../support/engine.ts";
import { actOf, carryThrough, codeOf, doneOf, hurried, stepBench } from "../../support/step-world.ts";

const bench = await withEngine({}, { limits: { deviceWait: "300ms" } });
const steps = await stepBench(bench);

beforeEach(() => bench.reset("clone-assigned"));

async function vms(state?: "poweredOn"): Promise<VmRef[]> {
  const all = vmsOf(await bench.control.state()).filter((vm) => state === undefined || vm.powerState === state);
  return all.map(({ id, name, path }) => ({ id: asMoRef(id), name: plainName(name), path }));
}

describe("power_off", () => {
  it("powers off what runs, and says how far it is", async () => {
    const step = { id: "s1", after: [], kind: "power_off", vms: await vms() } as const;
    const { again } = await carryThrough(step, await steps.world());
    expect(again.detail).toBe("none of them is running");
    expect(await vms("poweredOn")).toEqual([]);
    expect(steps.progress.at(-1)).toMatch(/^\d+ of \d+ off$/);
  });

  it("powers off nothing that is not where the plan found it, also where it moved after the check", async () => {
    const running = await vms("poweredOn");
    const step = { id: "s1", after: [], kind: "power_off", vms: running } as const;
    const moved = running.map((vm) => ({ ...vm, path: `${vm.path}.elsewhere` }));
    expect(await codeOf(actOf({ ...step, vms: moved }, await steps.world()))).toBe("STALE_PLAN");
    expect(await vms("poweredOn")).toEqual(running);
  });

  it("asks nothing of a VM that was powered off after the check", async () => {
    const step = { id: "s1", after: [], kind: "power_off", vms: await vms("poweredOn") } as const;
    const world = await steps.world();
    const act = await actOf(step, world);
    await bench.control.touch("power-off");
    await act(world);
    expect((await bench.control.calls()).vim["PowerOffVM_Task"]).toBe(step.vms.length - 1);
  });
});

describe("shut_down_guest", () => {
  it("asks the guests and waits until they are off", async () => {
    const step = {
      id: "s1",
      after: [],
      kind: "shut_down_guest",
      vms: await vms("poweredOn"),
      thenForce: false,
    } as const;
    const { again } = await carryThrough(step, await steps.world());
    expect(again.detail).toBe("none of them is running");
  });
});

describe("shut_down_guest, with tools that are starting", () => {
  const step = async (thenForce: boolean) =>
    ({ id: "s1", after: [], kind: "shut_down_guest", vms: await vms("poweredOn"), thenForce }) as const;

  it("asks again until they run", async () => {
    await bench.control.touch("tools-starting", { vm: "web-01" });
    const { again } = await carryThrough(await step(false), await steps.world());
    expect(again.detail).toBe("none of them is running");
  });

  it("asks once where there are none, and leaves the VM to the power-off where that is allowed", async () => {
    await bench.control.touch("no-tools", { vm: "web-01" });
    const world = await steps.world();
    const before = (await bench.control.calls()).vim["ShutdownGuest"] ?? 0;
    const asked = await step(true);
    expect((await (await actOf(asked, world))(world)).detail).toMatch(/1 of \d+ still running, to be powered off/);
    expect((await bench.control.calls()).vim["ShutdownGuest"]).toBe(before + asked.vms.length);
  });
});

describe("unregister", () => {
  it("takes the VMs out of the inventory and leaves their files", async () => {
    const running = { id: "s1", after: [], kind: "power_off", vms: await vms() } as const;
    await carryThrough(running, await steps.world());
    const { files } = await bench.control.state();
    const step = { id: "s2", after: [], kind: "unregister", vms: await vms(), dead: false } as const;
    const { again } = await carryThrough(step, await steps.world());
    expect(again.detail).toBe("none of them is registered");
    expect(await vms()).toEqual([]);
    expect((await bench.control.state()).files).toEqual(files);
  });
});

describe("register", () => {
  it("registers each VMX that no VM is registered from", async () => {
    const { volume } = await steps.assigned();
    const world = await steps.world();
    const { vmFolder } = world.host.datacenter;
    const step = {
      id: "s1",
      after: [],
      kind: "register",
      volume,
      folder: vmFolder,
      pool: world.host.resourcePool,
    } as const;
    const before = (await vms()).length;
    const { again } = await carryThrough(step, world);
    expect(again.detail).toBe("nothing is missing");
    expect((await vms()).length).toBeGreaterThan(before);
  });

  it("registers only the planned files", async () => {
    const { volume } = await steps.assigned();
    const world = await steps.world();
    const where = { folder: world.host.datacenter.vmFolder, pool: world.host.resourcePool };
    await doneOf({ id: "s1", after: [], kind: "register", volume, ...where, files: ["not/there.vmx"] }, world);
  });

  it("waits for a datastore that vCenter does not list yet", async () => {
    const { volume } = await steps.assigned();
    const world = hurried(await steps.world());
    const where = { folder: world.host.datacenter.vmFolder, pool: world.host.resourcePool };
    let looks = 0;
    const inventory = async () => {
      looks += 1;
      const all = await world.hypervisor.inventory();
      return looks > 2 ? all : { ...all, datastores: [] };
    };
    const late = { ...world, hypervisor: { ...world.hypervisor, inventory } };
    await actOf({ id: "s1", after: [], kind: "register", volume, ...where }, late);
  });

  it("stops where the volume has no datastore", async () => {
    const { volume } = await steps.gold();
    const world = await steps.world();
    const where = { folder: world.host.datacenter.vmFolder, pool: world.host.resourcePool };
    const step = { id: "s1", after: [], kind: "register", volume, ...where } as const;
    const error = await refusal(actOf(step, world), "DATASTORE_NOT_FOUND");
    expect(error.hint).toContain("raise limits.deviceWait");
  });
});
