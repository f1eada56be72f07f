import { PrepError } from "../domain/errors.ts";

import type { VmState } from "../ports/hypervisor.ts";
import { currentVms, eachWhileBusy, isOn, judgeBatch, namesById, nameVms, SETTLE_MS, verify } from "./shared.ts";
import { type StepOf, stepKind, type World } from "./types.ts";

const DISK_LOST =
  "Their disk is gone, which can keep a VM from being powered off: end its process on the host (esxcli vm process kill), or reboot the host; then resume the run.";

function stillOn(vms: readonly VmState[], { diskLost }: StepOf<"power_off">): PrepError {
  return new PrepError("REMOTE_FAULT", `After the power-off these are still on, ${nameVms(vms)}.`, {
    found: { vms: vms.map((vm) => ({ id: vm.id, name: vm.name })) },
    hint: diskLost === true ? DISK_LOST : "Check these VMs' tasks and events in vCenter, then resume the run.",
  });
}

const runningVms = async (step: StepOf<"power_off">, world: World): Promise<VmState[]> =>
  (await currentVms(step.vms, world)).filter(isOn);

/** `VirtualMachine.PowerOffVM_Task`, in parallel, one wait for all tasks. */
export const powerOff = stepKind<StepOf<"power_off">>({
  kind: "power_off",
  irreversible: true,
  describe: (step) =>
    `Power off ${nameVms(step.vms)} (hard; ${step.diskLost === true ? "their disk is gone" : "what their guests have not written is lost"})`,
  async check(step, reading) {
    if ((await runningVms(step, reading)).length === 0) return { detail: "none of them is running" };
    return async (world) => {
      const running = await runningVms(step, world);
      const outcomes = await eachWhileBusy(
        world,
        running.map((vm) => vm.id),
        (ids) =>
          world.hypervisor.powerOff(ids, (done, total, ended) => {
            world.progress(`${done} of ${total} off`);
            if (ended.error === undefined) world.stopped(ended.id);
          }),
      );
      judgeBatch(outcomes, namesById(step.vms), "Powering off", step.diskLost === true ? DISK_LOST : undefined);
      // A task's word is not taken for it: one that found the VM in another state has done nothing.
      const off = await verify(
        world.clock,
        SETTLE_MS,
        async () => (await runningVms(step, world)).length === 0 || undefined,
      );
      if (off.kind === "unseen") throw stillOn(await runningVms(step, world), step);
      const unverified = off.kind === "unverified" ? ", as vCenter says; they could not be read" : "";
      return { detail: `${running.length} powered off${unverified}` };
    };
  },
});
