/**
 * The real engine on a real lab: sockets, SOAP, SQLite; or with ATVM_TEST_STORE=postgres (`npm run test:postgres`) a real
 * PostgreSQL. One lab a file, reset between tests.
 */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { type App, openApp, openStore } from "../../src/app.ts";
import { type ErrorCode, PrepError } from "../../src/core/domain/errors.ts";
import type { Mode } from "../../src/core/domain/modes.ts";
import type { Actor } from "../../src/core/engine.ts";
import type { PlanRecord, RunRecord } from "../../src/core/records.ts";
import type { PrepInputs } from "../../src/core/request/request.ts";
import type { LabOptions, RunningLab } from "../../src/lab/start.ts";
import { named } from "./array-under-test.ts";
import { keepInvariants } from "./invariants.ts";
import { type ControlClient, type LabState, withLab } from "./lab.ts";
import { type Cluster, withCluster } from "./postgres.ts";

export const GOLD = named("AutomatedTest-VMBootImg-Gold");
export const CLIENT = "CDS1-ESX165";
export const HOST = "192.168.1.165";

export interface Bench {
  readonly lab: RunningLab;
  readonly control: ControlClient;
  readonly app: App;
  readonly actor: Actor;
  /** Where configuration, store and logs are. */
  readonly dir: string;
  plan(mode: Mode, inputs?: Partial<PrepInputs>): Promise<PlanRecord>;
  /** Approves where the policy wants a person, confirms, and waits for the end. */
  run(plan: PlanRecord): Promise<RunRecord>;
  prep(mode: Mode, inputs?: Partial<PrepInputs>): Promise<RunRecord>;
  /** The configuration file, for another process or door. */
  readonly config: string;
  /** Another scenario, and none of the plans of the one before. */
  reset(scenario: string, more?: object): Promise<void>;
  /** Where the store is PostgreSQL. */
  readonly cluster?: Cluster;
  /** Of this process's own openings of the program, and of those that a test starts. */
  readonly env: Readonly<Record<string, string>>;
  /** Another process's view of the same store and lab. */
  another(): Promise<App>;
  /** For tests that change the lab without a plan of this store: the invariants are not asked for after them, or after this one. */
  changesWithoutPlans(until?: "reset"): void;
  /** Which of the invariants were broken since the last reset. */
  violations(): Promise<string[]>;
}

/** Whether benches keep their store in PostgreSQL unless told otherwise. */
export const onPostgres = process.env["ATVM_TEST_STORE"] === "postgres";

/** What benches leave, which a hook of this file's ends: one that is registered within a hook or a test is never called. */
const closings: (() => Promise<void>)[] = [];

afterAll(async () => {
  for (const close of closings.splice(0)) await close();
});

/** `settings` are members of the configuration beside those that the lab writes. */
export async function withEngine(
  options: LabOptions = {},
  settings: object = {},
  on: Cluster | "sqlite" = onPostgres ? withCluster() : "sqlite",
): Promise<Bench> {
  const cluster = on === "sqlite" ? undefined : on;
  await cluster?.ready();
  const dir = await mkdtemp(join(tmpdir(), "atvm-test-"));
  const config = join(dir, "atvm.config.yaml");
  const { lab, control } = await withLab({ ...options, writeConfig: config });
  const written: unknown = parse(await readFile(config, "utf8"));
  const store = cluster === undefined ? {} : { store: { postgres: { file: await urlFile(dir, cluster) } } };
  await writeFile(config, stringify({ ...z.looseObject({}).parse(written), ...store, ...settings }));
  const env = { XDG_STATE_HOME: join(dir, "state") };
  const open: App[] = [];
  closings.push(async () => {
    for (const one of open) await one.close();
    // A runner that is stopped may still write its last line.
    await rm(dir, { recursive: true, force: true, maxRetries: 10 });
  });
  const another = async (): Promise<App> => {
    const app = await openApp({ configFile: config, env, cwd: dir });
    open.push(app);
    return app;
  };
  const app = await another();
  const invariants = keepInvariants(lab.world, async () => (await openStore(app.config)).store);
  const actor = app.actor("mcp", "tests");
  const plan = (mode: Mode, inputs: Partial<PrepInputs> = {}): Promise<PlanRecord> =>
    app.engine.plan(mode, { lun: "Gold", ...inputs }, actor);
  const run = async (made: PlanRecord): Promise<RunRecord> => {
    const { planToken } = made;
    if (planToken === undefined) throw new Error("the plan has no token");
    if (made.approval.policy === "human") {
      await app.engine.approve(
        made.planId,
        app.actor("cli"),
        made.mode === "rollback" ? made.target.lun.name : undefined,
      );
    }
    return app.engine.confirm(planToken, actor, { waitMs: 25_000 });
  };
  return {
    lab,
    control,
    app,
    actor,
    dir,
    config,
    env,
    ...(cluster === undefined ? {} : { cluster }),
    reset: async (scenario, more = {}) => {
      await control.clearFaults();
      await control.reset({ scenario, ...more });
      for (const open of await app.engine.listPlans())
        await app.engine.discardPlan({ planId: open.planId }, { ...actor, admin: true });
    },
    plan,
    run,
    another,
    changesWithoutPlans: (until) => invariants.release(until),
    violations: () => invariants.violations(),
    prep: async (mode, inputs) => run(await plan(mode, inputs)),
  };
}

