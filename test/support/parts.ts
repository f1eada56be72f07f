/** An engine over a bench's store and lab whose clock, policies and launcher are the test's own; and a hand inside the store. */

import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import { openStore } from "../../src/app.ts";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { createEngine } from "../../src/core/create-engine.ts";
import type { PrepError } from "../../src/core/domain/errors.ts";
import { forEachMode } from "../../src/core/domain/modes.ts";
import { ApprovalNeeded, type Engine } from "../../src/core/engine.ts";
import type { EngineSettings } from "../../src/core/engine-options.ts";
import type { Clock, Systems, VcenterOverride } from "../../src/core/ports/runtime.ts";
import type { Store } from "../../src/core/ports/store.ts";
import { silentLog } from "../../src/logging/log.ts";
import { systemClock, systemEntropy } from "../../src/platform/clock.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { openSystems } from "../../src/systems/open-systems.ts";
import type { Bench } from "./engine.ts";

export interface Parts {
  /** Added to the machine's time; negative is a clock set back. */
  readonly shiftMs?: () => number;
  readonly approval?: Partial<EngineSettings["approval"]>;
  readonly openPlans?: number;
  readonly launch?: (runId: string, ended: (why: PrepError) => void) => Promise<void>;
  readonly wrongController?: string;
  /** The name of another store than the bench's. */
  readonly anotherStore?: string;
  readonly runs?: "own" | "worker";
  readonly keepDays?: number;
  /** It ends before the test does, on its own. */
  readonly isMortal?: boolean;
  /** Between the engine and its clock, the store or the systems. */
  readonly clock?: (real: Clock) => Clock;
  readonly store?: (real: Store) => Store;
  readonly systems?: (real: (override?: VcenterOverride) => Systems) => (override?: VcenterOverride) => Systems;
}

export interface Assembled {
  readonly engine: Engine;
  readonly store: Store;
  close(): Promise<void>;
}

export const configOf = (bench: Bench): Promise<Config> =>
  loadConfig({ file: bench.config, env: bench.env, cwd: bench.dir });

/** One policy for every mode. */
export const allModes = (policy: "token" | "prompt" | "human"): EngineSettings["approval"]["policies"] =>
  forEachMode(() => policy);

export async function assemble(bench: Bench, parts: Parts = {}): Promise<Assembled> {
  const config = await configOf(bench);
  const { store: real, clock: own } = await openStoreOf(bench, config, parts.anotherStore);
  const shifted = { ...own, now: () => new Date(own.now().getTime() + (parts.shiftMs?.() ?? 0)) };
  const clock = parts.clock?.(shifted) ?? shifted;
  const store = parts.store?.(real) ?? real;
  const { systems } = await openSystems(config, silentLog, { reuseConnections: false });
  const engine = createEngine({
    store,
    clock,
    entropy: systemEntropy,
    log: silentLog,
    systems: parts.systems?.(systems) ?? systems,
    settings: {
      naming: { luns: config.luns, pairs: config.pairs, defaults: config.defaults },
      approval: {
        policies: config.approval.policy,
        cli: config.approval.cli,
        planTtlMs: config.approval.planTtl,
        answerWithinMs: config.approval.answerWithin,
        requesterIsNotApprover: config.approval.requesterIsNotApprover,
        ...parts.approval,
      },
      limits: {
        guestShutdownMs: config.limits.guestShutdown,
        deviceWaitMs: config.limits.deviceWait,
        busyTries: config.limits.busyTries,
        busyPauseMs: config.limits.busyPause,
        openPlans: parts.openPlans ?? config.limits.openPlans,
        queueMs: config.limits.queue,
      },
      adminsOnly: config.admins.length > 0,
      runs: parts.runs ?? config.runs,
      ...(parts.keepDays === undefined ? {} : { keepDays: parts.keepDays }),
      wrongController: () => parts.wrongController,
    },
    ...(parts.launch === undefined ? {} : { launch: parts.launch }),
  });
  const close = (): Promise<void> => engine.close();
  if (parts.isMortal !== true) onTestFinished(close);
  return { engine, store, close };
}

