import { expect, test } from "vitest";
import { mutate } from "./mutate.ts";

const mutantsOf = (source: string): string[] =>
  mutate("core/one.ts", source).mutants.map(({ kind, was, becomes }) => `${kind}: ${was} → ${becomes}`);

test.each([
  ["a condition", "if (a === b) c();", ["condition: a === b → true", "condition: a === b → false"]],
  ["both of two: each is left out", "const x = a && b;", ["&&: a && b → a", "&&: a && b → b"]],
  ["a bound", "const x = a < b;", ["comparison: a < b → a <= b"]],
  ["a default", "const x = a ?? 1;", ["??: a ?? 1 → a", "??: a ?? 1 → 1"]],
  ["a statement", "a(); b();", ["statement: a(); → ", "statement: b(); → "]],
  ["a list", "const x = [a];", ["array: [a] → []"]],
  ["a chain that may end early", "const x = a?.b;", ["optional chain: a?.b → a.b"]],
  ["a sum, and not a sentence", 'const x = a + 1; const y = a + "s";', ["arithmetic: a + 1 → a - 1"]],
  ["no text", `const x = ${"`$"}{a ? "" : "s"}${"`"}; const y = () => ${"`a`"};`, []],
  ["no type", "type X = true | [string];", []],
])("%s", (_, source, expected) => {
  expect(mutantsOf(source)).toEqual(expected);
});

test("acts where it is asked for, and everywhere else the source is as it was", () => {
  const { mutants, code } = mutate(
    "core/one.ts",
    "const of = (list) => list?.filter((x) => x > 1 && x < 4).map((x) => x * 2) ?? [0];",
  );
  const run = (list: number[] | undefined, active?: string): unknown => {
    try {
      return new Function("isMutant", "list", `${code} return of(list);`)((id: string) => id === active, list);
    } catch {
      return "thrown";
    }
  };
  expect(run([1, 2, 3, 4])).toEqual([4, 6]);
  expect(run(undefined)).toEqual([0]);
  const idOf = (what: string): string =>
    mutants.find(({ kind, becomes }) => `${kind} ${becomes}`.startsWith(what))?.id ?? "";
  expect(run([1, 2, 3, 4], idOf("method"))).toEqual([2, 4, 6, 8]);
  expect(run([1, 2, 3, 4], idOf("comparison x >= 1"))).toEqual([2, 4, 6]);
  expect(run([1, 2, 3, 4], idOf("arithmetic"))).toEqual([1, 1.5]);
  expect(run(undefined, idOf("optional chain"))).toBe("thrown");
  expect(run(undefined, idOf("array"))).toEqual([]);
  expect(new Set(mutants.map(({ id }) => id)).size).toBe(mutants.length);
});
