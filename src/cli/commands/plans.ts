/** `atvm_prep plans`: what is open. */
import { plansText, presentPlan } from "../../text/index.ts";
import { type Context, withApp } from "../context.ts";
import { printResult, withoutToken } from "../terminal/results.ts";

export const plans = (context: Context): Promise<number> =>
  withApp(context, async ({ engine }) => {
    const open = (await engine.listPlans()).map((plan) => withoutToken(presentPlan(plan, context.wording)));
    printResult(context, { plans: open }, () => plansText(open));
    return 0;
  });
