/** What a command is handed. */
import { resolve } from "node:path";
import type { App, AppOptions } from "../app.ts";
import type { LoadOptions } from "../config/find.ts";
import { PrepError } from "../core/domain/errors.ts";
import { type Wording, wordingFor } from "../text/wording.ts";
import { Interrupted } from "./terminal/interrupted.ts";
import { type Io, printErr } from "./terminal/io.ts";

export type OpenApp = (options: AppOptions) => Promise<App>;

export interface Context {
  readonly io: Io;
  /** Opens configuration, store and engine: not before a command needs them. */
  readonly openApp: OpenApp;
  /** From `--config`. */
  readonly config?: string;
  /** Results go to standard output as one JSON document; all else to standard error. */
  readonly json: boolean;
  /** How results and errors are worded: for a terminal, with the configuration that this command was given. */
  readonly wording: Wording;
}

interface ContextParts {
  readonly io: Io;
  readonly openApp: OpenApp;
  readonly json: boolean;
  readonly config: string | undefined;
}

export function makeContext({ io, openApp, json, config }: ContextParts): Context {
  // Another process would not find a configuration by itself that was named to this one.
  const named = config ?? io.env["ATVM_CONFIG"];
  const file = named === undefined || io.cwd === "" ? named : resolve(io.cwd, named);
  const wording = wordingFor("terminal", { config: file, program: io.program });
  return { io, openApp, json, wording, ...(config === undefined ? {} : { config }) };
}

/**
 * The application for this command, closed when `use` has ended, however it ends. The configuration's warnings go to
 * standard error, unless the command has a place of its own for them. What is not an error to show, its stack with it, goes
 * to the log.
 */
export async function withApp<T>(
  context: Context,
  use: (app: App) => Promise<T>,
  {
    name = "cli",
    warn = true,
    reads = false,
    detachRuns = false,
  }: { name?: string; warn?: boolean; reads?: boolean; detachRuns?: boolean } = {},
): Promise<T> {
  const app = await context.openApp({ ...appOptions(context, name), reuseConnections: true, reads, detachRuns });
  try {
    if (warn) printWarnings(context.io, app.config.warnings);
    return await use(app);
  } catch (thrown) {
    if (!(thrown instanceof PrepError || thrown instanceof Interrupted)) {
      app.log.error({ err: thrown }, "a command failed");
    }
    throw thrown;
  } finally {
    await app.close();
  }
}

/** The same for a command that only looks, also where this account can write no log. */
export const withReadOnlyApp = <T>(
  context: Context,
  use: (app: App) => Promise<T>,
  { warn = true }: { warn?: boolean } = {},
): Promise<T> => withApp(context, use, { reads: true, warn });

export function printWarnings(io: Io, warnings: readonly string[]): void {
  for (const warning of warnings) printErr(io, `Warning: ${warning}`);
}

/** Where this command's configuration is, for those that need no more than that. */
export const configSource = ({ io, config }: Pick<Context, "io" | "config">): LoadOptions => ({
  ...(config === undefined ? {} : { file: config }),
  env: io.env,
  cwd: io.cwd,
});

/** `name` is which part of the program writes the log. */
export const appOptions = ({ io, config }: Context, name: string): AppOptions => ({
  ...(config === undefined ? {} : { configFile: config }),
  name,
  env: io.env,
  cwd: io.cwd,
});
