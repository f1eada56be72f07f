/** What a bench hands over, and how it is printed and written down. */
import { readFileSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";

/** One figure of DESIGN.md's budgets. */
export interface Check {
  readonly what: string;
  readonly budget: string;
  readonly measured: string;
  readonly met: boolean;
}

export interface Section {
  readonly title: string;
  /** What to type to see the measured thing by hand. */
  readonly commands: readonly string[];
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly checks: readonly Check[];
  /** Paragraphs: how it was measured, what stands in the way. */
  readonly notes: readonly string[];
}

/** `dir` is an empty folder that goes away after the bench. */
export type Bench = (dir: string) => Promise<Section>;

export const atMost = (what: string, value: number, limit: number, unit: string, digits = 2): Check => ({
  what,
  budget: `≤ ${limit} ${unit}`,
  measured: `${value.toFixed(digits)} ${unit}`,
  met: value <= limit,
});

export const atLeast = (what: string, value: number, limit: number, unit: string, digits = 1): Check => ({
  what,
  budget: `≥ ${limit} ${unit}`,
  measured: `${value.toFixed(digits)} ${unit}`,
  met: value >= limit,
});

/** A table in Markdown, its columns padded so that it reads as plain text too. */
function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((name, at) =>
    Math.max(...[name, ...rows.map((row) => row[at] ?? "")].map((c) => c.length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, at) => (at === 0 ? (cells[at] ?? "").padEnd(width) : (cells[at] ?? "").padStart(width))).join(" | ")} |`;
  const rule = widths.map((width, at) => (at === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`));
  return [line(columns), line(rule), ...rows.map(line)].join("\n");
}

const verdict = ({ met }: Check): string => (met ? "met" : "**missed**");

export const budgetTable = (sections: readonly Section[]): string =>
  table(
    ["what", "budget", "measured", ""],
    sections.flatMap((one) => one.checks.map((check) => [check.what, check.budget, check.measured, verdict(check)])),
  );

export function sectionText({ title, commands, columns, rows, notes }: Section): string {
  const shown = commands.length === 0 ? [] : [["```sh", ...commands, "```"].join("\n")];
  return [`## ${title}`, ...shown, table(columns, rows), ...notes].join("\n\n");
}

const ROUND_ROBIN = "2";

/** Whether everything here runs before what else the machine has to do, as under `chrt -r 10`: policy, field 41 of proc(5)'s stat. */
const hasPriority = (): boolean =>
  readFileSync("/proc/self/stat", "utf8").split(") ")[1]?.split(" ")[38] === ROUND_ROBIN;

/** Cores, processor, memory, Node and priority; no names of the machine. */
function machine(): string {
  const [first] = cpus();
  const gib = (totalmem() / 2 ** 30).toFixed(0);
  const priority = hasPriority() ? ", others working on it; run before them (`chrt -r 10`)" : "";
  return `${cpus().length} cores (${first?.model.trim() ?? "unknown"}), ${gib} GiB memory, ${process.platform} ${process.arch}, Node ${process.versions.node}${priority}`;
}

const PAGE = "docs/benchmarks.md";

/** The part of the page under its heading of the first level, the only one that begins with it; other parts stay. */
function withPart(page: string, heading: string, text: string): string {
  const parts = page.split(/^(?=# )/m).filter((part) => part.trim() !== "");
  const at = parts.findIndex((part) => part.startsWith(`# ${heading}\n`));
  const part = `# ${heading}\n\n${text}\n`;
  const all = at < 0 ? [...parts, part] : parts.with(at, part);
  return `${all.map((each) => each.trimEnd()).join("\n\n")}\n`;
}

/** Writes what a run of benches found into docs/benchmarks.md, in place of what the same command found before. */
export async function record(
  heading: string,
  { command, ms, about, sections }: { command: string; ms: number; about: string; sections: readonly Section[] },
): Promise<void> {
  const written = `Written by \`${command}\` on ${new Date().toISOString().slice(0, 10)}, in ${Math.round(ms / 1000)} s. Machine: ${machine()}.`;
  const text = [written, about, "## Budgets", budgetTable(sections), ...sections.map(sectionText)].join("\n\n");
  await writeFile(PAGE, withPart(await readFile(PAGE, "utf8"), heading, text));
}
