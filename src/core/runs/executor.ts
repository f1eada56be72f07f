/**
 * Executes a redeemed plan. The one place that opens writers. Intent is journalled before each step, the outcome
 * after it; nothing is repeated on the journal's word alone, since every step checks before it acts.
 */
import { auditedWrite } from "../audit.ts";
import { asPrepError, PrepError } from "../domain/errors.ts";
import { type EngineDeps, lockNames, RUNNER } from "../engine-options.ts";
import { diffFacts } from "../plans/facts.ts";
import { keyOf, readPlan, requireSameSystems, unknownPlan } from "../plans/plan.ts";
import type { Plan } from "../plans/plan-schema.ts";
import { draftAgain } from "../plans/planner.ts";
import type { Systems, VcenterOverride } from "../ports/runtime.ts";
import type { HeldLock, RunRow, StepRow } from "../ports/store.ts";
import { checkStep, describeStep } from "../steps/catalog.ts";
import type { Outputs, Result, Step, WritableWorld } from "../steps/types.ts";
import { type Ending, endingFor, endingOf } from "./ending.ts";
import { runGraph } from "./graph.ts";
import { Handover } from "./handover.ts";
import { nextActions, partReport, reportOf } from "./report.ts";
import { stepProgress } from "./step-progress.ts";

export interface ExecuteOptions {
  readonly signal: AbortSignal;
  readonly vcenter?: VcenterOverride | undefined;
  /** Locks taken by the confirm in this process. Without them the run takes its own. */
  readonly held?: HeldLock | undefined;
}

type Writers = ReturnType<Systems["write"]>;

const LOCK_WAIT_MS = 30_000;
/** `skipped`: the step's goal was reached already. */
type Outcome = Result & { readonly skipped: boolean };

/** Runs `runId` to its end; returns when its row says how it ended. Never throws for what goes wrong in a run. */
export async function executeRun(deps: EngineDeps, runId: string, options: ExecuteOptions): Promise<void> {
  const { store } = deps;
  const row = await store.read((tx) => tx.run(runId));
  if (row === undefined) {
    throw new PrepError("RUN_UNKNOWN", `There is no run ${runId}.`, {
      hint: "It may have been typed wrong.",
      next: [{ kind: "see_runs" }],
    });
  }
  if (row.state !== "queued") return;
  const held = options.held ?? (await waitForLocks(deps, row));
  if (held === undefined) {
    const hint = "Wait for it, then plan again.";
    await endUnbegun(deps, row, new PrepError("LOCKED", "Another run holds this LUN family or client.", { hint }));
    return;
  }
  try {
    await new Runner(deps, row, held, options).run();
  } finally {
    await held.release();
  }
}

async function waitForLocks(deps: EngineDeps, row: RunRow): Promise<HeldLock | undefined> {
  const deadline = deps.clock.elapsed() + LOCK_WAIT_MS;
  for (;;) {
    const held = await deps.store.tryLock(lockNames(row));
    if (held !== undefined || deps.clock.elapsed() > deadline) return held;
    await deps.clock.sleep(50);
  }
}

/** Ends a run that no runner has begun; one that has been begun is left alone. */
export const endUnbegun = (deps: EngineDeps, row: RunRow, error: PrepError): Promise<void> =>
  end(deps, row, "queued", undefined, { state: "failed", error });

/** Nothing happens to a run that is not, or no longer, in the state `from`: another process carries it out, or has settled it. */
async function end(
  deps: EngineDeps,
  row: RunRow,
  from: "queued" | "running",
  plan: Plan | undefined,
  ending: Ending,
  report?: unknown,
): Promise<void> {
  const error = ending.error?.toRecord();
  const next = nextActions(row, plan, ending.state, ending.error);
  await auditedWrite(deps.store, deps.clock, async (tx, append) => {
    if ((await tx.run(row.id))?.state !== from) return;
    const endedAt = deps.clock.now().toISOString();
    await tx.updateRun(row.id, {
      state: ending.state,
      endedAt,
      next: JSON.stringify(next),
      ...(error === undefined ? {} : { error: JSON.stringify(error) }),
      ...(report === undefined ? {} : { report: JSON.stringify(report) }),
    });
    await append({
      type: `run_${ending.state}`,
      actor: RUNNER,
      planId: row.planId,
      runId: row.id,
      data: error === undefined ? {} : { code: error.code, message: error.message },
    });
  });
  deps.log.info({ run: row.id, state: ending.state, code: error?.code }, "run ended");
}

