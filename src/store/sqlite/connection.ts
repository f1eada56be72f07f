/** One connection to an SQLite file, with its prepared statements. Every method is synchronous and throws SQLite's errors. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { pathToFileURL } from "node:url";
import type { Dialect, Runner } from "../queries.ts";
import type { Params, RawRow } from "../rows.ts";

/** Writers wait for one another as whole transactions: no row is ever picked by two. */
export const DIALECT: Dialect = { insertionOrder: "rowid", pick: "" };

/**
 * How a file is opened. `immutable` takes no locks and looks at no WAL: the only way to read a file in WAL mode where
 * nothing may be created beside it, right as long as nobody writes.
 */
export type Access = "write" | "read" | "immutable";

export class Connection {
  readonly path: string;
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();

  /** Never waits for a lock: that is the caller's affair, since SQLite would wait on the event loop. */
  constructor(path: string, access: Access) {
    this.path = path;
    const url = pathToFileURL(path);
    url.search = "?immutable=1";
    this.#db =
      access === "immutable"
        ? new DatabaseSync(url, { readOnly: true })
        : // One that only reads may still have to make or recover the WAL, so the file is opened for both.
          new DatabaseSync(path);
    // Without recursive triggers, INSERT OR REPLACE would delete rows past the audit's trigger.
    try {
      this.#db.exec(
        `PRAGMA busy_timeout = 0; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA recursive_triggers = ON;
         PRAGMA trusted_schema = OFF; PRAGMA query_only = ${access === "write" ? "OFF" : "ON"}`,
      );
    } catch (thrown) {
      this.#db.close();
      throw thrown;
    }
  }

  /** SQL without parameters or results, such as `COMMIT`. */
  exec(sql: string): void {
    this.#db.exec(sql);
  }

  all(sql: string, params: Params = {}): RawRow[] {
    return this.#prepared(sql).all(params);
  }

  /** How many rows it changed. */
  run(sql: string, params: Params): number {
    return Number(this.#prepared(sql).run(params).changes);
  }

  /** The one number that a query gives. */
  number(sql: string): number {
    const [value] = Object.values(this.all(sql)[0] ?? {});
    if (typeof value !== "number") throw new TypeError(`No number: ${sql}`);
    return value;
  }

  /** SQLite ends a transaction by itself on some errors, such as a full disk. */
  get inTransaction(): boolean {
    return this.#db.isTransaction;
  }

  /** Finalises the statements, rolls back what is open, frees the locks. Safe to call twice. */
  close(): void {
    this.#statements.clear();
    if (this.#db.isOpen) this.#db.close();
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }
}

/** Statements on this connection, as the store's queries run them. */
export const runnerOn = (connection: Connection): Runner => ({
  path: connection.path,
  dialect: DIALECT,
  all: async (sql, params) => connection.all(sql, params),
  run: async (sql, params) => connection.run(sql, params),
});
