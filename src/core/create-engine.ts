/** The engine, put together: every call of the doors, each refusal audited, each run followed through the journal. */

import { auditedWrite, latestTime, verifyChain, viewAuditRow } from "./audit.ts";
import { sha256 } from "./domain/canonical.ts";
import { asPrepError, PrepError } from "./domain/errors.ts";
import type { Mode } from "./domain/modes.ts";
import { safeText } from "./domain/safe-text.ts";
import { type AuditEvent, isFinished, LIVE_RUN_STATES } from "./domain/states.ts";
import {
  type Actor,
  ApprovalNeeded,
  type ConfirmOptions,
  type Engine,
  type PlanOptions,
  type WaitOptions,
} from "./engine.ts";
import type { EngineDeps } from "./engine-options.ts";
import { inspect, listLuns, listSnapshots, listVms, namesOf } from "./observe/inspect.ts";
import { listTargets } from "./observe/targets.ts";
import { Approvals } from "./plans/approval.ts";
import { readPlan } from "./plans/plan.ts";
import { planNow } from "./plans/planner.ts";
import { Plans } from "./plans/plans.ts";
import { lockedBy, overtaken, overtakenBy, Redemption } from "./plans/redeem.ts";
import { checkRepeatable, restOfRun } from "./plans/resume.ts";
import type { VcenterOverride } from "./ports/runtime.ts";
import type { AuditRow, PlanRow, RunRow } from "./ports/store.ts";
import type {
  AuditPage,
  ChainRecord,
  Inspection,
  LunInventory,
  PlanRecord,
  RunRecord,
  SnapshotInventory,
  TargetInventory,
  VmInventory,
} from "./records.ts";
import { configuredName, lunNameOf, type PrepInputs, type TargetInputs } from "./request/request.ts";
import { Runs } from "./runs/runs.ts";

/** A confirm answers within 25 s of the approval; what is left of them is for the answer's own way. */
const CONFIRM_WAIT_MS = 22_000;
const AUDIT_ROWS = 200;

export const createEngine = (deps: EngineDeps): Engine => new PrepEngine(deps);

function planIdIn(data: unknown): string | undefined {
  if (typeof data !== "object" || data === null || !("planId" in data)) return undefined;
  return typeof data.planId === "string" ? data.planId : undefined;
}