class Runner {
  readonly #deps: EngineDeps;
  readonly #row: RunRow;
  readonly #held: HeldLock;
  readonly #options: ExecuteOptions;
  readonly #outputs = new Map<string, Outputs>();
  readonly #changed = new Set<string>();
  #handover = new Handover([]);

  constructor(deps: EngineDeps, row: RunRow, held: HeldLock, options: ExecuteOptions) {
    this.#deps = deps;
    this.#row = row;
    this.#held = held;
    this.#options = options;
  }

  async run(): Promise<void> {
    if (!(await this.#begin())) return;
    const { store } = this.#deps;
    let plan: Plan | undefined;
    let ending: Ending;
    let report: unknown;
    let connection: Writers | undefined;
    try {
      const planRow = await store.read((tx) => tx.plan(this.#row.planId));
      if (planRow === undefined) {
        throw unknownPlan(`The plan of run ${this.#row.id} is not in the store.`);
      }
      plan = readPlan(planRow);
      const systems = this.#deps.systems(this.#options.vcenter);
      connection = systems.write();
      await this.#checkFresh(plan, connection, systems.endpoints);
      ending = await this.#steps(plan, connection);
      if (ending.state === "succeeded") report = await this.#report(plan, connection);
    } catch (thrown) {
      this.#logDefect(thrown);
      ending = endingFor(asPrepError(thrown));
    }
    // Signing out is a round trip that the outcome need not wait for.
    const closed = connection?.close().catch((cause: unknown) => this.#deps.log.warn({ err: cause }, "signing out"));
    report ??= plan === undefined ? undefined : await this.#partReport(plan);
    await end(this.#deps, this.#row, "running", plan, ending, report);
    await closed;
  }

  /**
   * Marks the run as running; false where it is not queued any more. The locks alone do not tell: they may have become free
   * because another runner carried this very run out, or because it was given up.
   */
  #begin(): Promise<boolean> {
    const { store, clock } = this.#deps;
    const { id: runId, planId } = this.#row;
    return auditedWrite(store, clock, async (tx, append) => {
      if ((await tx.run(runId))?.state !== "queued") return false;
      await tx.updateRun(runId, { state: "running", startedAt: clock.now().toISOString() });
      await append({ type: "run_started", actor: RUNNER, planId, runId });
      return true;
    });
  }

  /** Once more, with the locks held, before the first step: a plan is carried out on the state that was approved, or not at all. */
  async #checkFresh(plan: Plan, connection: Writers, endpoints: Systems["endpoints"]): Promise<void> {
    requireSameSystems(plan, endpoints);
    const draft = await draftAgain(this.#deps, plan, connection, this.#options.vcenter);
    const diff = diffFacts(plan.draft.facts, draft.facts);
    if (diff.length === 0) return;
    throw new PrepError("STALE_PLAN", `The state changed before the first step: ${diff.join("; ")}.`, {
      hint: "Nothing was changed.",
      next: [{ kind: "plan_again" }],
      extra: { diff },
    });
  }

  async #steps(plan: Plan, systems: Writers): Promise<Ending> {
    for (const [stepId, outputs] of Object.entries(plan.inheritedOutputs ?? {})) this.#outputs.set(stepId, outputs);
    this.#handover = new Handover(plan.draft.steps.map(({ id }) => id));
    const { stop, failures } = await runGraph(plan.draft.steps, {
      run: (step, seq) => this.#step(seq, step, plan, systems).finally(() => this.#handover.end(step.id)),
      mustStop: () => this.#mustStop(),
      abandon: (steps) => {
        for (const step of steps) this.#handover.end(step.id);
      },
    });
    for (const { thrown } of failures) this.#logDefect(thrown);
    return endingOf(failures) ?? stop ?? { state: "succeeded" };
  }

  #logDefect(thrown: unknown): void {
    if (asPrepError(thrown).code !== "INTERNAL") return;
    this.#deps.log.error({ run: this.#row.id, err: thrown }, "a run met a defect");
  }

  async #mustStop(): Promise<Ending | undefined> {
    if (this.#options.signal.aborted) return { state: "interrupted" };
    if (!(await this.#held.stillHeld())) return { state: "interrupted" };
    const row = await this.#deps.store.read((tx) => tx.run(this.#row.id));
    return row?.cancelRequested ? { state: "cancelled" } : undefined;
  }

  async #step(seq: number, step: Step, plan: Plan, systems: Writers): Promise<void> {
    const startedAt = this.#deps.clock.now().toISOString();
    const base: StepRow = { runId: this.#row.id, seq, stepId: step.id, state: "running", startedAt };
    await this.#journal(base, "step_begin", {
      step: step.id,
      kind: step.kind,
      text: describeStep(step),
    });
    let result: Outcome;
    try {
      result = await this.#checkAndAct(base, step, plan, systems);
    } catch (thrown) {
      const error = asPrepError(thrown);
      const state = error.code === "OUTCOME_UNKNOWN" ? "unknown" : "failed";
      const endedAt = this.#deps.clock.now().toISOString();
      await this.#journal({ ...base, state, endedAt, error: JSON.stringify(error.toRecord()) }, "step_end", {
        step: step.id,
        kind: step.kind,
        state,
        code: error.code,
        message: error.message,
      });
      throw thrown;
    }
    if (result.outputs !== undefined) this.#outputs.set(step.id, result.outputs);
    if (!result.skipped) this.#changed.add(step.id);
    const state = result.skipped ? "skipped" : "done";
    const endedAt = this.#deps.clock.now().toISOString();
    const outputs = result.outputs === undefined ? {} : { outputs: JSON.stringify(result.outputs) };
    // Where this cannot be written, the step must not be called failed: it was done, and its row says that it had begun.
    await this.#journal({ ...base, state, endedAt, detail: result.detail, ...outputs }, "step_end", {
      step: step.id,
      kind: step.kind,
      state,
      detail: result.detail,
    });
  }

  async #checkAndAct(base: StepRow, step: Step, plan: Plan, systems: Writers): Promise<Outcome> {
    const progress = stepProgress(this.#deps, base);
    const world: WritableWorld = {
      array: systems.array,
      hypervisor: systems.hypervisor,
      script: systems.script,
      host: plan.host,
      clock: this.#deps.clock,
      limits: this.#deps.settings.limits,
      origin: { runId: this.#row.originId, createdAt: this.#row.originCreatedAt },
      outputs: this.#outputs,
      changed: (stepId) => this.#changed.has(stepId),
      key: keyOf(plan, this.#row.originId, step.id),
      progress: progress.tell,
      stopped: (vm) => this.#handover.offer(step.id, vm),
      stoppedBy: (stepId) => this.#handover.taken(stepId),
    };
    try {
      const checked = await checkStep(step, world);
      if (typeof checked !== "function") return { ...checked, skipped: true };
      return { ...(await checked(world)), skipped: false };
    } finally {
      progress.end();
    }
  }

  async #journal(row: StepRow, type: "step_begin" | "step_end", data: Record<string, unknown>): Promise<void> {
    const { store, clock, log } = this.#deps;
    await auditedWrite(store, clock, async (tx, append) => {
      await tx.putStep(row);
      await append({ type, actor: RUNNER, planId: this.#row.planId, runId: this.#row.id, data });
    });
    log.info({ run: this.#row.id, ...data }, type);
  }

  async #report(plan: Plan, systems: Writers): Promise<unknown> {
    const { clock, settings } = this.#deps;
    try {
      return await reportOf(plan, this.#outputs, systems, { clock, listedMs: settings.limits.deviceWaitMs });
    } catch (cause) {
      // The run's goal is reached; that the look afterwards failed does not unmake it.
      this.#deps.log.warn({ run: this.#row.id, err: cause }, "the report could not be completed");
      return this.#partReport(plan);
    }
  }

  async #partReport(plan: Plan): Promise<unknown> {
    return partReport(plan, this.#row, await this.#deps.store.read((tx) => tx.steps(this.#row.id)));
  }
}
