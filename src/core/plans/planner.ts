/** From a request to a draft: observe, ask the journal, let the mode decide. Readers only; nothing here can change anything. */

import { type Mode, traitsOf } from "../domain/modes.ts";

import { isFinished } from "../domain/states.ts";
import type { EngineDeps } from "../engine-options.ts";
import { draftOf } from "../modes/catalog.ts";
import { type History, isUnfinishedClone, type UnfinishedClone, type UnfinishedWork } from "../modes/common.ts";
import type { Draft } from "../modes/draft.ts";
import { carriedOutByScript, scriptDraft } from "../modes/script.ts";
import { countFilesToday } from "../observe/files-today.ts";
import { loadKnownSignatures } from "../observe/known-signatures.ts";
import { dependentsOf, type Observation, observe } from "../observe/observe.ts";
import { observeHost } from "../observe/observe-host.ts";
import type { ArrayReader, ArrayTraits } from "../ports/array.ts";
import type { HypervisorReader } from "../ports/hypervisor.ts";
import type { Connection, Systems, VcenterOverride } from "../ports/runtime.ts";
import type { RunRow, Store, StoreReader } from "../ports/store.ts";
import { type PrepInputs, type Request, resolveRequest } from "../request/request.ts";
import { checkScriptCan } from "../request/script.ts";
import { RUNS_THAT_PLANS_READ } from "../retention.ts";
import { cloneName } from "../steps/create-clone.ts";
import { outputsOf, type VolumeRef } from "../steps/types.ts";
import { type PlanSubject, planIfReadable } from "./plan.ts";
import type { Plan } from "./plan-schema.ts";
import { draftOfRemaining, type RemainingWork } from "./resume.ts";

export interface Planned {
  readonly request: Request;
  readonly observation: PlanSubject;
  /** Absent where no array can be asked. */
  readonly traits?: ArrayTraits;
  readonly draft: Draft;
  readonly endpoints: { readonly array: string; readonly vcenter: string };
}

type Readers = Connection<ArrayReader, HypervisorReader>;

/** What a script is told of vCenter. */
interface ScriptCallTarget {
  readonly vcenter: string;
  readonly username?: string;
}

const scriptCallOf = ({ endpoints }: Systems, override: VcenterOverride | undefined): ScriptCallTarget => ({
  vcenter: endpoints.vcenter,
  ...(override === undefined ? {} : { username: override.username }),
});

/**
 * What runs (newest first) that did not finish and were not resumed have begun: clones with their id where the reply came,
 * by name where it was lost; gold assigned, unless a later run has cleaned up since.
 */
async function unfinishedWork(tx: StoreReader, runs: readonly RunRow[], goldId: string): Promise<UnfinishedWork> {
  const clones: UnfinishedClone[] = [];
  let assignsGold = false;
  let cleanedSince = false;
  for (const run of runs) {
    if (run.state === "succeeded" && traitsOf(run.mode).cleansUp) cleanedSince = true;
    if (!isFinished(run.state) || run.state === "succeeded" || run.resumedBy !== undefined) continue;
    const plan = planIfReadable(await tx.plan(run.planId));
    if (plan === undefined) continue;
    const journal = new Map((await tx.steps(run.id)).map((row) => [row.stepId, row]));
    clones.push(...Object.values(plan.inheritedOutputs ?? {}).flatMap((outputs) => outputs.volume ?? []));
    for (const step of plan.draft.steps) {
      const row = journal.get(step.id);
      if (row === undefined) continue;
      if (step.kind === "create_clone") {
        const name = cloneName(step, { runId: run.originId, createdAt: run.originCreatedAt });
        clones.push(outputsOf(row)?.volume ?? { name });
      }
      if (step.kind === "assign" && !cleanedSince && isVolume(step.volume, goldId)) assignsGold = true;
    }
    // What an earlier run of the chain has finished is not among the steps of the last one.
    const before = run.originId === run.id ? undefined : await originPlan(tx, run.originId);
    const inheritedAssigns = new Set(
      Object.entries(plan.inheritedOutputs ?? {}).flatMap(([id, left]) => (left.assignmentId ? [id] : [])),
    );
    const assignedBefore = before?.draft.steps.some(
      (step) => step.kind === "assign" && inheritedAssigns.has(step.id) && isVolume(step.volume, goldId),
    );
    if (assignedBefore && !cleanedSince) assignsGold = true;
  }
  return { clones, assignsGold };
}

