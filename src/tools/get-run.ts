import * as z from "zod";
import { presentRun, runText } from "../text/index.ts";
import { runView } from "../text/views.ts";
import { readTool } from "./define.ts";
import { runId } from "./inputs.ts";

export const getRun = readTool({
  name: "get_run",
  title: "Follow a run",
  description:
    "A run: how far it is, error, report, what may be done next. With waitSeconds it answers at its end, or after that time.",
  input: z.strictObject({
    runId,
    steps: z.boolean().describe("Also each step in the text").exactOptional(),
    waitSeconds: z.number().min(0).max(45).describe("Default 0").exactOptional(),
  }),
  result: runView,
  run: ({ runId: id, waitSeconds = 0 }, engine, { signal, onUpdate }) =>
    engine.getRun(id, { waitMs: waitSeconds * 1_000, signal, onUpdate }),
  present: presentRun,
  text: (run, { steps }) => runText(run, steps === true),
});
