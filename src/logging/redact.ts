/**
 * What must not reach a log, taken out by three nets: the names of members, the values of secrets in use, and the shapes
 * that credentials have in text.
 */

const MARK = "[redacted]";

const SECRET_KEY =
  /passw|passphrase|^pass$|^pwd$|secret|token|authorization|cookie|credential|soap_?session|private_?key|api_?key/i;

const SHAPES: readonly [RegExp, string][] = [
  [/\b[pa]t_[A-Za-z0-9_-]{43}/g, MARK],
  [/\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{6,}/gi, `$1 ${MARK}`],
  [
    /\b(vmware_soap_session|password|passwd|token|secret)(["']?\s*[=:]\s*)("[^"]*"|'[^']*'|[^\s"'&;,<>]+)/gi,
    `$1$2${MARK}`,
  ],
  [/<((?:\w+:)?password)(\s[^>]*)?>[^<]*</gi, `<$1$2>${MARK}<`],
  [/\/\/[^\s/:@]+:[^\s/@]+@/g, `//${MARK}@`],
];

/** Shorter values would blank out ordinary words; a password that short protects nothing either. */
const SHORTEST = 4;

const inUse = new Map<string, number>();
let pattern: RegExp | undefined;

/**
 * From now on `value`, in the spellings in which it travels (plain, JSON, XML, URL, Base64), is replaced in whatever is
 * logged. Values under four characters are not. Returns a function that ends this registration, for tokens that have
 * expired.
 */
export function registerSecret(value: string): () => void {
  if (value.length < SHORTEST) return () => undefined;
  const spellings = new Set([
    value,
    JSON.stringify(value).slice(1, -1),
    escapeXml(value),
    encodeURIComponent(value.toWellFormed()),
    Buffer.from(value).toString("base64"),
  ]);
  for (const spelling of spellings) inUse.set(spelling, (inUse.get(spelling) ?? 0) + 1);
  pattern = undefined;
  let registered = true;
  return () => {
    if (!registered) return;
    registered = false;
    for (const spelling of spellings) {
      const count = (inUse.get(spelling) ?? 1) - 1;
      if (count === 0) inUse.delete(spelling);
      else inUse.set(spelling, count);
    }
    pattern = undefined;
  };
}

/** `text` without the secrets in use and without what looks like a credential. */
export function redactText(text: string): string {
  let clean = text;
  if (inUse.size > 0) {
    pattern ??= compile();
    clean = clean.replace(pattern, MARK);
  }
  for (const [shape, by] of SHAPES) clean = clean.replace(shape, by);
  return clean;
}

/**
 * A plain-JSON copy of `data` for the log: members with secret names blanked, texts redacted, errors with their type,
 * message, stack, cause and own members, cycles and depths beyond 8 cut, long lists shortened.
 */
export function redact(data: unknown): unknown {
  return copy(data, 0, new Set());
}

const DEEPEST = 8;
const LONGEST = 200;

function copy(value: unknown, depth: number, above: ReadonlySet<object>): unknown {
  if (typeof value === "string") return redactText(value);
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "function" || typeof value === "symbol") return undefined;
  if (typeof value !== "object" || value === null) return value;
  if (above.has(value)) return "[circular]";
  if (depth >= DEEPEST) return "[deep]";
  const path = new Set(above).add(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "[no date]" : value.toISOString();
  if (value instanceof Uint8Array) return `[${value.length} bytes]`;
  if (value instanceof Map) return copy(Object.fromEntries(value), depth, path);
  if (value instanceof Set) return copy([...value], depth, path);
  if (Array.isArray(value)) {
    const kept = value.slice(0, LONGEST).map((item) => copy(item, depth + 1, path));
    return value.length > LONGEST ? [...kept, `[${value.length - LONGEST} more]`] : kept;
  }
  if (value instanceof Error)
    return { type: value.name, ...ofError(value, depth, path), ...ofMembers(value, depth, path) };
  if ("toJSON" in value && typeof value.toJSON === "function") return copy(value.toJSON(), depth + 1, path);
  return ofMembers(value, depth, path);
}

function ofError(error: Error, depth: number, path: ReadonlySet<object>): object {
  return {
    message: redactText(error.message),
    ...(error.stack === undefined ? {} : { stack: redactText(error.stack) }),
    ...(error.cause === undefined ? {} : { cause: copy(error.cause, depth + 1, path) }),
  };
}

function ofMembers(value: object, depth: number, path: ReadonlySet<object>): Record<string, unknown> {
  const members: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    // Whether it is there at all is worth knowing, and tells nothing.
    const blank = SECRET_KEY.test(key) && member !== undefined && member !== null && typeof member !== "boolean";
    members[redactText(key)] = blank ? MARK : copy(member, depth + 1, path);
  }
  return members;
}

function compile(): RegExp {
  // The longest first: one secret may begin with another.
  const values = [...inUse.keys()].sort((a, b) => b.length - a.length);
  return new RegExp(values.map((value) => value.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"), "g");
}

function escapeXml(value: string): string {
  const entities: Readonly<Record<string, string>> = {
    "&": "&amp;",
    "<": "&lt;",
    ">": "&gt;",
    '"': "&quot;",
    "'": "&apos;",
  };
  return value.replace(/[&<>"']/g, (char) => entities[char] ?? char);
}