/** The plan of a chain's first run: it has all steps. */
async function originPlan(tx: StoreReader, originId: string): Promise<Plan | undefined> {
  const origin = await tx.run(originId);
  const row = origin === undefined ? undefined : await tx.plan(origin.planId);
  return planIfReadable(row);
}

const isVolume = (ref: VolumeRef, volumeId: string): boolean => !("from" in ref) && ref.id === volumeId;

/** Whether carrying the plan out presents the gold volume to a client, or takes it away from one. */
const movesGold = ({ draft }: Plan, goldId: string): boolean =>
  draft.steps.some((step) => (step.kind === "assign" || step.kind === "unassign") && isVolume(step.volume, goldId));

/** By store and plan: a plan never changes, and a process needs the same ones again and again. */
const moving = new WeakMap<Store, Map<string, boolean>>();

async function movedGold(store: Store, tx: StoreReader, { planId, goldId }: RunRow): Promise<boolean> {
  const known = moving.get(store) ?? new Map<string, boolean>();
  moving.set(store, known);
  const before = known.get(planId);
  if (before !== undefined) return before;
  const plan = planIfReadable(await tx.plan(planId));
  const moves = plan !== undefined && movesGold(plan, goldId);
  known.set(planId, moves);
  return moves;
}

/**
 * When the last of `runs` (newest first) that moved gold ended; undefined where none did after `since`. A plan is read
 * only where its run could be that one: a family's history may be long, and its plans name every VM.
 */
async function goldHeldUntil(
  store: Store,
  tx: StoreReader,
  runs: readonly RunRow[],
  since: number,
): Promise<string | undefined> {
  for (const run of runs) {
    const ended = run.startedAt === undefined ? undefined : (run.endedAt ?? run.startedAt);
    if (ended === undefined || Date.parse(ended) <= since) continue;
    if (await movedGold(store, tx, run)) return ended;
  }
  return undefined;
}

/** When the snapshot that the request means was made, or the first of those that it may mean; nothing counts where no clone is made of it. */
function snapshotTime({ mode, snapshot }: Request, { snapshots }: Observation): number {
  if (traitsOf(mode).leaves !== "new clone") return Number.POSITIVE_INFINITY;
  const meant =
    snapshot === undefined ? snapshots : snapshots.filter(({ id, name }) => id === snapshot || name === snapshot);
  const times = meant.map(({ createdAt }) => Date.parse(createdAt));
  return snapshot === undefined ? Math.max(...times) : Math.min(...times);
}

async function historyOf(deps: EngineDeps, request: Request, observation: Observation): Promise<History> {
  const { gold, client } = observation;
  return deps.store.read(async (tx) => {
    const runs = await tx.runs({ goldId: gold.id, limit: RUNS_THAT_PLANS_READ });
    const until = await goldHeldUntil(deps.store, tx, runs, snapshotTime(request, observation));
    return {
      unfinished: await unfinishedWork(
        tx,
        runs.filter((run) => run.clientId === client.id),
        gold.id,
      ),
      ...(until === undefined ? {} : { goldHeldUntil: until }),
    };
  });
}

export interface DraftOptions {
  /** What an unfinished run left to do, in place of the mode's own steps. */
  readonly remaining?: RemainingWork | undefined;
  /** For a plan that is shown: what it need not know to be carried out is looked for too. */
  readonly isShown?: boolean;
  /** Called once it is known what the plan is about: in the middle of another run's work there is nothing to be drafted. */
  readonly beforeDraft?: (observation: PlanSubject) => Promise<void>;
}

