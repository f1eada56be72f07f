/** What is known, in files of JSON lines: a run that is broken off goes on where it was. */
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

export const DIR = process.env["ATVM_MUTANTS_DIR"] ?? join(import.meta.dirname, "../../node_modules/.cache/mutants");
export const ROOT = join(import.meta.dirname, "../..");

const Covered = z.object({
  /** Below the project's root. */
  file: z.string(),
  /** Of the file as it was then. */
  digest: z.string(),
  /** Seconds of processor time beside its tests: what its hooks take. */
  cost: z.number(),
  /** Mutants that were come by while the file, and what it imports, was read. */
  read: z.array(z.string()),
  /** And by its hooks. */
  around: z.array(z.string()),
  tests: z.array(
    z.object({ id: z.string(), name: z.string(), cost: z.number(), seconds: z.number(), hits: z.array(z.string()) }),
  ),
});
export type Covered = z.infer<typeof Covered>;

const Result = z.object({
  id: z.string(),
  /**
   * `killed`: a test failed; `timeout`: a test that ends without the mutant did not, or the process hung or died;
   * `survived`: every test that comes by its place passed; `unsure`: those for which there was time passed;
   * `uncovered`: no test comes by.
   */
  end: z.enum(["killed", "timeout", "survived", "unsure", "uncovered"]),
  by: z.string().optional(),
  why: z.string().optional(),
  /** Seconds of processor time. */
  cost: z.number().optional(),
});
export type Result = z.infer<typeof Result>;

const Line = z.union([
  Result.extend({ /** Milliseconds since 1970. */ at: z.number().optional() }),
  /** A mutant that is being run: the last one when a process dies. */
  z.object({ begun: z.string() }),
  /** A test that killed a mutant, run once more without it. */
  z.object({ control: z.string(), passed: z.boolean() }),
]);
export type Line = z.infer<typeof Line>;

export const append = (name: string, line: object): void =>
  appendFileSync(join(DIR, name), `${JSON.stringify({ ...line, at: Date.now() })}\n`);

function linesOf<T>(name: string, schema: z.ZodType<T>): T[] {
  const path = join(DIR, name);
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => schema.parse(JSON.parse(line)));
}

export const digestOf = (file: string): string =>
  createHash("sha1")
    .update(readFileSync(join(ROOT, file)))
    .digest("hex");

/** The tests and what they come by, of each file as it is today. */
export function coverage(): Covered[] {
  const all = new Map(linesOf("coverage.jsonl", Covered).map((covered) => [covered.file, covered]));
  return [...all.values()].filter(({ file, digest }) => existsSync(join(ROOT, file)) && digestOf(file) === digest);
}

export const laneFile = (lane: number): string => `lane-${lane}.jsonl`;
export const laneLines = (lane: number): Line[] => linesOf(laneFile(lane), Line);

function allLines(): Line[] {
  if (!existsSync(DIR)) return [];
  return readdirSync(DIR)
    .filter((name) => /^lane-\d+\.jsonl$/.test(name))
    .flatMap((name) => linesOf(name, Line));
}

/** The last word on each mutant, whichever lane it is from. */
export const results = (): Map<string, Result> =>
  new Map(
    allLines()
      .flatMap((line) => ("end" in line ? [line] : []))
      .toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))
      .map((line) => [line.id, line]),
  );
