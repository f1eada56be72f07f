/** Reads the configuration file and checks it. */
import { dirname } from "node:path";
import { isMap, isPair, isScalar, LineCounter, type Node, parseDocument, visit } from "yaml";
import { PrepError } from "../core/domain/errors.ts";
import { describeReaders, type Readers, readersOf } from "../platform/sharing.ts";
import { type Config, resolveConfig } from "./config.ts";
import { findConfig, type LoadOptions } from "./find.ts";
import { configInvalid, issueAt, type LineOf } from "./issues.ts";

/**
 * The configuration from `--config`, `$ATVM_CONFIG`, or the first usual place that has one. Errors: `CONFIG_INVALID`, with
 * file, path and line of everything that is wrong, or the places looked at when there is none.
 */
export async function loadConfig(options: LoadOptions): Promise<Config> {
  const { file, text } = await findConfig(options);
  const lines = new LineCounter();
  // Pretty errors quote the source, which may hold a secret in the wrong place; only code and position are shown.
  // The library compares each key of a map with each other one: 40,000 of them took it 15 s.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: false });
  const lineAt = (offset: number | undefined): number | undefined =>
    offset === undefined ? undefined : lines.linePos(offset).line;
  const [broken] = document.errors;
  if (broken !== undefined) throw notYaml(file, broken.code, lineAt(broken.pos[0]));
  const repeated = repeatedKey(document.contents);
  if (repeated !== undefined) throw notYaml(file, "DUPLICATE_KEY", lineAt(repeated));
  let data: unknown;
  try {
    data = document.toJS();
  } catch {
    throw notYaml(file, "UNRESOLVED_ALIAS", undefined);
  }
  const lineOf: LineOf = (path, key) => lineAt(offsetOf(document.contents, path, key));
  const config = await resolveConfig(data, { where: file, file, baseDir: dirname(file), env: options.env, lineOf });
  await refuseUnnamedStore(file, data, config);
  return config;
}

/**
 * The usual store is in the account's own home: two accounts with one configuration would have two stores, and so neither
 * locks nor an audit in common. Errors: `CONFIG_INVALID`, with the line to add.
 */
async function refuseUnnamedStore(file: string, data: unknown, { store }: Config): Promise<void> {
  const isNamed = typeof data === "object" && data !== null && "store" in data;
  if (isNamed || store.kind !== "sqlite") return;
  const readers = await readersOf(file).catch((): Readers => ({ kind: "owner" }));
  if (readers.kind === "owner") return;
  throw new PrepError(
    "CONFIG_INVALID",
    `${file} can be read by ${describeReaders(readers)}, and names no store: each account would work on one of its own, past the locks and the audit of the others.`,
    {
      found: { file, readers },
      hint: `Add the line \`${readers.kind === "group" ? `store: {sqlite: /var/lib/atvm/atvm.db, group: ${readers.group}}` : "store: {sqlite: /var/lib/atvm/atvm.db}"}\`, a path that all who use it can write (${store.path} is this account's so far). If it is for one account alone: chmod 600 ${file}`,
    },
  );
}

function notYaml(file: string, code: string, line: number | undefined): PrepError {
  const problem = code.toLowerCase().replaceAll("_", " ");
  return configInvalid(file, [issueAt([], `is not YAML that can be read (${problem})`)], () => line);
}

/** The offset of the first key that its map has already. */
function repeatedKey(contents: Node | null): number | undefined {
  let repeated: number | undefined;
  visit(contents, {
    Map: (_, map) => {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        const name = String(key.value);
        if (seen.has(name)) {
          repeated = start(key);
          return visit.BREAK;
        }
        seen.add(name);
      }
      return undefined;
    },
  });
  return repeated;
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