/** Observes both systems now and drafts what the request means. Refusals are PrepErrors. */
export async function planNow(
  deps: EngineDeps,
  mode: Mode,
  inputs: PrepInputs,
  vcenter: VcenterOverride | undefined,
  options: DraftOptions = {},
): Promise<Planned> {
  const resolved = resolveRequest(mode, inputs, deps.settings.naming);
  const systems = deps.systems(vcenter);
  const connection = systems.read();
  try {
    const drafted = await observeAndDraft(deps, resolved, connection, scriptCallOf(systems, vcenter), {
      ...options,
      isShown: true,
    });
    return { ...drafted, endpoints: systems.endpoints };
  } finally {
    await connection.close();
  }
}

/** Clones of unfinished runs may be deleted as well: what hangs on them is read too. */
async function withOrphans(
  observation: Observation,
  { unfinished }: History,
  array: ArrayReader,
): Promise<Observation> {
  const orphans = observation.family.filter(
    (volume) => !observation.dependents.has(volume.id) && isUnfinishedClone(volume, unfinished),
  );
  if (orphans.length === 0) return observation;
  return { ...observation, dependents: new Map([...observation.dependents, ...(await dependentsOf(orphans, array))]) };
}

async function observeAndDraft(
  deps: EngineDeps,
  { request, warnings }: ReturnType<typeof resolveRequest>,
  connection: Readers,
  call: ScriptCallTarget,
  { remaining, beforeDraft, isShown = false }: DraftOptions,
): Promise<Omit<Planned, "endpoints">> {
  const { naming, places, script: settings } = deps.settings;
  const script = settings && { ...settings, ...(call.username === undefined ? {} : { username: call.username }) };
  if (script !== undefined) checkScriptCan(request, script);
  if (script?.hasArray === false) {
    const observation = await observeHost(request, connection.hypervisor, loadKnownSignatures(deps));
    await beforeDraft?.(observation);
    const draft = scriptDraft({ script, request, vcenter: call.vcenter }, observation);
    return { request, observation, draft: { ...draft, warnings: [...warnings, ...draft.warnings] } };
  }
  const seen = await observe(request, connection, loadKnownSignatures(deps), naming, places);
  await beforeDraft?.(seen);
  const history = await historyOf(deps, request, seen);
  const observation = await withOrphans(seen, history, connection.array);
  const wantsCount = isShown && remaining === undefined;
  const filesToday = wantsCount ? await countFilesToday(request, observation, connection.hypervisor) : undefined;
  const input = { request, observation, history, filesToday, now: deps.clock.now() };
  const own = remaining === undefined || script !== undefined ? draftOf(input) : draftOfRemaining(input, remaining);
  const draft =
    script === undefined
      ? own
      : carriedOutByScript(own, { script, request, vcenter: call.vcenter }, observation.signatures);
  const { traits } = observation.array;
  return { request, observation, traits, draft: { ...draft, warnings: [...warnings, ...draft.warnings] } };
}

/** The same request as a stored plan's, against the world as it is now: the snapshot that was named, not a newer one. */
export function planAgain(deps: EngineDeps, plan: Plan, vcenter: VcenterOverride | undefined): Promise<Planned> {
  return planNow(deps, plan.mode, inputsAgain(plan), vcenter, { remaining: remainingOf(plan) });
}

/** What `planAgain` drafts, over a connection that is open already. */
export async function draftAgain(
  deps: EngineDeps,
  plan: Plan,
  connection: Readers,
  vcenter: VcenterOverride | undefined,
): Promise<Draft> {
  const resolved = resolveRequest(plan.mode, inputsAgain(plan), deps.settings.naming);
  const call = scriptCallOf(deps.systems(vcenter), vcenter);
  return (await observeAndDraft(deps, resolved, connection, call, { remaining: remainingOf(plan) })).draft;
}

const inputsAgain = ({ inputs, request: { snapshot } }: Plan): PrepInputs =>
  snapshot === undefined ? inputs : { ...inputs, snapshot };

export function remainingOf(plan: Plan): RemainingWork | undefined {
  return plan.resumes === undefined
    ? undefined
    : {
        steps: plan.draft.steps,
        impact: plan.draft.impact,
        inheritedOutputs: plan.inheritedOutputs ?? {},
        snapshot: plan.draft.snapshot,
      };
}
