import { type ErrorCode, PrepError } from "../domain/errors.ts";
import { currentVms, eachWhileBusy, judgeBatch, namesById, nameVms } from "./shared.ts";
import { type StepOf, stepKind } from "./types.ts";

/** What is powered off after it where that is allowed: a guest that does not end, or cannot be asked any more. */
const LATE: readonly ErrorCode[] = ["GUEST_STILL_RUNNING", "TOOLS_MISSING"];

/** `VirtualMachine.ShutdownGuest`, then a wait for the power state: the call itself returns at once. */
export const shutDownGuest = stepKind<StepOf<"shut_down_guest">>({
  kind: "shut_down_guest",
  irreversible: false,
  describe: (step) =>
    `Shut down through the guest ${nameVms(step.vms)}${step.thenForce ? " (those that are late are powered off after it)" : ""}`,
  async check(step, reading) {
    const running = (await currentVms(step.vms, reading)).filter((vm) => vm.powerState === "poweredOn");
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
      return {
        detail:
          late.length === 0
            ? `${running.length} shut down`
            : `${late.length} of ${running.length} still running, to be powered off`,
      };
    };
  },
});
