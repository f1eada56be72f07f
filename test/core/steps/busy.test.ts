/** What vCenter refuses because something else is at it is asked for again, so often and no oftener; then its reason is told. */
import { beforeEach, describe, expect, it } from "vitest";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { Step } from "../../../src/core/steps/types.ts";
import { hostOf, refusal, vmsOf, withEngine } from "../../support/engine.ts";
import { actOf, stepBench } from "../../support/step-world.ts";

const TRIES = 5;
const bench = await withEngine({}, { limits: { busyPause: "5ms", deviceWait: "300ms" } });
const steps = await stepBench(bench);

beforeEach(async () => {
  await bench.reset("clone-assigned");
  steps.progress.length = 0;
});

const refsOf = async (state: "poweredOn" | "poweredOff") =>
  vmsOf(await bench.control.state())
    .filter((vm) => vm.powerState === state && !vm.template)
    .map(({ id, name, path }) => ({ id: asMoRef(id), name: plainName(name), path }));

async function withoutVms(): Promise<void> {
  for (const vm of vmsOf(await bench.control.state())) {
    if (vm.powerState === "poweredOn") await bench.control.touch("power-off", { vm: vm.id });
    await bench.control.touch("unregister-vm", { vm: vm.id });
  }
}

const base = { id: "s1", after: [] } as const;

/** Each call, and the step that makes it in a world in which nothing else is in the way. */
const CALLS: Readonly<Record<string, () => Promise<Step>>> = {
  UnmountVmfsVolume: async () => {
    await withoutVms();
    const { volume } = await steps.assigned();
    const { hypervisor, host } = await steps.world();
    const [mount] = (await hypervisor.hostDevices(host)).mounts;
    if (mount === undefined) throw new Error("nothing is mounted");
    const datastore = { id: "d", name: plainName("d") };
    return { ...base, kind: "unmount", vmfsUuid: mount.vmfsUuid, naa: volume.naa, datastore };
  },
  DetachScsiLun: async () => {
    await bench.reset("half-cleaned");
    return { ...base, kind: "detach", naa: (await steps.assigned()).volume.naa };
  },
  MountVmfsVolume: async () => {
    await bench.reset("half-cleaned");
    return { ...base, kind: "mount", volume: (await steps.assigned()).volume };
  },
  PowerOffVM_Task: async () => ({ ...base, kind: "power_off", vms: (await refsOf("poweredOn")).slice(0, 1) }),
  ShutdownGuest: async () => ({
    ...base,
    kind: "shut_down_guest",
    vms: (await refsOf("poweredOn")).slice(0, 1),
    thenForce: false,
  }),
  UnregisterVM: async () => ({
    ...base,
    kind: "unregister",
    vms: (await refsOf("poweredOff")).slice(0, 1),
    dead: false,
  }),
  RegisterVM_Task: async () => {
    const { host } = await steps.world();
    const { volume } = await steps.assigned();
    return { ...base, kind: "register", volume, folder: host.datacenter.vmFolder, pool: host.resourcePool };
  },
  RescanAllHba: async () => ({ ...base, kind: "rescan", expectGone: [] }),
};

const callsOf = async (op: string): Promise<number> => (await bench.control.calls()).vim[op] ?? 0;

/** Refuses the call so many times, and gives how it ended and how often it was made. */
async function refused(op: string, times: number, fault: { action: string; faultCause?: { fault: string } }) {
  const step = await (CALLS[op] ?? expect.fail())();
  const world = await steps.world();
  const act = await actOf(step, world);
  const before = await callsOf(op);
  await bench.control.faults({ api: "vim", op, times, localizedMessage: "Somebody is at it.", ...fault });
  const ended: unknown = await act(world).catch((thrown: unknown) => thrown);
  return { ended, made: (await callsOf(op)) - before };
}

describe.each(Object.keys(CALLS))("%s", (op) => {
  it.each(["ResourceInUse", "TaskInProgress", "ConcurrentAccess", "VimFault"])(
    "refused with %s is made again, which is told",
    async (fault) => {
      const { ended, made } = await refused(op, 2, { action: `fault:${fault}` });
      expect(ended).toMatchObject({ detail: expect.any(String) });
      expect(made).toBe(3);
      expect(steps.progress.filter((line) => /Somebody is at it.*try \d of 5 follows/.test(line))).toHaveLength(2);
    },
  );

  it("that stays refused ends with the server's own reason", async () => {
    const { ended, made } = await refused(op, 99, { action: "fault:ResourceInUse" });
    expect(made).toBe(TRIES);
    expect(ended instanceof Error ? ended.message : "").toMatch(/Somebody is at it.*ResourceInUse/);
  });
});

describe("by ancestors and causes", () => {
  it.each([
    ["a kind of ResourceInUse", "QuiesceDatastoreIOForHAFailed", undefined, 3],
    ["a general fault with a passing cause", "HostConfigFault", "ResourceInUse", 3],
    ["a general fault with a kind of one as its cause", "HostConfigFault", "QuiesceDatastoreIOForHAFailed", 3],
    ["a general fault with another cause", "HostConfigFault", "NotFound", 1],
    ["a fault that does not pass", "HostConfigFault", undefined, 1],
  ])("%s: %s", async (_what, fault, cause, tries) => {
    const faultCause = cause === undefined ? {} : { faultCause: { fault: cause } };
    for (const op of ["UnmountVmfsVolume", "DetachScsiLun"]) {
      await bench.reset("clone-assigned");
      expect((await refused(op, 2, { action: `fault:${fault}`, ...faultCause })).made).toBe(tries);
    }
  });
});

it("is made as often as the configuration says", async () => {
  const twice = await withEngine({}, { limits: { busyTries: 2, busyPause: "5ms" } });
  await twice.control.faults({ api: "vim", op: "UnmountVmfsVolume", times: 99, action: "fault:ResourceInUse" });
  const run = await twice.prep("automated_testing");
  expect(run.error?.message).toContain("It was refused 2 times.");
  expect((await twice.control.calls()).vim["UnmountVmfsVolume"]).toBe(2);
});

it("a datastore whose HA agent does not let go ends the unmount after the tries, with HA's own words, and changes nothing", async () => {
  const step = await (CALLS["UnmountVmfsVolume"] ?? expect.fail())();
  const world = await steps.world();
  const act = await actOf(step, world);
  await bench.control.touch("ha-heartbeat");
  const error = await refusal(act(world), "REMOTE_FAULT");
  expect(error.message).toMatch(/failed to quiesce.*QuiesceDatastoreIOForHAFailed.*refused 5 times/);
  expect(error.hint).toMatch(/heartbeat/);
  expect(await callsOf("UnmountVmfsVolume")).toBe(TRIES);
  expect(hostOf(await bench.control.state()).mounts).toMatchObject([{ accessible: true }]);
});
