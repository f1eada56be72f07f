/** A run as data: the plan's steps, with what the journal says of each. */
import { errorRecord } from "../domain/errors.ts";
import { storedNextActions } from "../domain/next-action.ts";
import { isFinished } from "../domain/states.ts";
import { requesterOf, type StoredPlan } from "../plans/plan.ts";
import type { RunRow, StepRow } from "../ports/store.ts";
import { type RunRecord, reportSchema } from "../records.ts";
import { describeStep } from "../steps/catalog.ts";

const parsed = (json: string): unknown => JSON.parse(json);

/** What its row says of the approval is the plan's, not the run's. */
export function viewRun(row: RunRow, stored: StoredPlan, steps: readonly StepRow[]): RunRecord {
  const { plan, row: approval } = stored;
  const journal = new Map(steps.map((step) => [step.stepId, step]));
  const { state } = row;
  return {
    runId: row.id,
    planId: row.planId,
    mode: plan.mode,
    request: plan.request,
    target: plan.target,
    requestedBy: requesterOf(stored),
    ...(approval.approvedBy === undefined
      ? {}
      : { approvedBy: { who: approval.approvedBy, channel: approval.approvedChannel ?? "" } }),
    ...(row.resumes === undefined ? {} : { resumes: row.resumes }),
    ...(row.resumedBy === undefined ? {} : { resumedBy: row.resumedBy }),
    state,
    steps: plan.draft.steps.map((step) => {
      const entry = journal.get(step.id);
      const journalled = entry?.state ?? "pending";
      return {
        id: step.id,
        kind: step.kind,
        text: describeStep(step),
        // A step that was under way when its run was interrupted: nobody saw how it ended.
        state: journalled === "running" && isFinished(state) ? "unknown" : journalled,
        ...(entry?.startedAt === undefined ? {} : { startedAt: entry.startedAt }),
        ...(entry?.endedAt === undefined ? {} : { endedAt: entry.endedAt }),
        ...(entry?.detail === undefined ? {} : { detail: entry.detail }),
        ...(entry?.error === undefined ? {} : { error: errorRecord.parse(parsed(entry.error)) }),
      };
    }),
    ...(row.error === undefined ? {} : { error: errorRecord.parse(parsed(row.error)) }),
    ...(row.report === undefined ? {} : { report: reportSchema.parse(parsed(row.report)) }),
    next: nextOf(row),
    createdAt: row.createdAt,
    ...(row.endedAt === undefined ? {} : { endedAt: row.endedAt }),
  };
}

function nextOf({ next, resumedBy }: RunRow): RunRecord["next"] {
  if (resumedBy !== undefined) return [{ kind: "show_run", runId: resumedBy }];
  return next === undefined ? [] : storedNextActions.parse(parsed(next));
}
