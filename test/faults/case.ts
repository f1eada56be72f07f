/** One case of the matrix: a preparation with one call disturbed, held against what must be true of it, and brought to its goal. */
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import type { App } from "../../src/app.ts";
import { ERROR_CODES, type ErrorCode, PrepError } from "../../src/core/domain/errors.ts";
import type { StepKindName } from "../../src/core/domain/states.ts";
import type { PlanRecord, RunRecord } from "../../src/core/records.ts";
import { parseFaultAction } from "../../src/lab/world/faults.ts";
import type { World } from "../../src/lab/world/world.ts";
import { CALLS, countOps, effectsOf, HARMLESS, shapeOf, sizeOf } from "../support/effects.ts";
import type { LabState } from "../support/lab.ts";
import type { Cell, Counts, Phase } from "./cells.ts";
import type { Journey } from "./journeys.ts";
import { wrongInError, wrongInGiven } from "./judge.ts";
import type { Lane } from "./lane.ts";

/** How a case ended. */
export const WAYS = [
  "went through",
  "plan refused, then made",
  "confirm refused, then confirmed",
  "failed, then resumed",
  "failed, then planned anew",
  "operator asked, then resumed",
  "operator asked, then planned anew",
  "not judged",
] as const;
export type Way = (typeof WAYS)[number];

export const outcomeSchema = z.object({
  way: z.enum(WAYS),
  /** What the refusal or the run's error says. */
  code: z.enum(ERROR_CODES).exactOptional(),
  /** Whether the call came that was to be disturbed. */
  met: z.boolean(),
  /** What must not be. */
  problems: z.array(z.string()).readonly(),
});
export type Outcome = Readonly<z.infer<typeof outcomeSchema>>;

export interface Reference {
  /** The plan of the undisturbed world: the same plan is the same run. */
  readonly plan: PlanRecord;
  readonly counts: Readonly<Record<Phase, Counts>>;
  readonly shape: object;
  readonly effects: Readonly<Record<string, number>>;
}

const WAIT_MS = 90_000;
/** On a volume of the lab. */
const MOST_FILES = 10;

export const plan = ({ engine, actor }: App, { mode, inputs }: Journey): Promise<PlanRecord> =>
  engine.plan(mode, { lun: "Gold", ...inputs }, actor("mcp", "faults"));

/** Approves where the policy wants a person, confirms, and waits for the end. */
export async function confirm({ engine, actor }: App, made: PlanRecord): Promise<RunRecord> {
  if (made.approval.policy === "human" && made.approval.approvedBy === undefined) {
    const typed = made.mode === "rollback" ? made.target.lun.name : undefined;
    await engine.approve(made.planId, actor("cli"), typed);
  }
  return engine.confirm(made.planToken ?? "", actor("mcp", "faults"), { waitMs: WAIT_MS });
}

const difference = (more: Counts, less: Counts): Counts => {
  const of = (api: "dgs" | "vim"): Record<string, number> =>
    Object.fromEntries(
      Object.entries(more[api])
        .map(([op, count]) => [op, count - (less[api][op] ?? 0)] as const)
        .filter(([, count]) => count > 0),
    );
  return { dgs: of("dgs"), vim: of("vim") };
};

/** Returns how to stop waiting for it. */
function atFirstChange(world: World, act: () => void): () => void {
  const stop = world.onChange(() => {
    if (world.mutations.length === 0) return;
    stop();
    act();
  });
  return stop;
}

/** The undisturbed journey: what it calls, and what the world is like then. */
export async function refer(lane: Lane, journey: Journey): Promise<Reference> {
  const app = await lane.begin(journey);
  const { faults } = lane.world;
  const made = await plan(app, journey);
  const planned = faults.calls();
  let changed = planned;
  const stop = atFirstChange(lane.world, () => {
    changed = faults.calls();
  });
  const run = await confirm(app, made);
  stop();
  if (run.state !== "succeeded") throw new Error(`${journey.mode} ${run.state}: ${run.error?.message}`);
  const state = lane.state();
  return {
    plan: made,
    counts: { plan: planned, start: difference(changed, planned), rest: difference(faults.calls(), changed) },
    shape: shapeOf(state),
    effects: effectsOf(state),
  };
}

export const settle = <T>(work: Promise<T>): Promise<T | PrepError> =>
  work.catch((thrown: unknown) => {
    if (thrown instanceof PrepError) return thrown;
    throw thrown;
  });

export async function disturb(lane: Lane, cell: Cell, reference: Reference): Promise<Outcome> {
  return new Case(lane, cell, reference, await lane.begin(cell.journey)).run();
}

