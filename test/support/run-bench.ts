/**
 * Runs without a lab: a real store in which the test writes plans and runs, systems that show what the test says and do
 * nothing but tell what they were asked to, and time that passes by waiting alone.
 */
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { onTestFinished } from "vitest";
import { canonicalJson, sha256 } from "../../src/core/domain/canonical.ts";
import { asAssignmentId, asSnapshotId, asVolumeId } from "../../src/core/domain/ids.ts";
import { forEachMode, type Mode } from "../../src/core/domain/modes.ts";
import type { EngineDeps, EngineSettings } from "../../src/core/engine-options.ts";
import type { Draft } from "../../src/core/modes/draft.ts";
import type { Observation } from "../../src/core/observe/observe.ts";
import { buildPlan, type PlanParts, readStoredPlan, type StoredPlan } from "../../src/core/plans/plan.ts";
import type { Plan } from "../../src/core/plans/plan-schema.ts";
import { planNow } from "../../src/core/plans/planner.ts";
import type { ArrayReader, ArrayWriter } from "../../src/core/ports/array.ts";
import type { HypervisorReader, HypervisorWriter } from "../../src/core/ports/hypervisor.ts";
import type { Clock, Systems } from "../../src/core/ports/runtime.ts";
import type { PlanRow, RunRow, Store } from "../../src/core/ports/store.ts";
import type { Step } from "../../src/core/steps/types.ts";
import { systemClock, systemEntropy } from "../../src/platform/clock.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { CLIENT_ID, CLONE, GOLD, HOST, seen } from "./observations.ts";

export interface RunParts {
  readonly array?: Partial<ArrayReader & ArrayWriter>;
  readonly hypervisor?: Partial<HypervisorReader & HypervisorWriter>;
  /** Of a connection that could write. */
  readonly close?: () => Promise<void>;
  readonly endpoints?: () => Systems["endpoints"];
  readonly store?: (real: Store) => Store;
  readonly launch?: NonNullable<EngineDeps["launch"]>;
  readonly settings?: Partial<EngineSettings>;
  /** What a pause is, instead of nothing but its time. */
  readonly sleep?: Clock["sleep"];
}

export interface LogLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly data: object;
  readonly message: string;
}

export interface RunBench {
  readonly deps: EngineDeps;
  readonly store: Store;
  /** What the systems show: only what the client has is of it. */
  world: Observation;
  /** What they were asked to do, in order. */
  readonly acts: string[];
  readonly log: LogLine[];
  /** Added to the clock, which stands still otherwise. */
  passed: number;
  /** A run that waits to be begun, of a plan with these steps. */
  queued(steps: readonly Step[], more?: Planned): Promise<RunRow>;
  run(id: string): Promise<RunRow>;
  planOf(row: RunRow): Promise<StoredPlan>;
  /** The audit's rows of the run: their type and what they say. */
  events(runId: string): Promise<[string, unknown][]>;
}

export interface Planned {
  readonly mode?: Mode;
  readonly resumes?: NonNullable<PlanParts["resumes"]>;
  readonly draft?: Partial<Draft>;
  readonly plan?: Partial<Plan>;
  readonly run?: Partial<RunRow>;
}

/** For `expect.poll`: what does not come within this does not come. */
export const SOON = { interval: 2, timeout: 8_000 };

/** What would come without anything else happening has come: several turns of the store, whose heads go to a file. */
export async function settled(): Promise<void> {
  for (let turn = 0; turn < 50; turn += 1) await Promise.all([setImmediate(), stat(import.meta.filename)]);
}

const START = Date.parse("2026-11-28T12:00:00.000Z");

const SETTINGS: EngineSettings = {
  naming: {
    luns: { Gold: GOLD.name },
    pairs: [{ client: "CDS1-ESX165", host: HOST.name }],
    defaults: { client: "CDS1-ESX165", host: HOST.name },
  },
  approval: {
    policies: forEachMode(() => "token"),
    cli: "allow",
    planTtlMs: 900_000,
    answerWithinMs: 300_000,
    requesterIsNotApprover: false,
  },
  limits: {
    guestShutdownMs: 1_000,
    deviceWaitMs: 1_000,
    busyTries: 1,
    busyPauseMs: 10,
    openPlans: 10,
    queueMs: 900_000,
  },
  adminsOnly: false,
  runs: "own",
  wrongController: () => undefined,
};

