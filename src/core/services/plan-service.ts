/** Plans: made, looked up, approved, confirmed and discarded. */
import { auditedWrite, latestTime } from "../audit.ts";
import { sha256 } from "../domain/canonical.ts";
import { PrepError } from "../domain/errors.ts";
import type { Mode } from "../domain/modes.ts";
import { safeText } from "../domain/safe-text.ts";
import { isFinished } from "../domain/states.ts";
import type { Actor, Answered, ConfirmOptions, PlanOptions } from "../engine.ts";
import type { EngineDeps } from "../engine-options.ts";
import { Approvals } from "../plans/approval.ts";
import { readPlan, requireSameSystems, unknownPlan } from "../plans/plan.ts";
import { planNow } from "../plans/planner.ts";
import type { Plans } from "../plans/plans.ts";
import { lockedBy, overtaken, overtakenBy, Redemption } from "../plans/redeem.ts";
import { checkRepeatable, refuseBegunScript, remainingAfter } from "../plans/resume.ts";
import type { PlanRow, RunRow } from "../ports/store.ts";
import type { PlanRecord, RunRecord } from "../records.ts";
import type { PrepInputs } from "../request/request.ts";
import type { Runs } from "../runs/runs.ts";
import type { AuditedCalls } from "./audited-calls.ts";

/** A confirm answers within 25 s of the approval; what is left of them is for the answer's own way. */
const CONFIRM_WAIT_MS = 22_000;

export class PlanService {
  readonly #deps: EngineDeps;
  readonly #calls: AuditedCalls;
  readonly #plans: Plans;
  readonly #runs: Runs;
  readonly #approvals: Approvals;
  readonly #redemption: Redemption;

  constructor(deps: EngineDeps, calls: AuditedCalls, plans: Plans, runs: Runs) {
    this.#deps = deps;
    this.#calls = calls;
    this.#plans = plans;
    this.#runs = runs;
    this.#approvals = new Approvals(deps, plans);
    this.#redemption = new Redemption(deps, plans);
  }

