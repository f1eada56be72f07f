import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import { refuseSameNaa } from "../observe/same-naa.ts";
import type { Volume } from "../ports/array.ts";
import { type Result, type StepOf, stepKind, type WritableWorld } from "./types.ts";

/** `<gold>-<client>-<UTC yyyymmdd-hhmmss>-<last 6 of the run's id>`: a clone whose reply was lost can be found by it. */
export function cloneName(step: StepOf<"create_clone">, origin: WritableWorld["origin"]): string {
  const stamp = origin.createdAt.replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  return `${step.gold.name}-${step.clientName}-${stamp}-${origin.runId.slice(-6)}`;
}

const resultOf = (volume: Volume, detail: string): Result => ({
  detail: `${detail} ${safeText(volume.name)} (${volume.id}, ${volume.naa})`,
  outputs: { volume: { id: volume.id, naa: volume.naa, name: volume.name } },
});

async function makeClone(step: StepOf<"create_clone">, name: string, world: WritableWorld): Promise<Result> {
  const { volumeId } = await world.array.createClone(
    { policyId: step.policyId, snapshotId: step.snapshot.id, name },
    world.key,
    (percent) => world.progress(`${percent} %`),
  );
  const volumes = await world.array.volumes();
  const volume = volumes.find((one) => one.id === volumeId);
  if (volume === undefined || volume.kind !== "clone") {
    throw new PrepError("REMOTE_GARBAGE", `The array says it made volume ${volumeId}, but shows no such clone.`, {
      found: { volumeId },
      hint: "Look at the volume on the array, then resume the run.",
    });
  }
  refuseSameNaa([volume], volumes);
  return resultOf(volume, "made");
}

/** `POST /policies/{id}/snapshots/{sid}/clone`. */
export const createClone = stepKind<StepOf<"create_clone">>({
  kind: "create_clone",
  irreversible: false,
  describe: (step) =>
    `Clone snapshot ${safeText(step.snapshot.name)} (${step.snapshot.id}) of ${safeText(step.gold.name)} (its id and NAA: known after the clone is made)`,
  async check(step, { array, origin }) {
    const name = cloneName(step, origin);
    const made = await array.volumes({ name });
    const [clone] = made;
    if (clone === undefined) return (world) => makeClone(step, name, world);
    if (made.length === 1 && clone.kind === "clone" && clone.parentSnapshotId === step.snapshot.id) {
      refuseSameNaa([clone], await array.volumes());
      return resultOf(clone, "made before:");
    }
    throw new PrepError("OUTCOME_UNKNOWN", `The array has ${made.length} volumes of this run's clone name.`, {
      found: { volumes: made.map(({ id, parentSnapshotId }) => ({ id, parentSnapshotId })) },
      hint: "Look at these volumes on the array; delete what is not needed, then plan again.",
    });
  },
});
