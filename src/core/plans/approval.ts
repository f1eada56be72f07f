/** The approval that the site's policy asks for: given by the token, by a person behind the client, or on a channel of their own. */
import { auditedWrite, hasAuditEvent, latestTime } from "../audit.ts";
import { sha256 } from "../domain/canonical.ts";
import { type ErrorCode, PrepError } from "../domain/errors.ts";
import { type ApprovalPolicy, traitsOf } from "../domain/modes.ts";
import type { NextAction } from "../domain/next-action.ts";
import { safeText } from "../domain/safe-text.ts";
import { type Actor, type Answered, ApprovalNeeded, type ConfirmOptions } from "../engine.ts";
import { type EngineDeps, newId } from "../engine-options.ts";
import type { PlanRow, StoreWriter } from "../ports/store.ts";
import type { PlanRecord } from "../records.ts";
import type { StoredPlan } from "./plan.ts";
import type { Plans } from "./plans.ts";

/** Nobody reads a question and says no within this time: that was the client itself. */
const READING_MS = 500;

/** How often a plan that a person was led to is looked at. */
const LOOK_EVERY_MS = 500;

export class Approvals {
  readonly #deps: EngineDeps;
  readonly #plans: Plans;

  constructor(deps: EngineDeps, plans: Plans) {
    this.#deps = deps;
    this.#plans = plans;
  }

