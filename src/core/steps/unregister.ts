import { PrepError } from "../domain/errors.ts";
import type { MoRef } from "../domain/ids.ts";

import type { BatchOutcome, VmState } from "../ports/hypervisor.ts";
import { currentVms, eachWhileBusy, isOn, judgeBatch, namesById, nameVms, SETTLE_MS, verify } from "./shared.ts";
import { type StepOf, stepKind, type WritableWorld } from "./types.ts";

/** `VirtualMachine.UnregisterVM`: takes it out of the inventory, its files stay. */
export const unregister = stepKind<StepOf<"unregister">>({
  kind: "unregister",
  irreversible: false,
  describe: (step) =>
    `Unregister ${nameVms(step.vms)} (${step.dead ? "dead registrations that an earlier failure left" : "their files stay on the volume"}${step.asStoppedBy === undefined ? "" : "; each as soon as it is off"})`,
  async check(step, reading) {
    const left = await currentVms(step.vms, reading);
    if (left.length === 0) return { detail: "none of them is registered" };
    return async (world) => {
      const outcomes =
        step.asStoppedBy === undefined
          ? await unregisterAll(left, left.length, world)
          : await unregisterAsStopped(step, step.asStoppedBy, left, world);
      judgeBatch(outcomes, namesById(step.vms), "Unregistering");
      // An answer that says it is gone is not taken for it: a resume would skip this step by the journal.
      const gone = await verify(
        world.clock,
        SETTLE_MS,
        async () => (await currentVms(step.vms, world)).length === 0 || undefined,
      );
      if (gone.kind === "unseen") throw stillThere(await currentVms(step.vms, world));
      return { detail: `${left.length} unregistered` };
    };
  },
});

function stillThere(vms: readonly VmState[]): PrepError {
  return new PrepError("REMOTE_FAULT", `After the unregistering these are still in the inventory, ${nameVms(vms)}.`, {
    found: { vms: vms.map((vm) => ({ id: vm.id, name: vm.name })) },
    hint: "Check these VMs' tasks and events in vCenter, then resume the run.",
  });
}

const unregisterAll = (vms: readonly { readonly id: MoRef }[], total: number, world: WritableWorld, before = 0) =>
  eachWhileBusy(
    world,
    vms.map((vm) => vm.id),
    (ids) => world.hypervisor.unregister(ids, (done) => world.progress(`${before + done} of ${total} unregistered`)),
  );

/** Those that are off at once, the others as the step that powers them off gets them there. */
async function unregisterAsStopped(
  step: StepOf<"unregister">,
  stoppingStep: string,
  left: readonly VmState[],
  world: WritableWorld,
): Promise<BatchOutcome[]> {
  const total = left.length;
  const outcomes = await unregisterAll(
    left.filter((vm) => !isOn(vm)),
    total,
    world,
  );
  const waiting = new Set(left.filter(isOn).map((vm) => vm.id));
  for await (const stopped of world.stoppedBy(stoppingStep)) {
    const now = stopped.filter((id) => waiting.delete(id)).map((id) => ({ id }));
    outcomes.push(...(await unregisterAll(now, total, world, outcomes.length)));
  }
  if (waiting.size === 0) return outcomes;
  const rest = await currentVms(
    step.vms.filter((vm) => waiting.has(vm.id)),
    world,
  );
  const on = rest.filter(isOn);
  const off = rest.filter((vm) => !isOn(vm));
  outcomes.push(...(await unregisterAll(off, total, world, outcomes.length)));
  if (on.length > 0) {
    throw new PrepError("REMOTE_FAULT", `Still on, and therefore still registered: ${nameVms(on)}.`, {
      found: { vms: on.map((vm) => ({ id: vm.id, name: vm.name })) },
      hint: "See why they could not be powered off, then resume the run.",
    });
  }
  return outcomes;
}
