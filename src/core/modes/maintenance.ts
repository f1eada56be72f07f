import { diskOf, isMounted, mountOf } from "../steps/shared.ts";
import { fileOn } from "../vm-path.ts";
import { checkGoldFree, checkSignature, datastoreOn, oneAssigned, vmsOn } from "./checks.ts";
import { cleanUp, knownVolume, vmFact } from "./cleanup.ts";
import {
  assignedFact,
  baseFacts,
  bringUpSteps,
  type ModeInput,
  registerStep,
  signatureFact,
  signatureOf,
} from "./common.ts";
import { type Draft, DraftBuilder } from "./draft.ts";
import { missingFiles } from "./register.ts";

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
  const volume = knownVolume(gold);
  if (assigned?.volume.id === gold.id) {
    checkSignature(observation, new Set([gold.naa]), draft.warnings);
    completeGold(draft, input);
    return draft.finish();
  }
  const { removed } = cleanUp(draft, { request, observation, assigned, orphans: new Set() });
  checkSignature(observation, removed, draft.warnings);
  draft.add("assign", { volume, client: { id: client.id, name: client.name } });
  bringUpSteps(draft, input, volume, "mount");
  return draft.finish();
}

/** Gold is assigned here: what is between that and a mounted datastore. */
function completeGold(draft: DraftBuilder, input: ModeInput): void {
  const { request, observation } = input;
  const { gold, storage } = observation;
  const volume = knownVolume(gold);
  const datastore = datastoreOn(gold.naa, observation);
  const disk = diskOf(storage, gold.naa);
  const up = isMounted(mountOf(storage, gold.naa));
  draft.fact(`mount:${gold.naa}`, "The gold volume on the host", {
    mounted: String(up),
    disk: disk?.state ?? "not on the host",
  });
  if (!up) {
    if (disk === undefined) {
      bringUpSteps(draft, input, volume, "mount");
      return;
    }
    if (disk.state === "off") {
      const attach = draft.add("attach", { volume });
      draft.add("rescan", { gone: [], there: volume, after: attach });
    }
    draft.add("mount", { volume, ...signatureOf(observation) });
    if (request.registerVms) registerStep(draft, input, volume);
    return;
  }
  if (!request.registerVms || datastore === undefined) return;
  const vms = vmsOn(datastore, observation, draft.warnings);
  for (const vm of vms) vmFact(draft, vm, false);
  const registered = new Set(vms.map((vm) => fileOn(datastore, vm.path)));
  const missing = missingFiles(draft, observation, datastore, registered);
  if (missing.length > 0) registerStep(draft, input, volume, missing);
}
