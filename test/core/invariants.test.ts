/** The watch over every bench sees what must never be: here it is made to be, behind the engine's back. */
import { expect, test } from "vitest";
import type { WorldState } from "../../src/lab/world/state.ts";
import { powerOff } from "../../src/lab/world/vms.ts";
import { goldOf, vmsOf, withEngine } from "../support/engine.ts";

const bench = await withEngine();
bench.changesWithoutPlans();

/** As a call on one of the two interfaces would do it. */
function called(op: string, act: (state: WorldState) => unknown, target: string): void {
  bench.lab.world.change({ api: op.startsWith("Delete") ? "dgs" : "vim", op, by: "somebody" }, act, () => [target]);
}

test("a change that no plan names, and one of another family's VM", async () => {
  await bench.reset("clone-assigned");
  const [vm] = vmsOf(await bench.control.state());
  if (vm === undefined) throw new Error("no VM");
  called("PowerOffVM_Task", (state) => powerOff(state, vm.id), vm.id);
  expect(await bench.violations()).toEqual([
    `PowerOffVM_Task of ${vm.id} is named by no plan that ran`,
    `PowerOffVM_Task of ${vm.id}: it is on no volume of the plan's family`,
  ]);
});

test("gold that is deleted, and the same done twice under a plan that names it", async () => {
  await bench.reset("empty");
  const gold = goldOf(await bench.control.state());
  await bench.prep("automated_testing");
  const twice = (): void => called("DeleteVolume", () => undefined, gold.id);
  twice();
  twice();
  expect(await bench.violations()).toEqual([
    `gold ${gold.id} was deleted by DeleteVolume`,
    `gold ${gold.id} was deleted by DeleteVolume`,
    `DeleteVolume of ${gold.id} happened twice`,
  ]);
});

test("two copies of a signature, mounted in one Datacenter", async () => {
  await bench.reset("clone-assigned");
  const { model } = bench.lab.world;
  const [host] = model.hosts;
  const [mount] = host?.mounts ?? [];
  if (host === undefined || mount === undefined) throw new Error("nothing is mounted");
  called("ForceMount", () => void host.mounts.push({ ...mount, naas: ["naa.6000"] }), mount.vmfsUuid);
  expect(await bench.violations()).toContain(
    `${mount.vmfsUuid} in ${host.datacenterId} is mounted twice after ForceMount`,
  );
});

test("and nothing of the kind in a preparation", async () => {
  await bench.reset("clone-assigned");
  await bench.prep("automated_testing", { registerVms: true });
  await bench.prep("maintenance");
  expect(bench.lab.world.mutations.length).toBeGreaterThan(10);
  expect(await bench.violations()).toEqual([]);
});