export async function runBench(parts: RunParts = {}): Promise<RunBench> {
  const dir = await mkdtemp(join(tmpdir(), "atvm-runs-"));
  const real = await openSqliteStore({ path: join(dir, "atvm.sqlite"), clock: systemClock });
  onTestFinished(async () => {
    await real.close();
    await rm(dir, { recursive: true, force: true });
  });
  const log: LogLine[] = [];
  const logAs =
    (level: LogLine["level"]) =>
    (data: object, message: string): void =>
      void log.push({ level, data, message });
  const acts: string[] = [];
  const systems = (): Systems => ({
    endpoints: parts.endpoints?.() ?? { array: "https://array.example", vcenter: "vcenter.example" },
    read: () => ({
      array: arrayOf(bench, parts),
      hypervisor: hypervisorOf(bench, parts),
      close: async () => undefined,
    }),
    write: () => ({
      array: arrayOf(bench, parts),
      hypervisor: hypervisorOf(bench, parts),
      close: parts.close ?? (async () => undefined),
    }),
  });
  const sleep: Clock["sleep"] = async (ms) => {
    await setImmediate();
    bench.passed += ms;
  };
  const deps: EngineDeps = {
    store: parts.store?.(real) ?? real,
    clock: {
      now: () => new Date(START + bench.passed),
      elapsed: () => bench.passed,
      sleep: parts.sleep ?? sleep,
    },
    entropy: systemEntropy,
    log: { debug: logAs("debug"), info: logAs("info"), warn: logAs("warn"), error: logAs("error") },
    settings: { ...SETTINGS, ...parts.settings },
    systems,
    ...(parts.launch === undefined ? {} : { launch: parts.launch }),
  };
  let runs = 0;
  const bench: RunBench = {
    deps,
    store: real,
    world: seen([CLONE]),
    acts,
    log,
    passed: 0,
    queued: async (steps, more = {}) => {
      runs += 1;
      const [planRow, row] = rowsOf(await planOf(deps, steps, more, runs), more, runs);
      await real.write(async (tx) => {
        await tx.insertPlan(planRow);
        await tx.insertRun(row);
      });
      return row;
    },
    run: async (id) => {
      const row = await real.read((tx) => tx.run(id));
      if (row === undefined) throw new Error(`no run ${id}`);
      return row;
    },
    planOf: async ({ planId }) => {
      const row = await real.read((tx) => tx.plan(planId));
      if (row === undefined) throw new Error(`no plan ${planId}`);
      return readStoredPlan(row);
    },
    events: async (runId) => {
      const rows = await real.read((tx) => tx.audit({ runId }));
      return rows.map(({ type, data }) => [type, JSON.parse(data)]);
    },
  };
  return bench;
}

async function planOf(
  deps: EngineDeps,
  steps: readonly Step[],
  { mode = "release", resumes, draft, plan }: Planned,
  at: number,
): Promise<Plan> {
  const own = await planNow(deps, mode, { lun: "Gold" }, undefined);
  const remaining = resumes && { ...resumes, steps, impact: own.draft.impact, snapshot: own.draft.snapshot };
  const planned = remaining === undefined ? own : await planNow(deps, mode, { lun: "Gold" }, undefined, { remaining });
  return {
    ...buildPlan({
      id: `plan_${at}`,
      inputs: { lun: "Gold" },
      ...planned,
      draft: { ...planned.draft, steps, ...draft },
      now: deps.clock.now(),
      ttlMs: deps.settings.approval.planTtlMs,
      ...(resumes === undefined ? {} : { resumes }),
    }),
    ...plan,
  };
}

function rowsOf(plan: Plan, { run }: Planned, at: number): [PlanRow, RunRow] {
  const { id, mode, createdAt, expiresAt } = plan;
  const [body, runId] = [canonicalJson(plan), `run_${at}`];
  const same = { mode, principal: "os:tester", goldId: GOLD.id, clientId: CLIENT_ID, createdAt } as const;
  return [
    { ...same, id, tokenHash: id, binding: "", digest: sha256(body), body, state: "redeemed", expiresAt, runId },
    {
      ...same,
      id: runId,
      planId: id,
      lunName: plan.request.lun,
      clientName: plan.request.client,
      state: "queued",
      originId: plan.origin?.runId ?? runId,
      originCreatedAt: plan.origin?.createdAt ?? createdAt,
      cancelRequested: false,
      ...run,
    },
  ];
}

