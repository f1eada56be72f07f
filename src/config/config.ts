/** The configuration as the program uses it: checked, defaults filled in, paths absolute, secrets as references. */
import { homedir } from "node:os";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type { Mode } from "../core/views.ts";
import { type ConfigIssue, configInvalid, issuesOf, type LineOf, placed } from "./issues.ts";
import { fileSchema, objectSchema, type RawConfig } from "./schema.ts";
import { Secret } from "./secrets.ts";
import type { TlsReference } from "./trust.ts";

export type Env = Readonly<Record<string, string | undefined>>;

type ApprovalPolicy = "token" | "prompt" | "human";

/** All durations in milliseconds. Meets `Naming` of core/request.ts. */
export interface Config {
  /** The file that it was read from, absolute; undefined when a program built it. */
  readonly file?: string;
  /** Sentences to show on every start: exposed secret files, `insecure`, plain HTTP. */
  readonly warnings: readonly string[];
  readonly dgs: {
    readonly url: string;
    readonly username: string;
    readonly password: Secret;
    readonly tls: TlsReference;
    /** Absolute path or package name of a driver module; undefined: the own one. */
    readonly driver?: string;
  };
  readonly vcenter: {
    /** HOST or HOST:PORT. */
    readonly address: string;
    readonly username?: string;
    /** Revealing it is `CREDENTIALS_MISSING` where configuration has none. */
    readonly password: Secret;
    readonly tls: TlsReference;
  };
  /** When set, changes are made on this machine only. */
  readonly controller?: { readonly hostname: string; readonly address: string };
  readonly luns: Readonly<Record<string, string>>;
  readonly pairs: readonly { readonly client: string; readonly host: string }[];
  readonly defaults: { readonly client: string; readonly host: string };
  readonly approval: {
    readonly policy: Readonly<Record<Mode, ApprovalPolicy>>;
    /** Whether `--yes` satisfies `human`. */
    readonly cli: "allow" | "deny";
    readonly planTtlMs: number;
    readonly requesterIsNotApprover: boolean;
  };
  /** Where VMs are registered: a folder below the target Datacenter's VM folder, a pool below the target host's. */
  readonly register: { readonly folder?: string | undefined; readonly pool?: string | undefined };
  readonly store:
    | { readonly kind: "sqlite"; readonly path: string }
    | { readonly kind: "postgres"; readonly url: Secret };
  readonly log: { readonly dir: string; readonly level: "debug" | "info" | "warn" | "error" };
  readonly limits: {
    /** How many at once, a host. */
    readonly powerOff: number;
    readonly unregister: number;
    readonly register: number;
    /** A principal. */
    readonly openPlans: number;
    readonly guestShutdownMs: number;
    readonly copyWaitMs: number;
    readonly connectMs: number;
    readonly dgsCallMs: number;
    readonly dgsJobMs: number;
    readonly vcenterCallMs: number;
    readonly vcenterTaskMs: number;
    readonly rescanMs: number;
  };
  readonly http: {
    readonly listen?: string;
    readonly allowedHosts?: readonly string[];
    readonly [key: string]: unknown;
  };
}

interface Context {
  /** What errors call it: the file's path, or a word. */
  readonly where: string;
  readonly file?: string;
  /** Relative paths are relative to this. */
  readonly baseDir: string;
  readonly env: Env;
  readonly lineOf: LineOf;
  readonly inMemory: boolean;
}

/**
 * Checks `data` and resolves its references. Secrets are not read, files not opened, but the modes of secret files are
 * looked at. Errors: `CONFIG_INVALID` with all issues found.
 */
export async function resolveConfig(data: unknown, context: Context): Promise<Config> {
  const parsed = (context.inMemory ? objectSchema : fileSchema).safeParse(data ?? {});
  if (!parsed.success) throw configInvalid(context.where, issuesOf(parsed.error, context.lineOf));
  const contradictions = contradictionsIn(parsed.data, context.lineOf);
  if (contradictions.length > 0) throw configInvalid(context.where, contradictions);
  const config = build(parsed.data, context);
  return { ...config, warnings: await warningsFor(config) };
}

/**
 * A configuration that a program builds (the lab in memory): as a file's content, but a secret may be a `Secret` object
 * (`Secret.of(text)`). `baseDir` stands for the file's folder.
 */
export function configFromObject(data: unknown, baseDir: string, env: Env = process.env): Promise<Config> {
  return resolveConfig(data, {
    where: "The built-in configuration",
    baseDir,
    env,
    lineOf: () => undefined,
    inMemory: true,
  });
}

