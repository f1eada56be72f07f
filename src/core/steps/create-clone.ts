import { PrepError } from "../domain/errors.ts";

import { refuseSameNaa } from "../observe/same-naa.ts";
import type { ArrayTraits, Volume } from "../ports/array.ts";
import { verify } from "./shared.ts";
import { type CloneName, type Result, type StepOf, stepKind, type WritableWorld } from "./types.ts";

/** What the run adds, with its joints. */
const TAIL = "-20261128-193000-a1b2c3".length;

/**
 * `<gold>-<client>`, as the array's rule allows: what it does not is replaced, the gold's part is shortened first. What the
 * run adds, time and its own end, always fits behind it.
 */
export function cloneNameFor(gold: string, client: string, { cloneNames }: Pick<ArrayTraits, "cloneNames">): CloneName {
  const { max, allowed, first } = cloneNames;
  const one = new RegExp(`^${allowed}$`, "u");
  const joint = one.test("-") ? "-" : one.test("_") ? "_" : "";
  const clean = (text: string): string => [...text].map((char) => (one.test(char) ? char : joint)).join("");
  const room = max - TAIL;
  const tail = `${joint}${clean(client)}`.slice(0, Math.floor(room / 2));
  const head = clean(gold).slice(0, room - tail.length - 1);
  const stem = `${head}${tail}`;
  return { stem: new RegExp(`^${first}`, "u").test(stem) ? stem : `x${stem}`, joint };
}

/** The stem, then UTC yyyymmdd-hhmmss, then the last 6 of the originating run's id: a clone whose reply was lost can be found by it. */
export function cloneName({ name }: Pick<StepOf<"create_clone">, "name">, origin: WritableWorld["origin"]): string {
  const [day = "", time = ""] = origin.createdAt.replaceAll(/[-:]/g, "").slice(0, 15).split("T");
  return [name.stem, day, time, origin.runId.slice(-6)].join(name.joint);
}

const resultOf = (volume: Volume, detail: string): Result => ({
  detail: `${detail} ${volume.name} (${volume.id}, ${volume.naa})`,
  outputs: { volume: { id: volume.id, naa: volume.naa, name: volume.name } },
});

/** Whether the volume is this step's clone, as far as the array tells of its descent. */
function isPlanned({ parent, declaredKind }: Volume, step: StepOf<"create_clone">): boolean {
  if (declaredKind === "gold") return false;
  // An array that keeps no descent has the name alone, which carries the run's id.
  if (parent === undefined) return declaredKind === "clone";
  return parent.volumeId === step.gold.id && (parent.snapshotId ?? step.snapshot.id) === step.snapshot.id;
}

/** How long the array may take to show the clone that its own job has made. */
const VERIFY_MS = 10_000;

async function makeClone(step: StepOf<"create_clone">, name: string, world: WritableWorld): Promise<Result> {
  const { volumeId } = await world.array.createClone(
    { volumeId: step.gold.id, snapshotId: step.snapshot.id, name },
    world.key,
    (percent) => world.progress(`${percent} %`),
  );
  const made = await verify(world.clock, VERIFY_MS, async () => {
    const volumes = await world.array.volumes();
    const volume = volumes.find((one) => one.id === volumeId);
    return volume && { volume, volumes };
  });
  if (made.kind === "unverified") {
    throw new PrepError(
      "OUTCOME_UNKNOWN",
      `The array says it made clone ${name} (${volumeId}), which could not be read back: ${made.error.message}`,
      {
        found: { volumeId, name },
        hint: "Once the array answers, resume the run: it goes on with this clone.",
        cause: made.error,
      },
    );
  }
  const { volume, volumes } = made.kind === "seen" ? made.value : { volume: undefined, volumes: [] };
  if (volume === undefined || !isPlanned(volume, step)) {
    throw new PrepError("REMOTE_GARBAGE", `The array says it made volume ${volumeId}, but shows no such clone.`, {
      found: { volumeId },
      hint: "Check the volume on the array, then resume the run.",
    });
  }
  refuseSameNaa([volume], volumes);
  return resultOf(volume, "made");
}

/** A clone of one snapshot of gold, under the run's own name. */
export const createClone = stepKind<StepOf<"create_clone">>({
  kind: "create_clone",
  irreversible: false,
  describe: (step) =>
    `Clone snapshot ${step.snapshot.name} (${step.snapshot.id}) of ${step.gold.name} (its id and NAA: known after the clone is made)`,
  async check(step, { array, origin }) {
    const name = cloneName(step, origin);
    const made = await array.volumes({ name });
    const [clone] = made;
    if (clone === undefined) return (world) => makeClone(step, name, world);
    if (made.length === 1 && isPlanned(clone, step)) {
      refuseSameNaa([clone], await array.volumes());
      return resultOf(clone, "made before:");
    }
    throw new PrepError("OUTCOME_UNKNOWN", `The array has ${made.length} volumes of this run's clone name.`, {
      found: { volumes: made.map(({ id, parent }) => ({ id, ...parent })) },
      hint: "Check these volumes on the array; delete what is not needed, then plan again.",
    });
  },
});
