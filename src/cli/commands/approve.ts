/** `atvm_prep approve PLAN`: a person's approval of a plan that an assistant made. It carries nothing out. */
import { type ErrorCode, PrepError } from "../../core/domain/errors.ts";
import type { PlanRecord } from "../../core/records.ts";
import { expiryText, planText, presentPlan } from "../../text/index.ts";
import { type Context, withApp } from "../context.ts";
import { askApproval } from "../terminal/ask.ts";
import { isInteractive, printErr } from "../terminal/io.ts";
import { printResult, withoutToken } from "../terminal/results.ts";
import { planIdOf } from "./plans.ts";

const ON_A_TERMINAL = "A person runs `atvm_prep approve` on a terminal; a script or an assistant cannot.";

/**
 * Errors: `PLAN_UNKNOWN`, a code for each state in which a plan cannot be approved, `NOT_APPROVED` without a terminal,
 * `DECLINED`.
 */
export async function approve(planId: string, context: Context): Promise<number> {
  const { io } = context;
  return withApp(context, async ({ engine, actor }) => {
    const plan = await engine.getPlan(await planIdOf(planId, engine));
    mustBeOpen(plan);
    if (!isInteractive(io)) {
      throw new PrepError("NOT_APPROVED", "Approving needs a person at a terminal.", {
        hint: ON_A_TERMINAL,
        retryable: false,
      });
    }
    const view = withoutToken(presentPlan(plan, context.wording));
    printErr(io, planText(view, expiryText(view)));
    const typedLun = await askApproval(io, plan, ON_A_TERMINAL);
    const approved = withoutToken(
      presentPlan(await engine.approve(plan.planId, actor("cli"), typedLun), context.wording),
    );
    printResult(
      context,
      approved,
      () => `Approved. Tell the assistant to confirm plan ${approved.planId} before ${approved.expiresAt}.`,
    );
    return 0;
  });
}

function mustBeOpen({ state, planId, runId }: PlanRecord): void {
  const no = (code: ErrorCode, why: string): PrepError =>
    new PrepError(code, `Plan ${planId} ${why}.`, {
      ...(runId === undefined ? {} : { found: { runId } }),
      hint: runId === undefined ? "Ask for a new plan." : "Its run says what was done.",
      next: runId === undefined ? [] : [{ kind: "show_run", runId }],
    });
  switch (state) {
    case "open":
      return;
    case "redeemed":
      throw no("BAD_REQUEST", "was carried out already");
    case "discarded":
      throw no("PLAN_OBSOLETE", "was discarded");
    case "obsolete":
      throw no("PLAN_OBSOLETE", "is obsolete: another plan for this LUN or client was carried out since");
    case "stale":
      throw no("STALE_PLAN", "is stale: what it relied on has changed");
    case "expired":
      throw no("PLAN_EXPIRED", "has expired");
  }
}
