/** Redeem: a plan becomes a run, once, on the state that it was made for; or it is stale, and a fresh one takes its place. */
import pLimit, { type LimitFunction } from "p-limit";
import { auditedWrite, hasAuditEvent, latestTime } from "../audit.ts";
import { canonicalJson } from "../domain/canonical.ts";
import { errorTraits, PrepError } from "../domain/errors.ts";
import { LIVE_RUN_STATES } from "../domain/states.ts";
import type { Actor } from "../engine.ts";
import { type EngineDeps, exclude, lockNames, newId } from "../engine-options.ts";
import type { Clock, VcenterOverride } from "../ports/runtime.ts";
import type { HeldLock, PlanRow, RunRow, StoreReader, StoreWriter } from "../ports/store.ts";
import type { Step } from "../steps/types.ts";
import { diffFacts } from "./facts.ts";
import { type PlanParts, requireSameSystems, type StoredPlan } from "./plan.ts";
import type { Plan } from "./plan-schema.ts";
import { type Planned, planAgain, planNow, remainingOf } from "./planner.ts";
import type { Plans } from "./plans.ts";
import { StalePlan } from "./stale.ts";

/** How long a confirm waits for another confirm of the same plan. */
const SIBLING_WAIT_MS = 20_000;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 400;
const QUEUED_MS = 60_000;

type QueueLimit = Pick<EngineDeps["settings"]["limits"], "queueMs">;

/**
 * Whether a queued run may still be begun: its runner comes up, or a worker takes it. One from a time to come was made by a
 * clock that was ahead: it is not waited for.
 */
export async function mayBegin(
  tx: Pick<StoreReader, "queued">,
  run: Pick<RunRow, "id" | "createdAt">,
  { clock, settings }: { readonly clock: Pick<Clock, "now">; readonly settings: { readonly limits: QueueLimit } },
): Promise<boolean> {
  const entry = await tx.queued(run.id);
  const [since, most] =
    entry === undefined
      ? [run.createdAt, QUEUED_MS]
      : entry.claimedAt === undefined
        ? [entry.queuedAt, settings.limits.queueMs]
        : [entry.claimedAt, QUEUED_MS];
  return Math.abs(clock.now().getTime() - Date.parse(since)) < most;
}

export interface Redeemed {
  readonly run: RunRow;
  /** Held for a runner in this process; absent when the run was there already. */
  readonly held?: HeldLock;
}

export class Redemption {
  readonly #deps: EngineDeps;
  readonly #plans: Plans;
  /** Confirms of one plan in this process, one after the other: they would be in each other's way at the store. */
  readonly #turns = new Map<string, LimitFunction>();

  constructor(deps: EngineDeps, plans: Plans) {
    this.#deps = deps;
    this.#plans = plans;
  }

  /**
   * Locks, a second look at the world, one transaction. Gives the run: the new one with its locks, or the one that
   * this token started before. Throws `STALE_PLAN` with a fresh plan where the world is another one.
   */
  async redeem(stored: StoredPlan, actor: Actor, vcenter: VcenterOverride | undefined): Promise<Redeemed> {
    const { id } = stored.row;
    const deadline = this.#deps.clock.elapsed() + SIBLING_WAIT_MS;
    const turn = this.#turns.get(id) ?? pLimit(1);
    this.#turns.set(id, turn);
    try {
      return await turn(() => this.#redeem(stored, actor, vcenter, deadline));
    } finally {
      if (turn.activeCount + turn.pendingCount === 0) this.#turns.delete(id);
    }
  }

  async #redeem(
    stored: StoredPlan,
    actor: Actor,
    vcenter: VcenterOverride | undefined,
    deadline: number,
  ): Promise<Redeemed> {
    const locked = await this.#lockOrSibling(stored.row, deadline);
    if ("run" in locked) return locked;
    const { held } = locked;
    try {
      const again = await this.#observeAgain(stored, actor, vcenter);
      const run = await this.#start(stored, again, actor, vcenter);
      return { run, held };
    } catch (thrown) {
      await held.release();
      throw thrown;
    }
  }

