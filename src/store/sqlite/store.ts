/**
 * The embedded store: one SQLite file in WAL mode beside its locks and its audit heads. Several processes may use it at
 * once; a commit has reached the disk when `write` resolves. Not for network file systems, whose locks cannot be relied on.
 */
import { existsSync, statSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import pLimit from "p-limit";
import type { Clock } from "../../core/ports/runtime.ts";
import type { AuditHead, HeldLock, LockNames, Store, StoreReader, StoreWriter } from "../../core/ports/store.ts";
import { makePrivateDir } from "../../platform/private-dir.ts";
import { makePrivateFile } from "../../platform/private-files.ts";
import { type AuditHeads, auditHeads } from "../audit-heads.ts";
import { unusable } from "../errors.ts";
import { readerOver } from "../queries.ts";
import { transactionOn } from "../transaction.ts";
import { type Retry, retryWhileBusy } from "./busy.ts";
import { Connection, DIALECT, runnerOn } from "./connection.ts";
import { isReadOnly, readFailure, readOnlyPlace, writeFailure } from "./errors.ts";
import { type FileLocks, fileLocks } from "./locks.ts";
import { hasSchema, migrate, refuseMoved, storeId } from "./schema.ts";

export interface SqliteStoreOptions {
  /** The file; made, with its directory, where there is none. `locks/` and `audit-heads.log` lie beside it. */
  readonly path: string;
  readonly clock: Clock;
  /** How long a write waits for other processes, in milliseconds; 10,000 unless told. */
  readonly busyMs?: number;
}

/**
 * Opens the store, and makes or migrates its tables. A file that this account may only read opens too: reads work, every
 * write is `AUDIT_UNWRITABLE`. Throws `STORE_UNUSABLE`, retryable when the file was only busy.
 */
export async function openSqliteStore({ path, clock, busyMs = 10_000 }: SqliteStoreOptions): Promise<Store> {
  const place = resolve(path);
  const retry = retryWhileBusy(place, clock, busyMs);
  try {
    makePrivateDir(dirname(place));
    makePrivateFile(place);
    if (!statSync(place).isFile()) {
      throw unusable(place, "it is not a file", "Name a file as store.sqlite; its directory is made with it.");
    }
    let connection: Connection | undefined;
    try {
      const writer = await retry(() => new Connection(place, "write"));
      connection = writer;
      await retry(() => readySchema(writer));
      refuseMoved(writer);
      return new SqliteStore({ id: storeId(writer), place, clock, retry, writer });
    } catch (thrown) {
      connection?.close();
      // Where nothing can be made beside the file, not even the WAL's index, it is read as it lies.
      if (!isReadOnly(thrown) || existsSync(`${place}-wal`)) throw thrown;
      return new SqliteStore({ id: idOfFrozen(place, thrown), place, clock, retry });
    }
  } catch (thrown) {
    throw readFailure(place, thrown);
  }
}

/** Whoever is first makes the tables; the check before spares everyone else the write lock. */
function readySchema(connection: Connection): void {
  try {
    connection.exec("BEGIN");
    const ready = hasSchema(connection);
    connection.exec("COMMIT");
    if (ready) return;
    connection.exec("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE");
    migrate(connection);
    connection.exec("COMMIT");
  } finally {
    if (connection.inTransaction) connection.exec("ROLLBACK");
  }
}

function idOfFrozen(place: string, refusal: unknown): string {
  const connection = new Connection(place, "immutable");
  try {
    if (!hasSchema(connection)) throw refusal;
    refuseMoved(connection);
    return storeId(connection);
  } finally {
    connection.close();
  }
}

interface Opened {
  readonly id: string;
  readonly place: string;
  readonly clock: Clock;
  readonly retry: Retry;
  /** None where the file can only be read as it lies. */
  readonly writer?: Connection;
}

class SqliteStore implements Store {
  readonly id: string;
  readonly place: string;
  readonly headsOf = "every writer";
  readonly #retry: Retry;
  readonly #inode: bigint;
  readonly #locks: FileLocks;
  readonly #heads: AuditHeads;
  /** Every write waits for the one before it, and so does closing. */
  readonly #oneWriter = pLimit(1);
  readonly #frozen: boolean;
  #closed = false;
  /** Apart from the writer, which sees what it has not committed yet. */
  #reader: Connection | undefined;
  #writer: Connection | undefined;

  constructor({ id, place, clock, retry, writer }: Opened) {
    this.id = id;
    this.place = place;
    this.#retry = retry;
    this.#inode = statSync(place, { bigint: true }).ino;
    this.#locks = fileLocks(join(dirname(place), "locks"), clock);
    this.#heads = auditHeads(join(dirname(place), "audit-heads.log"), basename(place));
    this.#frozen = writer === undefined;
    this.#writer = writer;
  }

  /** Each statement by itself sees all that was committed before it; there is no snapshot over several. */
  async read<T>(work: (tx: StoreReader) => Promise<T>): Promise<T> {
    return await work(
      readerOver({
        path: this.place,
        dialect: DIALECT,
        all: (sql, params) => this.#readNow((connection) => connection.all(sql, params)),
      }),
    );
  }

  write<T>(work: (tx: StoreWriter) => Promise<T>): Promise<T> {
    return this.#oneWriter(async () => {
      this.#checkUsable();
      try {
        return await this.#transact(work);
      } catch (thrown) {
        throw writeFailure(this.place, thrown);
      }
    });
  }

  async tryLock({ exclusive, shared = [] }: LockNames): Promise<HeldLock | undefined> {
    this.#checkUsable();
    // Stores in one folder share the folder of locks, not the locks.
    const own = (names: readonly string[]): string[] => names.map((name) => `${basename(this.place)}-${name}`);
    return await this.#locks.tryLock({ exclusive: own(exclusive), shared: own(shared) });
  }

  recordHead(head: AuditHead): Promise<void> {
    return this.#heads.record(head);
  }

  recordedHeads(): Promise<AuditHead[]> {
    return this.#heads.all();
  }

  /** Waits for the writes that were asked for, frees the locks that were not released. Safe to call twice. */
  close(): Promise<void> {
    return this.#oneWriter(async () => {
      this.#closed = true;
      this.#reader?.close();
      this.#writer?.close();
      this.#locks.close();
    });
  }

  async #transact<T>(work: (tx: StoreWriter) => Promise<T>): Promise<T> {
    const connection = await this.#writeConnection();
    await this.#retry(() => connection.exec("BEGIN IMMEDIATE"));
    const { writer, end } = transactionOn(runnerOn(connection));
    try {
      refuseMoved(connection);
      const result = await work(writer);
      const failure = end();
      if (failure !== undefined) throw failure.thrown;
      await this.#retry(() => connection.exec("COMMIT"));
      return result;
    } catch (thrown) {
      end();
      this.#rollBack(connection);
      throw thrown;
    }
  }

  async #readNow<T>(statement: (connection: Connection) => T): Promise<T> {
    this.#checkUsable();
    try {
      return await this.#retry(() => {
        if (this.#frozen) return this.#readFrozen(statement);
        this.#reader ??= new Connection(this.place, "read");
        return statement(this.#reader);
      });
    } catch (thrown) {
      throw readFailure(this.place, thrown);
    }
  }

  /** A connection for one statement: another account may write at any time, and its WAL is to be read then. */
  #readFrozen<T>(statement: (connection: Connection) => T): T {
    const connection = new Connection(this.place, existsSync(`${this.place}-wal`) ? "read" : "immutable");
    try {
      return statement(connection);
    } finally {
      connection.close();
    }
  }

  async #writeConnection(): Promise<Connection> {
    if (this.#frozen) throw readOnlyPlace(this.place);
    this.#writer ??= await this.#retry(() => new Connection(this.place, "write"));
    return this.#writer;
  }

  /** SQLite would go on with a file that has no name any more, and what it wrote would be gone with the process. */
  #checkUsable(): void {
    if (this.#closed) throw new Error(`The store ${this.place} is closed`);
    if (statSync(this.place, { bigint: true, throwIfNoEntry: false })?.ino === this.#inode) return;
    throw unusable(
      this.place,
      "the file was removed or replaced after it was opened",
      "Put it back, or restart atvm_prep to work with what is there now.",
    );
  }

  #rollBack(connection: Connection): void {
    try {
      if (connection.inTransaction) connection.exec("ROLLBACK");
    } catch {
      // Closing it rolls back; the next write opens another.
      connection.close();
      this.#writer = undefined;
    }
  }
}
