/**
 * Random worlds, random requests: a plan is refused with a code, or, when run, reaches its mode's goal; and nothing but
 * what the mode is for has changed, by comparing the lab's state before and after.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { type App, openApp } from "../../src/app.ts";
import { PrepError } from "../../src/core/domain/errors.ts";
import { MODES, type Mode } from "../../src/core/domain/modes.ts";
import type { Engine } from "../../src/core/engine.ts";
import type { PlanRecord, RunRecord } from "../../src/core/records.ts";
import type { PrepInputs } from "../../src/core/request/request.ts";
import { stateView } from "../../src/lab/control/state-view.ts";
import { rescanHba, rescanVmfs } from "../../src/lab/world/rescan.ts";
import { World } from "../../src/lab/world/world.ts";
import { named } from "../support/array-under-test.ts";
import { change } from "../support/change.ts";
import { type Bench, withEngine } from "../support/engine.ts";
import { type LabState, State } from "../support/lab.ts";
import { type Death, mortalEngine } from "../support/mortal.ts";
import { storeFile } from "../support/parts.ts";
import { anyDeed, type Deed, furnish, happen } from "../support/random-world.ts";

const RUNS = Number(process.env["ATVM_PROPERTY_RUNS"] ?? 120);
/** The same worlds at every run, so that a red one is a change's doing; another number looks at others. */
const SEED = Number(process.env["ATVM_PROPERTY_SEED"] ?? 20_261_128);
const LIMIT_MS = Number(process.env["ATVM_PROPERTY_MS"] ?? 40_000);
/** The name of a snapshot that a run takes. */
const TAKEN = "taken_by_the_run";
const LUNS = ["Gold", "Gold2", "ComputeMigration"] as const;

interface Case {
  readonly scenario: "empty" | "one-datacenter";
  /**
   * What the client has before anything else happens: a clone or gold, its VMs registered and some running; or a clone
   * that was taken away under them, with the host knowing of it or not.
   */
  readonly start: "clone" | "gold" | "lost" | "dead" | "nothing";
  readonly deeds: readonly Deed[];
  /** An own run that meets a failure, or dies, before the request: what it leaves is part of the world. */
  readonly broken: Broken | undefined;
  readonly request: Asked;
}

interface Broken {
  readonly request: Asked;
  /** A call that is refused, from the nth on; or a death, and whether the dead run is resumed before anything else. */
  readonly by:
    | { readonly op: (typeof BREAKING)[number]; readonly nth: number }
    | { readonly death: Death; readonly isResumed: boolean };
}

interface Asked {
  readonly mode: Mode;
  readonly lun: (typeof LUNS)[number];
  readonly client: number;
  /** Index among gold's snapshots, newest first; undefined is the latest. */
  readonly snapshot: number | undefined;
  readonly registerVms: boolean;
  readonly keepClone: boolean;
  readonly forcePowerOff: boolean;
  readonly releaseFirst: boolean;
}

const BREAKING = [
  "CloneSnapshot",
  "CreateAssignment",
  "DeleteAssignment",
  "DeleteVolume",
  "RollbackSnapshot",
  "UnregisterVM",
  "UnmountVmfsVolume",
  "DetachScsiLun",
  "ResolveMultipleUnresolvedVmfsVolumes",
  "RescanVmfs",
  "RegisterVM_Task",
] as const;

const anyRequest: fc.Arbitrary<Asked> = fc.record({
  mode: fc.constantFrom(...MODES),
  lun: fc.constantFrom(...LUNS),
  client: fc.nat({ max: 2 }),
  snapshot: fc.option(fc.nat({ max: 4 }), { nil: undefined, freq: 2 }),
  registerVms: fc.boolean(),
  keepClone: fc.boolean(),
  forcePowerOff: fc.boolean(),
  releaseFirst: fc.boolean(),
});

const anyCase: fc.Arbitrary<Case> = fc.record({
  scenario: fc.constantFrom("empty", "empty", "empty", "one-datacenter"),
  start: fc.constantFrom("clone", "clone", "gold", "lost", "dead", "nothing"),
  deeds: fc.array(anyDeed, { maxLength: 8 }),
  broken: fc.option(
    fc.record({
      request: anyRequest,
      by: fc.oneof(
        fc.record({ op: fc.constantFrom(...BREAKING), nth: fc.integer({ min: 1, max: 2 }) }),
        fc.record({
          death: fc.record({ nth: fc.integer({ min: 1, max: 14 }), when: fc.constantFrom("before", "after") }),
          isResumed: fc.boolean(),
        }),
      ),
    }),
    { nil: undefined, freq: 3 },
  ),
  request: anyRequest,
});

