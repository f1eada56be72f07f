/** What is there, without a plan: targets, LUNs, snapshots, VMs, and names for completion. */
import { latestTime } from "../audit.ts";
import { safeText } from "../domain/safe-text.ts";
import { isFinished, LIVE_RUN_STATES } from "../domain/states.ts";
import type { Actor } from "../engine.ts";
import type { EngineDeps } from "../engine-options.ts";
import { inspect, listLuns, listSnapshots, listVms, namesOf } from "../observe/inspect.ts";
import { listTargets } from "../observe/targets.ts";
import type { Plans } from "../plans/plans.ts";
import type { PlanRow, RunRow } from "../ports/store.ts";
import {
  type Inspection,
  type LunInventory,
  reportSchema,
  type SnapshotInventory,
  type TargetInventory,
  type VmInventory,
} from "../records.ts";
import type { TargetInputs } from "../request/request.ts";
import type { Runs } from "../runs/runs.ts";
import type { AuditedCalls } from "./audited-calls.ts";

/** How far back it is looked for the run that made what a client holds. */
const PAST_RUNS = 200;

/** The volume that a run left assigned and mounted. */
function volumeOf({ report }: RunRow): string | undefined {
  if (report === undefined) return undefined;
  try {
    return reportSchema.safeParse(JSON.parse(report)).data?.volume?.id;
  } catch {
    return undefined;
  }
}

export class InventoryService {
  readonly #deps: EngineDeps;
  readonly #calls: AuditedCalls;
  readonly #plans: Plans;
  readonly #runs: Runs;

  constructor(deps: EngineDeps, calls: AuditedCalls, plans: Plans, runs: Runs) {
    this.#deps = deps;
    this.#calls = calls;
    this.#plans = plans;
    this.#runs = runs;
  }

  /** Open plans and runs under way, of everybody. */
  async #underWay(): Promise<{
    readonly now: string;
    readonly plans: readonly PlanRow[];
    readonly live: readonly RunRow[];
  }> {
    const { now, plans, runs } = await this.#deps.store.read(async (tx) => {
      const now = await latestTime(tx, this.#deps.clock);
      return {
        now,
        plans: await tx.plans({ state: "open", endsAfter: now, limit: 50 }),
        runs: await tx.runs({ states: LIVE_RUN_STATES, limit: 50 }),
      };
    });
    const reconciled = await Promise.all(runs.map((run) => this.#runs.reconcile(run)));
    return {
      now,
      plans,
      live: reconciled.filter((run) => !isFinished(run.state)),
    };
  }

  listTargets(actor: Actor): Promise<TargetInventory> {
    return this.#calls.read("targets", {}, actor, async () => {
      const [targets, { now, plans, live }] = await Promise.all([listTargets(this.#deps), this.#underWay()]);
      const past = await this.#deps.store.read((tx) => tx.runs({ states: ["succeeded"], limit: PAST_RUNS }));
      const broughtBy = (clientId: string | undefined, volumeId: string): RunRow | undefined =>
        past.find((run) => run.clientId === clientId && volumeOf(run) === volumeId);
      return {
        at: now,
        targets: targets.map((target) => ({
          ...target,
          holds: target.holds.map((held) => {
            const run = broughtBy(target.clientId, held.volume.id);
            return run === undefined ? held : { ...held, by: { runId: run.id, principal: run.principal } };
          }),
          openPlans: plans.filter((row) => row.clientId === target.clientId).map((row) => row.id),
          runs: live
            .filter((run) => run.clientId === target.clientId)
            .map(({ id, mode, state }) => ({ runId: id, mode, state })),
        })),
      };
    });
  }

  async inspect(inputs: TargetInputs & { lun?: string }, actor: Actor): Promise<Inspection> {
    return this.#calls.read("inspect", inputs, actor, async () => {
      const [seen, { now, plans, live }] = await Promise.all([inspect(this.#deps, inputs), this.#underWay()]);
      return {
        ...seen,
        openPlans: plans
          .filter((row) => row.clientId === seen.client.id)
          .flatMap((row) => this.#plans.readable(row) ?? [])
          .map((stored) => this.#plans.view(stored, now)),
        runningRuns: live
          .filter((run) => run.clientId === seen.client.id)
          .map((run) => ({ runId: run.id, mode: run.mode, state: run.state })),
      };
    });
  }

  listLuns(actor: Actor): Promise<LunInventory> {
    return this.#calls.read("luns", {}, actor, () => listLuns(this.#deps));
  }

  listSnapshots(lun: string, actor: Actor): Promise<SnapshotInventory> {
    return this.#calls.read("snapshots", { lun }, actor, () => listSnapshots(this.#deps, lun));
  }

  listVms(inputs: TargetInputs & { lun?: string }, actor: Actor): Promise<VmInventory> {
    return this.#calls.read("vms", inputs, actor, () => listVms(this.#deps, inputs));
  }

  async completions(
    what: "lun" | "client" | "host" | "snapshot",
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
}
