/** Whether the chain holds: rows that follow each other unchanged, from the beginning or from where retention cut it. */
import * as z from "zod";
import { GENESIS, hashOf } from "./audit.ts";
import type { AuditHead, AuditRow, Store } from "./ports/store.ts";
import type { AuditCut, ChainRecord } from "./records.ts";

const PAGE = 5_000;
export const DAY_MS = 86_400_000;
/** The least that a configuration can ask for: rows younger than that are removed by no cut. */
const LEAST_DAYS_KEPT = 7;

/** What an `audit_cut` row says: every row up to `through`, whose hash is named, was written before. */
export interface CutData {
  readonly first: number;
  readonly through: number;
  readonly hash: string;
  readonly before: string;
  readonly keepDays: number;
}

const cutData = z.object({ through: z.int(), hash: z.string(), before: z.iso.datetime() });

interface Cut extends AuditCut {
  readonly hash: string;
  readonly before: string;
}

/** Undefined for a row that is no cut, or one that no configuration asks for. */
function cutIn({ type, seq, at, data }: AuditRow): Cut | undefined {
  if (type !== "audit_cut") return undefined;
  try {
    const { through, hash, before } = cutData.parse(JSON.parse(data));
    const isOldEnough = Date.parse(at) - Date.parse(before) >= LEAST_DAYS_KEPT * DAY_MS;
    return isOldEnough ? { through, at, row: seq, hash, before } : undefined;
  } catch {
    return undefined;
  }
}

/** Whether rows, given in order, follow each other and are what was hashed; and, by the cuts among them, what was before the first. */
export class ChainCheck {
  readonly problems: string[] = [];
  readonly #cuts: Cut[] = [];
  #rows = 0;
  #first: { readonly seq: number; readonly prev: string } | undefined;
  #last: { readonly seq: number; readonly hash: string } | undefined;

  add({ hash, ...bare }: AuditRow): void {
    const { seq, prev } = bare;
    this.#rows += 1;
    this.#first ??= { seq, prev };
    const last = this.#last ?? (seq === 1 ? { seq: 0, hash: GENESIS } : undefined);
    if (last !== undefined && seq !== last.seq + 1)
      this.problems.push(
        seq > last.seq ? `rows ${last.seq + 1} to ${seq - 1} are missing` : `row ${seq} stands after row ${last.seq}`,
      );
    else if (last !== undefined && prev !== last.hash)
      this.problems.push(`row ${seq} does not follow the row before it`);
    if (hashOf(bare) !== hash) this.problems.push(`row ${seq} was changed`);
    const cut = cutIn({ hash, ...bare });
    if (cut !== undefined) this.#cuts.push(cut);
    this.#last = { seq, hash };
  }

  /** The cut that the rows begin behind; `nothing` where they begin with the first row of all. */
  get cut(): Cut | "nothing" | undefined {
    const first = this.#first;
    if (first === undefined || first.seq === 1) return "nothing";
    return this.#cuts.find(({ through, hash }) => through === first.seq - 1 && hash === first.prev);
  }

  /** With what was found besides. */
  result(more: readonly string[] = []): ChainRecord {
    const problems = [...this.problems, ...more];
    const { cut } = this;
    return {
      holds: problems.length === 0,
      rows: this.#rows,
      ...(this.#rows === 0 || this.#last === undefined ? {} : { head: this.#last.hash }),
      ...(cut === undefined || cut === "nothing" ? {} : { cut: { through: cut.through, at: cut.at, row: cut.row } }),
      problems: problems.slice(0, 50),
    };
  }

  /** How the missing beginning is spoken of; empty for rows that were given from the first one on. */
  get missing(): string {
    return `rows 1 to ${(this.#first?.seq ?? 1) - 1} are missing`;
  }
}

/** Any change, gap or cut past the program, and any recorded head that does not stand in the table any more. */
export async function verifyChain(store: Store): Promise<ChainRecord> {
  const beginsAt = await beginning(store);
  const check = new ChainCheck();
  const recorded = await store.recordedHeads();
  // Every head ever recorded must stand: also an older one, where a chain that was cut has grown again since.
  const heads = new Map<number, Set<string>>();
  for (const head of recorded) heads.set(head.seq, (heads.get(head.seq) ?? new Set()).add(head.hash));
  let seq = 0;
  for (;;) {
    const page = await store.read((tx) => tx.audit({ afterSeq: seq, limit: PAGE }));
    for (const row of page) {
      check.add(row);
      if ([...(heads.get(row.seq) ?? [])].some((other) => other !== row.hash))
        check.problems.push(`row ${row.seq} is not the one whose head was recorded`);
      seq = row.seq;
    }
    if (page.length < PAGE) break;
  }
  // Rows that were removed between two pages are no gap.
  if ((await beginning(store)) !== beginsAt) return verifyChain(store);
  const beyond = Math.max(0, ...[...heads.keys()].filter((head) => head > seq));
  return check.result([
    ...cutProblems(check, recorded, store.headsOf),
    ...(beyond === 0 ? [] : [`the chain ends at row ${seq}, but heads up to row ${beyond} were recorded`]),
    ...(heads.size === 0 && seq > 1
      ? ["no head of this chain is recorded: the file of heads is missing or empty"]
      : []),
  ]);
}

async function beginning(store: Store): Promise<number | undefined> {
  return (await store.read((tx) => tx.audit({ limit: 1 })))[0]?.seq;
}

/**
 * A beginning that is missing was cut off by the program when a row says so whose head was recorded before anything was
 * removed. A machine that records only its own heads has none of another one's cut: there, its own heads must not say
 * that what was removed was younger than the cut's row has it.
 */
function cutProblems(
  { cut, missing }: ChainCheck,
  recorded: readonly AuditHead[],
  headsOf: Store["headsOf"],
): string[] {
  if (cut === "nothing") return [];
  if (cut === undefined) return [missing];
  if (headsOf === "every writer" && !recorded.some(({ seq }) => seq === cut.row))
    return [`${missing}, and row ${cut.row}, which calls that a cut, is not one whose head was recorded`];
  const younger = recorded.find(({ seq, at }) => seq <= cut.through && at >= cut.before);
  return younger === undefined ? [] : [`${missing}, and row ${younger.seq} was younger than row ${cut.row} has it`];
}
