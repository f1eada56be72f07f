import { PrepError } from "../domain/errors.ts";
import type { Observation } from "../observe/observe.ts";
import type { Datastore } from "../ports/hypervisor.ts";
import { diskOf, isMounted, mountOf } from "../steps/shared.ts";
import { refuseMaintenanceMode } from "./blockers.ts";
import { assignedVolumes, checkGoldFree, datastoreOn, vmsOn } from "./checks.ts";
import { isLost, knownVolume, unregisterVms, vmFact } from "./cleanup.ts";
import { assignedFact, baseFacts, type ModeInput, mountSteps, registerStep } from "./common.ts";
import { type Draft, DraftBuilder } from "./draft.ts";
import { registerMissing } from "./register.ts";
import {
  clearLeftovers,
  deleteClones,
  dropLingering,
  findRemoval,
  heldDisks,
  heldNumbers,
  leavesDeadMounts,
  leftoverFacts,
  mayComeUp,
  type Removal,
  releaseFirst,
  releaseOnHost,
  unassignHeld,
} from "./removal.ts";
import { checkSignature, signatureFact, signatureOf } from "./signature.ts";

/** `-M`: clean up the clone; assign gold; rescan; mount. With gold assigned here already, only what is missing. */
export function maintenance(input: ModeInput): Draft {
  const { request, observation, history } = input;
  const { gold } = observation;
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  refuseMaintenanceMode(observation);
  checkGoldFree(observation);
  const assigned = assignedVolumes(observation, history.unfinished);
  assignedFact(draft, observation, assigned);
  signatureFact(draft, observation);
  const others = assigned.filter(({ volume }) => volume.id !== gold.id);
  const isGoldHere = others.length < assigned.length;
  if (isGoldHere && others.length === 0) {
    completeGold(draft, input);
    return draft.finish();
  }
  const removal = findRemoval(draft, {
    request,
    observation,
    assigned: others,
    unfinished: history.unfinished,
    deletesOrphans: false,
  });
  checkSignature(observation, new Set([...removal.removed, gold.naa]), draft.warnings);
  if (request.releaseFirst || mayComeUp(removal, observation)) {
    presentGold(draft, input, { isGoldHere, after: releaseFirst(draft, removal, input) });
    return draft.finish();
  }
  replaceByGold(draft, input, removal, { isGoldHere, after: [] });
  return draft.finish();
}

/** Gold assigned, unless it is, and mounted. */
export function presentGold(
  draft: DraftBuilder,
  input: ModeInput,
  how: { readonly isGoldHere: boolean; readonly after: readonly string[] },
): void {
  const volume = knownVolume(input.observation.gold);
  mountSteps(draft, input, { volume, kind: "mount", after: assignGold(draft, input, how) });
}

function assignGold(
  draft: DraftBuilder,
  { observation }: ModeInput,
  { isGoldHere, after }: { readonly isGoldHere: boolean; readonly after: readonly string[] },
): readonly string[] {
  const { gold, client } = observation;
  if (isGoldHere) return after;
  return [draft.add("assign", { volume: knownVolume(gold), client: { id: client.id, name: client.name } }, after)];
}

/**
 * Gold carries the signature of what it replaces and mounts by itself, at anybody's rescan. So it is assigned only after
 * that is off the host, and dead mounts of the signature are dropped; the old volume goes from the array after that, and
 * one rescan sees both.
 */
export function replaceByGold(
  draft: DraftBuilder,
  input: ModeInput,
  removal: Removal,
  how: { readonly isGoldHere: boolean; readonly after: readonly string[] },
): void {
  const { observation } = input;
  const looked = dropLingering(draft, removal, observation, how.after);
  const released = releaseOnHost(draft, removal, input, looked);
  const dropped = leavesDeadMounts(removal) ? [draft.add("rescan", { expectGone: [] }, released)] : released;
  const presented = assignGold(draft, input, { isGoldHere: how.isGoldHere, after: dropped });
  const seen = mountSteps(draft, input, {
    volume: knownVolume(observation.gold),
    kind: "mount",
    expectGone: heldDisks(removal),
    freedNumbers: heldNumbers(removal),
    after: unassignHeld(draft, removal, observation, presented),
  });
  deleteClones(draft, removal, [seen]);
}

