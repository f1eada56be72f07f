import { safeText } from "../domain/safe-text.ts";
import { cloneNameFor } from "../steps/create-clone.ts";
import { oneAssigned } from "./checks.ts";
import { cleanUp, knownVolume } from "./cleanup.ts";
import { assignedFact, baseFacts, bringUpSteps, type ModeInput, snapshotFact } from "./common.ts";
import { type Draft, DraftBuilder } from "./draft.ts";
import { checkSignature, signatureFact } from "./signature.ts";
import { chooseSnapshot } from "./snapshots.ts";

/** `-A`: clean up what the client has of this family; clone the snapshot; assign; rescan; force-mount the copy. Always a new clone. */
export function automatedTesting(input: ModeInput): Draft {
  const { request, observation, history } = input;
  const { gold, client } = observation;
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  const chosen = chooseSnapshot(request, observation);
  snapshotFact(draft, chosen.snapshot);
  const assigned = oneAssigned(observation);
  assignedFact(draft, observation, assigned);
  signatureFact(draft, observation);
  const { removed } = cleanUp(draft, { request, observation, assigned, orphans: history.orphanClones });
  checkSignature(observation, removed, draft.warnings);
  const goldHeld = observation.array.assignments.some((assignment) => assignment.volumeId === gold.id);
  const { goldHeldUntil } = history;
  const since = Date.parse(chosen.snapshot.createdAt);
  if (goldHeld || (goldHeldUntil !== undefined && Date.parse(goldHeldUntil) > since)) {
    draft.warnings.push(
      `The gold volume ${goldHeld ? "is" : "was"} assigned after snapshot ${safeText(chosen.snapshot.name)} was made: changes since then are not in this clone. Take a snapshot first if they should be.`,
    );
  }
  const made = draft.add("create_clone", {
    gold: knownVolume(gold),
    snapshot: { id: chosen.snapshot.id, name: chosen.snapshot.name },
    name: cloneNameFor(gold.name, client.name, observation.array.traits),
  });
  draft.add("assign", { volume: { from: made }, client: { id: client.id, name: client.name } });
  bringUpSteps(draft, input, { from: made }, "mount_copy");
  return draft.finish(chosen);
}
