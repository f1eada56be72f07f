/** From what the engine answers to what a door shows: the exact command, and everything that is worded for its reader. */
import type { ErrorRecord, PrepError } from "../core/domain/errors.ts";
import { isFinished, STEP_STATES } from "../core/domain/states.ts";
import { StalePlan } from "../core/plans/stale.ts";
import type { Inspection, PlanRecord, RunRecord } from "../core/records.ts";
import { renderCommand } from "./command.ts";
import { nextSentence, withNext } from "./next.ts";
import { afterwardsOf, runSummaryOf, summaryOf } from "./summary.ts";
import type { ErrorView, InspectView, PlanView, RunView } from "./views.ts";
import { planPageOf, type Wording } from "./wording.ts";

/** The line that does what a plan does, pasted into a shell on the controller. */
export const commandOf = ({ request, target }: Pick<PlanRecord, "request" | "target">): string =>
  renderCommand(request, request.snapshot, target.vcenter);

const NOTHING_TO_DO = "The goal is already reached: there is nothing to do.";

/** How the plan gets its approval, for whoever reads it. */
function approvalHow({ planId, steps, approval }: PlanRecord, wording: Wording): string {
  const { door, line, tool, canAsk } = wording;
  const confirm = tool("confirm_plan");
  const onTerminal = `\`${line("approve", planId)}\` on a terminal`;
  const page = planPageOf(wording, planId);
  if (door === "terminal") return `${onTerminal} approves it.`;
  if (steps.length === 0) {
    return `Nothing needs an approval: ${confirm} would change nothing, and give a run without steps.`;
  }
  switch (approval.policy) {
    case "token":
      return `Show the operator the command and the impact; once they agree, call ${confirm} with this plan's token.`;
    case "prompt":
      if (canAsk === false)
        return `This client cannot ask the operator, so a person approves it: ${onTerminal}. Then call ${confirm} with this plan's token.`;
      return `Call ${confirm} with this plan's token: the operator is then asked through your client. Or the operator runs ${onTerminal} first.`;
    case "human":
      return `A person has to approve it first: ${page === undefined ? "" : `at ${page}, or `}${onTerminal}. Then call ${confirm} with this plan's token.`;
  }
}

/** Where the client or the host was not named. */
function chosenNotes(unnamed: readonly ("client" | "host")[]): string[] {
  const [first] = unnamed;
  if (first === undefined) return [];
  if (unnamed.length === 2) return ["Client and host are the configured default."];
  return [`The ${first} is the ${first === "client" ? "host" : "client"}'s pair.`];
}

export function presentPlan(plan: PlanRecord, wording: Wording): PlanView {
  const { request: _request, unnamed = [], otherPlans = [], ...shown } = plan;
  return {
    ...shown,
    summary: summaryOf(plan),
    command: commandOf(plan),
    steps: plan.steps.map((step) => ({ ...step, after: [...step.after] })),
    afterwards: plan.steps.length === 0 ? [] : afterwardsOf(plan),
    notes: [
      ...(plan.steps.length === 0 ? [NOTHING_TO_DO] : []),
      ...chosenNotes(unnamed),
      ...(otherPlans.length === 0 ? [] : [`Also open for this client: ${otherPlans.slice(0, 5).join(", ")}.`]),
    ],
    approval: { ...plan.approval, how: approvalHow(plan, wording) },
  };
}

const countStates = ({ steps }: RunRecord): Record<string, number> =>
  Object.fromEntries(
    STEP_STATES.map((state) => [state, steps.filter((step) => step.state === state).length] as const).filter(
      ([, n]) => n > 0,
    ),
  );

export function presentRun(run: RunRecord, wording: Wording): RunView {
  const { request: _request, target: _target, error, ...shown } = run;
  const next = isFinished(run.state) ? run.next : [...run.next, { kind: "follow_run" as const, runId: run.runId }];
  return {
    ...shown,
    summary: runSummaryOf(run),
    command: commandOf(run),
    counts: countStates(run),
    ...(run.endedAt === undefined ? {} : { durationMs: Date.parse(run.endedAt) - Date.parse(run.createdAt) }),
    steps: run.steps.map(({ error: stopped, ...step }) => ({
      ...step,
      ...(stopped === undefined ? {} : { error: presentError(stopped, wording) }),
    })),
    ...(error === undefined ? {} : { error: presentError(error, wording) }),
    next: next.map((action) => nextSentence(action, wording)),
  };
}

/** The `error` object (SURFACE: Refusal). That of a stale plan carries what changed and the fresh plan, with its own token. */
export function presentError(error: PrepError | ErrorRecord, wording: Wording): ErrorView {
  const fresh = error instanceof StalePlan ? error.plan : undefined;
  const { next, hint, ...shown } = "toRecord" in error && error instanceof Error ? error.toRecord() : error;
  return {
    ...shown,
    hint: withNext(hint, next, wording),
    ...(fresh === undefined ? {} : { plan: presentPlan(fresh, wording) }),
  };
}

export const presentInspection = (found: Inspection): InspectView => ({
  ...found,
  openPlans: found.openPlans.map((plan) => ({
    planId: plan.planId,
    mode: plan.mode,
    command: commandOf(plan),
    expiresAt: plan.expiresAt,
  })),
});
