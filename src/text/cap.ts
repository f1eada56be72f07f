/** Results of many parts, cut to what a client passes on whole: the head of each long list, with how many there are. */

type Json = unknown;

const isRecord = (value: Json): value is Record<string, Json> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const bytesOf = (value: Json): number => Buffer.byteLength(JSON.stringify(value) ?? "");

interface LongList {
  readonly path: string;
  readonly items: Json[];
  readonly bytes: number;
}

/** Every list in `value`, and those in its lists' members, largest first. */
function listsIn(value: Json, path = ""): LongList[] {
  if (Array.isArray(value)) {
    const inner = value.flatMap((item, index) => listsIn(item, `${path}.${index}`));
    return value.length > KEPT ? [{ path, items: value, bytes: bytesOf(value) }, ...inner] : inner;
  }
  if (!isRecord(value)) return [];
  return Object.entries(value).flatMap(([key, item]) => listsIn(item, path === "" ? key : `${path}.${key}`));
}

/** A list is never cut below this. */
const KEPT = 3;

/**
 * `result` within `limit` bytes of JSON, as far as its lists can be shortened, and which were: `{path: {shown, of}}`. Lists
 * are halved, the largest first, so that small ones stay whole.
 */
export function capped(result: Record<string, Json>, limit: number): Record<string, Json> {
  if (bytesOf(result) <= limit) return result;
  const copy = structuredClone(result);
  const full = new Map<string, number>();
  for (;;) {
    const shortened = Object.fromEntries(full);
    if (bytesOf({ ...copy, shortened }) <= limit) break;
    const [largest] = listsIn(copy).toSorted((a, b) => b.bytes - a.bytes);
    if (largest === undefined) break;
    if (!full.has(largest.path)) full.set(largest.path, largest.items.length);
    largest.items.splice(Math.max(KEPT, Math.floor(largest.items.length / 2)));
  }
  return { ...copy, shortened: Object.fromEntries(full) };
}
