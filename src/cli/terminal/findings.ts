/** Findings as a table that fits the terminal. */
import type { Finding } from "../../systems/checks/finding.ts";
import type { ErrorView } from "../../text/views.ts";
import { wrapped } from "./wrap.ts";

/** A finding with its error as it is shown. */
export interface FindingView extends Omit<Finding, "error"> {
  readonly error?: ErrorView;
}

const MARKS: Readonly<Record<Finding["state"], string>> = { ok: "ok", warning: "warning", failed: "FAILED" };
const MARK_WIDTH = 9;
/** Below this, what was checked stands on a line of its own. */
const NARROW = 70;

/** One row a finding, below it what to do; then a line that counts. No line is longer than `columns`, but for a command. */
export function findingsTable(findings: readonly FindingView[], columns: number): string {
  const width = Math.max(columns, 30);
  const whatWidth = Math.min(Math.max(...findings.map(({ what }) => what.length), 5) + 2, 30);
  const rows = findings.flatMap(({ what, state, text, fix }) => {
    const mark = MARKS[state].padEnd(MARK_WIDTH);
    // With as much room as there is: a line to copy is best in one piece.
    const fixes = fix === undefined ? [] : inColumns(" ".repeat(width < NARROW ? 2 : MARK_WIDTH), `fix: ${fix}`, width);
    if (width < NARROW) return [...inColumns(mark, what, width), ...inColumns("  ", text, width), ...fixes];
    const names = inColumns("", what, whatWidth - 2);
    const texts = inColumns("", text, width - MARK_WIDTH - whatWidth);
    const lines = Array.from({ length: Math.max(names.length, texts.length) }, (_, index) =>
      `${index === 0 ? mark : " ".repeat(MARK_WIDTH)}${(names[index] ?? "").padEnd(whatWidth)}${texts[index] ?? ""}`.trimEnd(),
    );
    return [...lines, ...fixes];
  });
  const count = (state: Finding["state"]): number => findings.filter((finding) => finding.state === state).length;
  return [...rows, "", `${count("ok")} ok, ${count("warning")} warnings, ${count("failed")} failed`].join("\n");
}

const inColumns = (lead: string, text: string, columns: number): string[] =>
  wrapped(text, columns, { lead, breakWords: true });
