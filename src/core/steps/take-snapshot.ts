import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import { currentVms, isOn, nameVms } from "./shared.ts";
import { type StepOf, stepKind, type World } from "./types.ts";

/** What a snapshot keeps of a running VM is its disks as a power failure would leave them. */
async function checkPrecondition(step: StepOf<"take_snapshot">, world: World): Promise<void> {
  const running = (await currentVms(step.off, world)).filter(isOn);
  if (running.length === 0) return;
  throw new PrepError("VOLUME_IN_USE", `Running on the gold volume: ${nameVms(running)}.`, {
    found: { vms: running.map((vm) => ({ id: vm.id, name: vm.name })) },
    hint: "Shut them down through their guests, then plan again.",
  });
}

/** The array, or its driver, tells a repeat of this very step from another snapshot of the name: by the step's key. */
export const takeSnapshot = stepKind<StepOf<"take_snapshot">>({
  kind: "take_snapshot",
  irreversible: false,
  describe: (step) => `Take snapshot ${safeText(step.name)} of ${step.gold.name} (${step.gold.id})`,
  async check(step, reading) {
    await checkPrecondition(step, reading);
    return async (world) => {
      await checkPrecondition(step, world);
      const { snapshotId } = await world.array.takeSnapshot(
        { volumeId: step.gold.id, name: step.name },
        world.key,
        (percent) => world.progress(`${percent} %`),
      );
      return { detail: `taken (${snapshotId})`, outputs: { snapshot: { id: snapshotId, name: safeText(step.name) } } };
    };
  },
});
