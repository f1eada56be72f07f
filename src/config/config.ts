/** The configuration as the program uses it: checked, defaults filled in, paths absolute, secrets as references. */
import { statSync } from "node:fs";
import { dirname, isAbsolute, join, resolve } from "node:path";
import type * as z from "zod";
import { groupNumber } from "../platform/group-folder.ts";
import { isOfGroup } from "../platform/private-dir.ts";
import { type Env, homeOf } from "./find.ts";
import { configInvalid, issuesOf, type LineOf } from "./issues.ts";
import { configSchema } from "./schema.ts";
import type { Secret } from "./secrets.ts";

/** What the schema makes of a file, and what is known about the file itself. All durations in milliseconds. */
export type Config = Immutable<z.output<ReturnType<typeof configSchema>>> & {
  /** The file that it was read from, absolute; undefined when a program built it. */
  readonly file?: string;
  /** Sentences to show on every start: exposed secret files, `insecure`, plain HTTP. */
  readonly warnings: readonly string[];
};

type Immutable<T> = T extends Secret
  ? T
  : T extends readonly (infer Member)[]
    ? readonly Immutable<Member>[]
    : T extends object
      ? { readonly [Key in keyof T]: Immutable<T[Key]> }
      : T;

interface Source {
  /** What errors call it: the file's path, or a word. */
  readonly where: string;
  readonly file?: string;
  /** Relative paths are relative to this. */
  readonly baseDir: string;
  readonly env: Env;
  readonly lineOf?: LineOf;
}

/**
 * Checks `data` and resolves its references. Secrets are not read, files not opened, but the modes of secret files are
 * looked at. Errors: `CONFIG_INVALID` with the first ten issues.
 */
export async function resolveConfig(data: unknown, source: Source): Promise<Config> {
  const { env, file, baseDir } = source;
  const schema = configSchema({ path: (written) => absolute(written, baseDir, env), env }, stateDir(env));
  const parsed = schema.safeParse(data ?? {});
  if (!parsed.success) throw configInvalid(source.where, issuesOf(parsed.error), source.lineOf);
  const warnings = await warningsFor(parsed.data, env);
  return { ...parsed.data, ...(file === undefined ? {} : { file }), warnings };
}

/** Where a service manager puts the secrets of one service; it differs from service to service, and the configuration does not. */
const CREDENTIALS = "$CREDENTIALS_DIRECTORY/";

function absolute(written: string, baseDir: string, env: Env): string {
  const credentials = env["CREDENTIALS_DIRECTORY"];
  // Outside of the service there are none: whatever needs the file says which one is missing.
  if (written.startsWith(CREDENTIALS) && credentials !== undefined)
    return resolve(credentials, written.slice(CREDENTIALS.length));
  if (written.startsWith("~/")) return join(homeOf(env), written.slice(2));
  return resolve(baseDir, written);
}

function stateDir(env: Env): string {
  const given = env["XDG_STATE_HOME"];
  // The XDG rule: a relative value is ignored.
  const base = given !== undefined && isAbsolute(given) ? given : join(homeOf(env), ".local", "state");
  return join(base, "atvm");
}

async function warningsFor({ array, vcenter, store, proxy }: Omit<Config, "warnings">, env: Env): Promise<string[]> {
  const storeUrl = store.kind === "postgres" ? store.url : undefined;
  const secrets = [array.password, array.token, vcenter.password, proxy.https?.password, storeUrl];
  const sharing = sharingGroup(store);
  // The service manager keeps others away from its credentials by more than their mode.
  const { CREDENTIALS_DIRECTORY: kept } = env;
  const exposed = await Promise.all(
    secrets
      .filter((secret) => kept === undefined || secret?.file?.startsWith(`${kept}/`) !== true)
      .map((secret) => secret?.exposure(sharing)),
  );
  return [
    ...("insecure" in array.tls
      ? [`${array.section}.tls is insecure: anybody between this machine and the array can read and change everything.`]
      : []),
    ...("insecure" in vcenter.tls
      ? ["vcenter.tls is insecure: anybody between this machine and vCenter can read and change everything."]
      : []),
    ...(array.url.startsWith("http:")
      ? [`${array.section}.url is plain http: the secret and every call go over the network readable.`]
      : []),
    ...new Set(exposed.filter((sentence) => sentence !== undefined)),
  ];
}

/** The number of the group that shares the store: it may share the secrets as well. */
function sharingGroup(store: Config["store"]): number | undefined {
  if (store.kind !== "sqlite") return undefined;
  if (store.group !== undefined) return groupNumber(store.group);
  const folder = dirname(store.path);
  return isOfGroup(folder) ? statSync(folder).gid : undefined;
}
