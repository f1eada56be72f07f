/**
 * The file of audit heads beside a store: what the chain's end was, so that a store whose newest rows were cut off is
 * found out. JSON Lines, `{"at","store","seq","hash"}`, only ever appended to; `at` is the row's. `store` is the store file's name, or the id
 * of a store in a database: stores in one folder share the file, and one that was made anew in place of another is held
 * against the heads of that one.
 */
import { open, readFile } from "node:fs/promises";
import { dirname } from "node:path";
import pLimit from "p-limit";
import * as z from "zod";
import type { AuditHead } from "../core/ports/store.ts";
import { makePrivateDir } from "../platform/private-dir.ts";
import { makePrivateFile } from "../platform/private-files.ts";
import { fileReadFailure, fileWriteFailure } from "./errors.ts";

const headLine = z.object({ at: z.string(), store: z.string(), seq: z.int(), hash: z.string() });

/** How much of the file is looked at for a head that is there already, and how many of its heads are kept in mind. */
const LATEST_BYTES = 64 * 1024;
const LATEST = 500;

export interface AuditHeads {
  /**
   * Appends; nothing for a head that is among the latest there. Not forced to the disk: the chain itself is, and what a
   * power cut takes from here only narrows what can be found out. Throws `AUDIT_UNWRITABLE`.
   */
  record(head: AuditHead): Promise<void>;
  /** In the order of recording; lines that are no heads, such as one torn by a crash, are passed over. */
  all(): Promise<AuditHead[]>;
  /** Whether there is one: the file grows with every write, and is read only as far as that takes. */
  any(): Promise<boolean>;
}

/** The heads of the store called `store` in the file at `path`. */
export function auditHeads(path: string, store: string): AuditHeads {
  const oneAtATime = pLimit(1);
  /** What the file held when it was last looked at, so that each look reads only what is new. */
  let seen: { bytes: number; readonly keys: Set<string> } | undefined;

  const append = async (head: AuditHead): Promise<void> => {
    makePrivateDir(dirname(path));
    makePrivateFile(path);
    const file = await open(path, "a+");
    try {
      const { size } = await file.stat();
      // A head that is there once more does no harm, and a long chain's file is not worth reading for it.
      if (seen === undefined || size < seen.bytes) seen = { bytes: Math.max(size - LATEST_BYTES, 0), keys: new Set() };
      const added = Buffer.alloc(size - seen.bytes);
      await file.read(added, 0, added.length, seen.bytes);
      const ended = added.lastIndexOf("\n") + 1;
      for (const known of headsIn(added.toString("utf8", 0, ended), store)) seen.keys.add(keyOf(known));
      seen.bytes += ended;
      for (const key of [...seen.keys].slice(0, -LATEST)) seen.keys.delete(key);
      if (seen.keys.has(keyOf(head))) return;
      // A line that a crash tore is ended first, or this one would be part of it.
      const start = ended === added.length ? "" : "\n";
      const { at, seq, hash } = head;
      await file.appendFile(`${start}${JSON.stringify({ at, store, seq, hash })}\n`);
    } finally {
      await file.close();
    }
  };

  /** `none` where there is no file yet. */
  const reading = async <T>(read: () => Promise<T>, none: T): Promise<T> => {
    try {
      return await read();
    } catch (thrown) {
      if (thrown instanceof Error && "code" in thrown && thrown.code === "ENOENT") return none;
      throw fileReadFailure(path, thrown);
    }
  };

  return {
    record: (head) =>
      oneAtATime(async () => {
        try {
          await append(head);
        } catch (thrown) {
          throw fileWriteFailure(path, thrown);
        }
      }),
    all: () => reading(async () => headsIn(await readFile(path, "utf8"), store), []),
    any: () =>
      reading(async () => {
        const file = await open(path);
        try {
          for await (const line of file.readLines()) if (headsIn(line, store).length > 0) return true;
          return false;
        } finally {
          await file.close();
        }
      }, false),
  };
}

function keyOf({ seq, hash }: AuditHead): string {
  return `${seq} ${hash}`;
}

function headsIn(text: string, store: string): AuditHead[] {
  return text.split("\n").flatMap((line) => {
    const parsed = headLine.safeParse(jsonOrNothing(line));
    if (!parsed.success || parsed.data.store !== store) return [];
    const { at, seq, hash } = parsed.data;
    return [{ at, seq, hash }];
  });
}

function jsonOrNothing(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
