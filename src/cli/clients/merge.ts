/** Puts settings into the text of a client's file: what else is in it stays as it stands, comments and order too. */
import { isDeepStrictEqual } from "node:util";
import { parse as parseToml, patch as patchToml, stringify as stringifyToml } from "@decimalturn/toml-patch";
import { applyEdits, findNodeAtLocation, type JSONPath, modify, type ParseError, parseTree } from "jsonc-parser";
import * as z from "zod";
import type { Setting } from "./clients.ts";

/** Thrown where the file cannot be read as what it should be; its text is left as it was. */
export class NotMergeable extends Error {}

/** Comments and commas at an end are taken, as these clients take them; an empty text is an empty object. */
export function mergeJson(text: string, settings: readonly Setting[]): string {
  return settings.reduce((merged, { path, value, inList }) => {
    const at = inList ? [...path, placeInList(merged, path, value)] : [...path];
    return applyEdits(merged, modify(merged, at, value, { formattingOptions: formatOf(merged) }));
  }, checkedJson(text));
}

function checkedJson(text: string): string {
  if (text.trim() === "") return "{}\n";
  const errors: ParseError[] = [];
  const tree = parseTree(text, errors, { allowTrailingComma: true });
  const [error] = errors;
  if (error !== undefined) throw new NotMergeable(`is not JSON that can be read (at character ${error.offset})`);
  if (tree?.type !== "object") throw new NotMergeable("is JSON, but not an object");
  return text;
}

function placeInList(text: string, path: readonly string[], value: Setting["value"]): JSONPath[number] {
  const tree = parseTree(text, [], { allowTrailingComma: true });
  const list = tree && findNodeAtLocation(tree, [...path]);
  if (list === undefined) return 0;
  if (list.type !== "array") throw new NotMergeable(`has something else than a list under ${path.join(".")}`);
  const members = list.children ?? [];
  const at = members.findIndex((member) => findNodeAtLocation(member, ["id"])?.value === value["id"]);
  return at === -1 ? members.length : at;
}

const formatOf = (text: string) => ({
  insertSpaces: !/^\t/m.test(text),
  tabSize: /^( +)\S/m.exec(text)?.[1]?.length ?? 2,
  eol: text.includes("\r\n") ? "\r\n" : "\n",
});

const table = z.record(z.string(), z.unknown());

/** A table that is not there yet is put at the end, under a heading of its own; one that is there is changed in its place. */
export function mergeToml(text: string, settings: readonly Setting[]): string {
  return settings.reduce((merged, { path: [group = "", name = ""], value }) => {
    const before = readToml(merged);
    const servers = table.safeParse(before[group] ?? {});
    if (!servers.success) throw new NotMergeable(`has something else than a table under ${group}`);
    const wanted = { ...before, [group]: { ...servers.data, [name]: value } };
    const appended = `${merged.trimEnd()}${merged.trim() === "" ? "" : "\n\n"}[${group}.${name}]\n${stringifyToml(value)}`;
    if (!(name in servers.data) && isToml(appended, wanted)) return appended;
    const patched = patchToml(merged, wanted);
    if (isToml(patched, wanted)) return patched;
    throw new NotMergeable("is written in a way that cannot be changed in place");
  }, text);
}

function readToml(text: string): Record<string, unknown> {
  try {
    return table.parse(parseToml(text));
  } catch (cause) {
    const [first = ""] = cause instanceof Error ? cause.message.split("\n") : [];
    throw new NotMergeable(`is not TOML that can be read (${first})`);
  }
}

function isToml(text: string, wanted: object): boolean {
  try {
    return isDeepStrictEqual(plain(parseToml(text)), plain(wanted));
  } catch {
    return false;
  }
}

/** Without what tells a parsed value from a given one: prototypes, and dates as objects. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
