import { z } from "zod";
import { runView } from "../core/views.ts";
import { runLink } from "../mcp/links.ts";
import { runText } from "../text/index.ts";
import { writeTool } from "./define.ts";
import { runId } from "./inputs.ts";

export const cancelRun = writeTool({
  name: "cancel_run",
  title: "Cancel a run",
  description:
    "Ask a run to stop before its next step; what is done stays done. Ask the operator first. The rest can be planned with resume_run.",
  input: z.strictObject({ runId }),
  result: runView,
  run: (args, engine, { actor }) => engine.cancelRun(args.runId, actor),
  text: runText,
  links: (run) => [runLink(run.runId)],
});
