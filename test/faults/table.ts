/** What came of the whole matrix, as docs/reliability.md shows it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Outcome, WAYS } from "./case.ts";
import type { Cell } from "./cells.ts";

export interface Result {
  readonly cell: Cell;
  readonly outcome: Outcome;
}

const BEGIN = "<!-- the fault matrix, written by npm run test:faults -->";
const END = "<!-- end of the fault matrix -->";
const PAGE = join(import.meta.dirname, "../../docs/reliability.md");

const row = (cells: readonly (string | number)[]): string => `| ${cells.join(" | ")} |`;

/** How many cases ended each way, by one of their properties. */
function table(results: readonly Result[], title: string, keyOf: (result: Result) => string): string[] {
  const groups = Map.groupBy(results, keyOf);
  const counts = (some: readonly Result[]): (string | number)[] => [
    some.length,
    ...WAYS.map((way) => some.filter(({ outcome }) => outcome.way === way).length || ""),
    some.filter(({ outcome }) => outcome.problems.length > 0).length,
  ];
  return [
    row([title, "cases", ...WAYS, "unexplained"]),
    row(["---", ...["cases", ...WAYS, "unexplained"].map(() => "---:")]),
    ...[...groups].map(([key, some]) => row([key, ...counts(some)])),
    row(["**all**", ...counts(results)]),
    "",
  ];
}

function tables(results: readonly Result[], possible: number): string {
  const codes = Map.groupBy(
    results.filter(({ outcome }) => outcome.code !== undefined),
    ({ outcome }) => outcome.code ?? "",
  );
  const unmet = results.filter(({ outcome }) => !outcome.met).length;
  return [
    `${results.length} of ${possible} cases; in ${unmet} of them the call that was to be disturbed did not come.`,
    "",
    ...table(results, "mode", ({ cell }) => cell.journey.mode),
    ...table(results, "action", ({ cell }) => `\`${cell.action}\``),
    ...table(results, "call", ({ cell }) => `${cell.api} \`${cell.op}\``),
    row(["code", "cases"]),
    row(["---", "---:"]),
    ...[...codes]
      .toSorted(([, a], [, b]) => b.length - a.length)
      .map(([code, some]) => row([`\`${code}\``, some.length])),
    "",
  ].join("\n");
}

export async function publish(results: readonly Result[], possible: number): Promise<void> {
  const page = await readFile(PAGE, "utf8");
  const [before, rest] = page.split(BEGIN);
  const [, after] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined) throw new Error(`${PAGE} has no place for the matrix`);
  await writeFile(PAGE, `${before}${BEGIN}\n\n${tables(results, possible)}\n${END}${after}`);
}
