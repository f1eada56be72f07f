/** Issue, approve, redeem: how a plan becomes a run, and every way in which it does not. */
import { createHmac, timingSafeEqual } from "node:crypto";
import { type Append, auditedWrite, latestTime } from "./audit.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import { type EngineDeps, lockNames, newId } from "./deps.ts";
import { type Actor, type Answer, ApprovalNeeded, type ConfirmOptions } from "./engine.ts";
import { type ErrorCode, PrepError } from "./errors.ts";
import { diffFacts } from "./facts.ts";
import { approvalHow, buildPlan, type PlanParts, planDigest, readPlan, type StoredPlan, viewPlan } from "./plan.ts";
import { type Planned, planAgain, planNow, restOf } from "./planner.ts";
import type { VcenterOverride } from "./ports.ts";
import type { HeldLock, PlanRow, RunRow, StoreReader, StoreWriter } from "./store-port.ts";
import { safeText } from "./text.ts";
import type { ApprovalPolicy, Mode, PlanView } from "./views.ts";

/** How long an asked person has: the answer's challenge is good for this long. */
const ASK_MS = 50_000;
/** How long a confirm waits for another confirm of the same plan. */
const SIBLING_WAIT_MS = 20_000;
/** A queued run whose runner did not come up for this long is not waited for any more. */
export const QUEUED_MS = 60_000;

/** Codes that say nothing about the plan: the world could not be looked at just now. */
const TRANSIENT: ReadonlySet<ErrorCode> = new Set([
  "UNREACHABLE",
  "TIMED_OUT",
  "AUTHENTICATION_FAILED",
  "CERTIFICATE_UNTRUSTED",
  "REMOTE_FAULT",
  "REMOTE_GARBAGE",
  "CREDENTIALS_MISSING",
  "STORE_UNUSABLE",
  "AUDIT_UNWRITABLE",
  "RATE_LIMITED",
  "INTERNAL",
]);

export interface Redeemed {
  readonly run: RunRow;
  /** Held for a runner in this process; absent when the run was there already. */
  readonly held?: HeldLock;
}

const bindingOf = (token: string, row: Pick<PlanRow, "id" | "digest" | "principal" | "expiresAt">): string =>
  createHmac("sha256", token)
    .update(canonicalJson([row.id, row.digest, row.principal, row.expiresAt]))
    .digest("hex");

const isToken = (text: string): boolean => /^pt_[A-Za-z0-9_-]{43}$/.test(text);

