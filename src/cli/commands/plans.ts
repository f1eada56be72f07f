/** `atvm_prep plans`: what is open. */
import { plansText } from "../../text/index.ts";
import { type Context, withApp } from "../context.ts";
import { answer, withoutToken } from "../terminal/results.ts";

export const plans = (context: Context): Promise<number> =>
  withApp(context, async ({ engine }) => {
    const open = (await engine.listPlans()).map(withoutToken);
    answer(context, { plans: open }, () => plansText(open));
    return 0;
  });
