/**
 * The store in PostgreSQL, for several processes on several machines. A writer holds one row while it writes, so that
 * writes come one after the other, as the audit's chain must. Apart from the connection that writes there are a few that
 * read, one that holds the locks and one that listens, each made when it is first needed.
 */
import pLimit from "p-limit";
import { type Client, Pool } from "pg";
import type { Clock } from "../../core/ports/runtime.ts";
import type { AuditHead, HeldLock, LockNames, Store, StoreReader, StoreWriter, Topic } from "../../core/ports/store.ts";
import { type AuditHeads, auditHeads } from "../audit-heads.ts";
import { unusable } from "../errors.ts";
import { readerOver } from "../queries.ts";
import { transactionOn } from "../transaction.ts";
import { type DatabaseClock, databaseClock } from "./clock.ts";
import { configure, connect, DIALECT, drop, ownProcess, runnerOn, type Target, targetOf } from "./connection.ts";
import { isLost, isPassing, readFailure, writeFailure } from "./errors.ts";
import { Listener } from "./listener.ts";
import { type SessionLocks, sessionLocks } from "./locks.ts";
import { readySchema, storeId } from "./schema.ts";

const UNDETERMINED = "Check the plan or the run before anything is repeated.";

const READERS = 4;
const FIRST_PAUSE_MS = 25;
const LONGEST_PAUSE_MS = 1_000;

export interface PostgresStoreOptions {
  /** The whole URL, password included. */
  readonly url: string;
  /** The file of audit heads on this machine. */
  readonly heads: string;
  readonly clock: Clock;
  /** How long a write waits for other processes, and how long is tried to reach the server; 10,000 ms unless told. */
  readonly busyMs?: number;
}

export interface OpenedStore {
  readonly store: Store;
  /** The database's time, for all that is written into this store. */
  readonly clock: Clock;
}

/**
 * Opens the store, and makes or migrates its tables. Errors: `STORE_UNUSABLE`, retryable where the server could not be
 * reached; `CONFIG_INVALID` for a URL that is none.
 */
export async function openPostgresStore({
  url,
  heads,
  clock,
  busyMs = 10_000,
}: PostgresStoreOptions): Promise<OpenedStore> {
  const target = targetOf(url);
  const { place } = target;
  let client: Client | undefined;
  try {
    client = await connect(target, () => undefined);
    await ownProcess(client, place);
    await readySchema(client, place);
    const store = new PostgresStore({
      id: await storeId(client, place),
      target,
      busyMs,
      heads,
      clock: databaseClock(clock),
    });
    await store.startHeads();
    return { store, clock: store.clock };
  } catch (thrown) {
    throw readFailure(place, thrown);
  } finally {
    if (client !== undefined) drop(client);
  }
}

interface Opened {
  readonly id: string;
  readonly target: Target;
  readonly heads: string;
  readonly clock: DatabaseClock;
  readonly busyMs: number;
}

class PostgresStore implements Store {
  readonly id: string;
  readonly place: string;
  readonly headsOf = "this machine";
  readonly clock: DatabaseClock;
  readonly #target: Target;
  readonly #busyMs: number;
  readonly #heads: AuditHeads;
  readonly #locks: SessionLocks;
  readonly #listener: Listener;
  /** Every write waits for the one before it, and so does closing. */
  readonly #oneWriter = pLimit(1);
  readonly #readers: Pool;
  #writer: Client | undefined;
  #closed = false;

  constructor({ id, target, heads, clock, busyMs }: Opened) {
    this.id = id;
    this.place = target.place;
    this.clock = clock;
    this.#target = target;
    this.#busyMs = busyMs;
    this.#heads = auditHeads(heads, id);
    this.#locks = sessionLocks(target, id);
    this.#listener = new Listener(target, clock);
    this.#readers = new Pool({ ...target.config, max: READERS, onConnect: configure });
    // An idle connection that the server ends; the next read has another.
    this.#readers.on("error", () => undefined);
  }

