/**
 * The chain of who did what. Rows are appended in the transaction of the change they tell of, each with the hash of the
 * row before; the newest hash also goes to a file of heads outside the store. What cannot be audited is not done.
 */
import * as z from "zod";
import { sha256 } from "./domain/canonical.ts";
import { safeText } from "./domain/safe-text.ts";
import type { AuditEvent } from "./domain/states.ts";
import type { Actor } from "./engine.ts";
import { RUNNER } from "./engine-options.ts";
import type { Clock } from "./ports/runtime.ts";
import type { AuditRow, Store, StoreReader, StoreWriter } from "./ports/store.ts";
import type { AuditRowRecord } from "./records.ts";

export interface AuditEntry {
  readonly type: AuditEvent;
  readonly actor: Actor;
  readonly planId?: string | undefined;
  readonly runId?: string | undefined;
  /** Ids, codes, hashes, safe text. Never a token, never a secret. */
  readonly data?: Readonly<Record<string, unknown>>;
}

/** Appends to the chain, in the transaction that it was handed out with. */
export type Append = (entry: AuditEntry) => Promise<void>;

/** What the first row follows. */
export const GENESIS = "0".repeat(64);

/** A token that somebody put where an id belongs must not get into the chain, which is for many eyes. */
const withoutTokens = (text: string): string => text.replace(/\b([pa]t)_[A-Za-z0-9_-]{43}/g, "$1_[hidden]");

/** In RFC 8785's order. */
const MEMBERS = [
  "actor",
  "at",
  "channel",
  "client",
  "data",
  "planId",
  "prev",
  "runId",
  "seq",
  "type",
] satisfies (keyof AuditRow)[];

/** SHA-256 of the row's canonical JSON, which for a flat object of texts and integers is JSON with its members in order. */
export const hashOf = (row: Omit<AuditRow, "hash">): string => sha256(JSON.stringify(row, MEMBERS));

/**
 * Deadlines and rows use the later of this machine's clock and the newest row, so that a clock set back gains nothing.
 * How far the newest row may lead is bounded: see `settleClock`.
 */
export async function latestTime(tx: StoreReader, clock: Clock): Promise<string> {
  const now = clock.now().toISOString();
  const head = await tx.auditHead();
  return head !== undefined && head.at > now ? head.at : now;
}

/** How far the clocks of one store's machines may be apart. */
const MAX_LEAD_MS = 300_000;

/**
 * Whether this time has come. A newest row leads by so much at most before it is set aside, so that it is only read for a
 * time that is near: each request over HTTP asks it of its token.
 */
export async function hasCome(tx: StoreReader, clock: Clock, at: string): Promise<boolean> {
  if (Date.parse(at) - clock.now().getTime() > MAX_LEAD_MS) return false;
  return at <= (await latestTime(tx, clock));
}

/**
 * A clock that was far ahead once, or is far behind now: the newest row's time would rule until the clock has caught up
 * with it, and no plan would end before that. The chain goes by its rows' sequence, so it goes on with the clock's time.
 * All plans that are open are closed, since nobody can tell any more when they end; the chain says so.
 */
async function settleClock(
  tx: StoreWriter,
  clock: Clock,
  appendNow: (entry: AuditEntry) => Promise<void>,
): Promise<void> {
  const head = await tx.auditHead();
  const now = clock.now();
  if (head === undefined || Date.parse(head.at) - now.getTime() <= MAX_LEAD_MS) return;
  const open = await tx.plans({ state: "open" });
  const data = { newest: head.at, now: now.toISOString(), discarded: open.map((plan) => plan.id) };
  await appendNow({ type: "clock_set_back", actor: RUNNER, data });
  for (const plan of open) await tx.updatePlan(plan.id, { state: "discarded" });
}

async function append(tx: StoreWriter, entry: AuditEntry, at: string): Promise<AuditRow> {
  const head = await tx.auditHead();
  const { actor } = entry;
  const bare = {
    seq: (head?.seq ?? 0) + 1,
    at,
    type: entry.type,
    actor: safeText(actor.principal),
    channel: actor.channel,
    ...(actor.client === undefined ? {} : { client: safeText(actor.client, 100) }),
    ...(entry.planId === undefined ? {} : { planId: withoutTokens(entry.planId) }),
    ...(entry.runId === undefined ? {} : { runId: withoutTokens(entry.runId) }),
    data: withoutTokens(
      JSON.stringify({
        ...entry.data,
        ...(actor.login === undefined ? {} : { login: { ...actor.login, name: safeText(actor.login.name, 100) } }),
      }),
    ),
    prev: head?.hash ?? GENESIS,
  };
  const row = { ...bare, hash: hashOf(bare) };
  await tx.appendAudit(row);
  return row;
}

/** One transaction with its audit rows; the head goes to the file of heads after the commit. */
export async function auditedWrite<T>(
  store: Store,
  clock: Clock,
  work: (tx: StoreWriter, append: Append) => Promise<T>,
): Promise<T> {
  let head: AuditRow | undefined;
  const result = await store.write(async (tx) => {
    head = undefined;
    await settleClock(tx, clock, async (entry) => {
      head = await append(tx, entry, clock.now().toISOString());
    });
    return work(tx, async (entry) => {
      head = await append(tx, entry, await latestTime(tx, clock));
    });
  });
  if (head !== undefined) await store.recordHead(head);
  return result;
}

/** Whether the chain records this of a plan: what the plan's own row says of it counts only then. */
export async function hasAuditEvent(tx: StoreReader, planId: string, type: AuditEvent): Promise<boolean> {
  return (await tx.audit({ planId })).some((row) => row.type === type);
}

/** A row whose data was damaged is shown as it is; that it was, the chain says. */
function dataOf(row: AuditRow): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(row.data));
  } catch {
    return { damaged: safeText(row.data) };
  }
}

export function viewAuditRow(row: AuditRow): AuditRowRecord {
  const { seq, at, type, actor, channel, prev, hash } = row;
  return {
    seq,
    at,
    type,
    actor,
    channel,
    ...(row.client === undefined ? {} : { client: row.client }),
    ...(row.planId === undefined ? {} : { planId: row.planId }),
    ...(row.runId === undefined ? {} : { runId: row.runId }),
    data: dataOf(row),
    prev,
    hash,
  };
}
