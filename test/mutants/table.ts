import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Mutant } from "./mutate.ts";
import { REASONS } from "./reasons.ts";
import { type Result, ROOT } from "./records.ts";
import { roomOf } from "./rooms.ts";

const BEGIN = "<!-- the mutants, written by npm run test:mutants -->";
const END = "<!-- end of the mutants -->";
const PAGE = join(ROOT, "docs/reliability.md");

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;
const code = (text: string): string => `\`${text.replaceAll("`", "'").replaceAll("|", "\\|")}\``;

function counts(mutants: readonly Mutant[], results: ReadonlyMap<string, Result>): (string | number)[] {
  const ends = mutants.flatMap(({ id }) => results.get(id)?.end ?? []);
  const of = (...which: readonly Result["end"][]): number => ends.filter((end) => which.includes(end)).length;
  const explained = mutants.filter(({ id }) => REASONS[id] !== undefined && results.has(id)).length;
  const noticed = of("killed", "timeout");
  return [
    mutants.length,
    ends.length,
    noticed,
    of("timeout"),
    of("survived"),
    of("uncovered"),
    of("unsure"),
    explained,
    ends.length === 0 ? "" : `${((100 * noticed) / ends.length).toFixed(1)} %`,
  ];
}

function survivors(mutants: readonly Mutant[], results: ReadonlyMap<string, Result>): string[] {
  return mutants
    .filter(({ id }) => ["survived", "uncovered"].includes(results.get(id)?.end ?? ""))
    .toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line)
    .map(({ id, file, line, was, becomes }) =>
      row([
        `${file}:${line}`,
        becomes === "" ? `${code(was)} left out` : `${code(was)} → ${code(becomes)}`,
        REASONS[id] ?? "a test is missing, or was written since it was run",
      ]),
    );
}

export function publish(mutants: readonly Mutant[], results: ReadonlyMap<string, Result>): void {
  const titles = [
    "room",
    "mutants",
    "run",
    "noticed",
    "of these by a time-out",
    "passed every test",
    "no test comes by",
    "passed the tests there was time for",
    "explained below",
    "noticed of those run",
  ];
  const rooms = [...Map.groupBy(mutants, ({ file }) => roomOf(file))].toSorted(([a], [b]) => a.localeCompare(b));
  const text = [
    row(titles),
    row(["---", ...titles.slice(1).map(() => "---:")]),
    ...rooms.map(([room, some]) => row([room, ...counts(some, results)])),
    row(["**all**", ...counts(mutants, results)]),
    "",
    row(["where", "what", "why no test notices it"]),
    row(["---", "---", "---"]),
    ...survivors(mutants, results),
  ].join("\n");
  const page = readFileSync(PAGE, "utf8");
  const [before, rest] = page.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no place for the mutants`);
  writeFileSync(PAGE, `${before}${BEGIN}\n\n${text}\n\n${END}${after}`);
}
