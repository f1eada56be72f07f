/** Fields, filters and pages, as every collection of the interface has them. */
import { badValue, invalidField, unexpectedArgument } from "./errors.ts";

export interface Row {
  readonly [member: string]: unknown;
}

export interface Collection {
  /** Members that every answer has. */
  readonly always: readonly string[];
  /** All members that there are, dotted; a group's name stands for all below it. */
  readonly fields: readonly string[];
  /** Given with a star only when it is a double one. */
  readonly expensive: readonly string[];
  rows(): readonly Row[];
}

/** What stands at a dotted path; several values where a list is on the way. */
function valuesAt(value: unknown, path: readonly string[]): unknown[] {
  if (Array.isArray(value)) return value.flatMap((item) => valuesAt(item, path));
  const [head, ...rest] = path;
  if (head === undefined) return value === undefined ? [] : [value];
  return isRow(value) ? valuesAt(value[head], rest) : [];
}

export const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null;

const RESERVED = /^(fields|max_records|return_records|return_timeout|order_by|ignore_unknown_fields|start\..+)$/;

/** Whether a row passes every filter of a query. */
export function passes(row: Row, query: URLSearchParams, known: readonly string[]): boolean {
  return [...query].every(([name, wanted]) => {
    if (RESERVED.test(name)) return true;
    if (!isKnown(name, known)) throw unexpectedArgument(name);
    return matches(valuesAt(row, name.split(".")), wanted);
  });
}

const isKnown = (name: string, known: readonly string[]): boolean =>
  known.some((field) => field === name || field.startsWith(`${name}.`) || name.startsWith(`${field}.`));

/** `|` or, `*` any characters, `!` not, `<`, `>`, `<=`, `>=`, `null`; a member that is not set matches nothing but `null`. */
function matches(values: readonly unknown[], wanted: string): boolean {
  if (wanted === "null") return values.length === 0;
  if (wanted === "!null") return values.length > 0;
  return values.some((value) => wanted.split("|").some((candidate) => matchesOne(value, candidate)));
}

function matchesOne(value: unknown, wanted: string): boolean {
  const [, sign, limit] = /^(<=|>=|<|>)(.*)$/.exec(wanted) ?? [];
  if (limit !== undefined) {
    const [left, right] = [Number(value), Number(limit)];
    if (Number.isNaN(left) || Number.isNaN(right)) return false;
    if (sign === "<") return left < right;
    if (sign === ">") return left > right;
    return sign === "<=" ? left <= right : left >= right;
  }
  if (wanted.startsWith("!")) return !matchesOne(value, wanted.slice(1));
  const bare = /^"(.*)"$/.exec(wanted)?.[1];
  if (bare !== undefined) return String(value) === bare;
  const pattern = wanted.split("*").map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${pattern.join(".*")}$`).test(String(value));
}

/** The row with what was asked for: a member that is not set is left out, also where it was named. */
export function withFields(row: Row, query: URLSearchParams, collection: Collection): Row {
  const asked = query
    .getAll("fields")
    .flatMap((text) => text.split(","))
    .filter((name) => name !== "");
  const unknown = asked.find((name) => !/^\*\*?$/.test(name) && !isKnown(name, collection.fields));
  if (unknown !== undefined) throw invalidField(unknown);
  const star = asked.includes("**") ? collection.fields : asked.includes("*") ? cheap(collection) : [];
  const result: Record<string, unknown> = {};
  for (const path of [...collection.always, ...star, ...asked]) {
    if (path.startsWith("*")) continue;
    for (const leaf of collection.fields.filter((field) => field === path || field.startsWith(`${path}.`))) {
      copyPath(row, result, leaf.split("."));
    }
    copyPath(row, result, path.split("."));
  }
  return result;
}

export const cheap = ({ fields, expensive }: Collection): string[] =>
  fields.filter((name) => !expensive.some((candidate) => name === candidate || name.startsWith(`${candidate}.`)));

function copyPath(from: Row, to: Record<string, unknown>, [head, ...rest]: readonly string[]): void {
  if (head === undefined || from[head] === undefined) return;
  const value = from[head];
  if (rest.length === 0) {
    to[head] = value;
    return;
  }
  if (Array.isArray(value)) {
    const before: unknown = to[head];
    to[head] = value.map((one: unknown, index) => {
      const target: Record<string, unknown> = {};
      if (Array.isArray(before) && isRow(before[index])) Object.assign(target, before[index]);
      if (isRow(one)) copyPath(one, target, rest);
      return target;
    });
    return;
  }
  if (!isRow(value)) return;
  const target: Record<string, unknown> = {};
  if (isRow(to[head])) Object.assign(target, to[head]);
  copyPath(value, target, rest);
  if (Object.keys(target).length > 0) to[head] = target;
}

const DEFAULT_RECORDS = 10_000;

/** One page, with the link to the next; `emptyFirst` makes the first one empty. */
export function pageOf(
  rows: readonly Row[],
  at: { path: string; query: URLSearchParams },
  emptyFirst: boolean,
): { rows: readonly Row[]; next?: string } {
  const most = at.query.get("max_records");
  if (most !== null && !/^[1-9]\d{0,5}$/.test(most))
    throw badValue(`"${most}" is an invalid value for field "max_records"`);
  const size = most === null ? DEFAULT_RECORDS : Number(most);
  const start = at.query.get("start.index");
  const from = start === null ? 0 : Number(start);
  const empty = emptyFirst && start === null;
  const end = empty ? 0 : from + size;
  const slice = empty ? [] : rows.slice(from, end);
  if (end >= rows.length) return { rows: slice };
  const query = new URLSearchParams(at.query);
  query.delete("start.index");
  // As the real one: the position first, and not in the order that the client sent.
  return { rows: slice, next: `${at.path}?start.index=${end}&${query.toString()}` };
}
