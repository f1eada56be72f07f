/** Reading the audit back, for the doors. */
import { verifyChain, viewAuditRow } from "./audit.ts";
import type { AuditRow, Store } from "./ports/store.ts";
import type { AuditPage, AuditRowRecord } from "./records.ts";

const AUDIT_ROWS = 200;

export interface AuditFilter {
  since?: string;
  date?: string;
  planId?: string;
  runId?: string;
  limit?: number;
  until?: string;
  type?: string;
  actor?: string;
  steps?: boolean;
}

/** The newest rows that are asked for, oldest first, and whether the whole chain holds. */
export async function readAudit(store: Store, filter: AuditFilter): Promise<AuditPage> {
  const { limit = AUDIT_ROWS, since, until, type, actor, steps = true, ...rest } = filter;
  // Rows are found by comparing their instants as text, which all are in UTC.
  const which = since === undefined ? rest : { ...rest, since: new Date(since).toISOString() };
  const before = until === undefined ? undefined : new Date(until).toISOString();
  const isWanted = (row: AuditRow): boolean =>
    (before === undefined || row.at < before) &&
    (type === undefined || row.type === type) &&
    (actor === undefined || row.actor.includes(actor)) &&
    (steps || (row.type !== "step_begin" && row.type !== "step_end"));
  const [rows, chain] = await Promise.all([newestRows(store, which, limit, isWanted), verifyChain(store)]);
  return { rows: rows.map(viewAuditRow), chain };
}

/** Rows after this one, in order, at most a page of them; the newest alone where none is named. */
export async function auditAfter(store: Store, seq: number | undefined): Promise<AuditRowRecord[]> {
  const which = seq === undefined ? { last: 1 } : { afterSeq: seq, limit: 1_000 };
  return (await store.read((tx) => tx.audit(which))).map(viewAuditRow);
}

/** The newest `limit` rows that are wanted: most are, so that a few times as many are enough to find them among. */
async function newestRows(
  store: Store,
  which: { since?: string; date?: string; planId?: string; runId?: string },
  limit: number,
  isWanted: (row: AuditRow) => boolean,
): Promise<AuditRow[]> {
  for (let last = limit; ; last *= 8) {
    const rows = await store.read((tx) => tx.audit({ ...which, last }));
    const wanted = rows.filter(isWanted);
    if (wanted.length >= limit || rows.length < last) return wanted.slice(-limit);
  }
}
