/**
 * Mutation testing (`npm run test:mutants`): each small change of the sources that decide and carry out must be noticed by
 * a test. Goes on where it was broken off; ATVM_MUTANTS_MINUTES ends it early, ATVM_MUTANTS_DIR is where it keeps its
 * records.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { JOB, type Job } from "./job.ts";
import type { Mutant } from "./mutate.ts";
import { append, coverage, DIR, laneFile, laneLines, ROOT, results } from "./records.ts";
import { allMutants } from "./rooms.ts";
import { publish } from "./table.ts";

const LANES = Number(process.env["ATVM_MUTANTS_LANES"] ?? 2);
const MINUTES = Number(process.env["ATVM_MUTANTS_MINUTES"] ?? 24 * 60);
/** Tests that take longer (seconds) are left out, and one that takes four times as long hangs. */
const LONGEST = Number(process.env["ATVM_MUTANTS_LONGEST"] ?? 2.5);
/** A regular expression for files, kinds and ids: only these. */
const ONLY = process.env["ATVM_MUTANTS_ONLY"];
/** Results that are asked for again: `survived,unsure` after tests were written. */
const AGAIN = (process.env["ATVM_MUTANTS_AGAIN"] ?? "").split(",");
/** A process that has not turned for so long does not turn any more. */
const STILL_MS = 180_000;

const until = Date.now() + MINUTES * 60_000;
const write = (line: string): void => void process.stdout.write(`${line}\n`);

const isStill = (lane: number): boolean => {
  try {
    return Date.now() - statSync(join(DIR, `pulse-${lane}`)).mtimeMs > STILL_MS;
  } catch {
    return false;
  }
};

const running = new Set<ChildProcess>();
const end = (child: ChildProcess): void => {
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
};
process.on("SIGINT", () => {
  running.forEach(end);
  process.exit(130);
});
process.on("SIGTERM", () => {
  running.forEach(end);
  process.exit(143);
});

async function runProcess(job: Job): Promise<void> {
  const file = join(DIR, `job-${job.lane}.json`);
  writeFileSync(file, JSON.stringify(job));
  writeFileSync(join(DIR, `pulse-${job.lane}`), "");
  const child = spawn(
    process.execPath,
    [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "--config", "test/mutants/vitest.config.ts"],
    { cwd: ROOT, env: { ...process.env, [JOB]: file }, stdio: ["ignore", "ignore", "ignore"], detached: true },
  );
  running.add(child);
  const watch = setInterval(() => {
    if (isStill(job.lane)) end(child);
  }, 2000);
  await once(child, "exit");
  clearInterval(watch);
  running.delete(child);
}

/** One after the other, in processes that may die of them. */
async function judge(lane: number, mine: readonly Mutant[], statics: ReadonlySet<string>): Promise<void> {
  let open = [...mine];
  while (open.length > 0 && Date.now() < until) {
    const [first] = open;
    const fromTheStart = first !== undefined && statics.has(first.id);
    const upTo = fromTheStart ? 1 : open.findIndex(({ id }) => statics.has(id));
    const some = upTo < 0 ? open : open.slice(0, upTo);
    const before = laneLines(lane).length;
    await runProcess({
      lane,
      isCoverage: false,
      longest: LONGEST,
      until,
      mutants: some.map(({ id, file }) => ({ id, file })),
      fromTheStart,
    });
    const lines = laneLines(lane);
    const last = lines.at(-1);
    if (last !== undefined && "begun" in last)
      append(laneFile(lane), { id: last.begun, end: "timeout", why: "the process hung or died" });
    if (lines.length === before && Date.now() < until) throw new Error("a process did nothing");
    const ended = new Set(
      laneLines(lane)
        .slice(before)
        .flatMap((line) => ("end" in line ? [line.id] : [])),
    );
    open = open.filter(({ id }) => !ended.has(id));
  }
}

mkdirSync(DIR, { recursive: true });
const mutants = await allMutants();
await runProcess({ lane: 0, isCoverage: true, longest: LONGEST, until, mutants: [], fromTheStart: false });
const covered = coverage();
const users = Map.groupBy(
  covered.flatMap(({ file, around, tests }) =>
    [...new Set([...around, ...tests.flatMap(({ hits }) => hits)])].map((id) => ({ id, file })),
  ),
  ({ id }) => id,
);
// What is done once shows in the tests that happened to be the first to read the module, and in no others.
const statics = new Set(covered.flatMap(({ read }) => read).filter((id) => (users.get(id) ?? []).length <= 1));
write(`${mutants.length} mutants, ${covered.length} files of tests, ${statics.size} mutants in what modules do once`);

const known = results();
const waiting = mutants
  .filter(({ id }) => AGAIN.includes(known.get(id)?.end ?? "") || !known.has(id))
  .filter(({ id, file, kind }) => new RegExp(ONLY ?? "").test(`${file} ${kind} ${id}`))
  .toSorted((a, b) => Number(statics.has(a.id)) - Number(statics.has(b.id)));
write(`${waiting.length} to be judged`);
await Promise.all(
  Array.from({ length: LANES }, (_, lane) =>
    judge(
      lane,
      waiting.filter((__, at) => at % LANES === lane),
      statics,
    ),
  ),
);
if (ONLY === undefined) publish(mutants, results());
const counts = Map.groupBy(results().values(), ({ end: how }) => how);
write([...counts].map(([how, some]) => `${how}: ${some.length}`).join(", "));
