import { beforeEach, expect, it } from "vitest";
import { asAssignmentId, asClientId } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import { assignedTo, CLIENT, withEngine } from "../../support/engine.ts";
import { actOf, carryThrough, codeOf, doneOf, stepBench } from "../../support/step-world.ts";

const bench = await withEngine();
const steps = await stepBench(bench);

beforeEach(() => bench.reset("half-cleaned"));

async function unassignStep() {
  const { volume, assignmentId, clientId } = await steps.assigned();
  const client = { id: asClientId(clientId), name: plainName(CLIENT) };
  return { id: "s1", after: [], kind: "unassign", assignmentId: asAssignmentId(assignmentId), volume, client } as const;
}

it("unassigns what the host does not use", async () => {
  const { again } = await carryThrough(await unassignStep(), await steps.world());
  expect(again.detail).toBe("not assigned");
  expect(assignedTo(await bench.control.state())).toEqual([]);
});

it("leaves a volume that the host has mounted", async () => {
  await bench.reset("clone-assigned");
  const step = await unassignStep();
  const world = await steps.world();
  expect(await codeOf((await actOf(step, world))(world))).toBe("STALE_PLAN");
  expect(assignedTo(await bench.control.state())).toHaveLength(1);
});

it("leaves a volume that was mounted again after the check", async () => {
  const step = await unassignStep();
  const world = await steps.world();
  const act = await actOf(step, world);
  const [listed] = (await world.hypervisor.hostDevices(world.host)).mounts;
  if (listed === undefined) throw new Error("the host lists no unmounted volume");
  await world.hypervisor.mount(world.host, listed.vmfsUuid);
  expect(await codeOf(act(world))).toBe("STALE_PLAN");
  expect(assignedTo(await bench.control.state())).toHaveLength(1);
});

it("asks for nothing where the assignment went after the check", async () => {
  const step = await unassignStep();
  const world = await steps.world();
  const act = await actOf(step, world);
  await bench.control.touch("unassign");
  expect((await act(world)).detail).toBe("not assigned");
  expect((await bench.control.calls()).dgs["DeleteAssignment"]).toBeUndefined();
});

it("is done where nothing is assigned, and refuses an assignment of another volume", async () => {
  const step = await unassignStep();
  const { volume } = await steps.gold();
  expect(await codeOf(actOf({ ...step, volume }, await steps.world()))).toBe("STALE_PLAN");
  await bench.control.touch("unassign");
  expect((await doneOf(step, await steps.world())).detail).toBe("not assigned");
});
