import { z } from "zod";
import { PrepError } from "../core/domain/errors.ts";
import { presentPlan } from "../text/index.ts";
import { planView } from "../text/views.ts";
import { writeTool } from "./define.ts";
import { planId, planToken } from "./inputs.ts";

export const discardPlan = writeTool({
  name: "discard_plan",
  title: "Discard a plan",
  description: "Drop an open plan that nobody wants any more. Give planToken or planId.",
  input: z.strictObject({ planToken: planToken.exactOptional(), planId: planId.exactOptional() }),
  result: planView.pick({ planId: true, state: true, command: true }),
  async run(args, engine, { actor }) {
    if (args.planToken === undefined && args.planId === undefined) {
      throw new PrepError("BAD_REQUEST", "No plan was named.", { hint: "Give planToken or planId." });
    }
    return await engine.discardPlan(args, actor);
  },
  present: presentPlan,
  text: ({ planId: id, state, command }) => `Plan ${id} is ${state}; it will not run: ${command}`,
});
