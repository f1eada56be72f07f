import { safeText } from "../domain/safe-text.ts";
import { checkGoldFree, oneAssigned } from "./checks.ts";
import { cleanUp, knownVolume } from "./cleanup.ts";
import { ageOf, assignedFact, baseFacts, bringUpSteps, type ModeInput, snapshotFact } from "./common.ts";
import { type Draft, DraftBuilder } from "./draft.ts";
import { checkSignature, signatureFact } from "./signature.ts";
import { checkRollback, chooseSnapshot } from "./snapshots.ts";

/** `-rvgd`: clean up; roll gold back to the chosen snapshot; assign it; rescan; mount. Always rolls back. */
export function rollback(input: ModeInput): Draft {
  const { request, observation, now } = input;
  const { gold, client } = observation;
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  const chosen = chooseSnapshot(request, observation);
  snapshotFact(draft, chosen.snapshot);
  checkGoldFree(observation);
  const assigned = oneAssigned(observation);
  assignedFact(draft, observation, assigned);
  signatureFact(draft, observation);
  const { removed, deleted } = cleanUp(draft, { request, observation, assigned, orphans: [] });
  checkSignature(observation, removed, draft.warnings);
  const lost = checkRollback(chosen.snapshot, observation, deleted);
  draft.fact("newer", `Snapshots newer than ${safeText(chosen.snapshot.name)}`, {
    "the list": lost
      .map((one) => one.id)
      .toSorted()
      .join(" "),
  });
  draft.impact.snapshotsLost.push(...lost.map(({ name, id, createdAt }) => ({ name: safeText(name), id, createdAt })));
  draft.warnings.push(
    `Everything written to the gold volume since snapshot ${safeText(chosen.snapshot.name)} (${ageOf(chosen.snapshot.createdAt, now)} old) is destroyed${lost.length > 0 ? `, and with it ${lost.length} newer snapshot${lost.length === 1 ? "" : "s"}: ${lost.map((one) => safeText(one.name)).join(", ")}` : ""}.`,
  );
  const volume = knownVolume(gold);
  draft.add("rollback_volume", {
    gold: volume,
    snapshot: { id: chosen.snapshot.id, name: chosen.snapshot.name },
    lost: lost.map((one) => one.id),
  });
  draft.add("assign", { volume, client: { id: client.id, name: client.name } });
  bringUpSteps(draft, input, volume, "mount");
  return draft.finish(chosen);
}