let bench: Bench;
let settings: object;
beforeAll(async () => {
  bench = await withEngine({ vms: 3, running: 1 }, { limits: { guestShutdown: "1s", deviceWait: "1s" } });
  // Each case has a store of its own, and its own check of what changed.
  bench.changesWithoutPlans();
  settings = z.looseObject({}).parse(parse(await readFile(bench.config, "utf8")));
});

let stores = 0;
/** A store of its own: the lab gives the same ids again, and a journal of another world would speak of this one. */
async function freshApp(): Promise<{ app: App; ownStore: string }> {
  stores += 1;
  const file = join(bench.dir, `p${stores}.yaml`);
  const ownStore = `p${stores}`;
  await writeFile(file, stringify({ ...settings, store: { sqlite: storeFile(bench, ownStore) } }));
  return { app: await openApp({ configFile: file, env: {}, cwd: bench.dir }), ownStore };
}

const inUse: readonly Deed[] = [
  { what: "deploy", elsewhere: 0, which: 1 },
  { what: "register", elsewhere: 0, which: 0 },
];

const STARTS: Readonly<Record<Case["start"], readonly Deed[]>> = {
  clone: inUse,
  lost: [...inUse, { what: "unassign", elsewhere: 0, which: 0 }],
  dead: [...inUse, { what: "unassign", elsewhere: 0, which: 0 }, { what: "rescan", elsewhere: 0, which: 0 }],
  gold: [
    { what: "assign", elsewhere: 0, which: 0 },
    { what: "rescan", elsewhere: 0, which: 0 },
    { what: "register", elsewhere: 0, which: 0 },
  ],
  nothing: [],
};

const build = (world: World, { scenario, start, deeds, request }: Case): void => {
  world.reset({ scenario, vms: 3, running: 1 });
  furnish(world);
  const focus = { client: request.client, gold: LUNS.indexOf(request.lun) };
  for (const deed of [...STARTS[start], ...deeds]) happen(world, deed, focus);
};

const look = (world: World): LabState => State.parse(JSON.parse(JSON.stringify(stateView(world))));

function inputsOf(asked: Asked, state: LabState): PrepInputs {
  const { lun, registerVms, keepClone, forcePowerOff, releaseFirst } = asked;
  const client = state.clients[asked.client];
  const gold = goldIn(asked, state);
  const snapshots = state.snapshots
    .filter((snapshot) => snapshot.volumeId === gold.id)
    .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  const snapshot = asked.snapshot === undefined ? undefined : snapshots[asked.snapshot]?.name;
  const base = {
    lun,
    registerVms,
    keepClone,
    forcePowerOff,
    releaseFirst,
    client: client?.name,
    host: client?.hostAddress,
  };
  const taken = asked.mode === "snapshot" ? { newSnapshot: TAKEN, crashConsistent: forcePowerOff } : {};
  return { ...base, ...taken, ...(snapshot === undefined ? {} : { snapshot }) };
}

function goldIn({ lun }: Asked, state: LabState): LabState["volumes"][number] {
  const name = { Gold: "-Gold", Gold2: "-Gold-2", ComputeMigration: "ComputeMigration-Gold" }[lun];
  const gold = state.volumes.find((volume) => volume.kind === "gold" && volume.name.endsWith(named(`Img${name}`)));
  if (gold === undefined) throw new Error(`no ${lun}`);
  return gold;
}

const familyIn = (gold: { id: string }, { volumes }: LabState): Set<string> => {
  const ids = new Set([gold.id]);
  for (const id of ids) for (const volume of volumes) if (volume.parentVolumeId === id) ids.add(volume.id);
  return ids;
};

