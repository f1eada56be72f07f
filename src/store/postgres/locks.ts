/**
 * Locks that live as long as their process: advisory locks of one session that this process keeps open beside its other
 * connections. The server frees them with the session, so with the process, however that ends, and keeps them while the
 * process is stopped. A session that is lost takes all of its locks with it; none is taken up again by itself.
 */
import { createHash } from "node:crypto";
import pLimit from "p-limit";
import type { Client } from "pg";
import type { HeldLock, LockNames } from "../../core/ports/store.ts";
import { inOrder, type LockKind } from "../lock-order.ts";
import { configure, connect, drop, ownProcess, type Target } from "./connection.ts";
import { isLost, readFailure } from "./errors.ts";

/**
 * The server asks after a peer that has gone silent, and gives its locks up after about 11 s, also in the middle of a
 * statement. No time-out for a session that is merely idle: a process that is stopped keeps its locks.
 */
const SETTINGS = { tcp_keepalives_idle: 5, tcp_keepalives_interval: 2, tcp_keepalives_count: 3 };
/** Not known to servers on every operating system. */
const WHERE_KNOWN = { client_connection_check_interval: 1_000 };

/** Shorter than the server's own patience: who cannot be sure of a lock stops before anybody else can have it. */
const ANSWER_MS = 3_000;

interface Session {
  readonly client: Client;
  /** The server's process for this session. */
  readonly pid: number;
  lost: boolean;
  /** What this process holds: within one session the server lets everything in. */
  readonly held: Map<string, { kind: LockKind; holders: number }>;
}

export interface SessionLocks {
  /** All the named locks or none: undefined when another holder is in the way, in this process or another. */
  tryLock(names: LockNames): Promise<HeldLock | undefined>;
  /** Releases whatever is still held, and waits until the server has. */
  close(): Promise<void>;
}

/** `storeId`: stores in one server share the space of its locks, not the locks. */
export function sessionLocks(target: Target, storeId: string): SessionLocks {
  const oneAtATime = pLimit(1);
  let current: Session | undefined;

  const session = async (): Promise<Session> => {
    if (current !== undefined && !current.lost) return current;
    const opened = await openSession(target);
    current = opened;
    return opened;
  };

  const take = async (at: Session, name: string, kind: LockKind): Promise<boolean> => {
    const before = at.held.get(name);
    if (before !== undefined && (before.kind === "exclusive" || kind === "exclusive")) return false;
    const call = kind === "exclusive" ? "pg_try_advisory_lock" : "pg_try_advisory_lock_shared";
    const { rows } = await at.client.query<{ taken: boolean }>(`SELECT ${call}($1) AS taken`, [keyOf(storeId, name)]);
    if (rows[0]?.taken !== true) return false;
    at.held.set(name, { kind, holders: (before?.holders ?? 0) + 1 });
    return true;
  };

  const give = async (at: Session, name: string): Promise<void> => {
    const held = at.held.get(name);
    if (held === undefined || at.lost) return;
    if (held.holders === 1) at.held.delete(name);
    else held.holders -= 1;
    const call = held.kind === "exclusive" ? "pg_advisory_unlock" : "pg_advisory_unlock_shared";
    await at.client.query(`SELECT ${call}($1)`, [keyOf(storeId, name)]);
  };

  const lose = (at: Session): void => {
    at.lost = true;
    drop(at.client);
  };

  /** All that is done in the session, one after the other; a session that does not answer in time is given up. */
  const inSession = <T>(at: Session, work: () => Promise<T>): Promise<T> =>
    oneAtATime(async () => {
      try {
        return await work();
      } catch (thrown) {
        if (isLost(thrown)) lose(at);
        throw readFailure(target.place, thrown);
      }
    });

  const tryLock = async (names: LockNames): Promise<HeldLock | undefined> => {
    const at = await oneAtATime(session);
    const wanted = inOrder(names);
    const got = await inSession(at, async () => {
      const taken: string[] = [];
      for (const [name, kind] of wanted) {
        if (await take(at, name, kind)) {
          taken.push(name);
          continue;
        }
        for (const other of taken) await give(at, other);
        return false;
      }
      return true;
    });
    if (!got) return undefined;
    let released = false;
    return {
      stillHeld: async () => {
        if (released || at.lost) return false;
        const keys = wanted.map(([name]) => keyOf(storeId, name));
        return inSession(at, () => holdsAll(at, keys)).catch(() => false);
      },
      release: async () => {
        if (released) return;
        released = true;
        // What cannot be given back is given up with its session, and every other lock of this process with it.
        await inSession(at, async () => {
          for (const [name] of wanted) await give(at, name);
        }).catch(() => lose(at));
      },
    };
  };

  return {
    tryLock,
    close: async () => {
      if (current === undefined || current.lost) return;
      current.lost = true;
      await current.client.end().catch(() => undefined);
    },
  };
}

async function openSession(target: Target): Promise<Session> {
  let client: Client | undefined;
  let session: Session | undefined;
  let lost = false;
  const onLost = (): void => {
    lost = true;
    if (session !== undefined) session.lost = true;
  };
  try {
    const quick: Target = { ...target, config: { ...target.config, query_timeout: ANSWER_MS } };
    client = await connect(quick, onLost, SETTINGS);
    const pid = await ownProcess(client, target.place);
    await configure(client, WHERE_KNOWN).catch(() => undefined);
    session = { client, pid, lost, held: new Map() };
    return session;
  } catch (thrown) {
    if (client !== undefined) drop(client);
    throw readFailure(target.place, thrown);
  }
}

/** The server's own list says so, of the very session that they were taken in. */
async function holdsAll({ client, pid }: Session, keys: readonly string[]): Promise<boolean> {
  const { rows } = await client.query<{ held: number }>(
    `SELECT count(DISTINCT (classid, objid))::int AS held FROM pg_locks
     WHERE locktype = 'advisory' AND granted AND pid = pg_backend_pid() AND pid = $1 AND objsubid = 1
       AND ((classid::bigint << 32) | objid::bigint) = ANY ($2::bigint[])`,
    [pid, keys],
  );
  return rows[0]?.held === keys.length;
}

/** A lock's name as the 64-bit number that the server wants, in decimal. */
const keyOf = (storeId: string, name: string): string =>
  createHash("sha256").update(`${storeId} ${name}`).digest().readBigInt64BE().toString();
