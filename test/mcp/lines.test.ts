import fc from "fast-check";
import { expect, test } from "vitest";
import { Lines } from "../../src/mcp/lines.ts";

const read = (lines: Lines, chunks: readonly Buffer[]) => chunks.flatMap((chunk) => [...lines.of(chunk)]);

test("lines are the same wherever the stream is cut, and a long one costs only itself", () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: "binary", maxLength: 30 }).map((text) => text.replace(/[\r\n\ufeff]/g, "ü"))),
      fc.array(fc.integer({ min: 1, max: 7 })),
      (texts, cuts) => {
        const whole = Buffer.from(`\ufeff${texts.map((text) => `${text}\r\n`).join("")}`);
        const chunks: Buffer[] = [];
        for (let from = 0, at = 0; from < whole.length; at += 1) {
          const size = cuts[at % (cuts.length || 1)] ?? 5;
          chunks.push(whole.subarray(from, from + size));
          from += size;
        }
        const sizes = texts.map((text, index) => Buffer.byteLength(text) + 1 + (index === 0 ? 3 : 0));
        const expected = texts.map((text, index) => ((sizes[index] ?? 0) > 20 ? { tooLong: true } : text));
        expect(read(new Lines(20), chunks)).toEqual(expected);
      },
    ),
  );
});
