import { safeText } from "../domain/safe-text.ts";
import { labelOf, resolve } from "./shared.ts";
import { type AssignStep, stepKind } from "./types.ts";

/** `POST /volumes/{id}/assignments`. */
export const assign = stepKind<AssignStep>({
  kind: "assign",
  irreversible: false,
  describe: (step) => `Assign ${labelOf(step.volume)} to ${safeText(step.client.name)} on the array`,
  async isDone(step, world) {
    const volume = resolve(step.volume, world);
    const held = (await world.array.assignments({ volumeId: volume.id })).find(
      (one) => one.clientId === step.client.id,
    );
    return held === undefined ? undefined : { detail: "assigned already", outputs: { assignmentId: held.id } };
  },
  async apply(step, world) {
    const { id: volumeId } = resolve(step.volume, world);
    const { assignmentId } = await world.array.assign({ volumeId, clientId: step.client.id }, world.key, (percent) =>
      world.progress(`${percent} %`),
    );
    return { detail: `assigned (${assignmentId})`, outputs: { assignmentId } };
  },
});
