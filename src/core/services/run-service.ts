/** Runs: carried out, followed, listed and cancelled. */
import { auditedWrite } from "../audit.ts";
import { PrepError } from "../domain/errors.ts";
import { safeText } from "../domain/safe-text.ts";
import { isFinished } from "../domain/states.ts";
import type { Actor, RunFilter, WaitOptions } from "../engine.ts";
import type { EngineDeps } from "../engine-options.ts";
import type { RunRecord } from "../records.ts";
import { configuredName, lunNameOf } from "../request/request.ts";
import type { Runs } from "../runs/runs.ts";
import type { AuditedCalls } from "./audited-calls.ts";

export class RunService {
  readonly #deps: EngineDeps;
  readonly #calls: AuditedCalls;
  readonly #runs: Runs;

  constructor(deps: EngineDeps, calls: AuditedCalls, runs: Runs) {
    this.#deps = deps;
    this.#calls = calls;
    this.#runs = runs;
  }

  async executeRun(runId: string, signal: AbortSignal): Promise<RunRecord> {
    await this.#runs.row(runId);
    await this.#runs.execute(runId, { signal });
    return this.#runs.view(await this.#runs.row(runId));
  }

  getRun(runId: string, options: WaitOptions = {}): Promise<RunRecord> {
    return this.#runs.follow(runId, options);
  }

  async listRuns(filter: RunFilter): Promise<RunRecord[]> {
    const rows = await this.#deps.store.read((tx) =>
      tx.runs({
        ...(filter.client === undefined
          ? {}
          : { clientName: configuredName("client", filter.client, this.#deps.settings.naming) ?? filter.client }),
        ...(filter.lun === undefined ? {} : { lunName: lunNameOf(filter.lun, this.#deps.settings.naming.luns) }),
        ...(filter.states === undefined ? {} : { states: filter.states }),
        limit: filter.limit ?? 20,
      }),
    );
    const views = rows.map(async (row) => this.#runs.viewIfReadable(await this.#runs.reconcile(row)));
    return (await Promise.all(views)).filter((view) => view !== undefined);
  }

  async cancelRun(runId: string, actor: Actor): Promise<RunRecord> {
    return this.#calls.audited("cancel_refused", actor, { runId: safeText(runId, 60) }, async () => {
      const row = await this.#runs.reconcile(await this.#runs.row(runId));
      if (row.principal !== actor.principal && actor.admin !== true) {
        throw new PrepError("WRONG_PRINCIPAL", "This run was started by someone else.", {
          found: { runId },
          hint: "Only whoever started a run cancels it, or an admin.",
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
}
