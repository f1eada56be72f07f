/** One write transaction as the engine's handle: over when it has ended, and lost as a whole when one statement failed. */
import type { StoreWriter } from "../core/ports/store.ts";
import { type Runner, writerOver } from "./queries.ts";

export interface Transaction {
  readonly writer: StoreWriter;
  /** Ends the handle. Returns what a statement threw, also when `work` swallowed it: the database may have rolled back then. */
  end(): { readonly thrown: unknown } | undefined;
}

/** The handle over a transaction that has begun on the runner's connection; beginning and committing are the caller's. */
export function transactionOn(connection: Runner): Transaction {
  let over = false;
  let failure: { readonly thrown: unknown } | undefined;

  const guarded = async <T>(statement: () => Promise<T>): Promise<T> => {
    if (over) throw new Error("This transaction is over");
    // After a failure there may be no transaction any more, and a statement would take effect by itself.
    if (failure !== undefined) throw failure.thrown;
    try {
      return await statement();
    } catch (thrown) {
      failure ??= { thrown };
      throw thrown;
    }
  };

  return {
    writer: writerOver({
      ...connection,
      all: (sql, params) => guarded(() => connection.all(sql, params)),
      run: (sql, params) => guarded(() => connection.run(sql, params)),
    }),
    end: () => {
      over = true;
      return failure;
    },
  };
}
