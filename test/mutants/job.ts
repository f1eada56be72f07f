/** What a process is to do: written by run.ts, read by worker.ts. */
import { readFileSync } from "node:fs";
import { z } from "zod";

const Job = z.object({
  lane: z.number(),
  /** Which tests come by which mutants is to be found out; otherwise `mutants` are to be judged. */
  isCoverage: z.boolean(),
  /** Seconds that a test may take without a mutant: a longer one could not be told from one that hangs. */
  longest: z.number(),
  /** No mutant is begun after this (ms since 1970). */
  until: z.number(),
  mutants: z.array(z.object({ id: z.string(), file: z.string() })),
  /** The only mutant, where it is in what a module does once as it is read. */
  fromTheStart: z.boolean(),
});
export type Job = z.infer<typeof Job>;

export const JOB = "ATVM_MUTANTS_JOB";

export const jobFromEnvironment = (): Job => Job.parse(JSON.parse(readFileSync(process.env[JOB] ?? "", "utf8")));
