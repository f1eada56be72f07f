/** Whose mutants are made, and the tests that may notice them: those that work in one process, and end within seconds. */
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type Mutant, mutate } from "./mutate.ts";

export const SRC = join(import.meta.dirname, "../../src");

const ROOMS: Readonly<Record<string, string>> = {
  "core/modes": "core/modes/*.ts",
  "core/steps": "core/steps/*.ts",
  approval: "core/plans/{approval,redeem}.ts",
  "core/runs": "core/runs/*.ts",
};

export const TESTS = [
  "test/core/**/*.test.ts",
  "test/both-doors.test.ts",
  "test/mcp/{lab,operator,progress}.test.ts",
  "test/script/script.test.ts",
];

export const TESTS_LEFT_OUT = [
  // They start processes of the built program, which has no mutants in it.
  "test/core/runs/processes.test.ts",
  // One test of forty seconds.
  "test/core/property.test.ts",
];

export const mutatedFiles = (): string[] =>
  Object.values(ROOMS)
    .flatMap((pattern) => globSync(pattern, { cwd: SRC }))
    .toSorted();

export const roomOf = (file: string): string =>
  Object.entries(ROOMS).find(([, pattern]) => globSync(pattern, { cwd: SRC }).includes(file))?.[0] ?? "";

/** In an order that puts no room or kind first, so that any beginning of it is a fair sample; always the same. */
export async function allMutants(): Promise<Mutant[]> {
  const files = await Promise.all(
    mutatedFiles().map(async (file) => mutate(file, await readFile(join(SRC, file), "utf8")).mutants),
  );
  return files.flat().toSorted((a, b) => (a.id < b.id ? -1 : 1));
}
