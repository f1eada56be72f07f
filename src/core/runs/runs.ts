/** Runs as the doors follow them: started here or elsewhere, read from the journal, given up where their process is gone. */
import { auditedWrite, latestTime } from "../audit.ts";
import { canonicalJson } from "../domain/canonical.ts";
import { asPrepError, PrepError } from "../domain/errors.ts";
import type { NextAction } from "../domain/next-action.ts";
import { safeText } from "../domain/safe-text.ts";
import { isFinished } from "../domain/states.ts";
import type { WaitOptions } from "../engine.ts";
import { clientLock, type EngineDeps, RUNNER } from "../engine-options.ts";
import { planIfReadable, readStoredPlan, type StoredPlan } from "../plans/plan.ts";
import { mayBegin } from "../plans/redeem.ts";
import type { VcenterOverride } from "../ports/runtime.ts";
import type { HeldLock, RunRow, StepRow } from "../ports/store.ts";
import type { RunRecord } from "../records.ts";
import { removeOld } from "../retention.ts";
import { endUnbegun, executeRun } from "./executor.ts";
import { partReport, SCRIPT_BEGUN } from "./report.ts";
import { viewRun } from "./run-view.ts";
import { type Watch, watch } from "./run-watch.ts";
import { sharedReading } from "./shared-reading.ts";

/** How often it is asked of a run's locks whether its process lives: nothing tells of a process that was killed. */
const ALIVE_EVERY_MS = 1_000;

interface Journal {
  readonly current: RunRow;
  readonly steps: readonly StepRow[];
}

interface Followed {
  readonly journal: () => Promise<Journal>;
  followers: number;
  /** When its locks were last asked whether its process lives. */
  aliveAt: number;
}

export class Runs {
  readonly #deps: EngineDeps;
  /** Runs that this process carries out. */
  readonly #active = new Map<string, Promise<void>>();
  /** Why a runner of this process's did not begin a run: whoever follows that run is told. */
  readonly #unbegun = new Map<string, PrepError>();
  /** Runs that somebody follows here. */
  readonly #journals = new Map<string, Followed>();
  readonly #stop = new AbortController();
  #tidying: Promise<void> = Promise.resolve();

  constructor(deps: EngineDeps) {
    this.#deps = deps;
  }

  /** Errors: `RUN_UNKNOWN`. */
  async row(runId: string): Promise<RunRow> {
    const row = await this.#deps.store.read((tx) => tx.run(runId));
    if (row !== undefined) return row;
    throw new PrepError("RUN_UNKNOWN", `There is no run ${safeText(runId, 60)}.`, {
      hint: "It may have been typed wrong.",
      next: [{ kind: "see_runs" }],
    });
  }

  async view(row: RunRow): Promise<RunRecord> {
    return viewRun(row, await this.#planOf(row), await this.#deps.store.read((tx) => tx.steps(row.id)));
  }

  /** For lists: a run whose plan's record was altered is in the log, and hides no other. */
  async viewIfReadable(row: RunRow): Promise<RunRecord | undefined> {
    try {
      return await this.view(row);
    } catch (thrown) {
      this.#deps.log.warn({ run: row.id, err: thrown }, "a run's plan was altered");
      return undefined;
    }
  }

  async #planOf(row: RunRow): Promise<StoredPlan> {
    const planRow = await this.#deps.store.read((tx) => tx.plan(row.planId));
    if (planRow !== undefined) return readStoredPlan(planRow);
    throw new PrepError("STORE_UNUSABLE", `The plan of run ${row.id} is not in the store.`, {
      hint: "Somebody changed the store.",
      next: [{ kind: "verify_audit" }],
    });
  }