/** Plans with the app, and has the plan carried out by its engine or another one. */
async function planAndRun(
  app: App,
  asked: Asked,
  state: LabState,
  runner: Pick<Engine, "confirm"> = app.engine,
): Promise<{ plan: PlanRecord; run: RunRecord }> {
  const actor = app.actor("mcp", "property");
  const plan = await app.engine.plan(asked.mode, inputsOf(asked, state), actor);
  expect(bench.lab.world.mutations.length).toBe(state.mutations.length);
  if (plan.approval.policy === "human") {
    await app.engine.approve(plan.planId, app.actor("cli"), plan.target.lun.name);
  }
  const run = await runner.confirm(plan.planToken ?? "", actor, { waitMs: 25_000 });
  return { plan, run };
}

/** What of the world is nothing of this request's: other clients, other families, and gold itself. */
function untouchable(asked: Asked, state: LabState): unknown {
  const gold = goldIn(asked, state);
  const family = familyIn(gold, state);
  const client = state.clients[asked.client];
  const host = state.hosts.find((one) => one.client === client?.name);
  const signature = gold["vmfsUuid"];
  const ours = new Set(state.datastores.filter((one) => one.vmfsUuid === signature).map((one) => one.name));
  const heldElsewhere = new Set(
    state.assignments.filter((one) => one.clientId !== client?.id).map((one) => one.volumeId),
  );
  return {
    golds: state.volumes.filter((volume) => volume.kind === "gold").map(({ id, name, guid }) => ({ id, name, guid })),
    otherVolumes: state.volumes.filter((volume) => !family.has(volume.id) || heldElsewhere.has(volume.id)),
    otherSnapshots: state.snapshots.filter((one) => one.volumeId !== gold.id).map((one) => one.id),
    ownContent:
      asked.mode === "rollback"
        ? undefined
        : [gold.dataVersion, state.snapshots.filter((one) => one.volumeId === gold.id && one.name !== TAKEN)],
    assignments: state.assignments.filter((one) => one.clientId !== client?.id || !family.has(one.volumeId)),
    hosts: state.hosts.map((one) =>
      one === host
        ? {
            mounts: one.mounts.filter((mount) => mount.vmfsUuid !== signature),
            unmounted: one.unmounted.filter((mount) => mount.vmfsUuid !== signature),
            unresolved: one.unresolved.filter((copy) => copy.vmfsUuid !== signature),
          }
        : one,
    ),
    vms: state.vms.filter((vm) => vm.host !== host?.name || !ours.has(vm.datastore)),
  };
}