class Case {
  readonly #lane: Lane;
  readonly #cell: Cell;
  readonly #reference: Reference;
  readonly #app: App;
  readonly #problems: string[] = [];
  #callsBefore = Number.POSITIVE_INFINITY;

  constructor(lane: Lane, cell: Cell, reference: Reference, app: App) {
    this.#lane = lane;
    this.#cell = cell;
    this.#reference = reference;
    this.#app = app;
  }

  async run(): Promise<Outcome> {
    const { way, code } = await this.#ending();
    if (this.#cell.phase !== "plan") this.#judgeGoal();
    await this.#judgeRecords();
    const met = this.#calls() >= this.#callsBefore + this.#cell.nth;
    return { way, met, problems: this.#problems, ...(code === undefined ? {} : { code }) };
  }

  #calls(): number {
    return this.#lane.world.faults.calls()[this.#cell.api][this.#cell.op] ?? 0;
  }

  #strike(): void {
    const { api, op, nth } = this.#cell;
    const action = parseFaultAction(this.#cell.action);
    if (action === undefined) throw new Error(`no action ${this.#cell.action}`);
    this.#callsBefore = this.#calls();
    this.#lane.world.faults.add({ api, op, nth, action });
  }

  async #ending(): Promise<{ way: Way; code?: ErrorCode }> {
    const { journey, phase } = this.#cell;
    const { faults } = this.#lane.world;
    if (phase === "plan") this.#strike();
    const planned = plan(this.#app, journey);
    const made = phase === "plan" ? await settle(planned) : await planned;
    faults.clear();
    if (made instanceof PrepError) {
      this.#judgeRefusal(made);
      this.#judgeUnchanged();
      const { code } = made;
      this.#judgePlan(await plan(this.#app, journey));
      return { way: "plan refused, then made", code };
    }
    this.#judgeGiven(made);
    if (phase === "plan") {
      this.#judgeDisturbed(made);
      return { way: "went through" };
    }
    if (phase === "start") this.#strike();
    const stop = phase === "rest" ? atFirstChange(this.#lane.world, () => this.#strike()) : undefined;
    const run = await settle(confirm(this.#app, made));
    stop?.();
    faults.clear();
    if (run instanceof PrepError) {
      this.#judgeRefusal(run);
      this.#judgeUnchanged();
      return { way: await this.#finish(made, "confirm refused, then confirmed"), code: run.code };
    }
    this.#judgeGiven(run);
    if (run.state === "succeeded") return { way: "went through" };
    this.#judgeFailure(made, run);
    return { way: await this.#recover(run), ...(run.error === undefined ? {} : { code: run.error.code }) };
  }

  /** Undisturbed from here on. */
  async #finish(made: PlanRecord, way: Way): Promise<Way> {
    const run = await settle(confirm(this.#app, made));
    if (run instanceof PrepError) this.#problem(`undisturbed, the confirm is refused: ${run.code} ${run.message}`);
    else if (run.state !== "succeeded")
      this.#problem(`undisturbed, the run is ${run.state}: ${run.error?.code} ${run.error?.message}`);
    return way;
  }

  async #recover(run: RunRecord): Promise<Way> {
    const begun = run.state === "needs_operator" ? "operator asked" : "failed";
    const { engine, actor } = this.#app;
    const rest = await settle(engine.resumePlan(run.runId, actor("mcp", "faults")));
    if (!(rest instanceof PrepError)) return this.#finish(rest, `${begun}, then resumed`);
    this.#judgeRefusal(rest);
    return this.#finish(await plan(this.#app, this.#cell.journey), `${begun}, then planned anew`);
  }

  #problem(text: string): void {
    this.#problems.push(text);
  }

  #judgeGiven(given: unknown): void {
    this.#problems.push(...wrongInGiven(given, this.#lane.secrets));
  }

  #judgeError(error: Pick<PrepError, "code" | "message" | "hint">): void {
    this.#problems.push(...wrongInError(error));
  }

  #judgeRefusal(refused: PrepError): void {
    this.#judgeError(refused);
    this.#judgeGiven(refused.toRecord());
  }

  #judgeUnchanged(): void {
    if (this.#lane.world.mutations.length > 0) this.#problem("refused after a change");
  }

  #judgeFailure(made: PlanRecord, run: RunRecord): void {
    const { error } = run;
    if (error === undefined) {
      this.#problem(`the run is ${run.state} without an error`);
      return;
    }
    this.#judgeError(error);
    const state = this.#lane.state();
    for (const lie of journalLies(made, run, state)) this.#problem(lie);
    const told = JSON.stringify(run);
    for (const { op, target } of state.mutations) {
      const volume = state.volumes.find(({ id }) => id === target);
      if (op !== "CloneSnapshot" || volume === undefined) continue;
      if (!told.includes(volume.id) && !told.includes(volume.name))
        this.#problem(`${error.code}: clone ${volume.name} is left, and not told of`);
    }
  }

  /** Its run would be the undisturbed one. */
  #judgePlan(made: PlanRecord): void {
    this.#judgeSteps(made, made.impact);
    const { fingerprint, warnings } = this.#reference.plan;
    if (made.fingerprint !== fingerprint || !isDeepStrictEqual(ageless(made.warnings), ageless(warnings)))
      this.#problem(`another plan: ${JSON.stringify(made)} instead of ${JSON.stringify(this.#reference.plan)}`);
  }

