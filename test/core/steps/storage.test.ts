/** The steps on the host's storage: `unmount`, `detach`, `attach`, `forget_device`, `rescan`, `mount`, `mount_copy`. */

import { beforeEach, describe, expect, it } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asClientId, asMoRef, naaOf, type VmfsUuid } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { HostStorage } from "../../../src/core/ports/hypervisor.ts";
import type { KnownVolume } from "../../../src/core/steps/types.ts";
import { CLIENT, hostOf, refusal, vmsOf, withEngine } from "../../support/engine.ts";
import { actOf, carryThrough, codeOf, doneOf, stepBench } from "../../support/step-world.ts";

const bench = await withEngine({}, { limits: { deviceWait: "300ms" } });
const steps = await stepBench(bench);

beforeEach(() => bench.reset("half-cleaned"));

const storage = async (): Promise<Omit<HostStorage, "initiators">> => {
  const { hypervisor, host } = await steps.world();
  return { ...(await hypervisor.hostDevices(host)), unresolved: await hypervisor.unresolvedCopies(host) };
};

async function signature(): Promise<VmfsUuid> {
  const { mounts, unresolved } = await storage();
  const found = mounts[0]?.vmfsUuid ?? unresolved[0]?.vmfsUuid;
  if (found === undefined) throw new Error("the host shows no VMFS volume");
  return found;
}

async function unmountStep(volume: KnownVolume) {
  return {
    id: "s1",
    after: [],
    kind: "unmount",
    vmfsUuid: await signature(),
    naa: volume.naa,
    datastore: { id: "d", name: plainName("d") },
  } as const;
}

async function withoutVms(): Promise<void> {
  const vms = vmsOf(await bench.control.state()).map(({ id, name, path }) => ({
    id: asMoRef(id),
    name: plainName(name),
    path,
  }));
  await carryThrough({ id: "s1", after: [], kind: "power_off", vms }, await steps.world());
  await carryThrough({ id: "s2", after: [], kind: "unregister", vms, dead: false }, await steps.world());
}

describe("unmount", () => {
  beforeEach(() => bench.reset("clone-assigned"));

  it("unmounts the volume from the planned disk", async () => {
    const { volume } = await steps.assigned();
    await withoutVms();
    const { again } = await carryThrough(await unmountStep(volume), await steps.world());
    expect(again.detail).toBe("not mounted");
  });

  it("leaves a volume of that signature that lies on another disk", async () => {
    const { volume } = await steps.gold();
    expect(await codeOf(actOf(await unmountStep(volume), await steps.world()))).toBe("STALE_PLAN");
  });
});

describe("detach and attach", () => {
  it("undo each other", async () => {
    const { volume } = await steps.assigned();
    const detach = { id: "s1", after: [], kind: "detach", naa: volume.naa } as const;
    expect((await carryThrough(detach, await steps.world())).again.detail).toBe("already detached");
    const attach = { id: "s2", after: [], kind: "attach", volume } as const;
    expect((await carryThrough(attach, await steps.world())).again.detail).toBe("not detached");
  });

  it("have nothing to do with a disk that the host does not have", async () => {
    const { volume } = await steps.gold();
    await doneOf({ id: "s1", after: [], kind: "detach", naa: volume.naa }, await steps.world());
    await doneOf({ id: "s2", after: [], kind: "attach", volume }, await steps.world());
  });
});

describe("forget_device", () => {
  it("refuses a disk that the host still shows, and forgets one that is gone", async () => {
    const { volume } = await steps.assigned();
    await carryThrough({ id: "s1", after: [], kind: "detach", naa: volume.naa }, await steps.world());
    const step = { id: "s2", after: [], kind: "forget_device", naa: volume.naa } as const;
    expect(await codeOf(actOf(step, await steps.world()))).toBe("STALE_PLAN");
    await bench.control.touch("unassign");
    const world = await steps.world();
    await world.hypervisor.rescan(world.host);
    await (await actOf(step, world))(world);
    expect(hostOf(await bench.control.state()).detached).not.toContain(volume.naa);
  });
});

