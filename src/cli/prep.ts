/** `atvm_prep -A|-M|-R|-U|-rvgd -n LUN …`: plan, question, run, report. The operator's own door to the engine. */
import type { App } from "../app.ts";
import type { Config } from "../config/config.ts";
import type { Channel, Engine } from "../core/engine.ts";
import { PrepError } from "../core/errors.ts";
import type { VcenterOverride } from "../core/ports.ts";
import { planText, runText } from "../core/render.ts";
import type { PlanView } from "../core/views.ts";
import { askApproval, notThatName } from "./ask.ts";
import { type Context, withApp } from "./context.ts";
import { exitCodeOfRun } from "./exit-codes.ts";
import type { PrepCommand } from "./flags.ts";
import { tell } from "./io.ts";
import { answer, withoutToken } from "./report.ts";
import { carryThrough } from "./watch.ts";

/** Returns the exit code. Errors: the engine's, and those of `askApproval`. */
export async function prep(command: PrepCommand, context: Context): Promise<number> {
  return withApp(context, async (app) => {
    const vcenter = await vcenterOf(command, app.config, context);
    const channel: Channel = command.yes || command.yesRollback !== undefined ? "cli-unattended" : "cli";
    const plan = await app.engine.plan(command.mode, command.inputs, app.actor(channel), vcenter);
    return finishPlan({ plan, app, vcenter, command, context });
  });
}

/** What of `PrepCommand` says how a plan is to be answered. */
export type Answering = Pick<PrepCommand, "dryRun" | "yes" | "yesRollback">;

interface Finish {
  readonly plan: PlanView;
  readonly app: App;
  readonly vcenter: { readonly vcenter?: VcenterOverride };
  readonly command: Answering;
  readonly context: Context;
}

/** Shows a plan that was just made, has it approved, carries it out. A plan that is not carried out is discarded. */
export async function finishPlan({ plan, app, vcenter, command, context }: Finish): Promise<number> {
  const { engine } = app;
  // How an assistant gets its approval is not the question here.
  const how = command.dryRun ? "you are asked before it is carried out." : "you are asked below.";
  const shown = { ...withoutToken(plan), approval: { ...plan.approval, how } };
  if (command.dryRun) {
    answer(context, withoutToken(await discard(engine, app, plan)), () => planText(shown));
    return 0;
  }
  if (context.json) tell(context.io, planText(shown));
  else answer(context, shown, () => planText(shown));

  const { channel, typedLun } = await approval(plan, command, context).catch(async (thrown: unknown) => {
    await discard(engine, app, plan);
    throw thrown;
  });
  const actor = app.actor(channel);
  const { planToken } = plan;
  if (planToken === undefined) throw new Error("a fresh plan carries its token");
  await engine.approve(plan.planId, actor, typedLun);
  const run = await carryThrough(engine, { planToken, actor, ...vcenter }, context);
  answer(context, run, () => `\n${runText(run)}`);
  return exitCodeOfRun(run);
}

/** How it was approved. A plan without steps changes nothing, and nobody is asked. */
async function approval(
  plan: PlanView,
  { yes, yesRollback }: Answering,
  { io }: Context,
): Promise<{ channel: Channel; typedLun?: string }> {
  const name = plan.target.lun.name;
  if (yesRollback !== undefined) {
    if (plan.mode === "rollback" && yesRollback !== name) throw notThatName(name);
    return { channel: "cli-unattended", typedLun: yesRollback };
  }
  if (plan.steps.length === 0) return { channel: "cli" };
  if (yes && plan.mode !== "rollback") return { channel: "cli-unattended" };
  const typedLun = await askApproval(
    io,
    plan,
    plan.mode === "rollback"
      ? `Run it on a terminal, or add \`--yes-rollback ${name}\` to approve it beforehand.`
      : "Run it on a terminal, or add `--yes` to approve it beforehand.",
  );
  return { channel: "cli", ...(typedLun === undefined ? {} : { typedLun }) };
}

const discard = (engine: Engine, app: App, plan: PlanView): Promise<PlanView> =>
  engine.discardPlan({ planId: plan.planId }, app.actor("cli"));

/** `-vi`, `-vu`, `-vp`. The configured secret goes to the configured address only. */
async function vcenterOf(
  { vcenter: given }: PrepCommand,
  config: Config,
  { io }: Context,
): Promise<{ vcenter?: VcenterOverride }> {
  if (given.password !== undefined) {
    tell(
      io,
      "Warning: -vp shows the password in the process list and in the shell's history; the configuration can name a file or a variable instead.",
    );
  }
  const { address = config.vcenter.address } = given;
  if (given.username === undefined && given.password === undefined && address === config.vcenter.address) return {};
  if (address !== config.vcenter.address && (given.username === undefined || given.password === undefined)) {
    throw new PrepError("BAD_REQUEST", "A vCenter other than the configured one needs its own user and password.", {
      found: { configured: config.vcenter.address },
      hint: "Add -vu and -vp, or leave out -vi.",
    });
  }
  const username = given.username ?? config.vcenter.username;
  if (username === undefined) {
    throw new PrepError("CREDENTIALS_MISSING", "There is no vCenter user.", {
      hint: "Add -vu, or vcenter.username to the configuration.",
    });
  }
  return { vcenter: { address, username, password: given.password ?? (await config.vcenter.password.reveal()) } };
}
