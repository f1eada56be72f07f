import { safeText } from "../domain/safe-text.ts";
import { refuseMaintenanceMode } from "./blockers.ts";
import { assignedVolumes, checkGoldFree } from "./checks.ts";
import { knownVolume } from "./cleanup.ts";
import { ageOf, assignedFact, baseFacts, type ModeInput, snapshotFact } from "./common.ts";
import { type Draft, DraftBuilder } from "./draft.ts";
import { presentGold, replaceByGold } from "./maintenance.ts";
import { findRemoval, mayComeUp, releaseFirst } from "./removal.ts";
import { checkSignature, signatureFact } from "./signature.ts";
import { checkRollback, chooseSnapshot } from "./snapshots.ts";

/**
 * `-rvgd`: clean up; roll gold back to the chosen snapshot; assign it; rescan; mount. Always rolls back. Where gold is free
 * and no clone of a snapshot that is lost stands in the way, it is rolled back before anything of the old environment is touched.
 */
export function rollback(input: ModeInput): Draft {
  const { request, observation, history, now } = input;
  const { gold } = observation;
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  refuseMaintenanceMode(observation);
  const chosen = chooseSnapshot(request, observation);
  snapshotFact(draft, chosen.snapshot);
  checkGoldFree(observation);
  const assigned = assignedVolumes(observation, history.unfinished);
  assignedFact(draft, observation, assigned);
  signatureFact(draft, observation);
  const removal = findRemoval(draft, {
    request,
    observation,
    assigned,
    unfinished: history.unfinished,
    deletesOrphans: false,
  });
  checkSignature(observation, removal.removed, draft.warnings);
  const deleted = new Set<string>(removal.deletes.map((clone) => clone.id));
  const lost = checkRollback(chosen.snapshot, observation, deleted);
  draft.fact("newer", `Snapshots newer than ${chosen.snapshot.name}`, {
    "the list": lost
      .map((one) => one.id)
      .toSorted()
      .join(" "),
  });
  draft.impact.snapshotsLost.push(...lost.map(({ name, id, createdAt }) => ({ name: safeText(name), id, createdAt })));
  draft.warnings.push(
    `Everything written to the gold volume since snapshot ${chosen.snapshot.name} (${ageOf(chosen.snapshot.createdAt, now)} old) is destroyed${lost.length > 0 ? `, and with it ${lost.length} newer snapshot${lost.length === 1 ? "" : "s"}: ${lost.map((one) => one.name).join(", ")}` : ""}.`,
  );
  const rollBack = (after: readonly string[]): readonly string[] => [
    draft.add(
      "rollback_volume",
      {
        gold: knownVolume(gold),
        snapshot: { id: chosen.snapshot.id, name: chosen.snapshot.name },
        lost: lost.map((one) => one.id),
      },
      after,
    ),
  ];
  const lostIds = new Set<string | undefined>(lost.map((one) => one.id));
  const isInTheWay = assigned.some(({ volume }) => volume.id === gold.id || lostIds.has(volume.parent?.snapshotId));
  if (request.releaseFirst || isInTheWay || mayComeUp(removal, observation)) {
    presentGold(draft, input, { isGoldHere: false, after: rollBack(releaseFirst(draft, removal, input)) });
  } else {
    replaceByGold(draft, input, removal, { isGoldHere: false, after: rollBack([]) });
  }
  return draft.finish(chosen);
}
