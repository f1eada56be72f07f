/** `atvm_prep runs` and `atvm_prep run show|watch|resume|cancel RUN|latest`. */
import { PrepError } from "../../core/domain/errors.ts";
import type { Engine } from "../../core/engine.ts";
import { presentRun, runsText, runText } from "../../text/index.ts";
import { idOf } from "../args/ids.ts";
import { type Context, withApp, withReadOnlyApp } from "../context.ts";
import { exitCodeOfRun } from "../terminal/exit-codes.ts";
import { watch } from "../terminal/follow-run.ts";
import { printResult } from "../terminal/results.ts";
import { type Answering, finishPlan, planned, withRuns } from "./prep.ts";

/** The run that `typed` is or begins, or the newest. Errors: `BAD_REQUEST`, `RUN_UNKNOWN`. */
export async function runIdOf(typed: string, engine: Engine): Promise<string> {
  const ids = (await engine.listRuns({ limit: typed === "latest" ? 1 : 200 })).map((run) => run.runId);
  if (typed !== "latest") return idOf("run", typed, ids);
  const [newest] = ids;
  if (newest === undefined) {
    throw new PrepError("RUN_UNKNOWN", "There are no runs yet.", { hint: "A plan that is confirmed becomes one." });
  }
  return newest;
}

/** Newest first. */
export const runs = (filter: { client?: string; lun?: string; limit?: number }, context: Context): Promise<number> =>
  withReadOnlyApp(context, async ({ engine }) => {
    const found = (await engine.listRuns(filter)).map((run) => presentRun(run, context.wording));
    printResult(context, { runs: found }, () => runsText(found));
    return 0;
  });

/** However the run ended: a script that asks for the run's own code has it from the command that ran or resumed it. */
export const showRun = (runId: string, context: Context): Promise<number> =>
  withReadOnlyApp(context, async ({ engine }) => {
    const run = presentRun(await engine.getRun(await runIdOf(runId, engine)), context.wording);
    printResult(context, run, () => runText(run));
    return 0;
  });

/** Follows a run to its end, wherever it is carried out. Ctrl-C ends the watching, not the run. */
export const watchRun = (typed: string, context: Context): Promise<number> =>
  withReadOnlyApp(context, async ({ engine }) => {
    const run = await watch(await runIdOf(typed, engine), engine, context);
    const shown = presentRun(run, context.wording);
    printResult(context, shown, () => runText(shown));
    return exitCodeOfRun(run);
  });

/** Plans what an unfinished run left, and goes on as after any plan: question, run, report. */
export const resumeRun = (
  runId: string,
  command: Answering & { readonly reason?: string },
  context: Context,
): Promise<number> =>
  withRuns(command, context, async (app) => {
    const id = await runIdOf(runId, app.engine);
    const why = command.reason === undefined ? {} : { reason: command.reason };
    const actor = app.actor(command.yes ? "cli-unattended" : "cli");
    const plan = await planned(app, context, () => app.engine.resumePlan(id, actor, why));
    return finishPlan({ plan, app, vcenter: {}, command, context });
  });

/** Asks a run to stop before its next step. */
export const cancelRun = (runId: string, context: Context): Promise<number> =>
  withApp(context, async ({ engine, actor }) => {
    const run = presentRun(await engine.cancelRun(await runIdOf(runId, engine), actor("cli")), context.wording);
    printResult(context, run, () => runText(run));
    return 0;
  });
