import { currentVms, judgeBatch, namesById, nameVms } from "./shared.ts";
import { type PowerOffStep, stepKind } from "./types.ts";

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
    return { detail: `${running.length} powered off` };
  },
});
