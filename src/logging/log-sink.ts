/** Where the log's lines go: one file of a fixed name, rotated, appended to by several processes. */
import { chmod, mkdir, rmdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { createStream, type RotatingFileStream } from "rotating-file-stream";
import { modeIn } from "../platform/private-files.ts";

export const LOG_FILE = "atvm_prep.log";

const OLD_FILES = 5;

/** Rotating takes milliseconds; a lock this old was left by a process that died. */
const STALE_LOCK_MS = 5_000;
const LOCK_LOOK_MS = 5;

interface Open {
  readonly stream: RotatingFileStream;
  /** Tells whether the file's name still stands for this file. */
  readonly inode: number;
}

/**
 * rotating-file-stream knows only its own process: it would write on into a file that another process has renamed, count
 * its own bytes alone, and rotate while another does. So the file is looked at before each batch. Whatever may rotate
 * it (opening it, or a batch that reaches the limit) is done under a lock; everything else is one append. A batch that
 * cannot be written is dropped, and `lost` hears of the first of a row of them.
 */
export function rotatingSink(dir: string, rotateAt: number, lost: (reason: unknown) => void): Writable {
  const file = join(dir, LOG_FILE);
  const lock = `${file}.lock`;
  let current: Open | undefined;
  let losing = false;

  const open = async (): Promise<Open> => {
    const stream = createStream(LOG_FILE, { path: dir, size: `${rotateAt}B`, rotate: OLD_FILES, mode: modeIn(dir) });
    stream.on("error", () => undefined);
    await new Promise<void>((resolve, reject) => {
      stream.once("open", () => resolve());
      stream.once("error", reject);
    });
    // The mode that it is opened with is cut down by the mask; somebody else's file stays as it is.
    await chmod(file, modeIn(dir)).catch(() => undefined);
    return { stream, inode: (await stat(file)).ino };
  };

  const stop = async (): Promise<void> => {
    const stream = current?.stream;
    current = undefined;
    if (stream === undefined || stream.destroyed) return;
    await new Promise<void>((resolve) => {
      stream.once("close", resolve);
      stream.end();
    });
  };

  const append = ({ stream }: Open, lines: Buffer): Promise<void> =>
    new Promise((resolve, reject) => stream.write(lines, (error) => (error ? reject(error) : resolve())));

  const write = async (lines: Buffer): Promise<void> => {
    const named = await stat(file).catch(() => undefined);
    if (current !== undefined && named?.ino === current.inode && named.size + lines.length < rotateAt) {
      await append(current, lines);
      return;
    }
    await locked(lock, async () => {
      // Opened anew, the stream knows the file's real size, and rotates it first if it is full.
      await stop();
      current = await open();
      await append(current, lines);
    });
  };

  const deliver = (lines: Buffer, done: () => void): void => {
    write(lines)
      .then(() => {
        losing = false;
      })
      .catch((reason: unknown) => {
        // The stream is of no use after an error; the next batch opens another.
        current?.stream.destroy();
        current = undefined;
        if (!losing) lost(reason);
        losing = true;
      })
      .finally(done);
  };

  return new Writable({
    decodeStrings: true,
    write: (chunk: Buffer, _encoding, done) => deliver(escaped(chunk), done),
    writev: (chunks, done) => deliver(escaped(Buffer.concat(chunks.map(({ chunk }) => chunk))), done),
    final: (done) => {
      stop().finally(() => done());
    },
  });
}

/** Runs `action` while this process alone has made the directory `lock`. */
async function locked(lock: string, action: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await mkdir(lock);
      break;
    } catch (thrown) {
      if (!(thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST")) throw thrown;
    }
    const held = await stat(lock).catch(() => undefined);
    // One from a time to come was made by a clock that was ahead, and would be young for as long.
    if (held !== undefined && Math.abs(Date.now() - held.mtimeMs) > STALE_LOCK_MS)
      await rmdir(lock).catch(() => undefined);
    else await sleep(LOCK_LOOK_MS);
  }
  try {
    await action();
  } finally {
    await rmdir(lock).catch(() => undefined);
  }
}

/**
 * JSON leaves DEL, C1, line separators and bidi marks as they are. Outside of strings they cannot stand in it, so each
 * can be written as an escape.
 */
function escaped(lines: Buffer): Buffer {
  const text = lines.toString("utf8");
  return Buffer.from(
    text.replace(/[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, (char) => {
      return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
    }),
  );
}
