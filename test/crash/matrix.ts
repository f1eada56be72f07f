/**
 * The crash matrix: a runner in a process of its own is killed with -9 at every step, (a) before the step's call takes
 * effect and (b) after it, before the journal knows; then the run is resumed. The lab holds the moments with `hang` and
 * `hang-after`; the product knows nothing of it. (c), after the journal's row of a step, is (a) of the step that follows;
 * after the last step the report's reads are made slow.
 *
 * Where two steps may be under way at once, the runner is also killed while both are held: before or after the effect of each.
 *
 * A run that was not disturbed is the measure: the world must end up in the same shape, by each effect once.
 */
import { afterAll, describe, expect, test } from "vitest";
import { type Mode, traitsOf } from "../../src/core/domain/modes.ts";
import type { PlanRecord, RunRecord } from "../../src/core/records.ts";
import type { PrepInputs } from "../../src/core/request/request.ts";
import { ARRAY, opOf } from "../support/array-under-test.ts";
import { type EngineChild, engineChild, until } from "../support/children.ts";
import { CALLS, type Call, countOps, effectsOf, shapeOf, sizeOf, twice } from "../support/effects.ts";
import { assignedTo, type Bench, goldOf } from "../support/engine.ts";
import type { LabState } from "../support/lab.ts";

export interface Journey {
  readonly name: string;
  readonly scenario: string;
  readonly mode: Mode;
  readonly inputs?: Partial<PrepInputs>;
  /** Changes the world before the plan is made. */
  readonly prepare?: (bench: Bench) => Promise<void>;
}

/** Every journey and every moment, instead of every step of -A and -rvgd. */
export const WHOLE = process.env["ATVM_CRASH"] === "all";

interface Hold {
  readonly step: string;
  readonly name: string;
  readonly call: Call;
  /** Which call of that kind in the whole run. */
  readonly nth: number;
  readonly action: "hang" | "hang-after";
}

/** Where a run is cut off: at one call, at two that are under way, or when all steps are done (`changes`: how many effects that takes). */
interface Moment {
  readonly name: string;
  readonly holds: readonly Hold[];
  readonly afterAll?: { readonly changes: number };
}

interface Reference {
  readonly moments: readonly Moment[];
  readonly shape: object;
  readonly effects: Readonly<Record<string, number>>;
  readonly goldBefore: number;
  readonly goldAfter: number;
}

async function begin(bench: Bench, journey: Journey): Promise<void> {
  for (const { planId } of await bench.app.engine.listPlans())
    await bench.app.engine.discardPlan({ planId }, bench.actor);
  await bench.control.reset({ scenario: journey.scenario });
  await journey.prepare?.(bench);
}

/** Carries the journey out undisturbed, and lists the moments at which it can be cut off. */
async function refer(bench: Bench, journey: Journey): Promise<Reference> {
  await begin(bench, journey);
  const goldBefore = goldOf(await bench.control.state()).dataVersion;
  const plan = await bench.plan(journey.mode, journey.inputs);
  const run = await bench.run(plan);
  expect(run).toMatchObject({ state: "succeeded" });
  const state = await bench.control.state();
  return {
    moments: momentsOf(plan, run, state),
    shape: shapeOf(state),
    effects: effectsOf(state),
    goldBefore,
    goldAfter: goldOf(state).dataVersion,
  };
}

function momentsOf(plan: PlanRecord, run: RunRecord, { mutations }: LabState): Moment[] {
  const used = new Map<string, number>();
  const holds: Hold[] = [];
  for (const step of run.steps.filter((one) => one.state === "done")) {
    const calls = CALLS[step.kind];
    for (const [index, call] of calls.entries()) {
      const before = used.get(call.op) ?? 0;
      used.set(call.op, before + sizeOf(step, plan));
      const hold = { step: step.id, call, nth: before + 1 };
      // Between a rescan's two calls nothing new can go wrong; the whole matrix looks there as well.
      if (WHOLE || index === 0)
        holds.push({ ...hold, action: "hang", name: `${step.id} ${step.kind}: before ${call.op}` });
      if (WHOLE || index === calls.length - 1)
        holds.push({
          ...hold,
          action: "hang-after",
          name: `${step.id} ${step.kind}: after ${call.op}, before its row`,
        });
    }
  }
  expect(Object.fromEntries(used)).toEqual(countOps(mutations));
  const moments: Moment[] = holds.map((hold) => ({ name: hold.name, holds: [hold] }));
  for (const [one, other] of pairsOf(plan)) {
    const [first, second] = [one, other].map((id) => holds.filter((hold) => hold.step === id));
    for (const left of first ?? [])
      for (const right of second ?? []) moments.push({ name: `${left.name} and ${right.name}`, holds: [left, right] });
  }
  // Without a volume of its own, a run's report looks at nothing, and there is nowhere to hold it.
  if (holds.length > 0 && run.report?.volume !== undefined)
    moments.push({
      name: "the end of all steps, before the report",
      holds: [],
      afterAll: { changes: mutations.length },
    });
  return moments;
}