  /** A machine that knows no head of this chain yet holds it against the one that it finds. */
  async startHeads(): Promise<void> {
    if (await this.#heads.any()) return;
    const head = await this.read((tx) => tx.auditHead());
    if (head !== undefined) await this.#heads.record(head);
  }

  /** `local`: over a socket, or on this machine's loopback. */
  async server(): Promise<{ version: string; encrypted: boolean; local: boolean }> {
    const [row] = await this.#readNow(async () => {
      const { rows } = await this.#readers.query<{ version: string; encrypted: boolean; local: boolean }>(
        `SELECT current_setting('server_version') AS version,
                coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted,
                coalesce(inet_client_addr() <<= '127.0.0.0/8' OR inet_client_addr() = '::1', true) AS local`,
      );
      return rows;
    });
    if (row === undefined) throw new Error("a SELECT without a table gives one row");
    return row;
  }

  /** Each statement by itself sees all that was committed before it; there is no snapshot over several. */
  async read<T>(work: (tx: StoreReader) => Promise<T>): Promise<T> {
    this.#checkOpen();
    const readers = runnerOn(this.#readers, this.place);
    return await work(
      readerOver({
        path: this.place,
        dialect: DIALECT,
        all: (sql, params) => this.#readNow(() => readers.all(sql, params)),
      }),
    );
  }

  write<T>(work: (tx: StoreWriter) => Promise<T>): Promise<T> {
    return this.#oneWriter(async () => {
      this.#checkOpen();
      try {
        return await this.#whilePassing(() => this.#transact(work));
      } catch (thrown) {
        throw writeFailure(this.place, thrown);
      }
    });
  }

  async tryLock(names: LockNames): Promise<HeldLock | undefined> {
    this.#checkOpen();
    return await this.#locks.tryLock(names);
  }

  async watch(topic: Topic, changed: () => void): Promise<() => void> {
    this.#checkOpen();
    try {
      return await this.#listener.watch(topic, changed);
    } catch (thrown) {
      throw readFailure(this.place, thrown);
    }
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
      if (this.#closed) return;
      this.#closed = true;
      this.#listener.close();
      await this.#locks.close();
      if (this.#writer !== undefined) drop(this.#writer);
      await this.#readers.end();
    });
  }

  async #transact<T>(work: (tx: StoreWriter) => Promise<T>): Promise<T> {
    const client = await this.#writeConnection();
    const transaction = await this.#begin(client).catch((thrown: unknown) => {
      this.#giveUp(client);
      throw thrown;
    });
    const { writer, end } = transactionOn(runnerOn(client, this.place));
    let result: T;
    try {
      result = await work(writer);
      const failure = end();
      if (failure !== undefined) throw failure.thrown;
    } catch (thrown) {
      end();
      await client.query("ROLLBACK").catch(() => this.#giveUp(client));
      throw thrown;
    }
    try {
      await client.query("COMMIT");
    } catch (thrown) {
      this.#giveUp(client);
      // A connection that is lost while it commits says nothing of the commit: the server is asked what came of it.
      if (!isLost(thrown) || !(await this.#wasCommitted(transaction))) throw thrown;
    }
    return result;
  }

  /** Begins, waits for whoever writes, and takes the database's time. Gives the transaction's id. */
  async #begin(client: Client): Promise<string> {
    await client.query("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE");
    await client.query("SELECT 1 FROM meta WHERE key = 'storeId' FOR UPDATE");
    const asked = this.clock.elapsed();
    const { rows } = await client.query<{ id: string; at: number }>(
      "SELECT pg_current_xact_id()::text AS id, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS at",
    );
    const [row] = rows;
    if (row === undefined) throw new Error("a SELECT without a table gives one row");
    this.clock.set(row.at, asked, this.clock.elapsed());
    return row.id;
  }

  /** Errors: `STORE_UNUSABLE` where the server cannot tell in time. */
  async #wasCommitted(transaction: string): Promise<boolean> {
    const sql = "SELECT pg_xact_status($1::text::xid8) AS status";
    const deadline = this.clock.elapsed() + this.#busyMs;
    for (;;) {
      const { rows } = await this.#whilePassing(() =>
        this.#readers.query<{ status: string | null }>(sql, [transaction]),
      );
      const status = rows[0]?.status;
      if (status === "committed" || status === "aborted") return status === "committed";
      if (this.clock.elapsed() >= deadline) {
        throw unusable(
          this.place,
          "the connection broke during a commit, and what came of it cannot be determined",
          UNDETERMINED,
        );
      }
      // Its connection is gone, so that it ends soon, one way or the other.
      await this.clock.sleep(FIRST_PAUSE_MS);
    }
  }

  async #writeConnection(): Promise<Client> {
    if (this.#writer !== undefined) return this.#writer;
    const client = await connect(
      this.#target,
      (lost) => {
        if (this.#writer === lost) this.#writer = undefined;
      },
      { lock_timeout: this.#busyMs },
    );
    this.#writer = client;
    return client;
  }

  #giveUp(client: Client): void {
    if (this.#writer === client) this.#writer = undefined;
    drop(client);
  }

  async #readNow<T>(statement: () => Promise<T>): Promise<T> {
    this.#checkOpen();
    try {
      return await this.#whilePassing(statement);
    } catch (thrown) {
      throw readFailure(this.place, thrown);
    }
  }

  /** Tries again, later each time, what fails for reasons that pass: a server that restarts, a connection that breaks. */
  async #whilePassing<T>(attempt: () => Promise<T>): Promise<T> {
    const deadline = this.clock.elapsed() + this.#busyMs;
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(pause * 2, LONGEST_PAUSE_MS)) {
      try {
        return await attempt();
      } catch (thrown) {
        if (!isPassing(thrown) || this.clock.elapsed() >= deadline) throw thrown;
      }
      await this.clock.sleep(pause * (0.5 + Math.random()));
    }
  }

  #checkOpen(): void {
    if (this.#closed) throw new Error(`The store ${this.place} is closed`);
  }
}
