/** `atvm_prep runs` and `atvm_prep run show|resume|cancel RUN`. */
import { presentRun, runsText, runText } from "../../text/index.ts";
import { type Context, withApp } from "../context.ts";
import { printResult } from "../terminal/results.ts";
import { type Answering, finishPlan } from "./prep.ts";

/** Newest first. */
export const runs = (filter: { client?: string; lun?: string; limit?: number }, context: Context): Promise<number> =>
  withApp(context, async ({ engine }) => {
    const found = (await engine.listRuns(filter)).map((run) => presentRun(run, context.wording));
    printResult(context, { runs: found }, () => runsText(found));
    return 0;
  });

/** However the run ended: a script that asks for the run's own code has it from the command that ran or resumed it. */
export const showRun = (runId: string, context: Context): Promise<number> =>
  withApp(context, async ({ engine }) => {
    const run = presentRun(await engine.getRun(runId), context.wording);
    printResult(context, run, () => runText(run));
    return 0;
  });

/** Plans what an unfinished run left, and goes on as after any plan: question, run, report. */
export const resumeRun = (runId: string, command: Answering, context: Context): Promise<number> =>
  withApp(context, async (app) => {
    const plan = await app.engine.resumePlan(runId, app.actor(command.yes ? "cli-unattended" : "cli"));
    return finishPlan({ plan, app, vcenter: {}, command, context });
  });

/** Asks a run to stop before its next step. */
export const cancelRun = (runId: string, context: Context): Promise<number> =>
  withApp(context, async ({ engine, actor }) => {
    const run = presentRun(await engine.cancelRun(runId, actor("cli")), context.wording);
    printResult(context, run, () => runText(run));
    return 0;
  });
