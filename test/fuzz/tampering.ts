/** Ways to spoil an answer: its bytes, its structure (JSON or XML), its status. */
import fc from "fast-check";
import { anyEdit, edited, hostileText, hostileValue } from "./hostile.ts";
import type { Answer } from "./tampering-proxy.ts";

export type Tampering = (answer: Answer) => Answer;

/** What is done to one node. */
export const anyNodeChange: fc.Arbitrary<NodeChange> = fc.oneof(
  fc.constantFrom({ kind: "drop" }, { kind: "double" }, { kind: "empty" }).map((change) => ({ ...change, value: "" })),
  fc.record({ kind: fc.constant("replace"), value: hostileValue }),
  fc.record({ kind: fc.constant("rename"), value: fc.constantFrom("x", "__proto__", "id", "name", "val", "value") }),
  // A neighbour's: the right kind of value in the wrong place.
  fc.record({ kind: fc.constant("exchange"), value: fc.double({ min: 0, max: 0.999999, noNaN: true }) }),
);
export interface NodeChange {
  readonly kind: string;
  readonly value: unknown;
}

export const anyTampering: fc.Arbitrary<Tampering> = fc.oneof(
  fc.array(anyEdit, { minLength: 1, maxLength: 3 }).map(
    (edits): Tampering =>
      (answer) => ({ ...answer, body: edits.reduce(edited, answer.body) }),
  ),
  {
    weight: 3,
    arbitrary: fc.tuple(fc.double({ min: 0, max: 0.999999, noNaN: true }), anyNodeChange).map(
      ([at, change]): Tampering =>
        (answer) => ({ ...answer, body: restructured(answer.body, at, change) }),
    ),
  },
  fc.constantFrom(200, 201, 202, 204, 301, 400, 401, 403, 404, 409, 413, 429, 500, 503).map(
    (status): Tampering =>
      (answer) => ({ ...answer, status, ...(status === 204 ? { body: Buffer.alloc(0) } : {}) }),
  ),
  fc.constantFrom("text/html", "", "application/json; charset=utf-16", "text/xml; charset=latin1").map(
    (type): Tampering =>
      (answer) => ({ ...answer, type }),
  ),
  hostileText.map(
    (text): Tampering =>
      (answer) => ({ ...answer, body: Buffer.from(text) }),
  ),
);

function restructured(body: Buffer, at: number, change: NodeChange): Buffer {
  const text = body.toString("utf8");
  if (text.startsWith("<")) return Buffer.from(otherXml(text, at, change));
  try {
    return Buffer.from(JSON.stringify(otherJson(JSON.parse(text), at, change)));
  } catch {
    return body;
  }
}

interface Holder {
  readonly node: object;
  readonly key: string;
}

/** Where a value hangs, of all values in the document. */
function holdersIn(value: unknown): Holder[] {
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) => [{ node: value, key }, ...holdersIn(inner)]);
}

const pick = <T>(list: readonly T[], at: number): T | undefined => list[Math.floor(at * list.length)];
/** A copy: what hangs in two places would be changed in both, or hang in itself. */
const valueAt = ({ node, key }: Holder): unknown => structuredClone(Reflect.get(node, key));

/** The document is changed itself. */
export function otherJson(document: unknown, at: number, { kind, value }: NodeChange): unknown {
  const holders = holdersIn(document);
  const holder = pick(holders, at);
  if (holder === undefined) return value;
  const { node, key } = holder;
  const put = (next: unknown): void => void Reflect.set(node, key, next);
  switch (kind) {
    case "drop":
      if (Array.isArray(node)) node.splice(Number(key), 1);
      else Reflect.deleteProperty(node, key);
      break;
    case "double":
      if (Array.isArray(node)) node.push(valueAt(holder));
      else put([valueAt(holder), valueAt(holder)]);
      break;
    case "empty":
      put(Array.isArray(valueAt(holder)) ? [] : typeof valueAt(holder) === "string" ? "" : null);
      break;
    case "rename":
      Object.defineProperty(node, String(value), { value: valueAt(holder), enumerable: true, configurable: true });
      if (!Array.isArray(node)) Reflect.deleteProperty(node, key);
      break;
    case "exchange":
      put(valueAt(pick(holders, Number(value)) ?? holder));
      break;
    default:
      put(structuredClone(value));
  }
  return document;
}

interface Element {
  readonly name: string;
  readonly from: number;
  readonly inner: number;
  innerEnd: number;
  to: number;
}

function elementsIn(xml: string): Element[] {
  const all: Element[] = [];
  const open: Element[] = [];
  for (const tag of xml.matchAll(/<(\/?)([\w:.-]+)[^>]*?(\/?)>/g)) {
    const [whole, closes, name = "", empty] = tag;
    const end = tag.index + whole.length;
    if (closes === "/") {
      const element = open.pop();
      if (element !== undefined) Object.assign(element, { innerEnd: tag.index, to: end });
      continue;
    }
    const element = { name, from: tag.index, inner: end, innerEnd: end, to: end };
    all.push(element);
    if (empty !== "/") open.push(element);
  }
  return all;
}

const escaped = (text: string): string => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");

function otherXml(xml: string, at: number, { kind, value }: NodeChange): string {
  const elements = elementsIn(xml);
  const element = pick(elements, at);
  if (element === undefined) return xml;
  const { name, from, inner, innerEnd, to } = element;
  const [before, whole, after] = [xml.slice(0, from), xml.slice(from, to), xml.slice(to)];
  const withInner = (text: string): string =>
    inner === to ? `${before}<${name}>${text}</${name}>${after}` : xml.slice(0, inner) + text + xml.slice(innerEnd);
  switch (kind) {
    case "drop":
      return before + after;
    case "double":
      return before + whole + whole + after;
    case "empty":
      return withInner("");
    case "rename":
      return before + whole.replaceAll(name, String(value)) + after;
    case "exchange": {
      const other = pick(elements, Number(value)) ?? element;
      return withInner(xml.slice(other.inner, other.innerEnd));
    }
    default:
      return withInner(escaped(typeof value === "string" ? value : JSON.stringify(value)));
  }
}
