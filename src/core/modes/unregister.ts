import { oneAssigned, vmsOn } from "./checks.ts";
import { stopAndUnregister } from "./cleanup.ts";
import { assignedFact, baseFacts, type ModeInput } from "./common.ts";
import { type Draft, DraftBuilder } from "./draft.ts";
import { assignedDatastore } from "./register.ts";

/** `-U`: power off and unregister the VMs on the assigned LUN's datastore; the volume stays as it is. */
export function unregister(input: ModeInput): Draft {
  const { observation, request } = input;
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  const assigned = oneAssigned(observation);
  assignedFact(draft, observation, assigned === undefined ? [] : [assigned]);
  const { volume, datastore } = assignedDatastore(observation);
  draft.fact(`datastore:${datastore.id}`, `Datastore ${datastore.name}`, { signature: datastore.vmfsUuid });
  const vms = vmsOn(datastore, observation, draft.warnings);
  stopAndUnregister(draft, vms, volume.kind, request);
  return draft.finish(undefined, volume);
}
