/** The audit as text. */

import { safeText } from "../core/domain/safe-text.ts";
import { askedBy, bullets, count, page, quoted, sentence } from "./lines.ts";
import { approvedText } from "./run.ts";
import { STATE_WORDS } from "./summary.ts";
import type { AuditRowView, AuditView, ChainView, WhoView } from "./views.ts";

/** Whether the chain of audit rows holds, with so many characters of its head. */
export function chainText(chain: ChainView, headLength = 16): string {
  const head = chain.head === undefined ? "" : `, head ${safeText(chain.head).slice(0, headLength)}`;
  return page([
    chain.holds
      ? `The audit chain holds: ${count(chain.rows, "row")}${head}.`
      : `THE AUDIT CHAIN IS BROKEN (${count(chain.rows, "row")}${head}).`,
    ...(chain.cut === undefined ? [] : [cutText(chain.cut)]),
    ...bullets(chain.problems, sentence),
  ]);
}

/** For every door that says whether the chain holds. */
export const cutText = ({ through, at, row }: NonNullable<ChainView["cut"]>): string =>
  `Rows 1 to ${through} were removed on ${safeText(at).slice(0, 10)}, as \`store.keep\` asks: row ${row} says so.`;

function rowLine(row: AuditRowView): string {
  const who = `${safeText(row.actor)} (${safeText(row.channel)}${row.client === undefined ? "" : `, ${safeText(row.client)}`})`;
  const about = [
    ...(row.planId === undefined ? [] : [`plan ${safeText(row.planId)}`]),
    ...(row.runId === undefined ? [] : [`run ${safeText(row.runId)}`]),
  ].join(", ");
  const data = Object.keys(row.data).length === 0 ? "" : ` ${safeText(JSON.stringify(row.data), 240)}`;
  return `#${row.seq} ${safeText(row.at)} ${safeText(row.type)} by ${who}${about === "" ? "" : `, ${about}`}${data}`;
}

/** Whether the chain of audit rows holds, and the rows, the newest last: of many, the newest `most` are named. */
export function auditText({ rows, cursor, chain }: AuditView, most = 20): string {
  const shown = rows.slice(-most);
  const older = rows.length - shown.length;
  return page([
    chainText(chain),
    "",
    rows.length === 0 ? "No rows match." : `${count(rows.length, "row")}, newest last:`,
    ...(older > 0 ? [`- (${older} older)`] : []),
    ...shown.map((row) => `- ${rowLine(row)}`),
    ...(cursor === undefined
      ? []
      : [`There are older rows: the page before this one has the cursor ${safeText(cursor, 40)}.`]),
  ]);
}

/** Who had what done to a thing, newest first. */
export function whoText({ about, runs, chain }: WhoView): string {
  return page([
    `${quoted(about)}: ${count(runs.length, "run")}, newest first.`,
    ...runs.flatMap(({ run, done, approvedAt }) => [
      "",
      `${safeText(run.endedAt ?? run.createdAt)} ${done.map(sentence).join(", ")} (run ${safeText(run.runId)}, ${STATE_WORDS[run.state]})`,
      `- ${askedBy(run.requestedBy)}`,
      `- ${approvedText(run)}${approvedAt === undefined ? "" : `, ${safeText(approvedAt)}`}`,
      `- ${safeText(run.command, 4_000)}`,
    ]),
    "",
    chainText(chain),
  ]);
}