  /** A run whose journal says it goes on, but whose lock is free, was cut off: its process is gone. */
  async reconcile(row: RunRow): Promise<RunRow> {
    if (isFinished(row.state) || this.#active.has(row.id)) return row;
    const { store } = this.#deps;
    if (row.state === "queued" && (await store.read((tx) => mayBegin(tx, row, this.#deps)))) return row;
    const held = await store.tryLock(clientLock(row.clientId));
    if (held === undefined) return row;
    try {
      return await this.#markInterrupted(row);
    } finally {
      await held.release();
    }
  }

  #markInterrupted(row: RunRow): Promise<RunRow> {
    const { store, clock } = this.#deps;
    return auditedWrite(store, clock, async (tx, append) => {
      const current = (await tx.run(row.id)) ?? row;
      if (isFinished(current.state)) return current;
      const [steps, planRow] = [await tx.steps(row.id), await tx.plan(row.planId)];
      const began = steps.filter((step) => step.state === "running").map((step) => step.stepId);
      const [which, how] = began.length === 1 ? ["step", "that step"] : ["steps", "those"];
      const text =
        current.state === "queued"
          ? "Nothing took it up in time; nothing was done."
          : began.length === 0
            ? "Its process ended between two steps; what was done is done."
            : `Its process ended during ${which} ${began.join(", ")}; nobody saw how ${how} ended.`;
      const plan = planIfReadable(planRow);
      const inScript = plan?.draft.steps.some(({ id, kind }) => kind === "script" && began.includes(id));
      const actions: NextAction[] = inScript
        ? [{ kind: "note", text: `${text} ${SCRIPT_BEGUN}` }, { kind: "plan_again" }]
        : [
            { kind: "note", text },
            { kind: "resume", runId: row.id },
          ];
      const next = JSON.stringify(actions);
      const report = plan && JSON.stringify(partReport(plan, row, steps));
      const change: Partial<RunRow> = {
        state: "interrupted",
        endedAt: await latestTime(tx, clock),
        next,
        ...(report === undefined ? {} : { report }),
      };
      await tx.updateRun(row.id, change);
      const data = began.length === 0 ? {} : { during: began.join(", ") };
      await append({ type: "run_interrupted", actor: RUNNER, planId: row.planId, runId: row.id, data });
      return { ...current, ...change };
    });
  }

  /** The run until it is over, `waitMs` have passed or the signal aborts, whatever comes first; as it is then. */
  async follow(runId: string, options: WaitOptions): Promise<RunRecord> {
    const { clock } = this.#deps;
    const deadline = clock.elapsed() + (options.waitMs ?? 0);
    const plan = await this.#planOf(await this.row(runId));
    let seen: { readonly rows: string; readonly view: RunRecord; readonly said: string } | undefined;
    let changes: Watch | undefined;
    const { journal, end } = this.#followed(runId);
    try {
      for (;;) {
        const { current, steps } = await journal();
        // The runner may be at work in this very process: nothing is made of rows that have not changed.
        const rows = JSON.stringify([current, steps]);
        if (seen?.rows !== rows) {
          const view = viewRun(current, plan, steps);
          const said = canonicalJson(view);
          if (seen?.said !== said) await options.onUpdate?.(view);
          seen = { rows, view, said };
        }
        const { view } = seen;
        if (isFinished(view.state) || options.signal?.aborted || clock.elapsed() >= deadline) {
          // A run that this process carries out may still be letting go of its locks.
          if (isFinished(view.state)) await this.#active.get(runId);
          return view;
        }
        changes ??= await watch(this.#deps, { runId });
        await this.#pause(runId, changes, Math.min(ALIVE_EVERY_MS, deadline - clock.elapsed()), options.signal);
      }
    } finally {
      changes?.end();
      end();
    }
  }

  /** The rows of a run, read once for all who follow it here. Whether its process lives is asked for whoever begins to, and now and then. */
  #followed(runId: string): { journal: () => Promise<Journal>; end: () => void } {
    const followed = this.#journals.get(runId) ?? this.#journalOf(runId);
    this.#journals.set(runId, followed);
    followed.followers += 1;
    followed.aliveAt = Number.NEGATIVE_INFINITY;
    const end = (): void => {
      followed.followers -= 1;
      if (followed.followers === 0) this.#journals.delete(runId);
    };
    return { journal: followed.journal, end };
  }

  #journalOf(runId: string): Followed {
    const { store, clock } = this.#deps;
    const journal = sharedReading(async () => {
      await this.#settleUnbegun(runId);
      let current = await this.row(runId);
      if (clock.elapsed() - followed.aliveAt >= ALIVE_EVERY_MS) {
        followed.aliveAt = clock.elapsed();
        current = await this.reconcile(current);
      }
      return { current, steps: await store.read((tx) => tx.steps(runId)) };
    });
    const followed: Followed = { journal, followers: 0, aliveAt: Number.NEGATIVE_INFINITY };
    return followed;
  }

  /** Until the next look, or until this process's own run is over. */
  async #pause(runId: string, changes: Watch, ms: number, signal: AbortSignal | undefined): Promise<void> {
    const over = new AbortController();
    const pause = changes.next(ms, signal === undefined ? over.signal : AbortSignal.any([over.signal, signal]));
    await Promise.race([pause, this.#active.get(runId) ?? pause]);
    over.abort();
  }

  /** Whether a confirmed run waits in the store for a worker: all do but those for another vCenter, whose password this process alone has. */
  isForWorkers(vcenter: VcenterOverride | undefined): boolean {
    return vcenter === undefined && this.#deps.settings.runs === "worker";
  }

  /** Hands a redeemed run to whoever carries it out: a worker, a process of its own where there are such, else this one. */
  async launch(run: RunRow, held: HeldLock, vcenter: VcenterOverride | undefined): Promise<void> {
    if (this.isForWorkers(vcenter)) return held.release();
    if (vcenter === undefined && this.#deps.launch !== undefined) {
      await held.release();
      return this.begin(run.id);
    }
    void this.execute(run.id, { held, vcenter });
  }

  /** Has a queued run carried out: by a process of its own where there are such, and resolves when that is started. */
  async begin(runId: string, signal?: AbortSignal): Promise<void> {
    const { launch } = this.#deps;
    if (launch === undefined) return this.execute(runId, signal === undefined ? {} : { signal });
    const endAsUnbegun = (thrown: unknown): Promise<void> => {
      this.#unbegun.set(runId, asPrepError(thrown));
      return this.#settleUnbegun(runId);
    };
    await launch(runId, (why) => {
      if (this.#stop.signal.aborted) return;
      endAsUnbegun(why).catch((thrown: unknown) =>
        this.#deps.log.error({ run: runId, err: thrown }, "that no process carries the run out cannot be written"),
      );
    }).catch(async (thrown: unknown) => {
      await endAsUnbegun(thrown);
      throw thrown;
    });
  }

  /** Ends a run that no runner has begun as failed. Where that cannot be written, it is thrown, and tried again the next time. */
  async #settleUnbegun(runId: string): Promise<void> {
    const why = this.#unbegun.get(runId);
    if (why === undefined) return;
    const row = await this.row(runId);
    if (row.state === "queued") await endUnbegun(this.#deps, row, why);
    this.#unbegun.delete(runId);
  }

  /** Carries the run out in this process; resolves when it is over. Stops between steps when the signal aborts, or on `close`. */
  execute(
    runId: string,
    options: { held?: HeldLock; vcenter?: VcenterOverride | undefined; signal?: AbortSignal },
  ): Promise<void> {
    const { held, vcenter, signal } = options;
    const going = executeRun(this.#deps, runId, {
      signal: signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]),
      vcenter,
      held,
    })
      .catch((thrown: unknown) => {
        this.#deps.log.error({ run: runId, err: thrown }, "a run could not be carried out");
        this.#unbegun.set(runId, asPrepError(thrown));
      })
      .finally(() => {
        this.#active.delete(runId);
        this.#tidying = this.#tidying.then(() => this.#removeOld());
      });
    this.#active.set(runId, going);
    return going;
  }

  /** Whenever a run is over: a store grows with its runs, and is looked after by whoever carries them out. */
  async #removeOld(): Promise<void> {
    try {
      await removeOld(this.#deps, RUNNER);
    } catch (thrown) {
      if (asPrepError(thrown).code !== "LOCKED") this.#deps.log.error({ err: thrown }, "what is old was not removed");
    }
  }

  /** Stops the runs of this process between steps and waits for them. */
  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#active.values());
    await this.#tidying;
  }
}