/** The bench's store, or one of its own by that name. */
async function openStoreOf(bench: Bench, config: Config, another: string | undefined): ReturnType<typeof openStore> {
  const { store } = config;
  if (another === undefined) return openStore(config);
  if (store.kind === "sqlite") {
    const path = storeFile(bench, another);
    return { store: await openSqliteStore({ path, clock: systemClock }), clock: systemClock };
  }
  const { openPostgresStore } = await import("../../src/store/postgres/store.ts");
  return openPostgresStore({ url: await databaseOf(bench, another), heads: store.heads, clock: systemClock });
}

export const storeFile = (bench: Bench, name: string): string => `${bench.dir}/${name}/atvm.sqlite`;

const databases = new Map<string, Promise<string>>();

function databaseOf(bench: Bench, name: string): Promise<string> {
  const made = databases.get(name) ?? bench.cluster?.fresh() ?? Promise.reject(new Error("no cluster"));
  databases.set(name, made);
  return made;
}

/** Changes the store as somebody with the right to write it could, past the program. Columns with capitals are quoted. */
export async function tamper(bench: Bench, sql: string, another?: string): Promise<void> {
  const { store } = await configOf(bench);
  if (store.kind === "postgres") {
    await bench.cluster?.sql(another === undefined ? await store.url.reveal() : await databaseOf(bench, another), sql);
    return;
  }
  const db = new DatabaseSync(another === undefined ? store.path : storeFile(bench, another));
  try {
    db.exec(sql);
  } finally {
    db.close();
  }
}

/** What `confirm` wants to have asked. */
export async function asked(confirming: Promise<unknown>): Promise<ApprovalNeeded> {
  const thrown: unknown = await confirming.then(
    (answer) => answer,
    (error: unknown) => error,
  );
  if (thrown instanceof ApprovalNeeded) return thrown;
  throw new Error(`nobody was asked: ${thrown instanceof Error ? thrown.message : JSON.stringify(thrown)}`);
}

/** The store with some of its methods replaced. */
export const storeWith = (real: Store, changes: Partial<Store>): Store => ({
  id: real.id,
  place: real.place,
  headsOf: real.headsOf,
  read: (work) => real.read(work),
  write: (work) => real.write(work),
  tryLock: (names) => real.tryLock(names),
  recordHead: (head) => real.recordHead(head),
  recordedHeads: () => real.recordedHeads(),
  close: () => real.close(),
  ...(real.watch === undefined ? {} : { watch: (topic, changed) => real.watch?.(topic, changed) ?? Promise.reject() }),
  ...changes,
});

/** A clock that stands still, but for whoever sleeps by it: that is over at once, and `slept` tells for how long it was. */
export function standingClock(): { readonly clock: NonNullable<Parts["clock"]>; readonly slept: number[] } {
  const slept: number[] = [];
  let elapsed = 0;
  return {
    slept,
    clock: ({ now }) => {
      const start = now().getTime();
      return {
        now: () => new Date(start + elapsed),
        elapsed: () => elapsed,
        sleep: async (ms) => {
          slept.push(ms);
          elapsed += ms;
        },
      };
    },
  };
}

/** Does these one after the other, each after a look at both systems, before anybody knows what was seen. */
export const afterLooks =
  (...acts: (() => Promise<unknown>)[]): NonNullable<Parts["systems"]> =>
  (real) =>
  (override) => {
    const systems = real(override);
    return {
      endpoints: systems.endpoints,
      write: () => systems.write(),
      read: () => {
        const connection = systems.read();
        return {
          ...connection,
          close: async () => {
            await connection.close();
            await acts.shift()?.();
          },
        };
      },
    };
  };

/** Holds the run at its unmount until it is let go: a gate between the engine and vCenter. */
export function gateAtUnmount(): {
  readonly systems: NonNullable<Parts["systems"]>;
  /** Resolves when a run stands at the gate. */
  readonly reached: Promise<void>;
  open(): void;
} {
  const [gate, reached] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  onTestFinished(() => gate.resolve());
  return {
    reached: reached.promise,
    open: gate.resolve,
    systems: (real) => (override) => {
      const systems = real(override);
      const write = (): ReturnType<Systems["write"]> => {
        const connection = systems.write();
        const { hypervisor } = connection;
        const unmount: typeof hypervisor.unmount = async (host, vmfsUuid) => {
          reached.resolve();
          await gate.promise;
          await hypervisor.unmount(host, vmfsUuid);
        };
        return { ...connection, hypervisor: { ...hypervisor, unmount } };
      };
      return { endpoints: systems.endpoints, read: () => systems.read(), write };
    },
  };
}
