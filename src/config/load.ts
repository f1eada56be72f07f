/** Finds the configuration file and reads it. */
import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, resolve } from "node:path";
import { isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import { PrepError } from "../core/domain/errors.ts";
import { type Config, type Env, homeOf, resolveConfig } from "./config.ts";
import { configInvalid, type LineOf } from "./issues.ts";

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

/**
 * The configuration from `--config`, `$ATVM_CONFIG`, or the first usual place that has one. Errors: `CONFIG_INVALID`, with
 * file, path and line of everything that is wrong, or the places looked at when there is none.
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { file, text } = await find(options);
  const lines = new LineCounter();
  // Pretty errors quote the source, which may hold a secret in the wrong place; only code and position are shown.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const [broken] = document.errors;
  if (broken !== undefined) throw notYaml(file, broken.code, lines.linePos(broken.pos[0]).line);
  const lineOf: LineOf = (path, key = false) => {
    const offset = offsetOf(document.contents, path, key);
    return offset === undefined ? undefined : lines.linePos(offset).line;
  };
  let data: unknown;
  try {
    data = document.toJS();
  } catch {
    throw notYaml(file, "UNRESOLVED_ALIAS", undefined);
  }
  return resolveConfig(data, { where: file, file, baseDir: dirname(file), env: options.env, lineOf, inMemory: false });
}

async function find(options: LoadOptions): Promise<{ file: string; text: string }> {
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

function notYaml(file: string, code: string, line: number | undefined): PrepError {
  const problem = code.toLowerCase().replaceAll("_", " ");
  return configInvalid(file, [
    { path: "", ...(line === undefined ? {} : { line }), message: `is not YAML that can be read (${problem})` },
  ]);
}

/** The offset of the value at `path` (or of its key), else of the nearest thing above it that is there. */
function offsetOf(contents: Node | null, path: readonly PropertyKey[], key: boolean): number | undefined {
  let node: unknown = contents;
  let offset: number | undefined;
  for (const [index, part] of path.entries()) {
    const last = index === path.length - 1;
    if (isMap(node)) {
      const pair = node.items.find(
        (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(part),
      );
      if (pair === undefined) return offset ?? start(node);
      offset = start(pair.key) ?? offset;
      if (last && key) return offset;
      node = pair.value;
    } else {
      node = nested(node, part);
      offset = start(node) ?? offset;
    }
  }
  return offset ?? start(contents);
}

const nested = (node: unknown, part: PropertyKey): unknown => (hasGet(node) ? node.get(part, true) : undefined);

const hasGet = (node: unknown): node is { get(key: unknown, keepScalar: true): unknown } =>
  typeof node === "object" && node !== null && "get" in node && typeof node.get === "function";

function start(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node)) return undefined;
  return Array.isArray(node.range) && typeof node.range[0] === "number" ? node.range[0] : undefined;
}
