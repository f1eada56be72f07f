import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import { fileOn } from "../domain/vm-path.ts";
import type { Observation } from "../observe/observe.ts";
import { diskOf, isMounted, mountOf } from "../steps/shared.ts";
import { checkGoldFree, datastoreOn, oneAssigned, vmsOn } from "./checks.ts";
import { cleanUp, clearStale, knownVolume, vmFact } from "./cleanup.ts";
import { assignedFact, baseFacts, bringUpSteps, type ModeInput, registerStep } from "./common.ts";
import { type Draft, DraftBuilder } from "./draft.ts";
import { missingFiles } from "./register.ts";
import { checkSignature, signatureFact, signatureOf } from "./signature.ts";

/** `-M`: clean up the clone; assign gold; rescan; mount. With gold assigned here already, only what is missing. */
export function maintenance(input: ModeInput): Draft {
  const { request, observation } = input;
  const { gold, client } = observation;
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  checkGoldFree(observation);
  const assigned = oneAssigned(observation);
  assignedFact(draft, observation, assigned);
  signatureFact(draft, observation);
  if (assigned?.volume.id === gold.id) {
    completeGold(draft, input);
    return draft.finish();
  }
  const { removed } = cleanUp(draft, { request, observation, assigned, orphans: [] });
  checkSignature(observation, removed, draft.warnings);
  const volume = knownVolume(gold);
  draft.add("assign", { volume, client: { id: client.id, name: client.name } });
  bringUpSteps(draft, input, volume, "mount");
  return draft.finish();
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
  const stale = clearStale(draft, observation);
  if (!isMounted(mount)) {
    checkSignature(observation, new Set([gold.naa, ...stale]), draft.warnings);
    mountGold(draft, input);
    return;
  }
  if (stale.length > 0) draft.add("rescan", { expectGone: [] });
  if (!request.registerVms || datastore === undefined) return;
  const vms = vmsOn(datastore, observation, draft.warnings);
  for (const vm of vms) vmFact(draft, vm, false);
  const registered = new Set(vms.map((vm) => fileOn(datastore, vm.path)));
  const missing = missingFiles(draft, observation, datastore, registered);
  if (missing.length > 0) registerStep(draft, input, knownVolume(gold), missing);
}

/** The next rescan would put gold, which is assigned already, under VMs that the host still runs from a disk that went away. */
function refuseTakeover({ stale, gold }: Observation): void {
  const lingering = stale.filter((one) => one.lingering.length > 0);
  const [first] = lingering;
  if (first === undefined) return;
  throw new PrepError(
    "SIGNATURE_MOUNTED",
    `The host still has ${safeText(first.datastore.name)} mounted from ${first.lingering.join(", ")}, which is not assigned any more: a rescan would put ${safeText(gold.name)} under the VMs registered on it.`,
    {
      found: lingering.map(({ datastore, lingering: disks }) => ({ datastore: datastore.id, disks })),
      hint: "Unassign the gold volume on the array again and plan maintenance anew: what is left of the other disk is then cleaned up first.",
    },
  );
}

/** A volume that the host lists as unmounted by hand is one call away; anything less has to be found by a rescan first. */
function mountGold(draft: DraftBuilder, input: ModeInput): void {
  const { request, observation } = input;
  const volume = knownVolume(observation.gold);
  const listed = mountOf(observation.storage, volume.naa)?.mounted === false;
  const off = diskOf(observation.storage, volume.naa)?.state === "off";
  if (!listed || off || observation.stale.length > 0) {
    bringUpSteps(draft, input, volume, "mount");
    return;
  }
  draft.add("mount", { volume, ...signatureOf(observation) });
  if (request.registerVms) registerStep(draft, input, volume);
}