  /** The approval that the site's policy asks for: there already, given in this call, or refused with the way to get it. */
  async checkApproval(stored: StoredPlan, actor: Actor, options: ConfirmOptions): Promise<void> {
    const { row, plan } = stored;
    const policy = this.#plans.policyOf(plan.mode);
    if (policy === "token" || plan.draft.steps.length === 0 || (await this.#isApproved(row, policy))) return;
    const mayAsk = policy === "prompt" && !this.#deps.settings.approval.requesterIsNotApprover;
    if (mayAsk && options.answered !== undefined) {
      await this.takeAnswer(stored, actor, options.answered);
      return;
    }
    if (mayAsk && options.canAsk) {
      const { challenge, now } = await this.#makeChallenge(row);
      throw new ApprovalNeeded(this.#plans.view(stored, now), challenge, this.#deps.settings.approval.answerWithinMs);
    }
    if (await this.#approvedMeanwhile(row, policy, options)) return;
    throw new PrepError(
      "NOT_APPROVED",
      !mayAsk
        ? "A person has to approve this plan first."
        : "Your client cannot ask the operator, so this plan is not approved yet.",
      {
        found: { planId: row.id, policy },
        hint: "Nothing was changed; the plan stays open until it expires.",
        next: [{ kind: "approve", planId: row.id }],
      },
    );
  }

  /** Waits for a person's approval on another channel. Errors: why the plan is not open any more. */
  async #approvedMeanwhile(
    row: PlanRow,
    policy: ApprovalPolicy,
    { awaitApprovalMs = 0, signal }: ConfirmOptions,
  ): Promise<boolean> {
    const { store, clock } = this.#deps;
    const deadline = clock.elapsed() + awaitApprovalMs;
    while (clock.elapsed() < deadline && signal?.aborted !== true) {
      await clock.sleep(LOOK_EVERY_MS, signal);
      const current = await store.read((tx) => tx.plan(row.id));
      if (current === undefined) return false;
      await this.#plans.checkOpen(current);
      if (await this.#isApproved(current, policy)) return true;
    }
    return false;
  }

  /**
   * Whether the approval that the record tells of is enough for the policy of today, which may be stricter than it was then.
   * One that the audit does not tell of is none: somebody wrote it into the store.
   */
  async #isApproved(row: PlanRow, policy: ApprovalPolicy): Promise<boolean> {
    if (!this.#isEnough(row, policy)) return false;
    if (await this.#deps.store.read((tx) => hasAuditEvent(tx, row.id, "plan_approved"))) return true;
    throw new PrepError("STORE_UNUSABLE", `Plan ${row.id} records an approval that the audit log does not contain.`, {
      found: { planId: row.id },
      hint: "Somebody changed the store.",
      next: [{ kind: "verify_audit" }, { kind: "plan_again" }],
    });
  }

  #isEnough(row: PlanRow, policy: ApprovalPolicy): boolean {
    const { approvedAt, approvedBy, approvedChannel: channel } = row;
    if (approvedAt === undefined || approvedBy === undefined || channel === undefined) return false;
    const { cli, requesterIsNotApprover } = this.#deps.settings.approval;
    if (requesterIsNotApprover && approvedBy === row.principal) return false;
    return !(policy === "human" && (channel.startsWith("prompt:") || (channel === "cli-unattended" && cli === "deny")));
  }

  async #makeChallenge(row: PlanRow): Promise<{ challenge: string; now: string }> {
    const challenge = newId("ask", this.#deps.entropy);
    const now = await this.#deps.store.write(async (tx) => {
      const time = await latestTime(tx, this.#deps.clock);
      const expiresAt = new Date(Date.parse(time) + this.#deps.settings.approval.answerWithinMs).toISOString();
      await tx.insertChallenge({ id: challenge, planId: row.id, principal: row.principal, expiresAt, used: false });
      return time;
    });
    return { challenge, now };
  }

  /** Keeps a person's answer, and the approval where it is a yes. Errors: why it is none. */
  async takeAnswer(stored: StoredPlan, actor: Actor, answered: Answered): Promise<void> {
    const { row } = stored;
    const refusal = await auditedWrite(this.#deps.store, this.#deps.clock, async (tx, append) => {
      const verdict = await this.#judge(tx, stored, answered);
      const data = {
        answer: answered.answer.kind,
        digest: row.digest,
        challenge: sha256(answered.challenge),
        verdict: verdict?.code ?? "approved",
      };
      await append({
        type: verdict === undefined ? "plan_approved" : "plan_not_approved",
        actor,
        planId: row.id,
        data,
      });
      if (verdict === undefined) {
        const approvedAt = await latestTime(tx, this.#deps.clock);
        await tx.updatePlan(row.id, {
          approvedBy: actor.principal,
          approvedChannel: `prompt:${actor.channel}`,
          approvedAt,
        });
      }
      return verdict;
    });
    if (refusal !== undefined) throw refusal;
  }

  /** What is wrong with an answer; undefined for a good one. The challenge is used up either way. */
  async #judge(
    tx: StoreWriter,
    { row, plan }: StoredPlan,
    { challenge, answer }: Answered,
  ): Promise<PrepError | undefined> {
    const hint = `Nothing was changed; the plan stays open until ${row.expiresAt}.`;
    const next: NextAction[] = [
      { kind: "confirm_again", planId: row.id },
      { kind: "approve", planId: row.id },
    ];
    const refuse = (code: ErrorCode, message: string): PrepError =>
      new PrepError(code, message, { found: { planId: row.id }, hint, next });
    const asked = await tx.challenge(challenge);
    const now = await latestTime(tx, this.#deps.clock);
    if (
      asked === undefined ||
      asked.planId !== row.id ||
      asked.principal !== row.principal ||
      !(await tx.useChallenge(challenge))
    ) {
      return refuse("NOT_APPROVED", "This answer belongs to no open question about this plan.");
    }
    if (asked.expiresAt <= now) return refuse("NOT_APPROVED", "The answer came too late.");
    const askedAt = Date.parse(asked.expiresAt) - this.#deps.settings.approval.answerWithinMs;
    if (answer.kind !== "accept" && Date.parse(now) - askedAt < READING_MS)
      return new PrepError("NOT_APPROVED", "The client itself closed the question at once; no person has answered.", {
        found: { planId: row.id },
        hint: "Asking again this way is answered in the same way. Nothing was changed.",
        next: [{ kind: "approve", planId: row.id }],
        retryable: false,
      });
    switch (answer.kind) {
      case "decline":
        return refuse("DECLINED", "The operator said no.");
      case "cancel":
        return refuse("NOT_APPROVED", "The question was closed without an answer.");
      case "accept":
        if (traitsOf(plan.mode).typedName) {
          if (answer.typedLun === plan.request.lun) return undefined;
          return refuse("NOT_APPROVED", `The LUN's name was not typed as ${safeText(plan.request.lun)}.`);
        }
        // Some clients send the form as it stands when Enter is pressed on it: that is no answer.
        return answer.approve === true ? undefined : refuse("NOT_APPROVED", "The approval was not ticked.");
    }
  }

  /** A person's approval on a channel of their own. */
  async approve(planId: string, actor: Actor, typedLun: string | undefined): Promise<PlanRecord> {
    const { store, clock, settings } = this.#deps;
    refuseOtherChannels(actor, planId);
    const { row, plan } = await this.#undecided(planId);
    const policy = this.#plans.policyOf(plan.mode);
    if (policy !== "token" && settings.approval.requesterIsNotApprover && row.principal === actor.principal) {
      throw new PrepError("FORBIDDEN", "Whoever asked for a plan may not approve it here.", {
        found: { planId },
        hint: "Have someone else approve it.",
      });
    }
    if (policy === "human" && actor.channel === "cli-unattended" && settings.approval.cli === "deny") {
      throw new PrepError(
        "NOT_APPROVED",
        "An approval given beforehand does not stand for a person here (approval.cli: deny).",
        {
          found: { planId, policy },
          hint: "A person has to check the plan and answer.",
          next: [{ kind: "approve", planId }],
        },
      );
    }
    if (traitsOf(plan.mode).typedName && typedLun !== plan.request.lun) {
      throw new PrepError("NOT_APPROVED", "A rollback is approved by typing the LUN's name.", {
        found: { planId },
        hint: `Type ${safeText(plan.request.lun)} exactly.`,
      });
    }
    return auditedWrite(store, clock, async (tx, append) => {
      const now = await latestTime(tx, clock);
      const current = stillOpen(await tx.plan(planId), planId, now);
      // Of two at once the first has approved it; the second is told so by the plan.
      if (this.#isEnough(current, policy) && (await hasAuditEvent(tx, planId, "plan_approved")))
        return this.#plans.view({ row: current, plan }, now);
      const change = { approvedBy: actor.principal, approvedChannel: actor.channel, approvedAt: now };
      await tx.updatePlan(planId, change);
      await append({ type: "plan_approved", actor, planId, data: { digest: row.digest } });
      return this.#plans.view({ row: { ...current, ...change }, plan }, now);
    });
  }

  /** A person's no: the plan is over, and whoever confirms it is told by whom and why. */
  async decline(planId: string, actor: Actor, reason: string): Promise<PlanRecord> {
    const { store, clock } = this.#deps;
    refuseOtherChannels(actor, planId);
    const { row, plan } = await this.#undecided(planId);
    return auditedWrite(store, clock, async (tx, append) => {
      const now = await latestTime(tx, clock);
      const current = stillOpen(await tx.plan(planId), planId, now);
      await tx.updatePlan(planId, { state: "discarded" });
      const said = safeText(reason, REASON_LENGTH);
      await append({
        type: "plan_declined",
        actor,
        planId,
        data: { digest: row.digest, ...(said === "" ? {} : { reason: said }) },
      });
      return this.#plans.view({ row: { ...current, state: "discarded" }, plan }, now);
    });
  }

  /** Errors: why it cannot be approved or declined any more. */
  async #undecided(planId: string): Promise<StoredPlan> {
    const stored = await this.#plans.byId(planId);
    const { row } = stored;
    await this.#plans.checkOpen(row);
    if (row.state !== "redeemed") return stored;
    throw new PrepError("PLAN_OBSOLETE", "This plan was confirmed already.", {
      found: { planId, runId: row.runId },
      hint: "Its run says what was done.",
      next: row.runId === undefined ? [] : [{ kind: "show_run", runId: row.runId }],
    });
  }
}

const REASON_LENGTH = 500;

function refuseOtherChannels({ channel }: Actor, planId: string): void {
  if (channel !== "mcp" && channel !== "http" && channel !== "runner") return;
  throw new PrepError("FORBIDDEN", "Plans are not approved on this channel.", {
    hint: "A person approves it on a channel that no assistant has.",
    next: [{ kind: "approve", planId }],
  });
}

function stillOpen(row: PlanRow | undefined, planId: string, now: string): PlanRow {
  if (row?.state === "open" && row.expiresAt > now) return row;
  throw new PrepError("PLAN_OBSOLETE", "This plan is not open any more.", {
    found: { planId },
    hint: "Nothing was changed.",
    next: [{ kind: "plan_again" }],
  });
}
