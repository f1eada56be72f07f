import { PrepError } from "../errors.ts";
import { safeText } from "../text.ts";
import { checkGoldFree, checkRollback, checkSignature, chooseSnapshot, oneAssigned } from "./checks.ts";
import { cleanUp, knownVolume } from "./cleanup.ts";
import { ageOf, assignedFact, baseFacts, bringUpSteps, type ModeInput, signatureFact, snapshotFact } from "./common.ts";
import { type Draft, DraftBuilder } from "./draft.ts";

/** `-rvgd`: clean up; roll gold back to the chosen snapshot; assign it; rescan; mount. Always rolls back. */
export function rollback(input: ModeInput): Draft {
  const { request, observation, now } = input;
  const { gold, client } = observation;
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  const chosen = chooseSnapshot(request, observation);
  snapshotFact(draft, chosen.snapshot);
  checkGoldFree(observation);
  if (gold.policyId === undefined) {
    throw new PrepError(
      "NO_SNAPSHOTS",
      `${safeText(gold.name)} is under no protection policy, so it has no snapshots.`,
      {
        found: { volumeId: gold.id },
        hint: "Put the gold volume under a protection policy on the array.",
      },
    );
  }
  const assigned = oneAssigned(observation);
  assignedFact(draft, observation, assigned);
  signatureFact(draft, observation);
  const { removed, deleted } = cleanUp(draft, { request, observation, assigned, orphans: new Set() });
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
    policyId: gold.policyId,
    snapshot: { id: chosen.snapshot.id, name: chosen.snapshot.name },
    lost: lost.map((one) => one.id),
  });
  draft.add("assign", { volume, client: { id: client.id, name: client.name } });
  bringUpSteps(draft, input, volume, "mount");
  return draft.finish(chosen);
}
