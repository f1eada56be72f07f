import * as z from "zod";
import { presentRun, runsText } from "../text/index.ts";
import { runsView } from "../text/views.ts";
import { readTool } from "./define.ts";
import { client, limit, lun } from "./inputs.ts";

export const listRuns = readTool({
  name: "list_runs",
  title: "List runs",
  description: "Runs, newest first: state, steps, what is left.",
  input: z.strictObject({ client, lun: lun.exactOptional(), limit }),
  result: runsView,
  run: async (args, engine) => ({ runs: await engine.listRuns(args) }),
  present: ({ runs }, wording) => ({ runs: runs.map((run) => presentRun(run, wording)) }),
  text: ({ runs }) => runsText(runs),
});