describe("rescan", () => {
  it.each([
    ["twice, the first for what goes, where the new disk has its LUN number", 0, 2],
    ["once where it has another", 1, 1],
  ])("looks %s", async (_how, above, times) => {
    await bench.reset("clone-assigned");
    const { volume, assignmentId } = await steps.assigned();
    const number = bench.lab.world.model.assignments.find(({ id }) => id === assignmentId)?.lunNumber ?? 0;
    const step = {
      id: "s1",
      after: [],
      kind: "rescan",
      expectGone: [naaOf("6".repeat(32))],
      expectPresent: volume,
      freedNumbers: [number + above],
    } as const;
    const world = await steps.world();
    const before = (await bench.control.calls()).vim["RescanAllHba"] ?? 0;
    const { detail } = await (await actOf(step, world))(world);
    expect(((await bench.control.calls()).vim["RescanAllHba"] ?? 0) - before).toBe(times);
    expect(detail.includes("twice")).toBe(times === 2);
  });

  it("ends when the disks are as expected, and says which are not", async () => {
    const { volume, assignmentId } = await steps.assigned();
    const step = { id: "s1", after: [], kind: "rescan", expectGone: [volume.naa] } as const;
    const world = await steps.world();
    expect(await codeOf((await actOf(step, world))(world))).toBe("TIMED_OUT");
    expect(await bench.control.touch("unassign")).toEqual([assignmentId]);
    expect((await (await actOf(step, world))(world)).detail).toBe("rescanned");
  });

  it("names what holds on to a disk that stays, and the paths only where nothing does", async () => {
    await bench.reset("clone-assigned");
    const { volume } = await steps.assigned();
    const step = { id: "s1", after: [], kind: "rescan", expectGone: [volume.naa] } as const;
    await bench.control.touch("lose-disk");
    const world = await steps.world();
    const error = await refusal((await actOf(step, world))(world), "TIMED_OUT");
    const vms = vmsOf(await bench.control.state());
    const holders = vms.filter((vm) => vm.template || vm.powerState === "poweredOn");
    expect(error.message).toContain(`held by ${holders.length} VMs`);
    expect(error.found).toMatchObject({ host: world.host.id, gone: [volume.naa] });
    const found = error.found as { readonly holders: readonly unknown[] };
    expect(found.holders).toHaveLength(holders.length);
    expect(found.holders).toEqual(
      expect.arrayContaining(holders.map(({ id, name, template }) => ({ id, name, template }))),
    );
    expect(error.hint).toMatch(/^Power off and unregister the VMs and templates/);
    expect(error.hint).not.toMatch(/zoning/);
  });

  it("tells of what was not reached also where what holds on to it cannot be read; a defect is not hidden", async () => {
    await bench.reset("clone-assigned");
    const { volume } = await steps.assigned();
    const step = { id: "s1", after: [], kind: "rescan", expectGone: [volume.naa] } as const;
    const world = await steps.world();
    const failing = (thrown: Error) => ({
      ...world,
      hypervisor: { ...world.hypervisor, inventory: () => Promise.reject(thrown) },
    });
    const away = new PrepError("UNREACHABLE", "Away.", { hint: "Wait." });
    const act = await actOf(step, world);
    expect((await refusal(act(failing(away)), "TIMED_OUT")).found).toMatchObject({ holders: [] });
    const defect = new TypeError("a defect");
    await expect(act(failing(defect))).rejects.toBe(defect);
  });

  it("names the paths last where a disk stays and nothing is seen to hold it", async () => {
    const { volume } = await steps.assigned();
    for (const vm of vmsOf(await bench.control.state())) await bench.control.touch("unregister-vm", { vm: vm.id });
    const step = { id: "s1", after: [], kind: "rescan", expectGone: [volume.naa] } as const;
    const world = await steps.world();
    const error = await refusal((await actOf(step, world))(world), "TIMED_OUT");
    expect(error.hint).toMatch(/running VMs, templates, ISO files, raw device mappings.*array.*zoning.*last/);
    expect(error.hint).toContain("raise limits.deviceWait");
  });

  it("is not needed where the step that it follows changed nothing", async () => {
    const step = { id: "s2", after: [], kind: "rescan", expectGone: [], onlyIfChanged: "s1" } as const;
    await doneOf(step, await steps.world());
    await actOf(step, await steps.world({ changed: ["s1"] }));
  });
});

describe("mount and mount_copy", () => {
  it("mount what the host lists as unmounted; mounted is done", async () => {
    const { volume } = await steps.assigned();
    const { again } = await carryThrough({ id: "s1", after: [], kind: "mount", volume }, await steps.world());
    expect(again.outputs?.datastore?.vmfsUuid).toBe(await signature());
  });

  it("force-mount the copy on the very disk", async () => {
    await bench.reset("empty");
    const world = await steps.world();
    const { volume: gold, snapshots } = await steps.gold();
    const [snapshot] = snapshots;
    if (snapshot === undefined) throw new Error("gold has no snapshot");
    const create = {
      id: "s1",
      after: [],
      kind: "create_clone",
      gold,
      snapshot,
      name: { stem: `${gold.name}-${CLIENT}`, joint: "-" },
    } as const;
    const { first } = await carryThrough(create, world);
    const volume = first.outputs?.volume;
    if (volume === undefined) throw new Error("no clone was made");
    const client = (await bench.control.state()).clients.find((one) => one.name === CLIENT);
    await carryThrough(
      {
        id: "s2",
        after: [],
        kind: "assign",
        volume,
        client: { id: asClientId(client?.id ?? ""), name: plainName(CLIENT) },
      },
      await steps.world(),
    );
    await world.hypervisor.rescan(world.host);
    await carryThrough({ id: "s3", after: [], kind: "mount_copy", volume }, world);
    expect(hostOf(await bench.control.state()).mounts).toMatchObject([{ naa: volume.naa, forceMounted: true }]);
  });

  it("mount nothing of another signature, and wait for a volume that does not come only so long", async () => {
    const { volume } = await steps.assigned();
    const other = {
      id: "s1",
      after: [],
      kind: "mount",
      volume,
      vmfsUuid: "00000000-00000000-0000-000000000000" as VmfsUuid,
    } as const;
    expect(await codeOf(actOf(other, await steps.world()))).toBe("COPY_AMBIGUOUS");
    const absent = {
      id: "s1",
      after: [],
      kind: "mount_copy",
      volume: { ...volume, naa: naaOf("6".repeat(32)) },
    } as const;
    const world = await steps.world();
    expect(await codeOf((await actOf(absent, world))(world))).toBe("COPY_NOT_FOUND");
  });
});
