import { cloneNameFor } from "../steps/create-clone.ts";
import { refuseMaintenanceMode } from "./blockers.ts";
import { assignedVolumes } from "./checks.ts";
import { knownVolume } from "./cleanup.ts";
import { assignedFact, baseFacts, type ModeInput, mountSteps, snapshotFact } from "./common.ts";
import { type Draft, DraftBuilder } from "./draft.ts";
import {
  deleteClones,
  dropLingering,
  findRemoval,
  heldDisks,
  heldNumbers,
  mayComeUp,
  releaseFirst,
  releaseOnHost,
  unassignHeld,
} from "./removal.ts";
import { checkSignature, signatureFact } from "./signature.ts";
import { chooseSnapshot } from "./snapshots.ts";

/**
 * `-A`: clone the snapshot and assign the clone; clean up what the client has of this family; rescan; force-mount the copy.
 * Always a new clone. It is made and assigned before anything of the old environment is touched: if the array cannot make
 * it, everything is as it was.
 */
export function automatedTesting(input: ModeInput): Draft {
  const { request, observation, history } = input;
  const { gold, client } = observation;
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  refuseMaintenanceMode(observation);
  const chosen = chooseSnapshot(request, observation);
  snapshotFact(draft, chosen.snapshot);
  const assigned = assignedVolumes(observation, history.unfinished);
  assignedFact(draft, observation, assigned);
  signatureFact(draft, observation);
  const removal = findRemoval(draft, {
    request,
    observation,
    assigned,
    unfinished: history.unfinished,
    deletesOrphans: true,
  });
  checkSignature(observation, removal.removed, draft.warnings);
  const goldHeld = observation.array.assignments.some((assignment) => assignment.volumeId === gold.id);
  const { goldHeldUntil } = history;
  const since = Date.parse(chosen.snapshot.createdAt);
  if (goldHeld || (goldHeldUntil !== undefined && Date.parse(goldHeldUntil) > since)) {
    draft.warnings.push(
      `The gold volume ${goldHeld ? "is" : "was"} assigned after snapshot ${chosen.snapshot.name} was made: changes since then are not in this clone. Take a snapshot first if they should be.`,
    );
  }
  const makeClone = (after: readonly string[]): string =>
    draft.add(
      "create_clone",
      {
        gold: knownVolume(gold),
        snapshot: { id: chosen.snapshot.id, name: chosen.snapshot.name },
        name: cloneNameFor(gold.name, client.name, observation.array.traits),
      },
      after,
    );
  const assign = (from: string, after: readonly string[]): string =>
    draft.add("assign", { volume: { from }, client: { id: client.id, name: client.name } }, after);
  if (request.releaseFirst || mayComeUp(removal, observation)) {
    const made = makeClone(releaseFirst(draft, removal, input));
    mountSteps(draft, input, { volume: { from: made }, kind: "mount_copy", after: [assign(made, [made])] });
    return draft.finish(chosen);
  }
  const made = makeClone([]);
  const presented = assign(made, dropLingering(draft, removal, observation, [made]));
  const released = releaseOnHost(draft, removal, input, [presented]);
  const seen = mountSteps(draft, input, {
    volume: { from: made },
    kind: "mount_copy",
    expectGone: heldDisks(removal),
    freedNumbers: heldNumbers(removal),
    after: unassignHeld(draft, removal, observation, released),
  });
  deleteClones(draft, removal, [seen]);
  return draft.finish(chosen);
}
