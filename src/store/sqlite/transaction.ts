/** One write transaction as the engine's handle: over when it has ended, and lost as a whole when one statement failed. */
import type { StoreWriter } from "../../core/ports/store.ts";
import { type Dialect, type Runner, writerOver } from "../queries.ts";
import type { Connection } from "./connection.ts";

/** Writers wait for one another as whole transactions: no row is ever picked by two. */
export const DIALECT: Dialect = { insertionOrder: "rowid", pick: "" };

export interface Transaction {
  readonly writer: StoreWriter;
  /** Ends the handle. Returns what a statement threw, also when `work` swallowed it: SQLite may have rolled back then. */
  end(): { readonly thrown: unknown } | undefined;
}

/** The handle over a transaction that has begun on the connection; beginning and committing are the caller's. */
export function transactionOn(connection: Connection): Transaction {
  let over = false;
  let failure: { readonly thrown: unknown } | undefined;

  const guarded = async <T>(statement: () => T): Promise<T> => {
    if (over) throw new Error("This transaction is over");
    // After a failure there may be no transaction any more, and a statement would take effect by itself.
    if (failure !== undefined) throw failure.thrown;
    try {
      return statement();
    } catch (thrown) {
      failure = { thrown };
      throw thrown;
    }
  };
  const runner: Runner = {
    path: connection.path,
    dialect: DIALECT,
    all: (sql, params) => guarded(() => connection.all(sql, params)),
    run: (sql, params) => guarded(() => connection.run(sql, params)),
  };

  return {
    writer: writerOver(runner),
    end: () => {
      over = true;
      return failure;
    },
  };
}
