/** An engine over a bench's store and lab whose clock, policies and launcher are the test's own; and a hand inside the store. */

import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import type { Config } from "../../src/config/config.ts";
import { loadConfig } from "../../src/config/load.ts";
import { createEngine } from "../../src/core/create-engine.ts";
import type { PrepError } from "../../src/core/domain/errors.ts";
import { forEachMode } from "../../src/core/domain/modes.ts";
import { ApprovalNeeded, type Engine } from "../../src/core/engine.ts";
import type { EngineSettings } from "../../src/core/engine-options.ts";
import type { Systems, VcenterOverride } from "../../src/core/ports/runtime.ts";
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
  /** Another store than the bench's. */
  readonly storePath?: string;
  /** Between the engine and the store or the systems. */
  readonly store?: (real: Store) => Store;
  readonly systems?: (real: (override?: VcenterOverride) => Systems) => (override?: VcenterOverride) => Systems;
}

export interface Assembled {
  readonly engine: Engine;
  readonly store: Store;
  close(): Promise<void>;
}

export const configOf = (bench: Bench): Promise<Config> =>
  loadConfig({ file: `${bench.dir}/atvm.config.yaml`, env: {}, cwd: bench.dir });

/** One policy for every mode. */
export const allModes = (policy: "token" | "prompt" | "human"): EngineSettings["approval"]["policies"] =>
  forEachMode(() => policy);

export async function assemble(bench: Bench, parts: Parts = {}): Promise<Assembled> {
  const config = await configOf(bench);
  if (config.store.kind !== "sqlite") throw new Error("the bench keeps its store in SQLite");
  const clock = { ...systemClock, now: () => new Date(Date.now() + (parts.shiftMs?.() ?? 0)) };
  const real = await openSqliteStore({ path: parts.storePath ?? config.store.path, clock });
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
        requesterIsNotApprover: config.approval.requesterIsNotApprover,
        ...parts.approval,
      },
      limits: {
        guestShutdownMs: config.limits.guestShutdown,
        deviceWaitMs: config.limits.deviceWait,
        busyTries: config.limits.busyTries,
        busyPauseMs: config.limits.busyPause,
        openPlans: parts.openPlans ?? config.limits.openPlans,
      },
      adminsOnly: config.admins.length > 0,
      wrongController: () => parts.wrongController,
    },
    ...(parts.launch === undefined ? {} : { launch: parts.launch }),
  });
  const close = (): Promise<void> => engine.close();
  onTestFinished(close);
  return { engine, store, close };
}

/** Changes the store's file as somebody with write access to it could, past the program. */
export async function tamper(bench: Bench, sql: string): Promise<void> {
  const { store } = await configOf(bench);
  if (store.kind !== "sqlite") throw new Error("the bench keeps its store in SQLite");
  const db = new DatabaseSync(store.path);
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
  read: (work) => real.read(work),
  write: (work) => real.write(work),
  tryLock: (names) => real.tryLock(names),
  recordHead: (head) => real.recordHead(head),
  recordedHeads: () => real.recordedHeads(),
  close: () => real.close(),
  ...changes,
});

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
