/**
 * Text from the outside (names of VMs and snapshots, messages of other systems) is data. Before it is shown to a person
 * or an assistant it loses whatever could hide, reorder or forge what stands around it.
 */
import type * as z from "zod";

/**
 * Text that `safeText` has made: the only kind that names from outside are shown as. Adapters make it at their edge, and
 * what renders takes nothing else.
 */
export type SafeText = string & z.core.$brand<"SafeText">;

// Controls other than white space, and what Unicode says to print as nothing: zero-width and bidi marks, fillers, invisible
// operators, the tag plane and the variation selectors, which can carry a hidden text of their own. The one selector that
// turns a sign into an emoji stays. Interlinear annotation marks are not among the ignorable, and hide text as well.
const INVISIBLE = /(?![\t-\r\u0085]|\ufe0f)[\p{Cc}\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;
// With the `u` flag, a surrogate in a class matches only where it has no partner.
const LONE_SURROGATE = /[\ud800-\udfff]/gu;
// Plain spaces by themselves are left as they are: two in a row can be part of a file's name.
const BREAK = / *[\t-\r\u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000][\s\u0085]*/gu;

// Lone surrogates go first: stripping what stands between two of them would join them into a character.
function clean(raw: string): string {
  return raw.replace(LONE_SURROGATE, "").replace(INVISIBLE, "").replace(BREAK, " ").trim();
}

/**
 * `raw` on one line, without control, bidi, zero-width and tag characters, at most `cap` code points long (the last one
 * an ellipsis when something was cut). Applying it twice changes nothing more.
 */
export function safeText(raw: string, cap = 200): SafeText {
  const limit = Math.max(cap, 1);
  // Nothing far beyond the cap can be shown, and a hostile megabyte is not worth a full scan.
  const head = raw.slice(0, limit * 8);
  const points = Array.from(clean(head));
  if (points.length <= limit && head.length === raw.length) return points.join("") as SafeText;
  const kept = points.slice(0, limit - 1).join("");
  return `${kept.trimEnd()}…` as SafeText;
}

/** Whether `safeText` shows something else than what is there, so that a reader can be told. */
export function wasAltered(raw: string, cap = 200): boolean {
  return safeText(raw, cap) !== raw;
}

/** No array and no vCenter has longer names, in code points. */
export const NAME_LIMIT = 256;

/** A name from outside, as it is compared with what people type, shown to them, and carried by a command. */
export const plainName = (name: string): SafeText => safeText(name, NAME_LIMIT);
