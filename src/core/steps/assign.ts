import { labelOf, resolve } from "./shared.ts";
import { type StepOf, stepKind } from "./types.ts";

/** `POST /volumes/{id}/assignments`. */
export const assign = stepKind<StepOf<"assign">>({
  kind: "assign",
  irreversible: false,
  describe: (step) => `Assign ${labelOf(step.volume)} to ${step.client.name} on the array`,
  async check(step, { array, outputs }) {
    const { id: volumeId } = resolve(step.volume, { outputs });
    const held = (await array.assignments({ volumeId })).find((assignment) => assignment.clientId === step.client.id);
    if (held !== undefined) return { detail: "assigned already", outputs: { assignmentId: held.id } };
    return async (world) => {
      const { assignmentId } = await world.array.assign({ volumeId, clientId: step.client.id }, world.key, (percent) =>
        world.progress(`${percent} %`),
      );
      return { detail: `assigned (${assignmentId})`, outputs: { assignmentId } };
    };
  },
});
