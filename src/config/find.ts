/** Finds the configuration file: no more than that, so that a start can look for it without what checks it. */
import { readFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { PrepError } from "../core/domain/errors.ts";

export type Env = Readonly<Record<string, string | undefined>>;

export const homeOf = (env: Env): string => env["HOME"] ?? homedir();

export interface LoadOptions {
  /** From `--config`; wins over everything. */
  readonly file?: string;
  readonly env: Env;
  readonly cwd: string;
}

/** Where a configuration is looked for, in order; the first that is named or exists counts. */
function candidates(options: LoadOptions): { named?: string; searched: string[] } {
  const { file, env, cwd } = options;
  const named = file ?? (env["ATVM_CONFIG"] === "" ? undefined : env["ATVM_CONFIG"]);
  const xdg = env["XDG_CONFIG_HOME"];
  const home = xdg !== undefined && isAbsolute(xdg) ? xdg : join(homeOf(env), ".config");
  return {
    ...(named === undefined ? {} : { named: resolve(cwd, named) }),
    searched: [join(cwd, "atvm.config.yaml"), join(home, "atvm", "config.yaml"), "/etc/atvm/config.yaml"],
  };
}

/** Errors: `CONFIG_INVALID`, with the places looked at when there is none. */
export async function findConfig(options: LoadOptions): Promise<{ file: string; text: string }> {
  const { named, searched } = candidates(options);
  if (named !== undefined) return { file: named, text: await read(named) };
  for (const file of searched) {
    const text = await readFile(file, "utf8").catch((cause: unknown) => {
      if (isMissing(cause)) return undefined;
      throw unreadable(file, cause);
    });
    if (text !== undefined) return { file, text };
  }
  throw new PrepError("CONFIG_INVALID", "There is no configuration.", {
    found: { searched },
    hint: "Write one with `atvm_prep init`, name one with --config or $ATVM_CONFIG, or try the lab with `atvm_prep serve --lab`.",
  });
}

const read = (file: string): Promise<string> =>
  readFile(file, "utf8").catch((cause: unknown) => {
    throw unreadable(file, cause);
  });

function unreadable(file: string, cause: unknown): PrepError {
  return new PrepError(
    "CONFIG_INVALID",
    isMissing(cause) ? `There is no configuration file ${file}.` : `The configuration file ${file} cannot be read.`,
    { found: { file }, hint: "Check the path and the file's permissions, or write one with `atvm_prep init`.", cause },
  );
}

const isMissing = (cause: unknown): boolean =>
  cause instanceof Error && "code" in cause && (cause.code === "ENOENT" || cause.code === "ENOTDIR");
