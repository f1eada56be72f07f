/**
 * `npm run bench [-- --check] [-- NAME …]`: measures, prints, and after a run of all benches writes docs/benchmarks.md.
 * `npm run bench -- beside COMMIT [NAME …] [--rounds N]`: the same for this build beside that commit's.
 * With `--check` it exits with 1 when a budget is missed.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { arrays } from "./arrays.ts";
import { BESIDE } from "./beside.ts";
import { earlierBuild } from "./earlier-build.ts";
import { http } from "./http.ts";
import { journal } from "./journal.ts";
import { plan } from "./plan.ts";
import { reads } from "./reads.ts";
import { type Bench, budgetTable, record, type Section, sectionText } from "./report.ts";
import { startup } from "./startup.ts";
import { wholeRun } from "./whole-run.ts";

const LAB =
  "Calls are counted by the lab. The lab runs as a process of its own on the same machine, so that its own work is part of every time below, for us and for what we are compared with.";

// The one that mostly waits comes first: what is computed for minutes makes shared machines slower for what follows.
const BENCHES: Readonly<Record<string, Bench>> = { "whole-run": wholeRun, startup, plan, arrays, reads, journal, http };

const { values, positionals } = parseArgs({
  options: { check: { type: "boolean" }, rounds: { type: "string" } },
  allowPositionals: true,
});
const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
if (rounds !== undefined && !(positionals[0] === "beside" && Number.isInteger(rounds) && rounds > 0))
  throw new Error("--rounds takes a number of rounds, and belongs to `beside COMMIT`");

async function inFolder<T>(work: (dir: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "atvm-bench-"));
  try {
    return await work(dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** The names of benches to run, checked; all of them when none is given. */
function chosen(benches: object, names: readonly string[]): readonly string[] {
  const known = Object.keys(benches);
  const unknown = names.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`there is no bench ${unknown.join(", ")}; there are ${known.join(", ")}`);
  return known.filter((name) => names.length === 0 || names.includes(name));
}

async function measure(benches: readonly Bench[]): Promise<Section[]> {
  execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: ["ignore", "ignore", "inherit"] });
  const sections: Section[] = [];
  for (const bench of benches) {
    const section = await inFolder(bench);
    sections.push(section);
    console.log(`${sectionText(section)}\n`);
  }
  console.log(budgetTable(sections));
  if (values.check && sections.some((section) => section.checks.some((check) => !check.met))) process.exitCode = 1;
  return sections;
}

async function besideCommit(commit: string, names: readonly string[]): Promise<void> {
  const wanted = chosen(BESIDE, names);
  await inFolder(async (dir) => {
    const earlier = earlierBuild(commit, dir);
    const benches = Object.entries(BESIDE).filter(([name]) => wanted.includes(name));
    const sections = await measure(
      benches.map(
        ([, bench]) =>
          (own) =>
            bench(own, earlier, rounds),
      ),
    );
    if (names.length > 0) return;
    await record(`Beside ${earlier.name}`, {
      command: `npm run bench -- beside ${commit}${rounds === undefined ? "" : ` --rounds ${rounds}`}`,
      ms: performance.now(),
      about: `This build beside that of commit ${commit}, taking turns, each with its own configuration, store and log. ${LAB}`,
      sections,
    });
  });
}

async function budgets(names: readonly string[]): Promise<void> {
  const wanted = chosen(BENCHES, names);
  const sections = await measure(
    Object.entries(BENCHES).flatMap(([name, bench]) => (wanted.includes(name) ? bench : [])),
  );
  if (names.length > 0) return;
  await record("Benchmarks", { command: "npm run bench", ms: performance.now(), about: LAB, sections });
}

const [first, commit, ...names] = positionals;
if (first !== "beside") await budgets(positionals);
else if (commit === undefined) throw new Error("beside which commit?");
else await besideCommit(commit, names);