const registeredFiles = (state: LabState, host: string, datastore: string): string[] =>
  state.vms
    .filter((vm) => vm.host === host && vm.datastore === datastore && vm.connectionState === "connected")
    .map((vm) => vm.path.replace(/^\[.*?\] (?=\S)/, "").replace(/^.*\/vmfs\/volumes\/[^/]+\//, ""))
    .toSorted();

function expectGoal(asked: Asked, plan: PlanRecord, before: LabState, after: LabState): void {
  const { mode } = asked;
  const gold = goldIn(asked, after);
  const family = familyIn(gold, after);
  const client = after.clients[asked.client];
  const host = after.hosts.find((one) => one.client === client?.name);
  const assigned = after.assignments.filter((one) => one.clientId === client?.id && family.has(one.volumeId));
  const volume = after.volumes.find((one) => one.id === assigned[0]?.volumeId);
  const mount = host?.mounts.find((one) => one.naa === `naa.${volume?.guid}`);
  // A datastore of another Datacenter may have the name: a VM that was here before any was mounted is on that one.
  const mounted = new Set(before.hosts.find(({ name }) => name === host?.name)?.mounts.map((one) => one.datastore));
  const strangers = new Set(
    before.vms.filter((vm) => vm.host === host?.name && !mounted.has(vm.datastore)).map(({ id }) => id),
  );
  const here = after.vms.filter(
    (vm) => vm.host === host?.name && vm.datastore === mount?.datastore && !strangers.has(vm.id),
  );
  const readable = after.files.filter((file) => file.volumeId === volume?.id && file["unreadable"] !== true);
  const files = readable.map((file) => file.path).toSorted();
  const allRegistered = (): void => {
    const registered = registeredFiles(after, host?.name ?? "", mount?.datastore ?? "");
    expect(registered).toEqual(expect.arrayContaining(files));
    expect(new Set(registered).size).toBe(registered.length);
  };
  if (mode !== "unregister" && mode !== "release" && mode !== "snapshot") {
    expect(assigned).toHaveLength(1);
    expect(mount).toMatchObject({ accessible: true });
  }
  switch (mode) {
    case "automated_testing": {
      expect(volume).toMatchObject({ kind: "clone", parentSnapshotId: plan.snapshot?.id });
      expect(before.volumes.some((one) => one.id === volume?.id)).toBe(false);
      const deleted = plan.impact.clonesToDelete.map((clone) => clone.id);
      expect(after.volumes.filter((one) => deleted.includes(one.id))).toEqual([]);
      break;
    }
    case "maintenance":
    case "rollback":
      expect(volume?.id).toBe(gold.id);
      break;
    case "register":
      allRegistered();
      break;
    case "unregister":
      expect(here).toEqual([]);
      return;
    case "release": {
      expect(assigned).toEqual([]);
      const deleted = plan.impact.clonesToDelete.map((clone) => clone.id);
      expect(after.volumes.filter((one) => deleted.includes(one.id))).toEqual([]);
      return;
    }
    case "snapshot": {
      const added = after.snapshots.filter(({ id }) => !before.snapshots.some((one) => one.id === id));
      expect(added).toMatchObject([{ name: TAKEN, volumeId: gold.id, dataVersion: gold.dataVersion }]);
      const beside = ({ volumes, assignments, hosts, vms, files }: LabState) => [
        volumes,
        assignments,
        hosts,
        vms,
        files,
      ];
      expect(beside(after)).toEqual(beside(before));
      return;
    }
    default:
      mode satisfies never;
  }
  if (mode === "rollback") {
    const chosen = before.snapshots.find((one) => one.id === plan.snapshot?.id);
    expect(gold.dataVersion).toBe(chosen?.["dataVersion"]);
    const lost = plan.impact.snapshotsLost.map((one) => one.id);
    const own = (state: LabState) => state.snapshots.filter((one) => one.volumeId === gold.id).map((one) => one.id);
    expect(own(after)).toEqual(own(before).filter((id) => !lost.includes(id)));
  }
  if (mode === "register") return;
  if (asked.registerVms) allRegistered();
  else if (mode !== "maintenance" || plan.steps.some((step) => step.kind === "assign")) expect(here).toEqual([]);
}

const plainly = {
  snapshot: undefined,
  registerVms: false,
  keepClone: false,
  forcePowerOff: false,
  releaseFirst: false,
} as const;

/** What it once found, kept; and a death that is resumed, whatever else is drawn. */
const FOUND: readonly Case[] = [
  {
    scenario: "empty",
    start: "clone",
    deeds: [],
    broken: {
      request: { ...plainly, mode: "automated_testing", lun: "Gold", client: 0 },
      by: { death: { nth: 4, when: "after" }, isResumed: true },
    },
    request: { ...plainly, mode: "maintenance", lun: "Gold", client: 0 },
  },
  // A VM of another Datacenter's datastore of the same name stands on the host, and is nobody's here.
  {
    scenario: "empty",
    start: "dead",
    deeds: [
      { what: "deploy", elsewhere: 0, which: 8 },
      { what: "move-vm", elsewhere: 0, which: 10 },
    ],
    broken: {
      request: { ...plainly, mode: "rollback", lun: "ComputeMigration", client: 1, forcePowerOff: true },
      by: { death: { nth: 3, when: "before" }, isResumed: true },
    },
    request: { ...plainly, mode: "release", lun: "ComputeMigration", client: 0 },
  },
  // A lost clone is deleted while another host of the Datacenter still has it mounted.
  {
    scenario: "empty",
    start: "lost",
    deeds: [
      { what: "share-datastore", elsewhere: 0, which: 3 },
      { what: "snapshot", elsewhere: 0, which: 10 },
      { what: "delete", elsewhere: 1, which: 3 },
    ],
    broken: undefined,
    request: { ...plainly, mode: "automated_testing", lun: "Gold", client: 0 },
  },
  // Gold is assigned while the host still runs VMs from a clone that was taken away.
  {
    scenario: "empty",
    start: "lost",
    deeds: [{ what: "assign", elsewhere: 0, which: 0 }],
    broken: undefined,
    request: { ...plainly, mode: "maintenance", lun: "Gold2", client: 1 },
  },
  // Gold is taken away while its datastore spans another volume, which stays.
  {
    scenario: "one-datacenter",
    start: "gold",
    deeds: [
      { what: "unassign", elsewhere: 0, which: 9 },
      { what: "span-datastore", elsewhere: 0, which: 2 },
    ],
    broken: undefined,
    request: { ...plainly, mode: "maintenance", lun: "Gold2", client: 2 },
  },
  // A clone is taken away while its VMs run: the host lists the disk until they are off.
  {
    scenario: "one-datacenter",
    start: "clone",
    deeds: [
      { what: "attach", elsewhere: 0, which: 0 },
      { what: "rescan", elsewhere: 1, which: 10 },
      { what: "unassign", elsewhere: 0, which: 9 },
      { what: "unreadable-folder", elsewhere: 0, which: 5 },
    ],
    broken: {
      request: { ...plainly, mode: "maintenance", lun: "Gold2", client: 1, snapshot: 4, forcePowerOff: true },
      by: { op: "UnmountVmfsVolume", nth: 1 },
    },
    request: {
      ...plainly,
      mode: "rollback",
      lun: "ComputeMigration",
      client: 2,
      registerVms: true,
      forcePowerOff: true,
    },
  },
  // Gold was assigned beside a lost clone: a rescan for that one brings gold up, which the plan found unmounted.
  {
    scenario: "empty",
    start: "dead",
    deeds: [
      { what: "clone-of-clone", elsewhere: 0, which: 8 },
      { what: "span-datastore", elsewhere: 1, which: 5 },
      { what: "assign", elsewhere: 0, which: 6 },
      { what: "suspend", elsewhere: 0, which: 2 },
      { what: "span-datastore", elsewhere: 0, which: 2 },
    ],
    broken: {
      request: { ...plainly, mode: "maintenance", lun: "Gold2", client: 1, snapshot: 3, forcePowerOff: true },
      by: { op: "RescanVmfs", nth: 1 },
    },
    request: { ...plainly, mode: "release", lun: "Gold2", client: 0, snapshot: 0, registerVms: true },
  },
  // Gold is mounted already, and one of its VMs is registered on a host that has lost it.
  {
    scenario: "empty",
    start: "gold",
    deeds: [
      { what: "stray-copy", elsewhere: 0, which: 3 },
      { what: "snapshot", elsewhere: 0, which: 4 },
      { what: "reboot-host", elsewhere: 0, which: 11 },
      { what: "orphan-vm", elsewhere: 0, which: 0 },
      { what: "span-datastore", elsewhere: 2, which: 6 },
      { what: "span-datastore", elsewhere: 1, which: 3 },
    ],
    broken: undefined,
    request: {
      ...plainly,
      mode: "maintenance",
      lun: "Gold",
      client: 0,
      snapshot: 2,
      registerVms: true,
      keepClone: true,
    },
  },
];

const seen = { refused: new Map<string, number>(), run: new Map<Mode | "died" | "resumed", number>() };
const count = <K>(counts: Map<K, number>, key: K): void => void counts.set(key, (counts.get(key) ?? 0) + 1);

/** Codes by which a plan may be refused; all others would be defects, or say nothing about the world. */
const REFUSALS =
  /^(SNAPSHOT_AMBIGUOUS|SNAPSHOT_NOT_FOUND|NO_SNAPSHOTS|NOTHING_ASSIGNED|SEVERAL_ASSIGNED|DATASTORE_\w+|VM_\w+|VOLUME_IN_USE|SIGNATURE_MOUNTED|COPY_AMBIGUOUS|CLONE_HAS_CHILDREN|TOOLS_MISSING|UNREACHABLE)$/;

async function check(one: Case): Promise<void> {
  const { world } = bench.lab;
  await bench.control.clearFaults();
  build(world, one);
  const { app, ownStore } = await freshApp();
  try {
    const { broken, request } = one;
    if (broken !== undefined) await breakOff(app, ownStore, broken);
    const before = look(world);
    const rescanned = rescannedTwin(world, request);
    const outcome = await planAndRun(app, request, before).catch((thrown: unknown) => {
      if (!(thrown instanceof PrepError)) throw thrown;
      return thrown;
    });
    const after = look(world);
    if (outcome instanceof PrepError) {
      expect(outcome.code, outcome.message).toMatch(REFUSALS);
      expect(outcome.hint).not.toBe("");
      expect(after).toEqual(before);
      count(seen.refused, outcome.code);
      return;
    }
    const { plan, run } = outcome;
    expect({ state: run.state, error: run.error }).toEqual({ state: "succeeded", error: undefined });
    if (plan.steps.length === 0) expect(after.mutations).toEqual(before.mutations);
    expectOutcome(request, plan, { before, rescanned, after });
    count(seen.run, request.mode);
  } finally {
    await app.close();
  }
}

interface Worlds {
  readonly before: LabState;
  readonly rescanned: LabState;
  readonly after: LabState;
}

/** The goal is reached, and nothing else has changed. */
function expectOutcome(asked: Asked, plan: PlanRecord, { before, rescanned, after }: Worlds): void {
  expectGoal(asked, plan, before, after);
  const baseline = plan.steps.some((step) => step.kind === "rescan") ? rescanned : before;
  expect(untouchable(asked, after)).toEqual(untouchable(asked, baseline));
}

async function breakOff(app: App, ownStore: string, { request, by }: Broken): Promise<void> {
  const { world } = bench.lab;
  const isRefusal = (thrown: unknown): undefined => {
    expect(thrown).toBeInstanceOf(PrepError);
    return undefined;
  };
  if ("op" in by) {
    await bench.control.faults({ api: "*", op: by.op, nth: by.nth, times: 99, action: "http500" });
    await planAndRun(app, request, look(world)).catch(isRefusal);
    await bench.control.clearFaults();
    return;
  }
  const before = look(world);
  const rescanned = rescannedTwin(world, request);
  const { engine, died } = await mortalEngine(bench, ownStore, by.death);
  const ended = await Promise.race([
    planAndRun(app, request, before, engine).catch(isRefusal),
    died.then(() => "dead"),
  ]);
  if (ended !== "dead") {
    await engine.close();
    return;
  }
  count(seen.run, "died");
  if (!by.isResumed) return;
  const [run] = await app.engine.listRuns({ limit: 1 });
  if (run === undefined) throw new Error("the dead engine has left no run");
  expect(run.state).toBe("interrupted");
  const actor = app.actor("mcp", "property");
  const rest = await app.engine.resumePlan(run.runId, actor);
  if (rest.approval.policy === "human") {
    await app.engine.approve(rest.planId, app.actor("cli"), rest.target.lun.name);
  }
  const resumed = await app.engine.confirm(rest.planToken ?? "", actor, { waitMs: 25_000 });
  expect({ state: resumed.state, error: resumed.error }).toEqual({ state: "succeeded", error: undefined });
  const origin = await app.engine.getPlan(run.planId);
  expectOutcome(request, origin, { before, rescanned, after: look(world) });
  count(seen.run, "resumed");
}

/** The world as it is now, with the client's host rescanned by nobody's plan: what a second look makes of what others left. */
function rescannedTwin(world: World, asked: Asked): LabState {
  const twin = new World({ scenario: { scenario: "empty" } });
  Object.assign(twin.model, structuredClone(world.model));
  const client = twin.model.clients[asked.client];
  const host = twin.model.hosts.find(({ clientId }) => clientId === client?.id);
  if (host?.connected) {
    change(twin, rescanHba, host.id);
    change(twin, rescanVmfs, host.id);
  }
  return look(twin);
}

describe("random worlds and requests", () => {
  test(
    "a plan is refused with a code or reaches its goal, and nothing else changes",
    async () => {
      await fc.assert(fc.asyncProperty(anyCase, check), {
        numRuns: RUNS,
        seed: SEED,
        interruptAfterTimeLimit: LIMIT_MS,
        endOnFailure: true,
        examples: FOUND.map((one) => [one]),
      });
      // A property that refuses everything would hold as well.
      expect([...seen.run.values()].reduce((a, b) => a + b, 0)).toBeGreaterThan(10);
      expect(seen.refused.size).toBeGreaterThan(3);
      expect(seen.run.get("resumed") ?? 0).toBeGreaterThan(0);
      if (process.env["ATVM_PROPERTY_SHOW"] !== undefined)
        process.stderr.write(`${JSON.stringify([[...seen.run], [...seen.refused]])}\n`);
    },
    LIMIT_MS * 2 + 30_000,
  );
});
