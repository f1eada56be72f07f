import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import type { VmState } from "../ports/hypervisor.ts";
import { currentVms, judgeBatch, namesById, nameVms, waitFor } from "./shared.ts";
import { type PowerOffStep, stepKind } from "./types.ts";

/** How long vCenter may take to show what its own task has done. */
const SETTLE_MS = 5_000;

function stillOn(vms: readonly VmState[]): PrepError {
  const on = vms.filter((vm) => vm.powerState === "poweredOn");
  return new PrepError("REMOTE_FAULT", `After the power-off these are still on, ${nameVms(on)}.`, {
    found: { vms: on.map((vm) => ({ id: vm.id, name: safeText(vm.name) })) },
    hint: "Look at these VMs' tasks and events in vCenter, then resume the run.",
  });
}

/** `VirtualMachine.PowerOffVM_Task`, in parallel, one wait for all tasks. */
export const powerOff = stepKind<PowerOffStep>({
  kind: "power_off",
  irreversible: true,
  describe: (step) => `Power off ${nameVms(step.vms)} (hard; what their guests have not written is lost)`,
  async isDone(step, world) {
    const running = (await currentVms(step.vms, world)).filter((vm) => vm.powerState === "poweredOn");
    return running.length === 0 ? { detail: "none of them is running" } : undefined;
  },
  async apply(step, world) {
    const running = (await currentVms(step.vms, world)).filter((vm) => vm.powerState === "poweredOn");
    const outcomes = await world.hypervisor.powerOff(
      running.map((vm) => vm.id),
      (done, total) => world.progress(`${done} of ${total} off`),
    );
    judgeBatch(outcomes, namesById(step.vms), "Powering off");
    // A task's word is not taken for it: one that found the VM in another state has done nothing.
    const off = await waitFor(world.clock, SETTLE_MS, async () =>
      (await currentVms(step.vms, world)).some((vm) => vm.powerState === "poweredOn") ? undefined : true,
    );
    if (off === undefined) throw stillOn(await currentVms(step.vms, world));
    return { detail: `${running.length} powered off` };
  },
});
