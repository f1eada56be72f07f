import * as z from "zod";
import { planTool } from "./define.ts";
import { reason, runId } from "./inputs.ts";

export const resumeRun = planTool({
  name: "resume_run",
  title: "Plan: the rest of a run",
  description:
    "Plan what an interrupted, failed or cancelled run left undone, against the state now. Changes nothing: show command and impact; only after the operator's yes, confirm_plan.",
  input: z.strictObject({ runId, reason }),
  run: ({ runId: id, ...why }, engine, { actor }) => engine.resumePlan(id, actor, why),
});
