/**
 * Moves a store: everything of an SQLite file into an empty one in PostgreSQL, its identity included, so that open plans,
 * their tokens and the chain stay what they are. The file is then marked as moved, and no program works with it any more.
 */
import { existsSync } from "node:fs";
import type { Client } from "pg";
import { verifyChain } from "../core/audit-chain.ts";
import { PrepError } from "../core/domain/errors.ts";
import { LIVE_RUN_STATES } from "../core/domain/states.ts";
import type { Clock } from "../core/ports/runtime.ts";
import type { Store } from "../core/ports/store.ts";
import { unusable } from "./errors.ts";
import { connect, drop, type Target, targetOf } from "./postgres/connection.ts";
import { readFailure } from "./postgres/errors.ts";
import { storeId as idInPostgres, setStoreId } from "./postgres/schema.ts";
import { openPostgresStore } from "./postgres/store.ts";
import { readerOver } from "./queries.ts";
import {
  AUDIT,
  CHALLENGES,
  CONSOLE_PASSES,
  type Columns,
  decode,
  encodeWhole,
  PLANS,
  QUEUE,
  type RawRow,
  RUNS,
  STEPS,
  type Table,
  TOKENS,
} from "./rows.ts";
import { Connection, runnerOn } from "./sqlite/connection.ts";
import { markMoved, storeId } from "./sqlite/schema.ts";
import { openSqliteStore } from "./sqlite/store.ts";

interface CopyOptions {
  /** The SQLite file. */
  readonly from: string;
  /** The URL of a database without a store, or with an empty one. */
  readonly url: string;
  /** The file of audit heads on this machine, for the store in PostgreSQL. */
  readonly heads: string;
  readonly clock: Clock;
}

export interface Copied {
  readonly from: string;
  readonly to: string;
  /** Rows by table. */
  readonly rows: Readonly<Record<string, number>>;
}

/** Each in the order in which its rows were inserted. */
const TABLES: readonly (readonly [table: Table<object> | Columns, order: string])[] = [
  [PLANS, "rowid"],
  [RUNS, "rowid"],
  [STEPS, "seq"],
  [CHALLENGES, "rowid"],
  [QUEUE, "rowid"],
  [TOKENS, "rowid"],
  [CONSOLE_PASSES, "rowid"],
  [{ name: "signatures", columns: ["goldId", "vmfsUuid", "at"] }, "rowid"],
  [AUDIT, "seq"],
];

const CHUNK = 1_000;

/**
 * Nothing is written to the file meanwhile. Errors: `LOCKED` where a run is under way; `STORE_UNUSABLE` where there is no
 * such file, where its chain does not hold or a row is damaged, or where the database is not empty. Called again after it was cut off, it
 * completes what is left to do.
 */
export async function copyStore({ from, url, heads, clock }: CopyOptions): Promise<Copied> {
  if (!existsSync(from)) throw unusable(from, "there is no such file", "Name the file that store.sqlite named.");
  // Opened once by each kind's own way, which brings both to today's tables.
  const opened = await openSqliteStore({ path: from, clock });
  await requireChain(opened).finally(() => opened.close());
  await (await openPostgresStore({ url, heads, clock })).store.close();
  const target = targetOf(url);
  const source = new Connection(from, "write");
  let client: Client | undefined;
  try {
    source.exec("BEGIN IMMEDIATE");
    await refuseLive(source);
    client = await connect(target, () => undefined);
    const rows = await copyAll(source, client, target);
    markMoved(source, target.place);
    source.exec("COMMIT");
    return { from, to: target.place, rows };
  } catch (thrown) {
    throw readFailure(target.place, thrown);
  } finally {
    source.close();
    if (client !== undefined) drop(client);
  }
}

/** What is moved is what was recorded: a chain that was changed is looked into where it lies. */
async function requireChain(store: Store): Promise<void> {
  const { holds, problems } = await verifyChain(store);
  if (holds) return;
  throw unusable(store.place, `its audit does not hold: ${problems.join("; ")}`, "See `atvm_prep audit verify`.");
}

async function refuseLive(source: Connection): Promise<void> {
  const live = await readerOver(runnerOn(source)).runs({ states: LIVE_RUN_STATES });
  if (live.length === 0) return;
  throw new PrepError("LOCKED", "A run is under way on this store.", {
    found: { runs: live.map(({ id, mode, state }) => ({ runId: id, mode, state })) },
    hint: "Wait for it, then copy.",
  });
}

/** One transaction on the other side; all of it or nothing. */
async function copyAll(source: Connection, client: Client, target: Target): Promise<Record<string, number>> {
  const id = storeId(source);
  await client.query("BEGIN");
  const { rowCount } = await client.query("SELECT 1 FROM audit LIMIT 1");
  const copiedBefore = (await idInPostgres(client, target.place)) === id;
  if (rowCount !== 0 && !(copiedBefore && (await sameHead(source, client)))) {
    throw unusable(target.place, "it is not empty", "Name an empty database in store.postgres.");
  }
  const rows: Record<string, number> = {};
  for (const [table, order] of TABLES) {
    const all = source.all(`SELECT * FROM ${table.name} ORDER BY ${order}`);
    if (rowCount === 0) {
      const rowsToWrite = all.map((row) => checked(table, row, source.path));
      await insertAll(client, table, rowsToWrite);
    }
    rows[table.name] = all.length;
  }
  await setStoreId(client, id);
  await client.query("COMMIT");
  return rows;
}

/** As it is to be written; a damaged row is refused, as wherever it is read. */
function checked(table: Table<object> | Columns, row: RawRow, path: string): object {
  return "schema" in table ? encodeWhole(table, decode(table, row, path)) : row;
}

async function insertAll(client: Client, { name, columns }: Columns, rows: readonly object[]): Promise<void> {
  const listed = columns.map((column) => `"${column}"`).join(", ");
  const sql = `INSERT INTO ${name} (${listed}) SELECT ${listed} FROM json_populate_recordset(NULL::${name}, $1)`;
  for (let at = 0; at < rows.length; at += CHUNK) await client.query(sql, [JSON.stringify(rows.slice(at, at + CHUNK))]);
}

async function sameHead(source: Connection, client: Client): Promise<boolean> {
  const sql = "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1";
  const { rows } = await client.query<{ seq: number; hash: string }>(sql);
  const [ours] = source.all(sql);
  return ours !== undefined && ours["seq"] === rows[0]?.seq && ours["hash"] === rows[0]?.hash;
}