function build(raw: RawConfig, context: Context): Omit<Config, "warnings"> {
  const path = (given: string): string => absolute(given, context);
  const secret = (given: Secret | { env: string } | { file: string }): Secret => {
    if (given instanceof Secret) return given;
    return "env" in given ? Secret.fromEnv(given.env, context.env) : Secret.fromFile(path(given.file));
  };
  const tls = (given: RawConfig["dgs"]["tls"]): TlsReference => {
    if (given === undefined) return { system: true };
    return "ca" in given ? { caFile: path(given.ca) } : given;
  };
  const { dgs, vcenter, approval, limits } = raw;
  const state = stateDir(context.env);
  const store: Config["store"] =
    raw.store === undefined
      ? { kind: "sqlite", path: join(state, "atvm.db") }
      : "sqlite" in raw.store
        ? { kind: "sqlite", path: path(raw.store.sqlite) }
        : { kind: "postgres", url: secret(raw.store.postgres) };
  const beside = store.kind === "sqlite" ? dirname(store.path) : state;
  return {
    ...(context.file === undefined ? {} : { file: context.file }),
    dgs: {
      url: dgs.url.replace(/\/+$/, ""),
      username: dgs.username,
      password: secret(dgs.password),
      tls: tls(dgs.tls),
      ...(dgs.driver === undefined ? {} : { driver: dgs.driver.startsWith(".") ? path(dgs.driver) : dgs.driver }),
    },
    vcenter: {
      address: vcenter.address,
      ...(vcenter.username === undefined ? {} : { username: vcenter.username }),
      password: vcenter.password === undefined ? Secret.absent("vcenter.password") : secret(vcenter.password),
      tls: tls(vcenter.tls),
    },
    ...(raw.controller === undefined ? {} : { controller: raw.controller }),
    luns: raw.luns,
    pairs: raw.pairs,
    defaults: raw.defaults,
    approval: {
      policy: {
        automated_testing: approval.automated_testing ?? approval.default,
        maintenance: approval.maintenance ?? approval.default,
        register: approval.register ?? approval.default,
        unregister: approval.unregister ?? approval.default,
        // What cannot be undone does not follow a general default.
        rollback: approval.rollback,
      },
      cli: approval.cli,
      planTtlMs: approval.planTtl,
      requesterIsNotApprover: approval.requesterIsNotApprover,
    },
    register: raw.register,
    store,
    log: { dir: raw.log.dir === undefined ? join(beside, "log") : path(raw.log.dir), level: raw.log.level },
    limits: {
      powerOff: limits.powerOff,
      unregister: limits.unregister,
      register: limits.register,
      openPlans: limits.openPlans,
      guestShutdownMs: limits.guestShutdown,
      copyWaitMs: limits.copyWait,
      connectMs: limits.connect,
      dgsCallMs: limits.dgsCall,
      dgsJobMs: limits.dgsJob,
      vcenterCallMs: limits.vcenterCall,
      vcenterTaskMs: limits.vcenterTask,
      rescanMs: limits.rescan,
    },
    http: httpOf(raw.http),
  };
}

function httpOf(raw: RawConfig["http"]): Config["http"] {
  const { listen, allowedHosts, ...more } = raw;
  return {
    ...more,
    ...(listen === undefined ? {} : { listen }),
    ...(allowedHosts === undefined ? {} : { allowedHosts }),
  };
}

function absolute(given: string, context: Context): string {
  if (given.startsWith("~/")) return join(homeOf(context.env), given.slice(2));
  return resolve(context.baseDir, given);
}

export const homeOf = (env: Env): string => env["HOME"] ?? homedir();

function stateDir(env: Env): string {
  const given = env["XDG_STATE_HOME"];
  // The XDG rule: a relative value is ignored.
  const base = given !== undefined && isAbsolute(given) ? given : join(homeOf(env), ".local", "state");
  return join(base, "atvm");
}

/** What each part allows and both together do not. */
function contradictionsIn(raw: RawConfig, lineOf: LineOf): ConfigIssue[] {
  const issues: ConfigIssue[] = [];
  raw.pairs.forEach((pair, index) => {
    const earlier = raw.pairs.slice(0, index);
    for (const member of ["client", "host"] as const) {
      if (!earlier.some((other) => other[member] === pair[member])) continue;
      issues.push(
        placed(
          ["pairs", index, member],
          `stands in two pairs: a client and its host belong together one to one`,
          lineOf,
        ),
      );
    }
  });
  const { defaults } = raw;
  const other = raw.pairs.find((pair) => (pair.client === defaults.client) !== (pair.host === defaults.host));
  if (other !== undefined) {
    issues.push(
      placed(
        ["defaults"],
        `contradicts the pair ${other.client} ↔ ${other.host}: name a client and its own host`,
        lineOf,
      ),
    );
  }
  const seen = new Map<string, string>();
  for (const [short, name] of Object.entries(raw.luns)) {
    const loose = short.toLowerCase().replace(/[\s_-]+/g, "");
    const before = seen.get(loose);
    if (before !== undefined && before !== name) {
      issues.push(
        placed(
          ["luns", short],
          "is the same shorthand as another one (case, spaces, - and _ do not count)",
          lineOf,
          true,
        ),
      );
    }
    seen.set(loose, name);
  }
  return issues;
}

async function warningsFor(config: Omit<Config, "warnings">): Promise<string[]> {
  const secrets = [
    config.dgs.password,
    config.vcenter.password,
    ...(config.store.kind === "postgres" ? [config.store.url] : []),
  ];
  const exposed = await Promise.all(secrets.map((secret) => secret.exposure()));
  return [
    ...("insecure" in config.dgs.tls
      ? ["dgs.tls is insecure: anybody between this machine and DGS can read and change everything."]
      : []),
    ...("insecure" in config.vcenter.tls
      ? ["vcenter.tls is insecure: anybody between this machine and vCenter can read and change everything."]
      : []),
    ...(config.dgs.url.startsWith("http:")
      ? ["dgs.url is plain http: the password and every call go over the network readable."]
      : []),
    ...new Set(exposed.filter((sentence) => sentence !== undefined)),
  ];
}
