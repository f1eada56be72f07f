import { z } from "zod";
import { presentRun, runText } from "../text/index.ts";
import { runView } from "../text/views.ts";
import { readTool } from "./define.ts";
import { runId } from "./inputs.ts";

export const getRun = readTool({
  name: "get_run",
  title: "Follow a run",
  description:
    "A run's state, steps, error, report and what may be done next. With waitSeconds it answers when the run ends, or after that time.",
  input: z.strictObject({
    runId,
    waitSeconds: z.number().min(0).max(45).describe("0 to 45; default 0").exactOptional(),
  }),
  result: runView,
  run: ({ runId: id, waitSeconds = 0 }, engine, { signal, onUpdate }) =>
    engine.getRun(id, { waitMs: waitSeconds * 1_000, signal, onUpdate }),
  present: presentRun,
  text: runText,
});
