import { beforeEach, expect, it } from "vitest";
import { asMoRef } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import { refusal, vmsOf, withEngine } from "../../support/engine.ts";
import { actOf, stepBench } from "../../support/step-world.ts";

const bench = await withEngine();
const steps = await stepBench(bench);

beforeEach(() => bench.reset("gold-assigned"));

/** A snapshot while these VMs, which are off, are off. */
async function snapshotStep() {
  for (const vm of vmsOf(await bench.control.state()))
    if (vm.powerState === "poweredOn") await bench.control.touch("power-off", { vm: vm.id });
  const off = vmsOf(await bench.control.state())
    .filter((vm) => !vm.template)
    .map(({ id, name, path }) => ({ id: asMoRef(id), name: plainName(name), path }));
  const gold = (await steps.gold()).volume;
  return { id: "s1", after: [], kind: "take_snapshot", gold, name: "today", off } as const;
}

const taken = async (): Promise<boolean> =>
  (await bench.control.state()).mutations.some(({ op }) => op === "CreateSnapshot");

it("takes the snapshot while its VMs are off, and says how far it is", async () => {
  const step = await snapshotStep();
  const world = await steps.world();
  const { outputs } = await (await actOf(step, world))(world);
  expect(outputs?.snapshot?.name).toBe("today");
  expect(await taken()).toBe(true);
});

it.each(["before the check", "after the check"])("takes none once one of them runs: %s", async (when) => {
  const step = await snapshotStep();
  const world = await steps.world();
  const act = when === "after the check" ? await actOf(step, world) : undefined;
  const [vm] = step.off;
  await bench.control.touch("power-on", { vm: vm?.id ?? "" });
  const error = await refusal(act === undefined ? actOf(step, world) : act(world), "VOLUME_IN_USE");
  expect(error.found).toEqual({ vms: [{ id: vm?.id, name: vm?.name }] });
  expect(await taken()).toBe(false);
});
