/** Building blocks of the text twins: lines that read well in a chat (as light Markdown) and on a terminal alike. */
import { type SafeText, safeText } from "../core/domain/safe-text.ts";
import type { Requester } from "../core/records.ts";

/** How many of a long list are named before "and N more". */
const NAMED = 20;

/** Sentences are longer than names. */
const SENTENCE = 1_000;

export const sentence = (text: string): string => safeText(text, SENTENCE);

/** A name from outside, quoted, so that it cannot pass for a sentence of ours. */
export const quoted = (name: SafeText): string => `"${name}"`;

/** A principal as people know it: the store's id that an account's name carries is in the data, for programs. */
export const personText = (principal: string): string => safeText(principal).replace(/^(os:[^@]+)@[\w-]+$/, "$1");

/** Who asked, with which program, and why in their own words. */
export function askedBy({ principal, client, reason }: Requester): string {
  const how = client === undefined ? "" : ` with ${safeText(client, 100)}`;
  return `Asked by ${personText(principal)}${how}${reason === undefined ? "" : `, because: ${quoted(reason)}`}`;
}

/** `3 VMs`, `1 VM`. */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** At most the first 20 as bullets, then how many are not shown. */
export function bullets<T>(items: readonly T[], line: (item: T) => string, indent = ""): string[] {
  const shown = items.slice(0, NAMED).map((item) => `${indent}- ${line(item)}`);
  const rest = items.length - shown.length;
  return rest > 0 ? [...shown, `${indent}- and ${rest} more`] : shown;
}

/** A heading with its bullets; nothing at all for an empty list. */
export function section<T>(heading: string, items: readonly T[], line: (item: T) => string): string[] {
  return items.length === 0 ? [] : ["", `${heading}:`, ...bullets(items, line)];
}

const UNITS: readonly (readonly [string, number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];

/** The time between two instants in its two largest units: `3 days 4 hours`; "" where an instant cannot be read. */
export function timeBetween(from: string, to: string): string {
  let left = Date.parse(to) - Date.parse(from);
  if (Number.isNaN(left)) return "";
  if (left < 60_000) return "less than a minute";
  const parts: string[] = [];
  for (const [unit, size] of UNITS) {
    const n = Math.floor(left / size);
    if (n === 0) {
      if (parts.length > 0) break;
      continue;
    }
    parts.push(count(n, unit));
    left -= n * size;
    if (parts.length === 2) break;
  }
  return parts.join(" ");
}

/** `850 ms`, `12.3 s`, `2 min 5 s`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.max(ms, 0)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** Joins lines, with no blank line at either end and never two in a row. */
export function page(lines: readonly string[]): string {
  return lines
    .filter((line, index) => line !== "" || (index > 0 && lines[index - 1] !== ""))
    .join("\n")
    .trim();
}
