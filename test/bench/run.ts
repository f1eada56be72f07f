/**
 * `npm run bench [-- --check] [-- NAME …]`: measures, prints, and after a run of all benches writes docs/benchmarks.md.
 * With `--check` it exits with 1 when a budget is missed.
 */
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { journal } from "./journal.ts";
import { plan } from "./plan.ts";
import { reads } from "./reads.ts";
import { type Bench, budgetTable, machine, type Section, sectionText } from "./report.ts";
import { startup } from "./startup.ts";
import { wholeRun } from "./whole-run.ts";

// The one that mostly waits comes first: what is computed for minutes makes shared machines slower for what follows.
const BENCHES: Readonly<Record<string, Bench>> = { "whole-run": wholeRun, startup, plan, reads, journal };

const { values, positionals } = parseArgs({ options: { check: { type: "boolean" } }, allowPositionals: true });
const unknown = positionals.filter((name) => !Object.hasOwn(BENCHES, name));
if (unknown.length > 0)
  throw new Error(`there is no bench ${unknown.join(", ")}; there are ${Object.keys(BENCHES).join(", ")}`);

const begun = performance.now();
execFileSync(process.execPath, ["scripts/build.mjs"], { stdio: ["ignore", "ignore", "inherit"] });
const sections: Section[] = [];
for (const [name, bench] of Object.entries(BENCHES)) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  const dir = await mkdtemp(join(tmpdir(), "atvm-bench-"));
  try {
    const section = await bench(dir);
    sections.push(section);
    console.log(`${sectionText(section)}\n`);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}
console.log(budgetTable(sections));

if (positionals.length === 0) {
  const took = Math.round((performance.now() - begun) / 1000);
  const head = `# Benchmarks

Written by \`npm run bench\` on ${new Date().toISOString().slice(0, 10)}, in ${took} s. Machine: ${machine()}.

Calls are counted by the lab. The lab runs as a process of its own on the same machine, so that its own work is part of
every time below, for us and for what we are compared with.

## Budgets

`;
  await writeFile(
    "docs/benchmarks.md",
    `${head}${budgetTable(sections)}\n\n${sections.map(sectionText).join("\n\n")}\n`,
  );
}
if (values.check && sections.some((section) => section.checks.some((check) => !check.met))) process.exitCode = 1;
