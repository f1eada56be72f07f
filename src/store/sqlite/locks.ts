/**
 * Locks that live as long as their process: a transaction, held open, on a file of its own; one that reads for a shared
 * lock, an exclusive one for an exclusive lock. The operating system frees it with the process, however that ends, and
 * keeps it while the process is stopped.
 */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../core/ports/runtime.ts";
import type { HeldLock, LockNames } from "../../core/ports/store.ts";
import { makePrivateDir } from "../../platform/private-dir.ts";
import { makePrivateFile } from "../../platform/private-files.ts";
import { inOrder, type LockKind } from "../lock-order.ts";
import { Connection } from "./connection.ts";
import { isBusy, readFailure } from "./errors.ts";

/** Two that ask in the same instant can turn each other away; one of them comes through on a repeat. */
const ATTEMPTS = 4;
const LONGEST_PAUSE_MS = 8;

interface Held {
  readonly connection: Connection;
  readonly path: string;
  readonly inode: bigint;
}

/** A connection that is only reachable from a forgotten lock would be collected, and the lock be gone. */
const alive = new Set<Held>();

/** Takes the locks in a directory; several stores, threads and processes may use the same one. */
export interface FileLocks {
  /** All the named locks or none: undefined when another holder is in the way, in this process or another. */
  tryLock(names: LockNames): Promise<HeldLock | undefined>;
  /** Releases whatever is still held. */
  close(): void;
}

export function fileLocks(directory: string, clock: Clock): FileLocks {
  const mine = new Set<Held>();
  const free = (held: Held): void => {
    held.connection.close();
    mine.delete(held);
    alive.delete(held);
  };

  const take = async (name: string, kind: LockKind): Promise<Held | undefined> => {
    const path = join(directory, fileNameFor(name));
    for (let attempt = 1; ; attempt += 1) {
      const held = takeNow(path, kind);
      if (held !== undefined) {
        mine.add(held);
        alive.add(held);
        return held;
      }
      if (attempt === ATTEMPTS) return undefined;
      await clock.sleep(Math.random() * LONGEST_PAUSE_MS);
    }
  };

  return {
    async tryLock(names) {
      const taken: Held[] = [];
      try {
        for (const [name, kind] of inOrder(names)) {
          const held = await take(name, kind);
          if (held === undefined) {
            taken.forEach(free);
            return undefined;
          }
          taken.push(held);
        }
      } catch (thrown) {
        taken.forEach(free);
        throw thrown;
      }
      return {
        stillHeld: async () => taken.every((held) => mine.has(held) && isWhole(held)),
        release: async () => taken.forEach(free),
      };
    },
    close: () => [...mine].forEach(free),
  };
}

const TAKE: Readonly<Record<LockKind, readonly string[]>> = {
  // On a file that may not be written, SQLite begins a transaction that excludes nobody, and refuses only the second line.
  exclusive: ["BEGIN EXCLUSIVE", "PRAGMA user_version = 1"],
  // A transaction locks with its first read.
  shared: ["BEGIN", "SELECT count(*) FROM sqlite_schema"],
};

function takeNow(path: string, kind: LockKind): Held | undefined {
  let connection: Connection | undefined;
  try {
    makePrivateDir(join(path, ".."));
    makePrivateFile(path);
    connection = new Connection(path, "write");
    // The file stays empty for ever: a journal of it would only be something that a crash leaves behind.
    connection.exec("PRAGMA journal_mode = MEMORY");
    for (const sql of TAKE[kind]) connection.exec(sql);
    return { connection, path, inode: statSync(path, { bigint: true }).ino };
  } catch (thrown) {
    connection?.close();
    if (isBusy(thrown)) return undefined;
    throw readFailure(path, thrown);
  }
}

/** The transaction stands, and the name still leads to the file that it is on. */
function isWhole({ connection, path, inode }: Held): boolean {
  return connection.inTransaction && statSync(path, { bigint: true, throwIfNoEntry: false })?.ino === inode;
}

/** Readable, and apart for names that differ in letters a file name cannot have. */
function fileNameFor(name: string): string {
  const readable = name.replace(/[^A-Za-z0-9._-]+/g, "_").slice(0, 60);
  return `${readable}-${createHash("sha256").update(name).digest("hex").slice(0, 12)}.db`;
}