  /** What could not be read and is needed for no step is a warning of that plan, or, of files that are only counted, not said. */
  #judgeDisturbed(made: PlanRecord): void {
    const { vmxFilesToday } = this.#reference.plan.impact;
    this.#judgeSteps(made, vmxFilesToday === undefined ? made.impact : { vmxFilesToday, ...made.impact });
  }

  #judgeSteps({ steps, warnings }: PlanRecord, impact: PlanRecord["impact"]): void {
    this.#judgeUnchanged();
    const expected = this.#reference.plan;
    if (!isDeepStrictEqual({ steps, impact }, { steps: expected.steps, impact: expected.impact }))
      this.#problem(`other steps: ${JSON.stringify({ steps, impact })} instead of ${JSON.stringify(expected)}`);
    const lost = ageless(expected.warnings).filter((warning) => !ageless(warnings).includes(warning));
    if (lost.length > 0) this.#problem(`warnings that are missing: ${lost.join(" ")}`);
  }

  /** However it was reached. */
  #judgeGoal(): void {
    const state = this.#lane.state();
    const { shape, effects } = this.#reference;
    if (!isDeepStrictEqual(shapeOf(state), shape))
      this.#problem(`the goal is not reached: ${JSON.stringify(shapeOf(state))} instead of ${JSON.stringify(shape)}`);
    if (!isDeepStrictEqual(effectsOf(state), effects))
      this.#problem(`effects: ${JSON.stringify(effectsOf(state))} instead of ${JSON.stringify(effects)}`);
  }

  async #judgeRecords(): Promise<void> {
    for (const violation of await this.#lane.invariants.violations()) this.#problem(violation);
    const chain = await this.#app.engine.verifyAudit();
    if (!chain.holds) this.#problem(`the audit's chain breaks: ${chain.problems.join("; ")}`);
    for (const file of await this.#lane.leaks()) this.#problem(`a password stands in ${file}`);
  }
}

/** The matrix takes longer than a snapshot keeps its age. */
const ageless = (warnings: readonly string[]): string[] =>
  warnings.map((warning) => warning.replace(/\(\d+ \w+ old\)/, "(so old)"));

/** Where what the journal says of the steps and what the lab has seen of them differ. */
function journalLies(made: PlanRecord, run: RunRecord, { mutations }: LabState): string[] {
  const seen = countOps(mutations);
  const lies: string[] = [];
  for (const kind of new Set(run.steps.map((step) => step.kind))) {
    const steps = run.steps.filter((step) => step.kind === kind);
    const of = (...states: string[]) => steps.filter(({ state }) => states.includes(state));
    const done = of("done").reduce((sum, step) => sum + sizeOf(step, made), 0);
    const most = (kindSteps: RunRecord["steps"]): number => kindSteps.length * mostOf(kind, made);
    const begun = of("running", "unknown", "failed");
    for (const { op } of CALLS[kind]) {
      const count = seen[op] ?? 0;
      const what = `${kind}: ${op} happened ${count} times, and the journal says ${steps.map((step) => `${step.id} ${step.state} (${step.error?.code ?? step.detail ?? ""})`).join(", ")}`;
      if (count < done) lies.push(what);
      if (!HARMLESS.has(op) && count > done + most(begun)) lies.push(what);
      // Where a step failed on one thing, and the thing is done.
      const failed = mostOf(kind, made) === 1 ? of("failed") : [];
      if (!HARMLESS.has(op) && failed.length === begun.length && failed.length > 0 && count > done)
        lies.push(`failed although done: ${what}`);
    }
  }
  return lies;
}

/** How many things the step may change. */
function mostOf(kind: StepKindName, { impact }: PlanRecord): number {
  switch (kind) {
    case "power_off":
    case "shut_down_guest":
      return impact.vmsToPowerOff.length;
    case "unregister":
      return impact.vmsToUnregister.length;
    case "register":
      // What lies on a volume that is still to be made is known by its files alone.
      return Math.max(impact.vmsToRegister.length, MOST_FILES);
    case "rollback_volume":
      return 1 + impact.snapshotsLost.length;
    default:
      return 1;
  }
}
