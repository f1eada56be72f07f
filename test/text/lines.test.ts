import fc from "fast-check";
import { expect, test } from "vitest";
import { duration } from "../../src/text/lines.ts";

test.each([
  [0, "0 ms"],
  [999, "999 ms"],
  [12_340, "12.3 s"],
  [59_949, "59.9 s"],
  [59_999, "1 min 0 s"],
  [119_700, "2 min 0 s"],
])("%i ms are %s", (ms, words) => {
  expect(duration(ms)).toBe(words);
});

test("no time has sixty seconds in it", () => {
  fc.assert(fc.property(fc.nat(10_000_000), (ms) => !/\b60(\.0)? s/.test(duration(ms))));
});
