/**
 * Locks that live as long as their process: an exclusive transaction, held open, on a file of its own. The operating
 * system frees it with the process, however that ends, and keeps it while the process is stopped.
 */
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { Clock } from "../../core/ports/runtime.ts";
import type { HeldLock } from "../../core/ports/store.ts";
import { makePrivateDir } from "../../platform/private-dir.ts";
import { makePrivateFile } from "../../platform/private-files.ts";
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
  /** All the named locks or none: undefined when another holder has one, in this process or another. */
  tryLock(names: readonly string[]): Promise<HeldLock | undefined>;
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

  const take = async (name: string): Promise<Held | undefined> => {
    const path = join(directory, fileNameFor(name));
    for (let attempt = 1; ; attempt += 1) {
      const held = takeNow(path);
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
        // One order for everyone, so that of two overlapping sets one always gets through.
        for (const name of [...new Set(names)].sort()) {
          const held = await take(name);
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

function takeNow(path: string): Held | undefined {
  let connection: Connection | undefined;
  try {
    makePrivateDir(join(path, ".."));
    makePrivateFile(path);
    connection = new Connection(path, "write");
    // The file stays empty for ever: a journal of it would only be something that a crash leaves behind.
    connection.exec("PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE");
    // On a file that may not be written, SQLite begins a transaction that excludes nobody, and refuses only this.
    connection.exec("PRAGMA user_version = 1");
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