export class Approvals {
  readonly #deps: EngineDeps;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
  }

  policyOf(mode: Mode): ApprovalPolicy {
    return this.#deps.settings.approval.policies[mode];
  }

  view(row: PlanRow, now: string, token?: string): PlanView {
    return viewPlan(row, this.policyOf(readPlan(row).mode), now, token);
  }

  /** Stores an open plan and gives its token, once. */
  async issue(parts: Omit<PlanParts, "id" | "now" | "ttlMs">, actor: Actor): Promise<PlanView> {
    return auditedWrite(this.#deps.store, this.#deps.clock, (tx, append) => this.#issueIn(tx, append, parts, actor));
  }

  async #issueIn(
    tx: StoreWriter,
    append: Append,
    parts: Omit<PlanParts, "id" | "now" | "ttlMs">,
    actor: Actor,
  ): Promise<PlanView> {
    const { clock, entropy, settings } = this.#deps;
    const nowText = await latestTime(tx, clock);
    const open = (await tx.plans({ state: "open", principal: actor.principal })).filter(
      (row) => row.expiresAt > nowText,
    );
    if (open.length >= settings.limits.openPlans) {
      throw new PrepError("TOO_MANY_PLANS", `You have ${open.length} open plans, which is the limit.`, {
        found: { openPlans: open.map((row) => row.id) },
        hint: "Discard some (discard_plan), or wait until they expire.",
      });
    }
    const plan = buildPlan({
      ...parts,
      id: newId("plan", entropy),
      now: new Date(nowText),
      ttlMs: settings.approval.planTtlMs,
    });
    const token = `pt_${Buffer.from(entropy.bytes(32)).toString("base64url")}`;
    const bare = {
      id: plan.id,
      digest: planDigest(plan),
      principal: actor.principal,
      expiresAt: plan.expiresAt,
    };
    const row: PlanRow = {
      ...bare,
      tokenHash: sha256(token),
      binding: bindingOf(token, bare),
      goldId: parts.observation.gold.id,
      clientId: parts.observation.client.id,
      mode: plan.mode,
      body: JSON.stringify(plan),
      state: "open",
      createdAt: plan.createdAt,
    };
    await tx.insertPlan(row);
    const [signature] = parts.observation.signatures;
    if (signature !== undefined && parts.observation.signatures.size === 1) {
      await tx.rememberSignature(row.goldId, signature, nowText);
    }
    await append({
      type: "plan_made",
      actor,
      planId: plan.id,
      data: {
        command: plan.command,
        digest: row.digest,
        fingerprint: plan.draft.fingerprint,
        tokenHash: row.tokenHash,
        expiresAt: plan.expiresAt,
        ...(plan.resumes === undefined ? {} : { resumes: plan.resumes }),
      },
    });
    return this.view(row, nowText, token);
  }

  /** The plan that a token stands for, if it is this principal's and unaltered. */
  async lookUp(token: string, actor: Actor): Promise<PlanRow> {
    const row = isToken(token) ? await this.#deps.store.read((tx) => tx.planByTokenHash(sha256(token))) : undefined;
    if (row === undefined) {
      throw new PrepError("PLAN_UNKNOWN", "No plan has this token.", {
        hint: "Pass the planToken exactly as the plan gave it; or plan again.",
      });
    }
    if (row.principal !== actor.principal) {
      throw new PrepError("WRONG_PRINCIPAL", "This plan was made for someone else.", {
        found: { planId: row.id },
        hint: "Plan again as yourself; a plan can be confirmed only by whom it was made for.",
      });
    }
    const plan = readPlan(row);
    const binding = Buffer.from(bindingOf(token, row));
    const stored = Buffer.from(row.binding);
    if (binding.length !== stored.length || !timingSafeEqual(binding, stored)) {
      throw new PrepError(
        "STORE_UNUSABLE",
        `The record of plan ${plan.id} is not the one that this token was made for.`,
        {
          found: { planId: row.id },
          hint: "Somebody or something changed the store. Run `atvm_prep audit verify`, and plan again.",
        },
      );
    }
    return row;
  }

  /** Refuses a plan that cannot be confirmed any more; passes an open one. */
  async checkOpen(row: PlanRow): Promise<void> {
    const { store, clock } = this.#deps;
    const found = { planId: row.id };
    switch (row.state) {
      case "redeemed":
        return;
      case "stale":
        throw new PrepError("STALE_PLAN", "The state changed since this plan was made; it was refused before.", {
          found: { ...found, freshPlanId: row.freshPlanId },
          hint:
            row.freshPlanId === undefined
              ? "Plan again."
              : `Plan ${row.freshPlanId} took its place; its token was given then. Or plan again.`,
          extra: { diff: row.diff === undefined ? [] : (JSON.parse(row.diff) as string[]) },
        });
      case "obsolete":
        throw new PrepError("PLAN_OBSOLETE", "Another plan for this LUN family or client was carried out since.", {
          found,
          hint: "Plan again: the state is another one now.",
        });
      case "discarded":
        throw new PrepError("PLAN_OBSOLETE", "This plan was discarded.", { found, hint: "Plan again." });
      case "open": {
        const now = await store.read((tx) => latestTime(tx, clock));
        if (row.expiresAt > now) return;
        throw new PrepError("PLAN_EXPIRED", `This plan expired at ${row.expiresAt}.`, {
          found: { ...found, expiresAt: row.expiresAt, now },
          hint: "Plan again; nothing was changed.",
        });
      }
    }
  }

  /** The approval that the site's policy asks for: there already, given in this call, or refused with the way to get it. */
  async checkApproval(row: PlanRow, actor: Actor, options: ConfirmOptions): Promise<void> {
    const plan = readPlan(row);
    const policy = this.policyOf(plan.mode);
    if (policy === "token" || row.approvedAt !== undefined) return;
    if (policy === "prompt" && options.answered !== undefined) {
      await this.#takeAnswer(row, plan, actor, options.answered);
      return;
    }
    if (policy === "prompt" && options.canAsk) {
      const { challenge, now } = await this.#makeChallenge(row);
      throw new ApprovalNeeded(this.view(row, now), challenge);
    }
    throw new PrepError(
      "NOT_APPROVED",
      policy === "human"
        ? "A person has to approve this plan first."
        : "Your client cannot ask the operator, so this plan is not approved yet.",
      { found: { planId: row.id, policy }, hint: approvalHow("human", plan) },
    );
  }

  async #makeChallenge(row: PlanRow): Promise<{ challenge: string; now: string }> {
    const challenge = newId("ask", this.#deps.entropy);
    const now = await this.#deps.store.write(async (tx) => {
      const time = await latestTime(tx, this.#deps.clock);
      const expiresAt = new Date(Date.parse(time) + ASK_MS).toISOString();
      await tx.insertChallenge({ id: challenge, planId: row.id, principal: row.principal, expiresAt, used: false });
      return time;
    });
    return { challenge, now };
  }

  async #takeAnswer(
    row: PlanRow,
    plan: StoredPlan,
    actor: Actor,
    answered: { challenge: string; answer: Answer },
  ): Promise<void> {
    const refusal = await auditedWrite(this.#deps.store, this.#deps.clock, async (tx, append) => {
      const verdict = await this.#judge(tx, row, plan, answered);
      const data = {
        answer: answered.answer.kind,
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
    row: PlanRow,
    plan: StoredPlan,
    { challenge, answer }: { challenge: string; answer: Answer },
  ): Promise<PrepError | undefined> {
    const hint = `The plan stays open until ${row.expiresAt}: confirm again to be asked again, or ${approvalHow("human", plan)}`;
    const refuse = (code: ErrorCode, message: string): PrepError =>
      new PrepError(code, message, { found: { planId: row.id }, hint });
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
    switch (answer.kind) {
      case "decline":
        return refuse("DECLINED", "The operator said no.");
      case "cancel":
        return refuse("NOT_APPROVED", "The question was closed without an answer.");
      case "accept":
        if (plan.mode === "rollback") {
          if (answer.typedLun === plan.request.lun) return undefined;
          return refuse("NOT_APPROVED", `The LUN's name was not typed as ${safeText(plan.request.lun)}.`);
        }
        return answer.approve === true ? undefined : refuse("DECLINED", "The operator said no.");
    }
  }

  /** A person's approval on a channel of their own. */
  async approve(planId: string, actor: Actor, typedLun: string | undefined): Promise<PlanView> {
    const { store, clock, settings } = this.#deps;
    if (actor.channel === "mcp" || actor.channel === "http" || actor.channel === "runner") {
      throw new PrepError("FORBIDDEN", "Plans are not approved on this channel.", {
        hint: "Use `atvm_prep approve` on a terminal.",
      });
    }
    const row = await store.read((tx) => tx.plan(planId));
    if (row === undefined) {
      throw new PrepError("PLAN_UNKNOWN", `There is no plan ${safeText(planId, 60)}.`, {
        hint: "`atvm_prep plans` lists the open plans.",
      });
    }
    await this.checkOpen(row);
    const plan = readPlan(row);
    if (row.state === "redeemed") {
      throw new PrepError("PLAN_OBSOLETE", "This plan was confirmed already.", {
        found: { planId, runId: row.runId },
        hint: `\`atvm_prep run show ${row.runId}\` shows its run.`,
      });
    }
    if (settings.approval.requesterIsNotApprover && row.principal === actor.principal) {
      throw new PrepError("FORBIDDEN", "Whoever asked for a plan may not approve it here.", {
        found: { planId },
        hint: "Have someone else approve it.",
      });
    }
    const policy = this.policyOf(plan.mode);
    if (policy === "human" && actor.channel === "cli-unattended" && settings.approval.cli === "deny") {
      throw new PrepError("NOT_APPROVED", "`--yes` does not stand for a person here (approval.cli: deny).", {
        found: { planId, policy },
        hint: approvalHow("human", plan),
      });
    }
    if (plan.mode === "rollback" && typedLun !== plan.request.lun) {
      throw new PrepError("NOT_APPROVED", "A rollback is approved by typing the LUN's name.", {
        found: { planId },
        hint: `Type ${safeText(plan.request.lun)} exactly.`,
      });
    }
    return auditedWrite(store, clock, async (tx, append) => {
      const now = await latestTime(tx, clock);
      const current = await tx.plan(planId);
      if (current?.state !== "open" || current.expiresAt <= now) {
        throw new PrepError("PLAN_OBSOLETE", "This plan is not open any more.", {
          found: { planId },
          hint: "Plan again.",
        });
      }
      const change = { approvedBy: actor.principal, approvedChannel: actor.channel, approvedAt: now };
      await tx.updatePlan(planId, change);
      await append({ type: "plan_approved", actor, planId, data: { digest: row.digest } });
      return this.view({ ...current, ...change }, now);
    });
  }

  /**
   * Locks, a second look at the world, one transaction. Gives the run: the new one with its locks, or the one that
   * this token started before. Throws `STALE_PLAN` with a fresh plan where the world is another one.
   */
  async redeem(row: PlanRow, actor: Actor, vcenter: VcenterOverride | undefined): Promise<Redeemed> {
    const locked = await this.#lockOrSibling(row);
    if ("run" in locked) return locked;
    const { held } = locked;
    try {
      const plan = readPlan(row);
      const again = await this.#lookAgain(row, plan, actor, vcenter);
      const run = await this.#start(row, plan, again, actor);
      return { run, held };
    } catch (thrown) {
      await held.release();
      throw thrown;
    }
  }

  async #lockOrSibling(row: PlanRow): Promise<{ held: HeldLock } | { run: RunRow }> {
    const { store, clock } = this.#deps;
    const deadline = clock.now().getTime() + SIBLING_WAIT_MS;
    for (;;) {
      const held = await store.tryLock(lockNames(row.goldId, row.clientId));
      const current = await store.read((tx) => tx.plan(row.id));
      const run = current?.runId === undefined ? undefined : await store.read((tx) => tx.run(current.runId ?? ""));
      if (run !== undefined) {
        await held?.release();
        return { run };
      }
      try {
        if (current !== undefined) await this.checkOpen(current);
      } catch (thrown) {
        await held?.release();
        throw thrown;
      }
      if (held !== undefined) return { held };
      const live = await this.liveRuns(row);
      if (live.length > 0 || clock.now().getTime() >= deadline) throw lockedBy(live);
      await clock.sleep(50);
    }
  }

  /** Queued and running runs on the same family or client. */
  async liveRuns(row: Pick<PlanRow, "goldId" | "clientId">): Promise<RunRow[]> {
    return this.#deps.store.read((tx) => liveRunsIn(tx, row));
  }

  async #lookAgain(
    row: PlanRow,
    plan: StoredPlan,
    actor: Actor,
    vcenter: VcenterOverride | undefined,
  ): Promise<Planned> {
    let again: Planned;
    try {
      again = await planAgain(this.#deps, plan, vcenter);
    } catch (thrown) {
      if (!(thrown instanceof PrepError) || TRANSIENT.has(thrown.code)) throw thrown;
      throw await this.#refuseStale(row, plan, actor, [thrown.message], vcenter, thrown);
    }
    if (again.endpoints.dgs !== plan.endpoints.dgs || again.endpoints.vcenter !== plan.endpoints.vcenter) {
      throw new PrepError("PLAN_OBSOLETE", "This plan was made for other systems than those configured now.", {
        found: { planned: plan.endpoints, now: again.endpoints },
        hint: "Plan again.",
      });
    }
    const diff = diffFacts(plan.draft.facts, again.draft.facts);
    if (diff.length === 0 && canonicalJson(again.draft.steps) === canonicalJson(plan.draft.steps)) return again;
    throw await this.#refuseStale(
      row,
      plan,
      actor,
      diff.length > 0 ? diff : ["the steps would be others now"],
      vcenter,
    );
  }

  /** Marks the plan stale and puts a fresh one in its place, where there can be one. */
  async #refuseStale(
    row: PlanRow,
    plan: StoredPlan,
    actor: Actor,
    diff: readonly string[],
    vcenter: VcenterOverride | undefined,
    refusal?: PrepError,
  ): Promise<PrepError> {
    let fresh: Planned | undefined;
    let why = refusal;
    if (why === undefined) {
      try {
        fresh = await planNow(this.#deps, plan.mode, plan.inputs, vcenter, restOf(plan));
      } catch (thrown) {
        if (!(thrown instanceof PrepError)) throw thrown;
        why = thrown;
      }
    }
    const view = await auditedWrite(this.#deps.store, this.#deps.clock, async (tx, append) => {
      const current = await tx.plan(row.id);
      if (current?.state !== "open") return undefined;
      await tx.updatePlan(row.id, { state: "stale", diff: JSON.stringify(diff) });
      await append({ type: "plan_stale", actor, planId: row.id, data: { diff } });
      if (fresh === undefined) return undefined;
      const made = await this.#issueIn(tx, append, { ...fresh, inputs: plan.inputs, ...resumeParts(plan) }, actor);
      await tx.updatePlan(row.id, { freshPlanId: made.planId });
      return made;
    });
    return new PrepError("STALE_PLAN", `The state changed since this plan was made: ${diff.join("; ")}.`, {
      found: { planId: row.id, ...(why === undefined ? {} : { refusal: why.toView() }) },
      hint:
        view === undefined
          ? (why?.hint ?? "Plan again.")
          : "Nothing was changed. Show the operator what is different and the fresh plan; confirm that one with its own token.",
      extra: { diff, ...(view === undefined ? {} : { plan: view }) },
    });
  }

  async #start(row: PlanRow, plan: StoredPlan, again: Planned, actor: Actor): Promise<RunRow> {
    const { store, clock, entropy } = this.#deps;
    return auditedWrite(store, clock, async (tx, append) => {
      const current = await tx.plan(row.id);
      if (current?.state !== "open") {
        const run = current?.runId === undefined ? undefined : await tx.run(current.runId);
        if (run !== undefined) return run;
        throw new PrepError("PLAN_OBSOLETE", "This plan is not open any more.", {
          found: { planId: row.id },
          hint: "Plan again.",
        });
      }
      const createdAt = await latestTime(tx, clock);
      if (current.expiresAt <= createdAt) {
        throw new PrepError("PLAN_EXPIRED", `This plan expired at ${current.expiresAt}.`, {
          found: { planId: row.id },
          hint: "Plan again; nothing was changed.",
        });
      }
      const queued = (await liveRunsIn(tx, row)).filter(
        (run) => run.state === "queued" && Date.parse(createdAt) - Date.parse(run.createdAt) < QUEUED_MS,
      );
      if (queued.length > 0) throw lockedBy(queued);
      if (plan.resumes !== undefined) await claimResume(tx, plan.resumes, row);
      const id = newId("run", entropy);
      const run: RunRow = {
        id,
        planId: row.id,
        mode: plan.mode,
        principal: row.principal,
        goldId: row.goldId,
        clientId: row.clientId,
        lunName: plan.request.lun,
        clientName: plan.request.client,
        state: "queued",
        createdAt,
        ...(plan.resumes === undefined ? {} : { resumes: plan.resumes }),
        originId: plan.origin?.runId ?? id,
        originCreatedAt: plan.origin?.createdAt ?? createdAt,
        cancelRequested: false,
      };
      await tx.insertRun(run);
      await tx.updatePlan(row.id, { state: "redeemed", runId: id });
      if (plan.resumes !== undefined) await tx.updateRun(plan.resumes, { resumedBy: id });
      const siblings = await tx.plans({ state: "open" });
      for (const sibling of siblings) {
        if (sibling.id === row.id || (sibling.goldId !== row.goldId && sibling.clientId !== row.clientId)) continue;
        await tx.updatePlan(sibling.id, { state: "obsolete" });
        await append({ type: "plan_obsolete", actor, planId: sibling.id, data: { by: row.id } });
      }
      await append({
        type: "plan_redeemed",
        actor,
        planId: row.id,
        runId: id,
        data: {
          digest: row.digest,
          fingerprint: again.draft.fingerprint,
          policy: this.policyOf(plan.mode),
          approvedBy: current.approvedBy ?? row.principal,
          approvedChannel: current.approvedChannel ?? "token",
        },
      });
      return run;
    });
  }
}

