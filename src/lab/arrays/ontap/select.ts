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
export function filterOf(query: URLSearchParams, known: readonly string[]): (row: Row) => boolean {
  const filters = [...query]
    .filter(([name]) => !RESERVED.test(name))
    .map(([name, wanted]) => {
      if (!isKnown(name, known)) throw unexpectedArgument(name);
      return { path: name.split("."), matches: matcherOf(wanted) };
    });
  return (row) => filters.every(({ path, matches }) => matches(valuesAt(row, path)));
}

const isKnown = (name: string, known: readonly string[]): boolean =>
  known.some((field) => field === name || field.startsWith(`${name}.`) || name.startsWith(`${field}.`));

/** `|` or, `*` any characters, `!` not, `<`, `>`, `<=`, `>=`, `null`; a member that is not set matches nothing but `null`. */
function matcherOf(wanted: string): (values: readonly unknown[]) => boolean {
  if (wanted === "null") return (values) => values.length === 0;
  if (wanted === "!null") return (values) => values.length > 0;
  const candidates = wanted.split("|").map(candidateOf);
  return (values) => values.some((value) => candidates.some((fits) => fits(value)));
}

function candidateOf(wanted: string): (value: unknown) => boolean {
  const [, sign, limit] = /^(<=|>=|<|>)(.*)$/.exec(wanted) ?? [];
  if (limit !== undefined) {
    const right = Number(limit);
    return (value) => {
      const left = Number(value);
      if (Number.isNaN(left) || Number.isNaN(right)) return false;
      if (sign === "<") return left < right;
      if (sign === ">") return left > right;
      return sign === "<=" ? left <= right : left >= right;
    };
  }
  if (wanted.startsWith("!")) {
    const fits = candidateOf(wanted.slice(1));
    return (value) => !fits(value);
  }
  const bare = /^"(.*)"$/.exec(wanted)?.[1];
  if (bare !== undefined) return (value) => String(value) === bare;
  const pieces = wanted.split("*").map((piece) => piece.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const pattern = new RegExp(`^${pieces.join(".*")}$`);
  return (value) => pattern.test(String(value));
}

/** Makes of a row what was asked for: a member that is not set is left out, also where it was named. */
export function fieldsOf(query: URLSearchParams, collection: Collection): (row: Row) => Row {
  const asked = query
    .getAll("fields")
    .flatMap((text) => text.split(","))
    .filter((name) => name !== "");
  const unknown = asked.find((name) => !/^\*\*?$/.test(name) && !isKnown(name, collection.fields));
  if (unknown !== undefined) throw invalidField(unknown);
  const star = asked.includes("**") ? collection.fields : asked.includes("*") ? cheap(collection) : [];
  const named = [...collection.always, ...star, ...asked].filter((path) => !path.startsWith("*"));
  const below = (path: string): string[] => collection.fields.filter((field) => field.startsWith(`${path}.`));
  const paths = [...new Set(named.flatMap((path) => [...below(path), path]))].map((path) => path.split("."));
  return (row) => {
    const result: Record<string, unknown> = {};
    for (const path of paths) copyPath(row, result, path);
    return result;
  };
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
