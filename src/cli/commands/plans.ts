/** `atvm_prep plans [show|discard PLAN]`: what is open. */
import { PrepError } from "../../core/domain/errors.ts";
import type { Engine } from "../../core/engine.ts";
import { discardedText, plansText, planText, presentPlan } from "../../text/index.ts";
import { idOf } from "../args/ids.ts";
import { type Context, withApp, withReadOnlyApp } from "../context.ts";
import { printResult, withoutToken } from "../terminal/results.ts";

/** The id of the open plan that `typed` is or begins. */
export const planIdOf = async (typed: string, engine: Engine): Promise<string> =>
  idOf(
    "plan",
    typed,
    (await engine.listPlans()).map((plan) => plan.planId),
  );

export const plans = (context: Context): Promise<number> =>
  withReadOnlyApp(context, async ({ engine }) => {
    const open = (await engine.listPlans()).map((plan) => withoutToken(presentPlan(plan, context.wording)));
    printResult(context, { plans: open }, () => plansText(open));
    return 0;
  });

export const showPlan = (typed: string, context: Context): Promise<number> =>
  withReadOnlyApp(context, async ({ engine }) => {
    const plan = withoutToken(presentPlan(await engine.getPlan(await planIdOf(typed, engine)), context.wording));
    printResult(context, plan, () => planText(plan));
    return 0;
  });

/** One's own plan, or with `all` all of one's own. */
export const discardPlans = (typed: string | undefined, all: boolean, context: Context): Promise<number> =>
  withApp(context, async ({ engine, actor }) => {
    if ((typed === undefined) !== all) {
      throw new PrepError("BAD_REQUEST", all ? "One plan and all plans were named." : "No plan was named.", {
        hint: "Name a plan, or use --all.",
      });
    }
    const gone =
      typed === undefined
        ? await engine.discardPlans(actor("cli"))
        : [await engine.discardPlan({ planId: await planIdOf(typed, engine) }, actor("cli"))];
    const shown = gone.map((plan) => withoutToken(presentPlan(plan, context.wording)));
    printResult(context, { plans: shown }, () => discardedText(shown));
    return 0;
  });
