import { beforeEach, expect, it } from "vitest";
import { asVolumeId } from "../../../src/core/domain/ids.ts";
import type { Volume } from "../../../src/core/ports/array.ts";
import type { WritableWorld } from "../../../src/core/steps/types.ts";
import { refusal, withEngine } from "../../support/engine.ts";
import { actOf, carryThrough, codeOf, stepBench } from "../../support/step-world.ts";

const bench = await withEngine();
const steps = await stepBench(bench);

beforeEach(() => bench.reset("clone-assigned"));

/** The step for the assigned clone, which is not assigned any more. */
async function unassigned() {
  const { volume } = await steps.assigned();
  await bench.control.touch("unassign");
  const exists = async (): Promise<boolean> =>
    (await bench.control.state()).volumes.some((one) => one.id === volume.id);
  return { step: { id: "s1", after: [], kind: "delete_clone", volume } as const, volume, exists };
}

it("deletes the clone; a clone that is gone is done", async () => {
  const { step, exists } = await unassigned();
  const { again } = await carryThrough(step, await steps.world());
  expect(again.detail).toContain("no such volume");
  expect(await exists()).toBe(false);
});

it("does not delete a clone that was assigned again after the check", async () => {
  const { step, volume, exists } = await unassigned();
  const world = await steps.world();
  const act = await actOf(step, world);
  await bench.control.touch("assign", { lun: volume.id });
  expect(await codeOf(act(world))).toBe("VOLUME_IN_USE");
  expect(await exists()).toBe(true);
});

it("does not ask for the deletion of a clone that went after the check", async () => {
  const { step } = await unassigned();
  const world = await steps.world();
  const act = await actOf(step, world);
  const other = await steps.world();
  await (await actOf(step, other))(other);
  const before = (await bench.control.calls()).dgs["DeleteVolume"];
  expect((await act(world)).detail).toContain("no such volume");
  expect((await bench.control.calls()).dgs["DeleteVolume"]).toBe(before);
});

it("deletes no gold volume, whatever the step says", async () => {
  await bench.reset("gold-assigned");
  const { step } = await unassigned();
  expect(await codeOf(actOf(step, await steps.world()))).toBe("FORBIDDEN");
});

it("deletes no clone with snapshots of its own", async () => {
  await bench.control.touch("snapshot-clone");
  const { step } = await unassigned();
  expect(await codeOf(actOf(step, await steps.world()))).toBe("CLONE_HAS_CHILDREN");
});

it("deletes no other disk than the planned one", async () => {
  const { step, volume } = await unassigned();
  const other = { ...step, volume: { ...volume, naa: (await steps.gold()).volume.naa } };
  expect(await codeOf(actOf(other, await steps.world()))).toBe("STALE_PLAN");
});

/** The world of an array that says this of the clone. */
async function told(changes: (volume: Volume) => Volume): Promise<WritableWorld> {
  const world = await steps.world();
  const volume: typeof world.array.volume = async (id) => {
    const found = await world.array.volume(id);
    return found && changes(found);
  };
  return { ...world, array: { ...world.array, volume } };
}

it("deletes what is told to be no clone only where it was made from what the plan saw it made from", async () => {
  const { step } = await unassigned();
  const gold = (await steps.gold()).volume.id;
  const world = await told(({ declaredKind: _, ...volume }) => volume);
  for (const parent of [undefined, step.volume.id])
    expect(await codeOf(actOf({ ...step, ...(parent === undefined ? {} : { parent }) }, world))).toBe("FORBIDDEN");
  const orphan = await told(({ declaredKind: _, parent: __, ...volume }) => volume);
  for (const planned of [step, { ...step, parent: gold }])
    expect(await codeOf(actOf(planned, orphan))).toBe("FORBIDDEN");
  await actOf({ ...step, parent: gold }, world);
});

it("deletes nothing that the array cannot use, and says why", async () => {
  const { step } = await unassigned();
  const world = await told((volume) => ({ ...volume, unusable: "is offline" }));
  expect(await codeOf(actOf(step, world))).toBe("VOLUME_UNUSABLE");
});

it("names what keeps it", async () => {
  const { step, volume } = await unassigned();
  const world = await steps.world();
  const dependents: typeof world.array.dependents = async () => ({ snapshots: 0, clones: [asVolumeId("vol-9")] });
  const error = await refusal(actOf(step, { ...world, array: { ...world.array, dependents } }), "CLONE_HAS_CHILDREN");
  expect(error.found).toEqual({ volume: volume.id, naa: volume.naa, children: ["vol-9"], snapshotCount: 0 });
  expect(error.next).toEqual([{ kind: "plan_with", option: "keepClone" }]);
  await bench.control.touch("assign", { lun: volume.id });
  const again = await refusal(actOf(step, world), "VOLUME_IN_USE");
  expect(again.found).toMatchObject({
    volume: volume.id,
    assignments: [{ id: expect.any(String), clientId: expect.any(String) }],
  });
});