/** Steps that may be under way together: neither waits for the other. */
function pairsOf({ steps }: PlanRecord): [string, string][] {
  const awaited = new Map<string, Set<string>>();
  for (const step of steps) awaited.set(step.id, new Set(step.after.flatMap((id) => [id, ...(awaited.get(id) ?? [])])));
  return steps.flatMap((step, index) =>
    steps
      .slice(0, index)
      .filter((before) => awaited.get(step.id)?.has(before.id) !== true)
      .map((before): [string, string] => [before.id, step.id]),
  );
}

/** A journey's tests: one a moment. */
export async function cutOffEverywhere(bench: Bench, journey: Journey): Promise<void> {
  const reference = await refer(bench, journey);
  const spares = new Spares(bench);
  afterAll(() => spares.end());
  describe(journey.name, () => {
    test.each(reference.moments.map((moment) => [moment.name, moment] as const))(
      "killed at %s, it is resumed to its goal",
      (_name, moment) => crash(bench, journey, reference, moment, spares.take()),
    );
  });
}

/** Processes that are up before they are needed, since starting one takes longer than all the rest. */
class Spares {
  readonly #bench: Bench;
  #next: EngineChild | undefined;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  take(): EngineChild {
    const child = this.#next ?? engineChild(this.#bench, { keep: true });
    this.#next = engineChild(this.#bench, { keep: true });
    return child;
  }

  async end(): Promise<void> {
    await this.#next?.end();
  }
}

/** Cuts the journey off at the moment, resumes it, and expects of the outcome what the reference says. */
async function crash(
  bench: Bench,
  journey: Journey,
  reference: Reference,
  moment: Moment,
  child: EngineChild,
): Promise<void> {
  const { engine } = bench.app;
  await begin(bench, journey);
  const plan = await bench.plan(journey.mode, journey.inputs);
  if (plan.approval.policy === "human") await engine.approve(plan.planId, bench.app.actor("cli"), plan.target.lun.name);
  await hold(bench, moment);
  await child.ready();
  child.confirm(plan.planToken);
  await reached(bench, plan.planId, moment);
  await child.end("SIGKILL");
  await bench.control.clearFaults();

  const { runId = "" } = await engine.getPlan(plan.planId);
  // A server needs a moment to notice that a session is gone.
  const cut = await engine.getRun(runId, { waitMs: 20_000 });
  expect(cut).toMatchObject({ state: "interrupted" });
  expect([reference.goldBefore, reference.goldAfter]).toContain(goldOf(await bench.control.state()).dataVersion);

  const rest = await engine.resumePlan(runId, bench.actor);
  const run = await bench.run(rest);
  const state = await bench.control.state();
  expect(run).toMatchObject({ state: "succeeded", resumes: runId });
  expect(effectsOf(state)).toEqual(reference.effects);
  expect(shapeOf(state)).toEqual(reference.shape);
  expect(twice(state)).toEqual([]);
  expect(await engine.verifyAudit()).toMatchObject({ holds: true, problems: [] });
  if (traitsOf(journey.mode).leaves !== "assigned") expect(run.report?.volume?.id).toBe(assignedTo(state)[0]?.id);
}

async function hold(bench: Bench, { holds, afterAll }: Moment): Promise<void> {
  for (const { call, nth, action } of holds) await bench.control.faults({ ...call, nth, action });
  if (afterAll === undefined) return;
  // No call is the report's alone, so every read after the last effect takes its time: long enough to be met in it.
  const { world } = bench.lab;
  const stop = world.onChange(() => {
    if (world.mutations.length < afterAll.changes) return;
    stop();
    world.faults.add({ api: "vim", op: "RetrievePropertiesEx", action: { kind: "slow", ms: 800 }, times: 1_000 });
  });
}

/** Resolves when the run stands at the moment. */
async function reached(bench: Bench, planId: string, { holds, afterAll }: Moment): Promise<void> {
  const { world } = bench.lab;
  if (afterAll !== undefined) {
    await until(async () => {
      const { runId } = await bench.app.engine.getPlan(planId);
      const run = runId === undefined ? undefined : await bench.app.engine.getRun(runId);
      return run?.steps.every((step) => step.state === "done" || step.state === "skipped") ? true : undefined;
    });
  }
  for (const { call, nth, action } of holds) {
    const op = opOf(call.op, ARRAY);
    await until(() => {
      const calls =
        action === "hang"
          ? (world.faults.calls()[call.api][op] ?? 0)
          : world.mutations.filter((one) => one.op === op).length;
      return calls >= nth ? true : undefined;
    });
  }
}