/** A file with the URL of a new database. */
async function urlFile(dir: string, cluster: Cluster): Promise<string> {
  const file = join(dir, "store-url");
  await writeFile(file, await cluster.fresh(), { mode: 0o600 });
  return file;
}

/** The PrepError that `work` is refused with. */
export async function refusal(work: Promise<unknown>, code: ErrorCode): Promise<PrepError> {
  const thrown: unknown = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  expect(thrown).toBeInstanceOf(PrepError);
  if (!(thrown instanceof PrepError)) throw new Error("not refused");
  expect({ code: thrown.code, message: thrown.message }).toMatchObject({ code });
  expect(thrown.hint).not.toBe("");
  return thrown;
}

const one = <T>(items: readonly T[], what: string): T => {
  const [item] = items;
  if (item === undefined || items.length !== 1) throw new Error(`expected one ${what}, found ${items.length}`);
  return item;
};

export const goldOf = (state: LabState, name = GOLD) =>
  one(
    state.volumes.filter((volume) => volume.name === name && volume.kind === "gold"),
    "gold volume",
  );

export const hostOf = (state: LabState, name = HOST) =>
  one(
    state.hosts.filter((host) => host.name === name),
    "host",
  );

/** What the client has assigned. */
export const assignedTo = (state: LabState, client = CLIENT) => {
  const { id } = one(
    state.clients.filter((other) => other.name === client),
    "client",
  );
  const ids = state.assignments
    .filter((assignment) => assignment.clientId === id)
    .map((assignment) => assignment.volumeId);
  return state.volumes.filter((volume) => ids.includes(volume.id));
};

/** The gold volume's snapshots, newest first. */
export const snapshotsOf = (state: LabState, volumeId: string) =>
  state.snapshots
    .filter((snapshot) => snapshot.volumeId === volumeId)
    .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));

/** Gold on the client: assigned, mounted by itself, nothing else of the family there. */
export function expectGoldMounted(state: LabState): void {
  const gold = goldOf(state);
  expect(assignedTo(state).map((volume) => volume.id)).toEqual([gold.id]);
  const mount = one(hostOf(state).mounts, "mount");
  expect(mount).toMatchObject({ naa: `naa.${gold.guid}`, forceMounted: false, accessible: true });
  expect(hostOf(state).detached).not.toContain(`naa.${gold.guid}`);
}

/** Registered VMs of the host. */
export const vmsOf = (state: LabState, host = HOST) => state.vms.filter((vm) => vm.host === host);

/** Paths of VMX files on the volume, as `[datastore] path`, that no VM of the host is registered from. */
export function unregisteredOn(state: LabState, volumeId: string, host = HOST): string[] {
  const naa = `naa.${state.volumes.find((volume) => volume.id === volumeId)?.guid}`;
  const mount = hostOf(state, host).mounts.find((one) => one.naa === naa);
  const taken = vmsOf(state, host).map((vm) => vm.path);
  return state.files
    .filter((file) => file.volumeId === volumeId)
    .map((file) => `[${mount?.datastore}] ${file.path}`)
    .filter((path) => !taken.includes(path));
}

/** A copy of one gold snapshot: cloned, assigned, force-mounted, nothing else of the family left on the client. */
export function expectFreshClone(state: LabState, snapshotId: string): void {
  const clone = one(assignedTo(state), "assigned volume");
  expect(clone).toMatchObject({ kind: "clone", parentSnapshotId: snapshotId });
  const mount = one(hostOf(state).mounts, "mount");
  expect(mount).toMatchObject({ naa: `naa.${clone.guid}`, forceMounted: true, accessible: true });
}