function arrayOf(bench: RunBench, { array }: RunParts): ArrayReader & ArrayWriter {
  const view = () => bench.world.array;
  const did = (act: string): void => void bench.acts.push(act);
  return {
    traits: async () => view().traits,
    clients: async () => [...view().clients],
    volumes: async ({ name } = {}) => view().volumes.filter((one) => name === undefined || one.name === name),
    volume: async (id) => view().volumes.find((one) => one.id === id),
    assignments: async ({ clientId, volumeId } = {}) =>
      view().assignments.filter(
        (one) => (clientId ?? one.clientId) === one.clientId && (volumeId ?? one.volumeId) === one.volumeId,
      ),
    snapshots: async () => [...bench.world.snapshots],
    dependents: async () => ({ snapshots: 0, clones: [] }),
    createClone: async ({ name }, key) => {
      did(`clone ${name} by ${key}`);
      return { volumeId: asVolumeId("vol-made") };
    },
    rollback: async ({ snapshotId }, key) => {
      did(`rollback ${snapshotId} by ${key}`);
      return { naa: GOLD.naa };
    },
    assign: async ({ volumeId }, key) => {
      did(`assign ${volumeId} by ${key}`);
      return { assignmentId: asAssignmentId("assigned") };
    },
    unassign: async (id, key) => did(`unassign ${id} by ${key}`),
    deleteClone: async (id, key) => did(`delete ${id} by ${key}`),
    takeSnapshot: async ({ name }, key) => {
      did(`snapshot ${name} by ${key}`);
      return { snapshotId: asSnapshotId("snap-taken") };
    },
    ...array,
  };
}

function hypervisorOf(bench: RunBench, { hypervisor }: RunParts): HypervisorReader & HypervisorWriter {
  const did = (act: string): void => void bench.acts.push(act);
  const vmsOn: HypervisorReader["vmsOn"] = async (ids) =>
    bench.world.vms.filter((vm) => vm.datastoreIds.some((id) => ids.includes(id)));
  const allOf = async <Id extends string>(act: string, ids: readonly Id[]): Promise<{ id: Id }[]> => {
    did(`${act} ${ids.join(", ")}`);
    return ids.map((id) => ({ id }));
  };
  return {
    inventory: async () => bench.world.inventory,
    findHost: async (address, hosts) => hosts.filter(({ name }) => name === address).map(({ id }) => id),
    findByPath: async () => undefined,
    hostDevices: async () => bench.world.storage,
    unresolvedCopies: async () => [...bench.world.storage.unresolved],
    hostFiles: async () => ({ folders: [], heartbeats: [], unread: [] }),
    vmsOn,
    hostStorageAndVms: async (_host, ids) => ({ storage: bench.world.storage, vms: await vmsOn(ids) }),
    vmStates: async (ids) => bench.world.vms.filter(({ id }) => ids.includes(id)),
    vmDevices: async () => [...bench.world.devices],
    vmxFiles: async () => ({ files: [], unreadable: [] }),
    powerOff: (ids) => allOf("power off", ids),
    shutDownGuests: (ids) => allOf("shut down", ids),
    unregister: (ids) => allOf("unregister", ids),
    register: (files) =>
      allOf(
        "register",
        files.map(({ path }) => path),
      ),
    unmount: async (_host, vmfsUuid) => did(`unmount ${vmfsUuid}`),
    mount: async (_host, vmfsUuid) => did(`mount ${vmfsUuid}`),
    forceMount: async (_host, path) => did(`force-mount ${path}`),
    detach: async (_host, uuid) => did(`detach ${uuid}`),
    attach: async (_host, uuid) => did(`attach ${uuid}`),
    forgetDevice: async (_host, naa) => did(`forget ${naa}`),
    rescan: async () => did("rescan"),
    rescanVolumes: async () => did("rescan volumes"),
    ...hypervisor,
  };
}
