/** Puts the program together from a configuration: store, log, adapters, engine. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { NO_ARRAY } from "./array/kinds.ts";
import type { Config } from "./config/config.ts";
import { loadConfig } from "./config/load.ts";
import { auditedWrite } from "./core/audit.ts";
import { verifyChain } from "./core/audit-chain.ts";
import { createEngine } from "./core/create-engine.ts";
import { PrepError } from "./core/domain/errors.ts";
import type { Actor, Channel, Engine } from "./core/engine.ts";
import type { EngineSettings } from "./core/engine-options.ts";
import type { Clock, Logger } from "./core/ports/runtime.ts";
import type { Store } from "./core/ports/store.ts";
import type { ChainRecord } from "./core/records.ts";
import { createLog, type OpenLog, silentLog } from "./logging/log.ts";
import { loginBehind, osUser } from "./platform/accounts.ts";
import { systemClock, systemEntropy } from "./platform/clock.ts";
import { wrongController } from "./platform/controller.ts";
import { detachedLaunch } from "./platform/runner-process.ts";
import type { Copied } from "./store/copy.ts";
import type { Finding } from "./systems/checks/finding.ts";
import { openSystems } from "./systems/open-systems.ts";
import { commandWords } from "./text/command.ts";

export interface AppOptions {
  /** From `--config`. */
  readonly configFile?: string;
  /** Start a rehearsal lab in this process and work on it; it ends with the app, and so do its runs. */
  readonly lab?: boolean;
  /** Runs outlive this process: each is carried out by one of its own. For servers and terminals, which may go away at any time. */
  readonly detachRuns?: boolean;
  /** Connect and sign in once for all that this process does: for a command, which is over soon. */
  readonly reuseConnections?: boolean;
  /** Changes nothing, and so does without a log where this account can write none. */
  readonly reads?: boolean;
  /** Which part of the program writes the log. */
  readonly name?: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
}

export interface App {
  readonly engine: Engine;
  readonly store: Pick<Store, "place" | "server">;
  readonly config: Config;
  readonly log: Logger;
  /** What `doctor` finds on the array and in vCenter. Not audited: it is about the site, not about a LUN. */
  checkSystems(): Promise<Finding[]>;
  /** The configuration file, if it was named to this process: another one would not find it by itself. */
  readonly namedConfig?: string;
  /** Who asks through this process: the OS user, in this store. */
  actor(channel: Channel, client?: string): Actor;
  close(): Promise<void>;
}