  async #lockOrSibling(row: PlanRow, deadline: number): Promise<{ held: HeldLock } | { run: RunRow }> {
    const { store, clock } = this.#deps;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 1.5, LONGEST_PAUSE_MS)) {
      const sibling = await this.#siblingOf(row);
      if (sibling !== undefined) return { run: sibling };
      const held = await store.tryLock(lockNames(row));
      if (held !== undefined) {
        // Another confirm may have been through since.
        const run = await this.#siblingOf(row).catch(async (thrown: unknown) => {
          await held.release();
          throw thrown;
        });
        if (run === undefined) return { held };
        await held.release();
        return { run };
      }
      // This plan's own run, if it came to be since the plan was read, is found on the next round.
      const live = (await this.liveRuns(row)).filter(({ planId }) => planId !== row.id);
      if (live.length > 0 || clock.elapsed() >= deadline) throw lockedBy(live);
      await clock.sleep(pause);
    }
  }

  /** The run that another confirm of this plan has started. Errors: why the plan is not open any more. */
  async #siblingOf(row: PlanRow): Promise<RunRow | undefined> {
    const { store } = this.#deps;
    const current = await store.read((tx) => tx.plan(row.id));
    const run = current?.runId === undefined ? undefined : await store.read((tx) => tx.run(current.runId ?? ""));
    if (run === undefined && current !== undefined) await this.#plans.checkOpen(current);
    return run;
  }

  /** Queued and running runs that exclude this one. */
  async liveRuns(row: Pick<PlanRow, "mode" | "goldId" | "clientId">): Promise<RunRow[]> {
    return this.#deps.store.read((tx) => liveRunsIn(tx, row));
  }

  async #observeAgain(stored: StoredPlan, actor: Actor, vcenter: VcenterOverride | undefined): Promise<Planned> {
    const { plan } = stored;
    const { endpoints } = this.#deps.systems(vcenter);
    requireSameSystems(plan, endpoints);
    let again: Planned;
    try {
      again = await planAgain(this.#deps, plan, vcenter);
    } catch (thrown) {
      if (!(thrown instanceof PrepError) || !errorTraits(thrown.code).aboutPlan) throw thrown;
      throw await this.#refuseStale(stored, actor, [thrown.message], vcenter, thrown);
    }
    const diff = diffFacts(plan.draft.facts, again.draft.facts);
    if (diff.length === 0 && identityOf(again.draft.steps) === identityOf(plan.draft.steps)) return again;
    const said = diff.length > 0 ? diff : ["the planned steps would now differ"];
    throw await this.#refuseStale(stored, actor, said, vcenter);
  }

  /** Marks the plan stale and puts a fresh one in its place, where there can be one. */
  async #refuseStale(
    { row, plan }: StoredPlan,
    actor: Actor,
    diff: readonly string[],
    vcenter: VcenterOverride | undefined,
    refusal?: PrepError,
  ): Promise<PrepError> {
    let fresh: Planned | undefined;
    let why = refusal;
    if (why === undefined) {
      try {
        fresh = await planNow(this.#deps, plan.mode, plan.inputs, vcenter, { remaining: remainingOf(plan) });
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
      const made = await this.#plans.issueIn(
        tx,
        append,
        { ...fresh, inputs: plan.inputs, ...resumeParts(plan) },
        actor,
      );
      await tx.updatePlan(row.id, { freshPlanId: made.planId });
      return made;
    });
    const found = {
      planId: row.id,
      ...(why === undefined ? {} : { refusal: { code: why.code, message: why.message } }),
    };
    const hint =
      view === undefined
        ? (why?.hint ?? "Nothing was changed.")
        : "Nothing was changed. A fresh plan took its place, with a token of its own: it needs its own approval.";
    const next = view === undefined ? (why?.next ?? [{ kind: "plan_again" }]) : [];
    return new StalePlan(
      `The state changed since this plan was made: ${diff.join("; ")}.`,
      { found, hint, next },
      diff,
      view,
    );
  }

  async #start(
    { row, plan }: StoredPlan,
    again: Planned,
    actor: Actor,
    vcenter: VcenterOverride | undefined,
  ): Promise<RunRow> {
    const { store, clock, entropy, settings } = this.#deps;
    return auditedWrite(store, clock, async (tx, append) => {
      const current = await tx.plan(row.id);
      if (current?.state !== "open") {
        const run = current?.runId === undefined ? undefined : await tx.run(current.runId);
        if (run !== undefined) return run;
        throw new PrepError("PLAN_OBSOLETE", "This plan is not open any more.", {
          found: { planId: row.id },
          hint: "Nothing was changed.",
          next: [{ kind: "plan_again" }],
        });
      }
      if (await hasAuditEvent(tx, row.id, "plan_redeemed")) {
        throw new PrepError(
          "STORE_UNUSABLE",
          "The audit says that this plan was carried out, its record that it is open.",
          {
            found: { planId: row.id },
            hint: "Somebody changed the store: restore it from a backup.",
            next: [{ kind: "verify_audit" }],
          },
        );
      }
      const createdAt = await latestTime(tx, clock);
      if (current.expiresAt <= createdAt) {
        throw new PrepError("PLAN_EXPIRED", `This plan expired at ${current.expiresAt}.`, {
          found: { planId: row.id },
          hint: "Nothing was changed.",
          next: [{ kind: "plan_again" }],
        });
      }
      for (const live of await liveRunsIn(tx, row)) {
        if (live.state === "queued" && (await mayBegin(tx, live, this.#deps))) throw lockedBy([live]);
      }
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
      // A vCenter that only this call can sign in to is nothing for a worker.
      if (settings.runs === "worker" && vcenter === undefined) await tx.enqueueRun(id, createdAt);
      await tx.updatePlan(row.id, { state: "redeemed", runId: id });
      if (plan.resumes !== undefined) await tx.updateRun(plan.resumes, { resumedBy: id });
      await append({
        type: "plan_redeemed",
        actor,
        planId: row.id,
        runId: id,
        data: {
          digest: row.digest,
          fingerprint: again.draft.fingerprint,
          policy: this.#plans.policyOf(plan.mode),
          approvedBy: current.approvedBy ?? row.principal,
          approvedChannel: current.approvedChannel ?? "token",
        },
      });
      return run;
    });
  }
}

/** The steps without the names in them: a thing that was renamed is the same thing. */
const identityOf = (steps: readonly Step[]): string =>
  canonicalJson(JSON.parse(JSON.stringify(steps, (key, value: unknown) => (key === "name" ? undefined : value))));

const resumeParts = (plan: Plan): Pick<PlanParts, "resumes"> =>
  plan.resumes === undefined || plan.origin === undefined
    ? {}
    : {
        resumes: {
          runId: plan.resumes,
          origin: plan.origin,
          inheritedOutputs: plan.inheritedOutputs ?? {},
          keys: plan.keys ?? {},
        },
      };

async function liveRunsIn(tx: StoreReader, row: Pick<PlanRow, "mode" | "goldId" | "clientId">): Promise<RunRow[]> {
  const [family, client] = [
    await tx.runs({ goldId: row.goldId, states: LIVE_RUN_STATES }),
    await tx.runs({ clientId: row.clientId, states: LIVE_RUN_STATES }),
  ];
  const all = [...new Map([...family, ...client].map((run) => [run.id, run])).values()];
  return all.filter((run) => exclude(run, row));
}

/** A later run that excluded this one: what the journal says of this one's work may not hold any more. */
export async function overtakenBy(tx: Pick<StoreReader, "runs">, run: RunRow): Promise<RunRow | undefined> {
  for (const which of [{ goldId: run.goldId }, { clientId: run.clientId }]) {
    const newestFirst = await tx.runs({ ...which, limit: 50 });
    const at = newestFirst.findIndex(({ id }) => id === run.id);
    const by = newestFirst.slice(0, at === -1 ? undefined : at).find((later) => exclude(later, run));
    if (by !== undefined) return by;
  }
  return undefined;
}

async function claimResume(tx: StoreWriter, runId: string, row: PlanRow): Promise<void> {
  const run = await tx.run(runId);
  const by = run?.resumedBy ?? (run && (await overtakenBy(tx, run))?.id);
  if (by !== undefined) throw overtaken(runId, by, row.id);
}

export const overtaken = (runId: string, by: string, planId?: string): PrepError =>
  new PrepError("PLAN_OBSOLETE", `Run ${by} came after run ${runId} on this LUN family or client.`, {
    found: { ...(planId === undefined ? {} : { planId }), runId: by },
    hint: "The state has changed since: see that run, or plan the mode anew.",
    next: [{ kind: "show_run", runId: by }],
  });

export const lockedBy = (live: readonly RunRow[]): PrepError =>
  new PrepError("LOCKED", "Another run holds this LUN family or client.", {
    found: { runs: live.map(({ id, mode, state }) => ({ runId: id, mode, state })) },
    ...(live[0] === undefined
      ? { hint: "Try again in a moment." }
      : {
          hint: "Wait for it, or have it stopped between two steps.",
          next: [
            { kind: "follow_run", runId: live[0].id },
            { kind: "stop_run", runId: live[0].id },
          ],
        }),
  });
