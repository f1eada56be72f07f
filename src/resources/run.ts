import { presentRun } from "../text/index.ts";
import { runView } from "../text/views.ts";
import { resource } from "./define.ts";

export const run = resource({
  name: "run",
  title: "Run",
  description: "A run: its steps, error, report and what may be done next.",
  uri: "atvm://runs/{runId}",
  read: async (runId, engine, _actor, wording) => runView.parse(presentRun(await engine.getRun(runId), wording)),
});