/** Errors: those of `loadConfig`, `createLog` and the store. */
export async function openApp(options: AppOptions): Promise<App> {
  const closers: (() => Promise<void>)[] = [];
  const close = async (): Promise<void> => {
    for (const one of closers.splice(0).toReversed()) await one();
  };
  try {
    const file = options.lab ? await startEmbeddedLab(closers) : options.configFile;
    const config = await loadConfig({ ...(file === undefined ? {} : { file }), env: options.env, cwd: options.cwd });
    if (config.store.kind === "sqlite" && config.store.group !== undefined) {
      const { shareFolder } = await import("./platform/group-folder.ts");
      shareFolder(dirname(config.store.path), config.store.group);
    }
    const opened = await openLog(config, options);
    closers.push(() => opened.close());
    const { store, clock } = await openStore(config);
    const { systems, close: disconnect } = await openSystems(config, opened.log, {
      reuseConnections: options.reuseConnections ?? false,
    });
    closers.push(disconnect);
    const engine = createEngine({
      store,
      clock,
      entropy: systemEntropy,
      log: opened.log,
      settings: settingsOf(config),
      systems,
      ...(options.detachRuns && !options.lab ? { launch: detachedLaunch(config.file) } : {}),
    });
    closers.push(() => engine.close());
    const named = file ?? options.env["ATVM_CONFIG"];
    const account = osUser();
    const principal = `os:${account}@${store.id}`;
    const login = loginBehind(options.env);
    // What a variable says makes nobody an admin.
    const isAdmin = [account, login?.by === "kernel" ? login.name : account].some((name) =>
      config.admins.includes(name),
    );
    return {
      engine,
      store,
      config,
      log: opened.log,
      checkSystems: async () => {
        const { checkSystems } = await import("./systems/check-systems.ts");
        return checkSystems(config, opened.log);
      },
      ...(named === undefined || config.file === undefined ? {} : { namedConfig: config.file }),
      actor: (channel, client) => ({
        principal,
        channel,
        ...(isAdmin ? { admin: true } : {}),
        ...(login === undefined ? {} : { login }),
        ...(client === undefined ? {} : { client }),
      }),
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/** The store, and the clock that its times are taken from. */
export async function openStore({ store }: Config): Promise<{ store: Store; clock: Clock }> {
  switch (store.kind) {
    case "sqlite": {
      const { openSqliteStore } = await import("./store/sqlite/store.ts");
      return { store: await openSqliteStore({ path: store.path, clock: systemClock }), clock: systemClock };
    }
    case "postgres": {
      const { openPostgresStore } = await import("./store/postgres/store.ts");
      return openPostgresStore({ url: await store.url.reveal(), heads: store.heads, clock: systemClock });
    }
  }
}

async function openLog(config: Config, { name = "atvm_prep", reads = false }: AppOptions): Promise<OpenLog> {
  return createLog({ ...config.log, name }).catch((thrown: unknown) => {
    if (!reads) throw thrown;
    return { log: silentLog, close: async () => undefined };
  });
}

/** A lab of this process's own, with a configuration in a folder that goes with it. */
async function startEmbeddedLab(closers: (() => Promise<void>)[]): Promise<string> {
  const { startLab } = await import("./lab/start.ts");
  const dir = await mkdtemp(join(tmpdir(), "atvm-lab-"));
  closers.push(() => rm(dir, { recursive: true, force: true }));
  const lab = await startLab({ writeConfig: join(dir, "atvm.config.yaml") });
  closers.push(() => lab.close());
  const { config } = lab.info;
  if (config === undefined) throw new Error("a lab that was asked for a configuration writes one");
  return config;
}

function settingsOf(config: Config): EngineSettings {
  return {
    places: config.register,
    naming: { luns: config.luns, pairs: config.pairs, defaults: config.defaults },
    approval: {
      policies: config.approval.policy,
      cli: config.approval.cli,
      planTtlMs: config.approval.planTtl,
      answerWithinMs: config.approval.answerWithin,
      requesterIsNotApprover: config.approval.requesterIsNotApprover,
    },
    limits: {
      guestShutdownMs: config.limits.guestShutdown,
      deviceWaitMs: config.limits.deviceWait,
      busyTries: config.limits.busyTries,
      busyPauseMs: config.limits.busyPause,
      openPlans: config.limits.openPlans,
      queueMs: config.limits.queue,
    },
    adminsOnly: config.admins.length > 0,
    keepDays: config.store.keepDays,
    runs: config.runs,
    script: scriptSettingsOf(config),
    // Over ssh, it is the script's machine that the changes are made on.
    wrongController: () =>
      config.engine === "script" && config.script.ssh !== undefined ? undefined : wrongController(config.controller),
  };
}

function scriptSettingsOf({ engine, script, array, vcenter }: Config): EngineSettings["script"] {
  if (engine !== "script") return undefined;
  const username = script.credentials === "pass" ? vcenter.username : undefined;
  return {
    words: (request, snapshot, address) => [
      ...script.command,
      ...commandWords(request, snapshot, address),
      ...(username === undefined ? [] : ["-vu", username]),
    ],
    withPassword: username !== undefined,
    where: script.ssh === undefined ? "on this machine" : `over ssh as ${script.ssh.destination}`,
    conditionFixed: script.conditionFixed,
    hasArray: array.kind !== NO_ARRAY,
  };
}

export interface Moved extends Copied {
  readonly chain: ChainRecord;
}

/**
 * Moves the store in an SQLite file to the database that the configuration names, chain and all. Errors: those of
 * `loadConfig` and of the copy; `CONFIG_INVALID` where the configuration names no database; `STORE_UNUSABLE` where the
 * chain does not hold.
 */
export async function moveStore({ configFile, env, cwd }: AppOptions, from: string): Promise<Moved> {
  const config = await loadConfig({ ...(configFile === undefined ? {} : { file: configFile }), env, cwd });
  const { store: to } = config;
  if (to.kind !== "postgres") {
    throw new PrepError("CONFIG_INVALID", "The configuration names no database to move the store to.", {
      hint: "Set store.postgres first (docs/deploy.md).",
    });
  }
  const { copyStore } = await import("./store/copy.ts");
  const copied = await copyStore({
    from: resolve(cwd, from),
    url: await to.url.reveal(),
    heads: to.heads,
    clock: systemClock,
  });
  const { store, clock } = await openStore(config);
  try {
    const actor = { principal: `os:${osUser()}@${store.id}`, channel: "cli" as const };
    await auditedWrite(store, clock, (_tx, append) => append({ type: "store_moved", actor, data: { ...copied } }));
    return { ...copied, chain: await verifyChain(store) };
  } finally {
    await store.close();
  }
}