const resumeParts = (plan: StoredPlan): Pick<PlanParts, "resumes"> =>
  plan.resumes === undefined || plan.origin === undefined
    ? {}
    : { resumes: { runId: plan.resumes, origin: plan.origin, carried: plan.carried ?? {} } };

async function liveRunsIn(tx: StoreReader, row: Pick<PlanRow, "goldId" | "clientId">): Promise<RunRow[]> {
  const states = ["queued", "running"];
  const [family, client] = [
    await tx.runs({ goldId: row.goldId, states }),
    await tx.runs({ clientId: row.clientId, states }),
  ];
  return [...new Map([...family, ...client].map((run) => [run.id, run])).values()];
}

async function claimResume(tx: StoreWriter, runId: string, row: PlanRow): Promise<void> {
  const run = await tx.run(runId);
  if (run?.resumedBy === undefined) return;
  throw new PrepError("PLAN_OBSOLETE", `Run ${runId} was resumed already by ${run.resumedBy}.`, {
    found: { planId: row.id, resumedBy: run.resumedBy },
    hint: "Look at that run.",
  });
}

export const lockedBy = (live: readonly RunRow[]): PrepError =>
  new PrepError("LOCKED", "Another run holds this LUN family or client.", {
    found: { runs: live.map(({ id, mode, state }) => ({ runId: id, mode, state })) },
    hint:
      live[0] === undefined
        ? "Try again in a moment."
        : `Wait for it (get_run ${live[0].id}), or cancel it between steps (cancel_run).`,
  });
