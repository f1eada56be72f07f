import * as z from "zod";
import { PrepError } from "../core/domain/errors.ts";
import type { PlanRecord } from "../core/records.ts";
import { commandOf, discardedText } from "../text/index.ts";
import { planView } from "../text/views.ts";
import { writeTool } from "./define.ts";
import { planId, planToken } from "./inputs.ts";

const one = z.lazy(() => planView.unwrap().pick({ planId: true, state: true, command: true }));

const shown = (plan: PlanRecord): z.input<typeof one> => ({
  planId: plan.planId,
  state: plan.state,
  command: commandOf(plan),
});

export const discardPlan = writeTool({
  name: "discard_plan",
  title: "Discard plans",
  description: "Drop an open plan: planToken or planId, or all: true for all of your own.",
  input: z.strictObject({
    planToken: planToken.exactOptional(),
    planId: planId.exactOptional(),
    all: z.boolean().exactOptional(),
  }),
  result: z.lazy(() =>
    one
      .unwrap()
      .partial()
      .extend({ plans: z.array(one) }),
  ),
  async run({ all, ...which }, engine, { actor }) {
    const named = which.planToken !== undefined || which.planId !== undefined;
    if (named === (all === true)) {
      throw new PrepError("BAD_REQUEST", named ? "One plan and all plans were named." : "No plan was named.", {
        hint: "Give planToken or planId, or all: true.",
      });
    }
    return { plans: named ? [await engine.discardPlan(which, actor)] : await engine.discardPlans(actor) };
  },
  present({ plans }) {
    const views = plans.map(shown);
    const [first] = views;
    return { ...(views.length === 1 ? first : {}), plans: views };
  },
  text: ({ plans }) => discardedText(plans),
});