/** Gold is assigned here: what is between that and a mounted datastore, and VMs that are registered if asked. */
function completeGold(draft: DraftBuilder, input: ModeInput): void {
  const { request, observation } = input;
  const { gold, storage } = observation;
  const datastore = datastoreOn(gold.naa, observation);
  const mount = mountOf(storage, gold.naa);
  const disk = diskOf(storage, gold.naa);
  draft.fact(`mount:${gold.naa}`, "The gold volume on the host", {
    mounted: String(isMounted(mount)),
    disk: disk?.state ?? "not on the host",
  });
  refuseTakeover(observation);
  const leftoverDatastores = leftoverFacts(draft, observation);
  const disks = leftoverDatastores.flatMap((one) => one.datastore.extents);
  const cleared = clearLeftovers(draft, observation, leftoverDatastores, []);
  if (!isMounted(mount)) {
    checkSignature(observation, new Set([gold.naa, ...disks]), draft.warnings);
    mountGold(draft, input, [...cleared, ...dropLost(draft, input, datastore)]);
    return;
  }
  if (leftoverDatastores.length > 0) draft.add("rescan", { expectGone: [] }, cleared);
  if (!request.registerVms) return;
  if (datastore?.accessible) {
    registerMissing(draft, input, { volume: gold, datastore });
    return;
  }
  // vCenter has yet to list what the host has mounted.
  dropLost(draft, input, datastore);
  registerStep(draft, input, knownVolume(gold));
}

/** Registrations on gold that come back to life by no mount: where VMs are to be registered, these go first. Returns the step that does. */
function dropLost(
  draft: DraftBuilder,
  { request, observation }: ModeInput,
  datastore: Datastore | undefined,
): readonly string[] {
  if (!request.registerVms || datastore === undefined) return [];
  const lost = vmsOn(datastore, observation, draft.warnings).filter(isLost);
  for (const vm of lost) vmFact(draft, vm, false);
  return unregisterVms(draft, lost, { dead: true });
}

/** The next rescan would put gold, which is assigned already, under VMs that the host still runs from a disk that went away. */
function refuseTakeover({ leftoverDatastores, gold }: Observation): void {
  const stillListed = leftoverDatastores.filter((one) => one.stillListedDisks.length > 0);
  const [first] = stillListed;
  if (first === undefined) return;
  throw new PrepError(
    "SIGNATURE_MOUNTED",
    `The host still has ${first.datastore.name} mounted from ${first.stillListedDisks.join(", ")}, which is not assigned any more: a rescan would put ${gold.name} under the VMs registered on it.`,
    {
      found: stillListed.map(({ datastore, stillListedDisks: disks }) => ({ datastore: datastore.id, disks })),
      hint: "Unassign the gold volume on the array again and plan maintenance anew: what is left of the other disk is then cleaned up first.",
    },
  );
}

/** A volume that the host lists as unmounted by hand is one call away; anything less has to be found by a rescan first. */
function mountGold(draft: DraftBuilder, input: ModeInput, after: readonly string[]): void {
  const { request, observation } = input;
  const volume = knownVolume(observation.gold);
  const listed = mountOf(observation.storage, volume.naa)?.mounted === false;
  const off = diskOf(observation.storage, volume.naa)?.state === "off";
  if (!listed || off || observation.leftoverDatastores.length > 0) {
    mountSteps(draft, input, { volume, kind: "mount", after });
    return;
  }
  draft.add("mount", { volume, ...signatureOf(observation) }, after);
  if (request.registerVms) registerStep(draft, input, volume);
}
