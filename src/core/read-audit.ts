/** Reading the audit back, for the doors. */
import * as z from "zod";
import { viewAuditRow } from "./audit.ts";
import { verifyChain } from "./audit-chain.ts";
import { PrepError } from "./domain/errors.ts";
import { safeText } from "./domain/safe-text.ts";
import { AUDIT_EVENTS } from "./domain/states.ts";
import { planIfReadable } from "./plans/plan.ts";
import type { AuditRow, Store } from "./ports/store.ts";
import type { AuditFilter, AuditPage, AuditRowRecord } from "./records.ts";
import { lunNameOf, type Naming, nearest } from "./request/request.ts";

const AUDIT_ROWS = 200;

type Wanted = (row: AuditRow) => boolean | Promise<boolean>;

/** The newest rows that are asked for, oldest first, and whether the whole chain holds. Errors: `BAD_REQUEST`. */
export async function readAudit(store: Store, filter: AuditFilter, luns: Naming["luns"]): Promise<AuditPage> {
  const { limit = AUDIT_ROWS, since, until, type, actor, tool, lun, steps = true, cursor, ...rest } = filter;
  checkType(type);
  // Rows are found by comparing their instants as text, which all are in UTC.
  const which = since === undefined ? rest : { ...rest, since: new Date(since).toISOString() };
  const before = until === undefined ? undefined : new Date(until).toISOString();
  const older = cursor === undefined ? undefined : seqOf(cursor);
  const isAbout = lun === undefined ? undefined : aboutLun(store, lunNameOf(lun, luns), luns);
  const isWanted: Wanted = (row) =>
    (before === undefined || row.at < before) &&
    (older === undefined || row.seq < older) &&
    (type === undefined || row.type === type) &&
    (actor === undefined || row.actor.includes(actor)) &&
    (tool === undefined || (row.type === "tool_called" && subjectOf(row).tool === tool)) &&
    (steps || (row.type !== "step_begin" && row.type !== "step_end")) &&
    (isAbout === undefined || isAbout(row));
  // One more than is shown says whether there are more.
  const [found, chain] = await Promise.all([newestRows(store, which, limit + 1, isWanted), verifyChain(store)]);
  const rows = found.slice(-limit);
  const [first] = rows;
  return {
    rows: rows.map(viewAuditRow),
    ...(found.length > limit && first !== undefined ? { cursor: `before:${first.seq}` } : {}),
    chain,
  };
}

/** No rows of a type that is none would read as if nothing of the kind had happened. */
function checkType(type: string | undefined): void {
  const known: readonly string[] = AUDIT_EVENTS;
  if (type === undefined || known.includes(type)) return;
  throw new PrepError("BAD_REQUEST", `No row of the audit is of the type ${safeText(type, 60)}.`, {
    hint: `Did you mean ${nearest(type, AUDIT_EVENTS).join(", or ")}?`,
  });
}

function seqOf(cursor: string): number {
  const seq = /^before:(\d{1,15})$/.exec(cursor)?.[1];
  if (seq !== undefined) return Number(seq);
  throw new PrepError("BAD_REQUEST", "The cursor is not one that a page of the audit gave.", {
    hint: "Pass the cursor of the page before, or leave it out for the newest rows.",
  });
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
  isWanted: Wanted,
): Promise<AuditRow[]> {
  for (let last = limit; ; last *= 8) {
    const rows = await store.read((tx) => tx.audit({ ...which, last }));
    const wanted: AuditRow[] = [];
    for (const row of rows) if (await isWanted(row)) wanted.push(row);
    if (wanted.length >= limit || rows.length < last) return wanted.slice(-limit);
  }
}

const named = z
  .looseObject({ lun: z.string().optional().catch(undefined) })
  .optional()
  .catch(undefined);
const subject = z
  .looseObject({ tool: z.string().optional().catch(undefined), lun: z.string().optional().catch(undefined) })
  .extend({ request: named, arguments: named });

/** What a row's data says that it is about; nothing, where it was damaged. */
function subjectOf({ data }: AuditRow): z.infer<typeof subject> {
  try {
    return subject.parse(JSON.parse(data));
  } catch {
    return {};
  }
}

/** Whether a row is about a LUN: by its own word, else by its plan's. */
function aboutLun(store: Store, name: string, luns: Naming["luns"]): (row: AuditRow) => Promise<boolean> {
  const plans = new Map<string, Promise<string | undefined>>();
  const lunOfPlan = (id: string): Promise<string | undefined> => {
    const known = plans.get(id) ?? store.read(async (tx) => planIfReadable(await tx.plan(id))?.request.lun);
    plans.set(id, known);
    return known;
  };
  return async (row) => {
    const { request, arguments: given, lun } = subjectOf(row);
    const said = request?.lun ?? given?.lun ?? lun;
    if (said !== undefined) return lunNameOf(said, luns) === name;
    return row.planId !== undefined && (await lunOfPlan(row.planId)) === name;
  };
}
