/** Which snapshot a request means, and what a rollback to it would take along. */
import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import { alikeOf, isNewer, type Observation } from "../observe/observe.ts";
import type { Snapshot } from "../ports/array.ts";
import { nearest, type Request } from "../request/request.ts";
import type { ChosenSnapshot } from "./draft.ts";

/**
 * The snapshot that the request means: by id or name, else the latest by creation time. Either way its name, as the printed
 * command has it, must be its own among gold's snapshots, or that command would mean two things.
 */
export function chooseSnapshot(request: Request, observation: Observation): ChosenSnapshot {
  const { gold, snapshots } = observation;
  const name = gold.name;
  const [latest] = snapshots;
  if (latest === undefined) {
    throw new PrepError("NO_SNAPSHOTS", `${name} has no snapshots.`, {
      found: { volumeId: gold.id },
      hint: "Take a snapshot of the gold volume first.",
    });
  }
  const wanted = request.snapshot;
  const byId = snapshots.find((snapshot) => snapshot.id === wanted);
  if (byId !== undefined) return { snapshot: byId, chosenBy: "name" };
  const chosen = wanted === undefined ? latest : snapshots.find((snapshot) => snapshot.name === wanted);
  if (chosen === undefined) {
    const names = snapshots.map((snapshot) => snapshot.name);
    const closest = nearest(wanted ?? "", names);
    throw new PrepError("SNAPSHOT_NOT_FOUND", `${name} has no snapshot named ${safeText(wanted ?? "")}.`, {
      found: { closest, volumeId: gold.id },
      hint: `Did you mean ${closest.join(", or ")}? Without a name the latest is taken: ${latest.name}.`,
    });
  }
  const others = alikeOf(chosen, snapshots, wanted === undefined);
  if (others.length > 0) {
    const candidates = snapshots.filter((snapshot) => snapshot === chosen || others.includes(snapshot));
    const what = candidates.some((one) => one.name !== chosen.name)
      ? "latest snapshots, made at the same instant"
      : `snapshots named ${chosen.name}`;
    throw new PrepError("SNAPSHOT_AMBIGUOUS", `${name} has ${candidates.length} ${what}.`, {
      found: { snapshots: candidates.map((one) => ({ id: one.id, name: one.name, createdAt: one.createdAt })) },
      hint: "Name the one that is meant by its id.",
    });
  }
  return { snapshot: chosen, chosenBy: wanted === undefined ? "latest" : "name" };
}

/**
 * Snapshots that go with a rollback: those newer than the chosen one, on an array that loses them. None of them may have
 * clones that stay; a clone of gold of which the array does not tell the snapshot may be of any.
 */
export function checkRollback(chosen: Snapshot, observation: Observation, deleted: ReadonlySet<string>): Snapshot[] {
  const { family, gold, snapshots, array } = observation;
  const { newerSnapshots, blockedByClonesOf } = array.traits.rollback;
  const newer = snapshots.filter((snapshot) => isNewer(snapshot, chosen));
  const lost = newerSnapshots === "lost" ? newer : [];
  const clones =
    blockedByClonesOf === "none"
      ? []
      : family.filter(
          ({ id, parent }) =>
            parent?.volumeId === gold.id &&
            !deleted.has(id) &&
            newer.length > 0 &&
            (parent.snapshotId === undefined || newer.some((one) => one.id === parent.snapshotId)),
        );
  if (clones.length === 0) return lost;
  throw new PrepError(
    "VOLUME_IN_USE",
    `Snapshots newer than ${chosen.name} have clones, so the gold volume cannot be rolled back past them.`,
    {
      found: {
        clones: clones.map(({ id, name, parent }) => ({
          id,
          name: safeText(name),
          ...(parent?.snapshotId === undefined ? {} : { snapshotId: parent.snapshotId }),
        })),
      },
      hint: "Delete these clones first, or choose a newer snapshot.",
    },
  );
}
