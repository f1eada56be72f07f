/**
 * The chain of who did what. Rows are appended in the transaction of the change they tell of, each with the hash of the
 * row before; the newest hash also goes to a file of heads outside the store. What cannot be audited is not done.
 */
import { z } from "zod";
import { sha256 } from "./domain/canonical.ts";
import { safeText } from "./domain/safe-text.ts";
import type { AuditEvent } from "./domain/states.ts";
import type { Actor } from "./engine.ts";
import { RUNNER } from "./engine-options.ts";
import type { Clock } from "./ports/runtime.ts";
import type { AuditRow, Store, StoreReader, StoreWriter } from "./ports/store.ts";
import type { AuditRowRecord, ChainRecord } from "./records.ts";

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

const GENESIS = "0".repeat(64);
const PAGE = 5_000;

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
const hashOf = (row: Omit<AuditRow, "hash">): string => sha256(JSON.stringify(row, MEMBERS));

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
  if (head !== undefined) await store.recordHead({ seq: head.seq, hash: head.hash });
  return result;
}

/** Whether the chain records this of a plan: what the plan's own row says of it counts only then. */
export async function hasAuditEvent(tx: StoreReader, planId: string, type: AuditEvent): Promise<boolean> {
  return (await tx.audit({ planId })).some((row) => row.type === type);
}

/** Whether rows, given in order, follow each other and are what was hashed. Without `from`, the first one's word is taken for what it follows. */
export class ChainCheck {
  readonly problems: string[] = [];
  #rows = 0;
  #last: { readonly seq: number; readonly hash: string } | undefined;

  constructor(from?: "the beginning") {
    if (from !== undefined) this.#last = { seq: 0, hash: GENESIS };
  }

  add({ hash, ...bare }: AuditRow): void {
    const { seq, prev } = bare;
    this.#rows += 1;
    const last = this.#last;
    if (last !== undefined && seq !== last.seq + 1)
      this.problems.push(
        seq > last.seq ? `rows ${last.seq + 1} to ${seq - 1} are missing` : `row ${seq} stands after row ${last.seq}`,
      );
    else if (last !== undefined && prev !== last.hash)
      this.problems.push(`row ${seq} does not follow the row before it`);
    if (hashOf(bare) !== hash) this.problems.push(`row ${seq} was changed`);
    this.#last = { seq, hash };
  }

  /** With what was found besides. */
  result(more: readonly string[] = []): ChainRecord {
    const problems = [...this.problems, ...more];
    return {
      holds: problems.length === 0,
      rows: this.#rows,
      ...(this.#rows === 0 || this.#last === undefined ? {} : { head: this.#last.hash }),
      problems: problems.slice(0, 50),
    };
  }
}

/** Any change, gap or cut, and any recorded head that does not stand in the table any more. */
export async function verifyChain(store: Store): Promise<ChainRecord> {
  const check = new ChainCheck("the beginning");
  // Every head ever recorded must stand: also an older one, where a chain that was cut has grown again since.
  const heads = new Map<number, Set<string>>();
  for (const head of await store.recordedHeads())
    heads.set(head.seq, (heads.get(head.seq) ?? new Set()).add(head.hash));
  const noHeads = heads.size === 0;
  let seq = 0;
  for (;;) {
    const page = await store.read((tx) => tx.audit({ afterSeq: seq, limit: PAGE }));
    for (const row of page) {
      check.add(row);
      const recorded = heads.get(row.seq);
      if (recorded !== undefined && [...recorded].some((other) => other !== row.hash))
        check.problems.push(`row ${row.seq} is not the one whose head was recorded`);
      heads.delete(row.seq);
      seq = row.seq;
    }
    if (page.length < PAGE) break;
  }
  const cut = [...heads.keys()].filter((recorded) => recorded > seq);
  return check.result([
    ...(cut.length === 0
      ? []
      : [`the chain ends at row ${seq}, but heads up to row ${Math.max(...cut)} were recorded`]),
    ...(noHeads && seq > 1 ? ["no head of this chain is recorded: the file of heads is missing or empty"] : []),
  ]);
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
