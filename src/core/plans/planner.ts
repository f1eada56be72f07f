/** From a request to a draft: observe, ask the journal, let the mode decide. Readers only; nothing here can change anything. */

import { asVmfsUuid, type VmfsUuid } from "../domain/ids.ts";
import { type Mode, traitsOf } from "../domain/modes.ts";
import { isFinished } from "../domain/states.ts";
import type { EngineDeps } from "../engine-options.ts";
import { draftOf } from "../modes/catalog.ts";
import type { History, OrphanClone } from "../modes/common.ts";
import type { Draft } from "../modes/draft.ts";
import { dependentsOf, type Observation, observe } from "../observe/observe.ts";
import type { ArrayReader } from "../ports/array.ts";
import type { HypervisorReader } from "../ports/hypervisor.ts";
import type { Connection, VcenterOverride } from "../ports/runtime.ts";
import type { RunRow, Store, StoreReader } from "../ports/store.ts";
import { type PrepInputs, plainName, type Request, resolveRequest } from "../request/request.ts";
import { cloneName } from "../steps/create-clone.ts";
import { outputsOf } from "../steps/types.ts";
import { type Plan, planIfReadable } from "./plan.ts";
import { draftOfRest, type Rest } from "./resume.ts";

export interface Planned {
  readonly request: Request;
  readonly observation: Observation;
  readonly draft: Draft;
  readonly endpoints: { readonly dgs: string; readonly vcenter: string };
}

type Readers = Connection<ArrayReader, HypervisorReader>;

/** Clones of runs that did not finish and were not resumed: with their id where the reply came, by name where it was lost. */
async function orphansOf(tx: StoreReader, runs: readonly RunRow[]): Promise<OrphanClone[]> {
  const orphans: OrphanClone[] = [];
  for (const run of runs) {
    if (!isFinished(run.state) || run.state === "succeeded" || run.resumedBy !== undefined) continue;
    const plan = planIfReadable(await tx.plan(run.planId));
    if (plan === undefined) continue;
    orphans.push(...Object.values(plan.inheritedOutputs ?? {}).flatMap((outputs) => outputs.volume ?? []));
    const step = plan.draft.steps.find((one) => one.kind === "create_clone");
    if (step?.kind !== "create_clone") continue;
    const journal = (await tx.steps(run.id)).find((one) => one.stepId === step.id);
    if (journal === undefined) continue;
    const name = cloneName(step, { runId: run.originId, createdAt: run.originCreatedAt });
    orphans.push(outputsOf(journal)?.volume ?? { name });
  }
  return orphans;
}

/** Whether carrying the plan out presents the gold volume to a client, or takes it away from one. */
const movesGold = ({ draft }: Plan, goldId: string): boolean =>
  draft.steps.some(
    (step) =>
      (step.kind === "assign" || step.kind === "unassign") && !("from" in step.volume) && step.volume.id === goldId,
  );

/** By store and plan: a plan stays as it is, and a process looks at the same ones again and again. */
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
    snapshot === undefined
      ? snapshots
      : snapshots.filter((one) => one.id === snapshot || plainName(one.name) === snapshot);
  const times = meant.map((one) => Date.parse(one.createdAt));
  return snapshot === undefined ? Math.max(...times) : Math.min(...times);
}

async function historyOf(deps: EngineDeps, request: Request, observation: Observation): Promise<History> {
  const { gold, client } = observation;
  return deps.store.read(async (tx) => {
    const runs = await tx.runs({ goldId: gold.id, limit: 200 });
    const until = await goldHeldUntil(deps.store, tx, runs, snapshotTime(request, observation));
    return {
      orphanClones: await orphansOf(
        tx,
        runs.filter((run) => run.clientId === client.id),
      ),
      ...(until === undefined ? {} : { goldHeldUntil: until }),
    };
  });
}

const remembering =
  (deps: EngineDeps) =>
  async (goldId: string): Promise<{ signatures: VmfsUuid[] }> => ({
    signatures: (await deps.store.read((tx) => tx.signatures(goldId))).map(asVmfsUuid),
  });

/** Looks at both systems now and drafts what the request means. Refusals are PrepErrors. */
export async function planNow(
  deps: EngineDeps,
  mode: Mode,
  inputs: PrepInputs,
  vcenter: VcenterOverride | undefined,
  rest?: Rest,
): Promise<Planned> {
  const resolved = resolveRequest(mode, inputs, deps.settings.naming);
  const systems = deps.systems(vcenter);
  const connection = systems.read();
  try {
    return { ...(await look(deps, resolved, connection, rest)), endpoints: systems.endpoints };
  } finally {
    await connection.close();
  }
}

/** Clones of unfinished runs may be deleted as well: what hangs on them is looked at too. */
async function withOrphans(
  observation: Observation,
  { orphanClones }: History,
  array: ArrayReader,
): Promise<Observation> {
  const idle = observation.family.filter(
    ({ id, name, kind }) =>
      kind === "clone" && !observation.dependents.has(id) && orphanClones.some((orphan) => orphan.name === name),
  );
  if (idle.length === 0) return observation;
  return { ...observation, dependents: new Map([...observation.dependents, ...(await dependentsOf(idle, array))]) };
}

async function look(
  deps: EngineDeps,
  { request, warnings }: ReturnType<typeof resolveRequest>,
  connection: Readers,
  rest: Rest | undefined,
): Promise<Omit<Planned, "endpoints">> {
  const { naming, places } = deps.settings;
  const seen = await observe(request, connection, remembering(deps), naming, places);
  const history = await historyOf(deps, request, seen);
  const observation = await withOrphans(seen, history, connection.array);
  const input = { request, observation, history, now: deps.clock.now() };
  const draft = rest === undefined ? draftOf(input) : draftOfRest(input, rest);
  return { request, observation, draft: { ...draft, warnings: [...warnings, ...draft.warnings] } };
}

/** The same request as a stored plan's, against the world as it is now: the snapshot that was named, not a newer one. */
export function planAgain(deps: EngineDeps, plan: Plan, vcenter: VcenterOverride | undefined): Promise<Planned> {
  return planNow(deps, plan.mode, inputsAgain(plan), vcenter, restOf(plan));
}

/** What `planAgain` drafts, over a connection that is open already. */
export async function draftAgain(deps: EngineDeps, plan: Plan, connection: Readers): Promise<Draft> {
  const resolved = resolveRequest(plan.mode, inputsAgain(plan), deps.settings.naming);
  return (await look(deps, resolved, connection, restOf(plan))).draft;
}

const inputsAgain = ({ inputs, request: { snapshot } }: Plan): PrepInputs =>
  snapshot === undefined ? inputs : { ...inputs, snapshot };

export function restOf(plan: Plan): Rest | undefined {
  return plan.resumes === undefined
    ? undefined
    : {
        steps: plan.draft.steps,
        impact: plan.draft.impact,
        inheritedOutputs: plan.inheritedOutputs ?? {},
        snapshot: plan.draft.snapshot,
      };
}
