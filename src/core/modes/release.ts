import { assignedVolumes } from "./checks.ts";
import { assignedFact, baseFacts, type ModeInput } from "./common.ts";
import { type Draft, DraftBuilder } from "./draft.ts";
import { findRemoval, releaseFirst } from "./removal.ts";

/**
 * `--release`: clean up what the client has of this family, what an earlier failure left on the host, and clones that its
 * unfinished runs made; make nothing new. Gold is unassigned, never deleted.
 */
export function release(input: ModeInput): Draft {
  const { request, observation, history } = input;
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  const assigned = assignedVolumes(observation, history.unfinished);
  assignedFact(draft, observation, assigned);
  const removal = findRemoval(draft, {
    request,
    observation,
    assigned,
    unfinished: history.unfinished,
    deletesOrphans: true,
  });
  releaseFirst(draft, removal, input);
  return draft.finish();
}
