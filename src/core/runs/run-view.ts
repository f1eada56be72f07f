/** A run as the doors show it: the plan's steps, with what the journal says of each. */

import { isFinished } from "../domain/states.ts";
import type { StoredPlan } from "../plans/plan.ts";
import type { RunRow, StepRow } from "../ports/store.ts";
import { describeStep } from "../steps/catalog.ts";
import { errorView, type RunView, runView } from "../views.ts";

const parsed = (json: string | undefined): unknown => (json === undefined ? undefined : JSON.parse(json));

export function viewRun(row: RunRow, plan: StoredPlan, steps: readonly StepRow[]): RunView {
  const journal = new Map(steps.map((step) => [step.stepId, step]));
  const { state } = row;
  return runView.parse({
    runId: row.id,
    planId: row.planId,
    mode: row.mode,
    command: plan.command,
    ...(row.resumes === undefined ? {} : { resumes: row.resumes }),
    ...(row.resumedBy === undefined ? {} : { resumedBy: row.resumedBy }),
    state,
    steps: plan.draft.steps.map((step) => {
      const entry = journal.get(step.id);
      const journalled = entry?.state ?? "pending";
      const error = parsed(entry?.error);
      return {
        id: step.id,
        kind: step.kind,
        text: describeStep(step),
        // A step that was under way when its run was interrupted: nobody saw how it ended.
        state: journalled === "running" && isFinished(state) ? "unknown" : journalled,
        ...(entry?.startedAt === undefined ? {} : { startedAt: entry.startedAt }),
        ...(entry?.endedAt === undefined ? {} : { endedAt: entry.endedAt }),
        ...(entry?.detail === undefined ? {} : { detail: entry.detail }),
        ...(error === undefined ? {} : { error: errorView.parse(error) }),
      };
    }),
    ...(row.error === undefined ? {} : { error: errorView.parse(parsed(row.error)) }),
    ...(row.report === undefined ? {} : { report: parsed(row.report) }),
    next:
      row.resumedBy === undefined
        ? (parsed(row.next) ?? [])
        : [`${row.resumedBy} carried on from here: look at that run.`],
    createdAt: row.createdAt,
    ...(row.endedAt === undefined ? {} : { endedAt: row.endedAt }),
  });
}
