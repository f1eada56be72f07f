/** The real engine on a real lab: sockets, SOAP, SQLite. One lab a file, reset between tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect } from "vitest";
import { type App, openApp } from "../../src/app.ts";
import type { Actor } from "../../src/core/engine.ts";
import { type ErrorCode, PrepError } from "../../src/core/errors.ts";
import type { PrepInputs } from "../../src/core/request.ts";
import type { Mode, PlanView, RunView } from "../../src/core/views.ts";
import type { LabOptions, RunningLab } from "../../src/lab/lab.ts";
import { type ControlClient, type LabState, withLab } from "./lab.ts";

export const GOLD = "AutomatedTest-VMBootImg-Gold";
export const CLIENT = "CDS1-ESX165";
export const HOST = "192.168.1.165";

export interface Bench {
  readonly lab: RunningLab;
  readonly control: ControlClient;
  readonly app: App;
  readonly actor: Actor;
  /** Where configuration, store and logs are. */
  readonly dir: string;
  plan(mode: Mode, inputs?: Partial<PrepInputs>): Promise<PlanView>;
  /** Approves where the policy wants a person, confirms, and waits for the end. */
  run(plan: PlanView): Promise<RunView>;
  prep(mode: Mode, inputs?: Partial<PrepInputs>): Promise<RunView>;
  /** Another process's view of the same store and lab. */
  another(): Promise<App>;
}

export async function withEngine(options: LabOptions = {}): Promise<Bench> {
  const dir = await mkdtemp(join(tmpdir(), "atvm-test-"));
  const config = join(dir, "atvm.config.yaml");
  const { lab, control } = await withLab({ ...options, writeConfig: config });
  const open: App[] = [];
  const another = async (): Promise<App> => {
    const app = await openApp({ configFile: config, env: {}, cwd: dir });
    open.push(app);
    return app;
  };
  const app = await another();
  afterAll(async () => {
    for (const one of open) await one.close();
    await rm(dir, { recursive: true, force: true });
  });
  const actor = app.actor("mcp", "tests");
  const plan = (mode: Mode, inputs: Partial<PrepInputs> = {}): Promise<PlanView> =>
    app.engine.plan(mode, { lun: "Gold", ...inputs }, actor);
  const run = async (made: PlanView): Promise<RunView> => {
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
    plan,
    run,
    another,
    prep: async (mode, inputs) => run(await plan(mode, inputs)),
  };
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

/** A copy of one gold snapshot: cloned, assigned, force-mounted, nothing else of the family left on the client. */
export function expectFreshClone(state: LabState, snapshotId: string): void {
  const clone = one(assignedTo(state), "assigned volume");
  expect(clone).toMatchObject({ kind: "clone", parentSnapshotId: snapshotId });
  const mount = one(hostOf(state).mounts, "mount");
  expect(mount).toMatchObject({ naa: `naa.${clone.guid}`, forceMounted: true, accessible: true });
}
