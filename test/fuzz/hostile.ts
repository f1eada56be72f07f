/** Values that break programs, and small changes that make good ones bad. */
import fc from "fast-check";

const WORDS = [
  "__proto__",
  "constructor",
  "toString",
  "../../../../etc/passwd",
  "'; DROP TABLE plans; --",
  "$(reboot)",
  "`id`",
  "%s%n%00",
  "\u0000",
  "\u202egold\u202c",
  "\ud800",
  "ﬀ",
  "<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>&e;",
  "]]>",
  "naa.60000000000000000000000000000000",
  "-rvgd",
  "--yes",
  "1e999",
  "NaN",
  "null",
  "2026-13-45T99:99:99Z",
] as const;

export const hostileText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...WORDS),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("a".repeat(5_000), "☃".repeat(2_000), "[".repeat(3_000), "../".repeat(1_500)),
);

export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  hostileText,
  fc.constantFrom(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    Number.MAX_SAFE_INTEGER,
    [],
    {},
    [[[[[[]]]]]],
    { length: -1 },
    JSON.parse('{"__proto__":{"admin":true}}'),
  ),
  fc.jsonValue({ maxDepth: 4 }),
);

export interface Edit {
  readonly kind: "flip" | "drop" | "double" | "insert" | "cut";
  /** Where, as a share of the length. */
  readonly at: number;
  readonly size: number;
  readonly byte: number;
}

export const anyEdit: fc.Arbitrary<Edit> = fc.record({
  kind: fc.constantFrom("flip", "drop", "double", "insert", "cut"),
  at: fc.double({ min: 0, max: 0.999999, noNaN: true }),
  size: fc.integer({ min: 1, max: 24 }),
  byte: fc.integer({ min: 0, max: 255 }),
});

export function edited(bytes: Buffer, { kind, at, size, byte }: Edit): Buffer {
  const from = Math.floor(at * bytes.length);
  const to = Math.min(bytes.length, from + size);
  switch (kind) {
    case "flip": {
      const copy = Buffer.from(bytes);
      if (from < copy.length) copy[from] = byte;
      return copy;
    }
    case "drop":
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    case "double":
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
    case "insert":
      return Buffer.concat([bytes.subarray(0, from), Buffer.alloc(size, byte), bytes.subarray(from)]);
    case "cut":
      return bytes.subarray(0, from);
  }
}
