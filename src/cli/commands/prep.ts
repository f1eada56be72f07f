/** `atvm_prep -A|-M|-R|-U|-rvgd -n LUN …`: plan, question, run, report. The operator's own door to the engine. */
import type { App } from "../../app.ts";
import type { Config } from "../../config/config.ts";
import { hostAndPort } from "../../config/values.ts";
import { isSameEndpoint } from "../../core/domain/address.ts";
import { PrepError } from "../../core/domain/errors.ts";
import { traitsOf } from "../../core/domain/modes.ts";
import { safeText } from "../../core/domain/safe-text.ts";
import type { Channel } from "../../core/engine.ts";
import { StalePlan } from "../../core/plans/stale.ts";
import type { VcenterOverride } from "../../core/ports/runtime.ts";
import type { PlanRecord, RunRecord } from "../../core/records.ts";
import { registerSecret } from "../../logging/redact.ts";
import { bracketed } from "../../net/address.ts";
import { expiryText, planText, presentPlan, presentRun, runText } from "../../text/index.ts";
import { personText } from "../../text/lines.ts";
import type { PlanView } from "../../text/views.ts";
import type { PrepCommand } from "../args/flags.ts";
import { type Context, withApp } from "../context.ts";
import { askApproval, notThatName } from "../terminal/ask.ts";
import { exitCodeOfRun } from "../terminal/exit-codes.ts";
import { confirmAndFollow, outlivesCommand } from "../terminal/follow-run.ts";
import { unlessInterrupted } from "../terminal/interrupted.ts";
import { printErr } from "../terminal/io.ts";
import { printResult, withoutToken } from "../terminal/results.ts";

/** Returns the exit code. Errors: the engine's, and those of `askApproval`. */
export const prep = (command: PrepCommand, context: Context): Promise<number> =>
  withRuns(command, context, async (app) => {
    const vcenter = await vcenterOf(command, app.config, context);
    const channel: Channel = command.yes || command.yesRollback !== undefined ? "cli-unattended" : "cli";
    const plan = await planned(app, context, () =>
      app.engine.plan(command.mode, command.inputs, app.actor(channel), vcenter),
    );
    return finishPlan({ plan, app, vcenter, command, context });
  });

/** The application for a command that carries a plan out. */
export const withRuns = (command: Answering, context: Context, use: (app: App) => Promise<number>): Promise<number> =>
  withApp(context, use, { detachRuns: outlivesCommand(context.io, command) });

/** A plan; one that is stored while a signal ends the command is dropped. */
export const planned = (app: App, { io }: Context, make: () => Promise<PlanRecord>): Promise<PlanRecord> =>
  unlessInterrupted(io, make, (plan) => discard(app, plan));

/** A plan that stays open, for a colleague to approve and its maker to carry out later. */
export const leavePlan = (command: PrepCommand, context: Context): Promise<number> =>
  withApp(context, async (app) => {
    const plan = await planned(app, context, () => app.engine.plan(command.mode, command.inputs, app.actor("cli")));
    const { line } = context.wording;
    const token = plan.planToken ?? "";
    const how = `It stays open until ${plan.expiresAt}. \`${line("approve", plan.planId)}\` approves it; you carry it out with \`${line("confirm", token)}\`.`;
    const shown = presentPlan(plan, context.wording);
    printResult(context, { ...shown, approval: { ...shown.approval, how } }, () => planText(shown, how));
    return 0;
  });

/** Carries out a plan that was left, by its token: asks, unless somebody has approved it since. */
export const confirmPlan = (planToken: string, command: Answering, context: Context): Promise<number> =>
  withRuns(command, context, async (app) => {
    const plan = await app.engine.planByToken(planToken, app.actor("cli"));
    if (plan.state !== "open") {
      // What it says of a plan that is not open any more is the engine's to say.
      const { foreground = false } = command;
      const run = await confirmAndFollow(app.engine, { planToken, actor: app.actor("cli"), foreground }, context);
      return endWith(run, context);
    }
    return finishPlan({ plan: { ...plan, planToken }, app, vcenter: {}, command, context, stays: true });
  });

/** What of `PrepCommand` says how a plan is to be answered. */
export type Answering = Pick<PrepCommand, "dryRun" | "yes" | "yesRollback" | "foreground">;

interface Finish {
  readonly plan: PlanRecord;
  readonly app: App;
  readonly vcenter: { readonly vcenter?: VcenterOverride };
  readonly command: Answering;
  readonly context: Context;
  /** It was left on purpose: it stays open where it is not carried out now. */
  readonly stays?: boolean;
}

/**
 * Shows a plan that was just made, has it approved, carries it out. A plan that is not carried out is discarded: its token
 * is shown to nobody, so it could only stand in the way.
 */
export async function finishPlan({ plan, app, vcenter, command, context, stays = false }: Finish): Promise<number> {
  const { engine } = app;
  if (command.dryRun) {
    const discarded = withoutToken(presentPlan(await discard(app, plan), context.wording));
    const approval = { ...discarded.approval, how: DRY_RUN };
    printResult(context, { ...discarded, approval }, () => planText(discarded, DRY_RUN));
    return 0;
  }
  const shown = withoutToken(presentPlan(plan, context.wording));
  const text = planText(shown, closingOf(shown, command));
  if (context.json) printErr(context.io, text);
  else printResult(context, shown, () => text);

  const carriedOut = async (): Promise<RunRecord> => {
    const { channel, typedLun } = await approval(plan, command, app.config, context);
    const actor = app.actor(channel);
    const { planToken } = plan;
    if (planToken === undefined) throw new Error("a fresh plan carries its token");
    if (plan.steps.length > 0 && !isApproved(plan)) {
      await engine.approve(plan.planId, actor, typedLun).catch((thrown: unknown) => {
        throw notApproved(thrown, channel);
      });
    }
    return confirmAndFollow(engine, { planToken, actor, foreground: command.foreground === true, ...vcenter }, context);
  };
  const run = await carriedOut().catch(async (thrown: unknown) => {
    // One that became a run stays what it is.
    if (!stays) await discard(app, plan).catch(() => undefined);
    throw await withoutFreshPlan(thrown, app);
  });
  return endWith(run, context);
}

