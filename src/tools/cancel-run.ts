import * as z from "zod";
import { presentRun, runText } from "../text/index.ts";
import { runView } from "../text/views.ts";
import { writeTool } from "./define.ts";
import { runId } from "./inputs.ts";

export const cancelRun = writeTool({
  name: "cancel_run",
  title: "Cancel a run",
  description:
    "Ask a run to stop before its next step; what is done stays done. Ask the operator first. resume_run plans the rest.",
  input: z.strictObject({ runId }),
  result: runView,
  run: (args, engine, { actor }) => engine.cancelRun(args.runId, actor),
  present: presentRun,
  text: (run) => runText(run),
});
