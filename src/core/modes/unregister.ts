import { safeText } from "../domain/safe-text.ts";
import { oneAssigned, vmsOn } from "./checks.ts";
import { stopVms, unregisterVms } from "./cleanup.ts";
import { assignedFact, baseFacts, type ModeInput } from "./common.ts";
import { type Draft, DraftBuilder } from "./draft.ts";
import { assignedDatastore } from "./register.ts";

/** `-U`: power off and unregister the VMs on the assigned LUN's datastore; the volume stays as it is. */
export function unregister(input: ModeInput): Draft {
  const { observation, request } = input;
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  assignedFact(draft, observation, oneAssigned(observation));
  const { volume, datastore } = assignedDatastore(observation);
  draft.fact(`datastore:${datastore.id}`, `Datastore ${safeText(datastore.name)}`, { signature: datastore.vmfsUuid });
  const vms = vmsOn(datastore, observation, draft.warnings);
  stopVms(draft, vms, volume.kind, request);
  unregisterVms(draft, vms, false);
  return draft.finish();
}