function endWith(run: RunRecord, context: Context): number {
  const shown = presentRun(run, context.wording);
  printResult(context, shown, () => `\n${runText(shown)}`);
  return exitCodeOfRun(run);
}

const isApproved = ({ approval: { approvedBy } }: PlanRecord): boolean => approvedBy !== undefined;

/** How it was approved. A plan without steps changes nothing, and nobody is asked. */
async function approval(
  plan: PlanRecord,
  { yes, yesRollback }: Answering,
  config: Config,
  { io }: Context,
): Promise<{ channel: Channel; typedLun?: string }> {
  const name = plan.target.lun.name;
  const { typedName } = traitsOf(plan.mode);
  if (yesRollback !== undefined) {
    if (typedName && yesRollback !== name) throw notThatName(name);
    return { channel: "cli-unattended", typedLun: yesRollback };
  }
  if (plan.steps.length === 0 || isApproved(plan)) return { channel: "cli" };
  if (yes && !typedName) return { channel: "cli-unattended" };
  const flag = typedName ? `--yes-rollback ${name}` : "--yes";
  const flagCounts = plan.approval.policy !== "human" || config.approval.cli === "allow";
  const typedLun = await askApproval(
    io,
    plan,
    flagCounts ? `Run it on a terminal, or add \`${flag}\` to approve it beforehand.` : "Run it on a terminal.",
  );
  return { channel: "cli", ...(typedLun === undefined ? {} : { typedLun }) };
}

/** An engine's refusal to take the approval, with a way out that is one at the command line. */
function notApproved(thrown: unknown, channel: Channel): unknown {
  if (!(thrown instanceof PrepError)) return thrown;
  if (thrown.code === "NOT_APPROVED" && channel === "cli-unattended") {
    return withHint(thrown, "Run it on a terminal without `--yes` or `--yes-rollback`, and answer the question.");
  }
  if (thrown.code === "FORBIDDEN") {
    return withHint(
      thrown,
      "Have the assistant plan it, and somebody else approve that plan with `atvm_prep approve`.",
    );
  }
  return thrown;
}

/**
 * A stale plan's error, with the fresh plan discarded that it left open for whoever has its token, which here is nobody.
 * What changed is in it, and the command shows the plan for how things are now when it is run again.
 */
async function withoutFreshPlan(thrown: unknown, app: App): Promise<unknown> {
  if (!(thrown instanceof StalePlan)) return thrown;
  const { message, found, diff, plan } = thrown;
  const fresh = plan === undefined ? undefined : await discard(app, plan).catch(() => undefined);
  const hint = "Nothing was changed. Run it again: it then shows the plan for how things are now.";
  return new StalePlan(message, { found, hint, cause: thrown }, diff, fresh);
}

const withHint = (error: PrepError, hint: string): PrepError =>
  new PrepError(error.code, error.message, { ...error, hint, next: [], cause: error });

const DRY_RUN = "This was a dry run: run the command without --dry-run to carry it out.";

/** What stands between the plan and its run: the question below, a flag that has answered it, or nothing. */
function closingOf(plan: PlanView, { yes, yesRollback }: Answering): string {
  if (plan.steps.length === 0) return "";
  if (plan.approval.approvedBy !== undefined) return `Approved by ${personText(plan.approval.approvedBy)}.`;
  if (yesRollback !== undefined) return "Approved beforehand with `--yes-rollback`.";
  return yes && !traitsOf(plan.mode).typedName ? "Approved beforehand with `--yes`." : expiryText(plan);
}

const discard = ({ engine, actor }: App, { planId }: Pick<PlanRecord, "planId">): Promise<PlanRecord> =>
  engine.discardPlan({ planId }, actor("cli"));

/** `-vi`, `-vu`, `-vp`. The configured secret goes to the configured address only. */
async function vcenterOf(
  { vcenter: given }: PrepCommand,
  config: Config,
  { io }: Context,
): Promise<{ vcenter?: VcenterOverride }> {
  if (given.password !== undefined) {
    registerSecret(given.password);
    printErr(
      io,
      "Warning: -vp shows the password in the process list and in the shell's history; the configuration can name a file or a variable instead.",
    );
  }
  const { address = config.vcenter.address } = given;
  if (!hostAndPort.safeParse(bracketed(address)).success) {
    throw new PrepError("BAD_REQUEST", "Option -vi is a host or HOST:PORT, without a scheme or a path.", {
      found: { address: safeText(address) },
      hint: "Leave out https:// and everything after the host's name and port.",
    });
  }
  const isConfigured = isSameEndpoint(address, config.vcenter.address);
  if (given.username === undefined && given.password === undefined && isConfigured) return {};
  if (!isConfigured && (given.username === undefined || given.password === undefined)) {
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
