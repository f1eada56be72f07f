import { z } from "zod";
import { presentRun, runText } from "../text/index.ts";
import { runView } from "../text/views.ts";
import { confirmTool } from "./define.ts";
import { planToken } from "./inputs.ts";

export const confirmPlan = confirmTool({
  name: "confirm_plan",
  title: "Confirm a plan",
  description:
    "Carry out exactly the plan of this token. CHANGES THE ARRAY AND VCENTER. Call it only after you have shown the operator the plan's command, word for word, and what it touches, and they have said yes to it. By policy the operator may be asked again, or a person must have approved elsewhere. Answers within 25 s with the run so far; follow it with get_run. Repeating it returns the same run.",
  input: z.strictObject({ planToken }),
  result: runView,
  run: (args, engine, { actor, signal, onUpdate, operator }, answered) =>
    engine.confirm(args.planToken, actor, {
      canAsk: operator.canAsk,
      signal,
      onUpdate,
      ...(answered === undefined ? {} : { answered }),
    }),
  present: presentRun,
  text: runText,
});
