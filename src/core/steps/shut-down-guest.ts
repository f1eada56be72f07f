import { type ErrorCode, PrepError } from "../domain/errors.ts";
import type { VmState } from "../ports/hypervisor.ts";
import { currentVms, eachWhileBusy, isOn, judgeBatch, namesById, nameVms, SETTLE_MS, verify } from "./shared.ts";
import { type StepOf, stepKind } from "./types.ts";

function stillOn(vms: readonly VmState[]): PrepError {
  return new PrepError("GUEST_STILL_RUNNING", `After the shutdown these are still on, ${nameVms(vms)}.`, {
    found: { vms: vms.map((vm) => ({ id: vm.id, name: vm.name })) },
    hint: "Shut them down by hand, then resume the run.",
  });
}

/** What is powered off after it where that is allowed: a guest that does not end, or cannot be asked any more. */
const LATE: readonly ErrorCode[] = ["GUEST_STILL_RUNNING", "TOOLS_MISSING"];

/** `VirtualMachine.ShutdownGuest`, then a wait for the power state: the call itself returns at once. */
export const shutDownGuest = stepKind<StepOf<"shut_down_guest">>({
  kind: "shut_down_guest",
  irreversible: false,
  describe: (step) =>
    `Shut down through the guest ${nameVms(step.vms)}${step.thenForce ? " (those that are late are powered off after it)" : ""}`,
  async check(step, reading) {
    const running = (await currentVms(step.vms, reading)).filter(isOn);
    if (running.length === 0) return { detail: "none of them is running" };
    return async (world) => {
      const outcomes = await eachWhileBusy(
        world,
        running.map((vm) => vm.id),
        (ids) =>
          world.hypervisor.shutDownGuests(ids, world.limits.guestShutdownMs, (done, total) =>
            world.progress(`${done} of ${total} shut down`),
          ),
      );
      const late = outcomes.filter(({ error }) => error instanceof PrepError && LATE.includes(error.code));
      judgeBatch(
        step.thenForce ? outcomes.filter((outcome) => !late.includes(outcome)) : outcomes,
        namesById(step.vms),
        "Guest shutdown",
      );
      const asked = step.vms.filter((vm) => !late.some(({ id }) => id === vm.id));
      const off = await verify(
        world.clock,
        SETTLE_MS,
        async () => !(await currentVms(asked, world)).some(isOn) || undefined,
      );
      if (off.kind === "unseen") throw stillOn((await currentVms(asked, world)).filter(isOn));
      return {
        detail:
          late.length === 0
            ? `${running.length} shut down`
            : `${late.length} of ${running.length} still running, to be powered off`,
      };
    };
  },
});