class PrepEngine implements Engine {
  readonly #deps: EngineDeps;
  readonly #plans: Plans;
  readonly #approvals: Approvals;
  readonly #redemption: Redemption;
  readonly #runs: Runs;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
    this.#plans = new Plans(deps);
    this.#approvals = new Approvals(deps, this.#plans);
    this.#redemption = new Redemption(deps, this.#plans);
    this.#runs = new Runs(deps);
  }

  /** Tells the chain of a refused call, then lets the refusal go on. A refusal that cannot be audited becomes that failure. */
  async #audited<T>(type: AuditEvent, actor: Actor, data: Record<string, unknown>, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (thrown) {
      if (thrown instanceof ApprovalNeeded) throw thrown;
      const error = asPrepError(thrown);
      if (error.code === "INTERNAL") this.#deps.log.error({ err: thrown }, "a defect in the engine");
      if (error.code !== "AUDIT_UNWRITABLE" && error.code !== "STORE_UNUSABLE") {
        const planId = planIdIn(data) ?? planIdIn(error.found);
        const row = { type, actor, planId, data: { ...data, code: error.code, message: error.message } };
        await auditedWrite(this.#deps.store, this.#deps.clock, (_tx, append) => append(row));
      }
      throw thrown;
    }
  }

  /**
   * A look at the systems, told to the chain with its outcome. It changes nothing, so it is answered also where the chain
   * cannot be written.
   */
  async #read<T>(call: string, inputs: object, actor: Actor, work: () => Promise<T>): Promise<T> {
    const asked = Object.entries(inputs).map(([name, value]) => [name, safeText(String(value))]);
    const tell = (type: AuditEvent, outcome: object): Promise<void> => {
      const row = { type, actor, data: { call, ...Object.fromEntries(asked), ...outcome } };
      return auditedWrite(this.#deps.store, this.#deps.clock, (_tx, append) => append(row)).catch((cause: unknown) =>
        this.#deps.log.warn({ err: cause, call }, "a read could not be audited"),
      );
    };
    try {
      const answer = await work();
      await tell("read", {});
      return answer;
    } catch (thrown) {
      const { code, message } = asPrepError(thrown);
      await tell("read_refused", { code, message });
      throw thrown;
    }
  }

  /** Open plans and runs under way, of everybody. */
  async #underWay(): Promise<{
    readonly now: string;
    readonly plans: readonly PlanRow[];
    readonly live: readonly RunRow[];
  }> {
    const { now, plans, runs } = await this.#deps.store.read(async (tx) => ({
      now: await latestTime(tx, this.#deps.clock),
      plans: await tx.plans({ state: "open", limit: 50 }),
      runs: await tx.runs({ states: LIVE_RUN_STATES, limit: 50 }),
    }));
    const settled = await Promise.all(runs.map((run) => this.#runs.settle(run)));
    return {
      now,
      plans: plans.filter((row) => row.expiresAt > now),
      live: settled.filter((run) => !isFinished(run.state)),
    };
  }

  listTargets(actor: Actor): Promise<TargetInventory> {
    return this.#read("targets", {}, actor, async () => {
      const [targets, { now, plans, live }] = await Promise.all([listTargets(this.#deps), this.#underWay()]);
      return {
        at: now,
        targets: targets.map((target) => ({
          ...target,
          openPlans: plans.filter((row) => row.clientId === target.clientId).map((row) => row.id),
          runs: live
            .filter((run) => run.clientId === target.clientId)
            .map(({ id, mode, state }) => ({ runId: id, mode, state })),
        })),
      };
    });
  }

  async inspect(inputs: TargetInputs & { lun?: string }, actor: Actor): Promise<Inspection> {
    return this.#read("inspect", inputs, actor, async () => {
      const [seen, { now, plans, live }] = await Promise.all([inspect(this.#deps, inputs), this.#underWay()]);
      return {
        ...seen,
        openPlans: plans
          .filter((row) => row.clientId === seen.client.id)
          .flatMap((row) => {
            const plan = this.#plans.readable(row);
            return plan === undefined ? [] : this.#plans.view(row, now);
          }),
        runningRuns: live
          .filter((run) => run.clientId === seen.client.id)
          .map((run) => ({ runId: run.id, mode: run.mode, state: run.state })),
      };
    });
  }

  listLuns(actor: Actor): Promise<LunInventory> {
    return this.#read("luns", {}, actor, () => listLuns(this.#deps));
  }

  listSnapshots(lun: string, actor: Actor): Promise<SnapshotInventory> {
    return this.#read("snapshots", { lun }, actor, () => listSnapshots(this.#deps, lun));
  }

  listVms(inputs: TargetInputs & { lun?: string }, actor: Actor): Promise<VmInventory> {
    return this.#read("vms", inputs, actor, () => listVms(this.#deps, inputs));
  }

  async plan(mode: Mode, inputs: PrepInputs, actor: Actor, options: PlanOptions = {}): Promise<PlanRecord> {
    const asked = { mode, lun: safeText(inputs.lun) };
    return this.#audited("plan_refused", actor, asked, async () => {
      const planned = await planNow(this.#deps, mode, inputs, options.vcenter, {
        beforeDraft: ({ gold, client }) => this.#refuseIfLocked(mode, gold.id, client.id),
      });
      return this.#plans.issue({ ...planned, inputs }, actor);
    });
  }

  /** A live run on the family or client holds it; a dead one is marked, and holds nothing. */
  async #refuseIfLocked(mode: Mode, goldId: string, clientId: string): Promise<void> {
    const live = await this.#redemption.liveRuns({ mode, goldId, clientId });
    const settled = await Promise.all(live.map((run) => this.#runs.settle(run)));
    const holding = settled.filter((run) => !isFinished(run.state));
    if (holding.length > 0) throw lockedBy(holding);
  }

  async resumePlan(runId: string, actor: Actor, options: PlanOptions = {}): Promise<PlanRecord> {
    return this.#audited("plan_refused", actor, { resumes: safeText(runId, 60) }, async () => {
      const run = await this.#runs.settle(await this.#runs.row(runId));
      if (!isFinished(run.state)) throw lockedBy([run]);
      if (run.state === "succeeded") {
        throw new PrepError("BAD_REQUEST", `Run ${run.id} succeeded; nothing of it is left.`, {
          hint: "Plan it anew if it is to be done again.",
        });
      }
      const { store } = this.#deps;
      const by = run.resumedBy ?? (await store.read((tx) => overtakenBy(tx, run)))?.id;
      if (by !== undefined) throw overtaken(run.id, by);
      return this.#planRest(run, actor, options.vcenter);
    });
  }

  async #planRest(run: RunRow, actor: Actor, vcenter: VcenterOverride | undefined): Promise<PlanRecord> {
    const { planRow, steps } = await this.#deps.store.read(async (tx) => ({
      planRow: await tx.plan(run.planId),
      steps: await tx.steps(run.id),
    }));
    if (planRow === undefined)
      throw new PrepError("PLAN_UNKNOWN", `The plan of run ${run.id} is gone.`, {
        hint: "What is left can only be planned anew.",
      });
    const plan = readPlan(planRow);
    const { rest, resumes } = restOfRun(run, plan, steps);
    const inputs =
      plan.request.snapshot === undefined ? plan.inputs : { ...plan.inputs, snapshot: plan.request.snapshot };
    const { endpoints } = this.#deps.systems(vcenter);
    if (endpoints.dgs !== plan.endpoints.dgs || endpoints.vcenter !== plan.endpoints.vcenter) {
      throw new PrepError("PLAN_OBSOLETE", `Run ${run.id} was made on other systems than those configured now.`, {
        found: { run: plan.endpoints, now: endpoints },
        hint: "Resume it with the configuration that it was started with.",
      });
    }
    const planned = await planNow(this.#deps, plan.mode, inputs, vcenter, { rest });
    checkRepeatable(plan, steps, planned.observation.array.traits);
    return this.#plans.issue({ ...planned, inputs, resumes }, actor);
  }

  async confirm(planToken: string, actor: Actor, options: ConfirmOptions = {}): Promise<RunRecord> {
    const about: Record<string, unknown> = { tokenHash: sha256(planToken) };
    // Where the token is the approval, this call is; where a person was asked, the call that brings the answer.
    const approvedAt = this.#deps.clock.elapsed();
    return this.#audited("confirm_refused", actor, about, async () => {
      const { store, clock, settings } = this.#deps;
      const row = await this.#plans.lookUp(planToken, actor);
      about["planId"] = row.id;
      options.check?.(this.#plans.view(row, row.createdAt));
      const started = row.runId === undefined ? undefined : await store.read((tx) => tx.run(row.runId ?? ""));
      if (started !== undefined) {
        const repeated = { type: "confirm_repeated" as const, actor, planId: row.id, runId: started.id };
        await auditedWrite(store, clock, (_tx, append) => append(repeated));
        return this.#runs.follow(started.id, { waitMs: CONFIRM_WAIT_MS, ...options });
      }
      await this.#plans.checkOpen(row);
      const wrong = settings.wrongController();
      if (wrong !== undefined) {
        throw new PrepError("WRONG_CONTROLLER", wrong, {
          hint: "Run it on the configured controller; plans can be made anywhere.",
        });
      }
      await this.#approvals.checkApproval(row, actor, options);
      await this.#settleFamily(row);
      const { run, held } = await this.#redemption.redeem(row, actor, options.vcenter);
      if (held !== undefined) await this.#runs.launch(run, held, options.vcenter);
      // The answer's time counts from the approval, and looking again has taken some of it.
      const left = Math.max((options.waitMs ?? CONFIRM_WAIT_MS) - (clock.elapsed() - approvedAt), 0);
      return this.#runs.follow(run.id, { ...options, waitMs: left });
    });
  }

  async #settleFamily(row: PlanRow): Promise<void> {
    for (const run of await this.#redemption.liveRuns(row)) await this.#runs.settle(run);
  }

  async carryOut(runId: string, signal: AbortSignal): Promise<RunRecord> {
    await this.#runs.row(runId);
    await this.#runs.carry(runId, { signal });
    return this.#runs.view(await this.#runs.row(runId));
  }

  approve(planId: string, actor: Actor, typedLun?: string): Promise<PlanRecord> {
    return this.#audited("approve_refused", actor, { planId: safeText(planId, 60) }, () =>
      this.#approvals.approve(planId, actor, typedLun),
    );
  }

  async getPlan(planId: string): Promise<PlanRecord> {
    const { row, now } = await this.#deps.store.read(async (tx) => ({
      row: await tx.plan(planId),
      now: await latestTime(tx, this.#deps.clock),
    }));
    if (row === undefined) {
      throw new PrepError("PLAN_UNKNOWN", `There is no plan ${safeText(planId, 60)}.`, {
        hint: "It may have been typed wrong.",
        next: [{ kind: "see_plans" }],
      });
    }
    return this.#plans.view(row, now);
  }

  async listPlans(filter: { principal?: string } = {}): Promise<PlanRecord[]> {
    const { rows, now } = await this.#deps.store.read(async (tx) => ({
      rows: await tx.plans({ state: "open", ...filter }),
      now: await latestTime(tx, this.#deps.clock),
    }));
    return rows
      .filter((row) => row.expiresAt > now && this.#plans.readable(row) !== undefined)
      .map((row) => this.#plans.view(row, now));
  }

  async discardPlan(which: { planToken?: string; planId?: string }, actor: Actor): Promise<PlanRecord> {
    const about = which.planId === undefined ? {} : { planId: safeText(which.planId, 60) };
    return this.#audited("discard_refused", actor, about, async () => {
      const { store, clock } = this.#deps;
      const row =
        which.planToken === undefined
          ? await store.read((tx) => tx.plan(which.planId ?? ""))
          : await this.#plans.lookUp(which.planToken, actor);
      if (row === undefined) {
        throw new PrepError("PLAN_UNKNOWN", "There is no such plan.", {
          hint: "Give the token or the id of an open plan.",
          next: [{ kind: "see_plans" }],
        });
      }
      if (row.principal !== actor.principal) {
        throw new PrepError("WRONG_PRINCIPAL", "This plan was made for someone else.", {
          found: { planId: row.id },
          hint: "Only whoever made a plan discards it.",
        });
      }
      return auditedWrite(store, clock, async (tx, append) => {
        const now = await latestTime(tx, clock);
        const current = (await tx.plan(row.id)) ?? row;
        if (current.state !== "open") return this.#plans.view(current, now);
        await tx.updatePlan(row.id, { state: "discarded" });
        await append({ type: "plan_discarded", actor, planId: row.id });
        return this.#plans.view({ ...current, state: "discarded" }, now);
      });
    });
  }

  async discardPlans(actor: Actor): Promise<PlanRecord[]> {
    const open = await this.listPlans({ principal: actor.principal });
    const discarded: PlanRecord[] = [];
    for (const { planId } of open) discarded.push(await this.discardPlan({ planId }, actor));
    return discarded;
  }

  getRun(runId: string, options: WaitOptions = {}): Promise<RunRecord> {
    return this.#runs.follow(runId, options);
  }

  async listRuns(filter: { client?: string; lun?: string; limit?: number }): Promise<RunRecord[]> {
    const rows = await this.#deps.store.read((tx) =>
      tx.runs({
        ...(filter.client === undefined
          ? {}
          : { clientName: configuredName("client", filter.client, this.#deps.settings.naming) ?? filter.client }),
        ...(filter.lun === undefined ? {} : { lunName: lunNameOf(filter.lun, this.#deps.settings.naming.luns) }),
        limit: filter.limit ?? 20,
      }),
    );
    const views = rows.map(async (row) => this.#runs.viewIfReadable(await this.#runs.settle(row)));
    return (await Promise.all(views)).filter((view) => view !== undefined);
  }

  async cancelRun(runId: string, actor: Actor): Promise<RunRecord> {
    return this.#audited("cancel_refused", actor, { runId: safeText(runId, 60) }, async () => {
      const row = await this.#runs.settle(await this.#runs.row(runId));
      if (row.principal !== actor.principal) {
        throw new PrepError("WRONG_PRINCIPAL", "This run was started by someone else.", {
          found: { runId },
          hint: "Only whoever started a run cancels it.",
        });
      }
      if (!isFinished(row.state)) {
        await auditedWrite(this.#deps.store, this.#deps.clock, async (tx, append) => {
          await tx.updateRun(runId, { cancelRequested: true });
          await append({ type: "cancel_requested", actor, planId: row.planId, runId });
        });
      }
      return this.#runs.view(await this.#runs.row(runId));
    });
  }

  async readAudit(filter: {
    since?: string;
    date?: string;
    planId?: string;
    runId?: string;
    limit?: number;
    until?: string;
    type?: string;
    actor?: string;
    steps?: boolean;
  }): Promise<AuditPage> {
    const { limit = AUDIT_ROWS, since, until, type, actor, steps = true, ...rest } = filter;
    // Rows are found by comparing their instants as text, which all are in UTC.
    const which = since === undefined ? rest : { ...rest, since: new Date(since).toISOString() };
    const before = until === undefined ? undefined : new Date(until).toISOString();
    const isWanted = (row: AuditRow): boolean =>
      (before === undefined || row.at < before) &&
      (type === undefined || row.type === type) &&
      (actor === undefined || row.actor.includes(actor)) &&
      (steps || (row.type !== "step_begin" && row.type !== "step_end"));
    const [rows, chain] = await Promise.all([this.#newestRows(which, limit, isWanted), this.verifyAudit()]);
    return { rows: rows.map(viewAuditRow), chain };
  }

  /** The newest `limit` rows that are wanted: most are, so that a few times as many are enough to find them among. */
  async #newestRows(
    which: { since?: string; date?: string; planId?: string; runId?: string },
    limit: number,
    isWanted: (row: AuditRow) => boolean,
  ): Promise<AuditRow[]> {
    for (let last = limit; ; last *= 8) {
      const rows = await this.#deps.store.read((tx) => tx.audit({ ...which, last }));
      const wanted = rows.filter(isWanted);
      if (wanted.length >= limit || rows.length < last) return wanted.slice(-limit);
    }
  }

  verifyAudit(): Promise<ChainRecord> {
    return verifyChain(this.#deps.store);
  }

  async completions(
    what: "lun" | "client" | "snapshot",
    prefix: string,
    context: { lun?: string } = {},
  ): Promise<string[]> {
    try {
      const names = await namesOf(this.#deps, what, context.lun ?? "");
      const wanted = prefix.toLowerCase();
      return [...new Set(names)]
        .filter((name) => name.toLowerCase().startsWith(wanted))
        .map((name) => safeText(name))
        .slice(0, 100);
    } catch (thrown) {
      this.#deps.log.warn({ err: thrown, what }, "names could not be completed");
      return [];
    }
  }

  async close(): Promise<void> {
    await this.#runs.close();
    await this.#deps.store.close();
  }
}
