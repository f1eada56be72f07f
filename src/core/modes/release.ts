import { oneAssigned } from "./checks.ts";
import { cleanUp } from "./cleanup.ts";
import { assignedFact, baseFacts, type ModeInput } from "./common.ts";
import { type Draft, DraftBuilder } from "./draft.ts";

/**
 * `--release`: clean up what the client has of this family, what an earlier failure left on the host, and clones that its
 * unfinished runs made; make nothing new. Gold is unassigned, never deleted.
 */
export function release({ request, observation, history }: ModeInput): Draft {
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  const assigned = oneAssigned(observation);
  assignedFact(draft, observation, assigned);
  cleanUp(draft, { request, observation, assigned, orphans: history.orphanClones });
  return draft.finish();
}