  async plan(mode: Mode, inputs: PrepInputs, actor: Actor, options: PlanOptions = {}): Promise<PlanRecord> {
    const asked = { mode, lun: safeText(inputs.lun) };
    return this.#calls.audited("plan_refused", actor, asked, async () => {
      const planned = await planNow(this.#deps, mode, inputs, options.vcenter, {
        beforeDraft: ({ gold, client }) => this.#refuseIfLocked(mode, gold.id, client.id),
      });
      return this.#plans.issue({ ...planned, inputs }, actor);
    });
  }

  /** A live run on the family or client holds it; a dead one is marked, and holds nothing. */
  async #refuseIfLocked(mode: Mode, goldId: string, clientId: string): Promise<void> {
    const live = await this.#redemption.liveRuns({ mode, goldId, clientId });
    const reconciled = await Promise.all(live.map((run) => this.#runs.reconcile(run)));
    const holding = reconciled.filter((run) => !isFinished(run.state));
    if (holding.length > 0) throw lockedBy(holding);
  }

  async resumePlan(runId: string, actor: Actor, options: PlanOptions = {}): Promise<PlanRecord> {
    return this.#calls.audited("plan_refused", actor, { resumes: safeText(runId, 60) }, async () => {
      const run = await this.#runs.reconcile(await this.#runs.row(runId));
      if (!isFinished(run.state)) throw lockedBy([run]);
      if (run.state === "succeeded") {
        throw new PrepError("BAD_REQUEST", `Run ${run.id} succeeded; nothing of it is left.`, {
          hint: "Plan it anew if it is to be done again.",
        });
      }
      const { store } = this.#deps;
      const by = run.resumedBy ?? (await store.read((tx) => overtakenBy(tx, run)))?.id;
      if (by !== undefined) throw overtaken(run.id, by);
      return this.#planRemaining(run, actor, options);
    });
  }

  async #planRemaining(run: RunRow, actor: Actor, { vcenter, reason }: PlanOptions): Promise<PlanRecord> {
    const { planRow, steps } = await this.#deps.store.read(async (tx) => ({
      planRow: await tx.plan(run.planId),
      steps: await tx.steps(run.id),
    }));
    if (planRow === undefined) throw unknownPlan(`The plan of run ${run.id} is gone.`);
    const plan = readPlan(planRow);
    refuseBegunScript(run, plan, steps);
    const { remaining, resumes } = remainingAfter(run, plan, steps);
    const inputs = {
      ...plan.inputs,
      ...(plan.request.snapshot === undefined ? {} : { snapshot: plan.request.snapshot }),
      ...(reason === undefined ? {} : { reason }),
    };
    const { endpoints } = this.#deps.systems(vcenter);
    requireSameSystems(plan, endpoints);
    const planned = await planNow(this.#deps, plan.mode, inputs, vcenter, { remaining });
    if (planned.traits !== undefined) checkRepeatable(plan, steps, planned.traits);
    return this.#plans.issue({ ...planned, inputs, resumes }, actor);
  }

  async confirm(planToken: string, actor: Actor, options: ConfirmOptions = {}): Promise<RunRecord> {
    const about: Record<string, unknown> = { tokenHash: sha256(planToken) };
    return this.#calls.audited("confirm_refused", actor, about, async () => {
      const { store, clock, settings } = this.#deps;
      const stored = await this.#plans.lookUp(planToken, actor);
      const { row } = stored;
      about["planId"] = row.id;
      options.check?.(this.#plans.view(stored, row.createdAt));
      const started = row.runId === undefined ? undefined : await store.read((tx) => tx.run(row.runId ?? ""));
      if (started !== undefined) {
        const repeated = { type: "confirm_repeated" as const, actor, planId: row.id, runId: started.id };
        await auditedWrite(store, clock, (_tx, append) => append(repeated));
        return this.#runs.follow(started.id, { waitMs: CONFIRM_WAIT_MS, ...options });
      }
      await this.#plans.checkOpen(row);
      // What waits for a worker changes nothing here: workers are on machines that may make changes.
      const wrong = this.#runs.isForWorkers(options.vcenter) ? undefined : settings.wrongController();
      if (wrong !== undefined) {
        throw new PrepError("WRONG_CONTROLLER", wrong, {
          hint: "Run it on the configured controller; plans can be made anywhere.",
        });
      }
      await this.#approvals.checkApproval(stored, actor, options);
      const approvedAt = clock.elapsed();
      await this.#reconcileFamily(row);
      const { run, held } = await this.#redemption.redeem(stored, actor, options.vcenter);
      if (held !== undefined) await this.#runs.launch(run, held, options.vcenter);
      // The answer's time counts from the approval, and looking again has taken some of it.
      const left = Math.max((options.waitMs ?? CONFIRM_WAIT_MS) - (clock.elapsed() - approvedAt), 0);
      return this.#runs.follow(run.id, { ...options, waitMs: left });
    });
  }

  takeAnswer(planToken: string, actor: Actor, answered: Answered): Promise<void> {
    const about: Record<string, unknown> = { tokenHash: sha256(planToken) };
    return this.#calls.audited("confirm_refused", actor, about, async () => {
      const stored = await this.#plans.lookUp(planToken, actor);
      about["planId"] = stored.row.id;
      await this.#plans.checkOpen(stored.row);
      await this.#approvals.takeAnswer(stored, actor, answered);
    });
  }

  async #reconcileFamily(row: PlanRow): Promise<void> {
    for (const run of await this.#redemption.liveRuns(row)) await this.#runs.reconcile(run);
  }

  approve(planId: string, actor: Actor, typedLun?: string): Promise<PlanRecord> {
    return this.#calls.audited("approve_refused", actor, { planId: safeText(planId, 60) }, () =>
      this.#approvals.approve(planId, actor, typedLun),
    );
  }

  async planByToken(planToken: string, actor: Actor): Promise<PlanRecord> {
    return this.getPlan((await this.#plans.lookUp(planToken, actor)).row.id);
  }

  decline(planId: string, actor: Actor, reason: string): Promise<PlanRecord> {
    return this.#calls.audited("decline_refused", actor, { planId: safeText(planId, 60) }, () =>
      this.#approvals.decline(planId, actor, reason),
    );
  }

  async getPlan(planId: string): Promise<PlanRecord> {
    const stored = await this.#plans.byId(planId);
    const declined = stored.row.state === "discarded" ? await this.#plans.declinedBy(planId) : undefined;
    return { ...this.#plans.view(stored, stored.now), ...(declined === undefined ? {} : { declined }) };
  }

  async listPlans(filter: { principal?: string } = {}): Promise<PlanRecord[]> {
    const { rows, now } = await this.#deps.store.read(async (tx) => {
      const now = await latestTime(tx, this.#deps.clock);
      return { rows: await tx.plans({ state: "open", endsAfter: now, ...filter }), now };
    });
    return rows.flatMap((row) => this.#plans.readable(row) ?? []).map((stored) => this.#plans.view(stored, now));
  }

  async discardPlan(which: { planToken?: string; planId?: string }, actor: Actor): Promise<PlanRecord> {
    const about = which.planId === undefined ? {} : { planId: safeText(which.planId, 60) };
    return this.#calls.audited("discard_refused", actor, about, async () => {
      const { store, clock } = this.#deps;
      const { row, plan } =
        which.planToken === undefined
          ? await this.#plans.byId(which.planId ?? "")
          : await this.#plans.lookUp(which.planToken, actor);
      if (row.principal !== actor.principal && actor.admin !== true) {
        throw new PrepError("WRONG_PRINCIPAL", "This plan was made for someone else.", {
          found: { planId: row.id },
          hint: "Only whoever made a plan discards it, or an admin.",
        });
      }
      return auditedWrite(store, clock, async (tx, append) => {
        const now = await latestTime(tx, clock);
        const current = (await tx.plan(row.id)) ?? row;
        if (current.state !== "open") return this.#plans.view({ row: current, plan }, now);
        await tx.updatePlan(row.id, { state: "discarded" });
        await append({ type: "plan_discarded", actor, planId: row.id });
        return this.#plans.view({ row: { ...current, state: "discarded" }, plan }, now);
      });
    });
  }

  async discardPlans(actor: Actor): Promise<PlanRecord[]> {
    const open = await this.listPlans({ principal: actor.principal });
    const discarded: PlanRecord[] = [];
    for (const { planId } of open) discarded.push(await this.discardPlan({ planId }, actor));
    return discarded;
  }
}
