import * as z from "zod";
import { PrepError } from "../core/domain/errors.ts";
import type { PlanRecord } from "../core/records.ts";
import { commandOf, presentRun, runText } from "../text/index.ts";
import { runView } from "../text/views.ts";
import { confirmTool } from "./define.ts";
import { planToken } from "./inputs.ts";

/** A client's own dialogue shows a call's arguments: a command among them has to be the plan's own. */
function checkCommand(plan: PlanRecord, command: string | undefined): void {
  if (command === undefined || command.trim() === commandOf(plan)) return;
  throw new PrepError("BAD_REQUEST", "That is not the command of this plan.", {
    found: { planId: plan.planId, command: commandOf(plan) },
    hint: "Pass the plan's command exactly, or leave it out. Nothing was changed.",
  });
}

export const confirmPlan = confirmTool({
  name: "confirm_plan",
  title: "Confirm a plan",
  description:
    "Carry out exactly the plan of this token. CHANGES THE ARRAY AND VCENTER. Call it only after the operator has seen the plan's command, word for word, and what it touches, and said yes to it. By policy they are asked again, or a person approves elsewhere. Answers within 25 s with the run so far; follow it with get_run. Repeating it returns the same run.",
  input: z.strictObject({
    planToken,
    command: z.string().describe("The plan's command, for the client's own dialogue").exactOptional(),
  }),
  result: runView,
  run: (args, engine, { actor, signal, onUpdate, operator }, given) =>
    engine.confirm(args.planToken, actor, {
      canAsk: operator.canAsk,
      signal,
      check: (plan) => checkCommand(plan, args.command),
      onUpdate,
      ...given,
    }),
  late: ({ planToken: token }, engine, { actor }, answered) => engine.takeAnswer(token, actor, answered),
  present: presentRun,
  text: (run) => runText(run),
});
