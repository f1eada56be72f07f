import { currentVms, judgeBatch, namesById, nameVms } from "./shared.ts";
import { type StepOf, stepKind } from "./types.ts";

/** `VirtualMachine.UnregisterVM`: takes it out of the inventory, its files stay. */
export const unregister = stepKind<StepOf<"unregister">>({
  kind: "unregister",
  irreversible: false,
  describe: (step) =>
    `Unregister ${nameVms(step.vms)} (${step.dead ? "dead registrations that an earlier failure left" : "their files stay on the volume"})`,
  async check(step, reading) {
    const left = await currentVms(step.vms, reading);
    if (left.length === 0) return { detail: "none of them is registered" };
    return async (world) => {
      const outcomes = await world.hypervisor.unregister(
        left.map((vm) => vm.id),
        (done, total) => world.progress(`${done} of ${total} unregistered`),
      );
      judgeBatch(outcomes, namesById(step.vms), "Unregistering");
      return { detail: `${left.length} unregistered` };
    };
  },
});
