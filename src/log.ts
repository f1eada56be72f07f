/**
 * The log: JSON Lines in `atvm_prep.log`, rotating as the script's log did. Secrets are taken out before a line exists
 * (`redact.ts`), and what could disturb a terminal is escaped.
 */
import { chmod, mkdir, open, stat } from "node:fs/promises";
import { join } from "node:path";
import { Writable } from "node:stream";
import { pino } from "pino";
import { createStream, type RotatingFileStream } from "rotating-file-stream";
import { PrepError } from "./core/errors.ts";
import type { Logger } from "./core/ports.ts";
import { redact, redactText } from "./redact.ts";

export const LOG_FILE = "atvm_prep.log";

const LARGEST_BYTES = 10_000_000;
const OLD_FILES = 5;

export interface LogOptions {
  /** Absolute; made (mode 0700) when it is not there. */
  readonly dir: string;
  readonly level: "debug" | "info" | "warn" | "error";
  /** Which part of the program writes, such as `serve` or `runner`; a member of each line. */
  readonly name?: string;
  /** Bytes after which the file is rotated; default 10 MB. For tests. */
  readonly rotateAt?: number;
}

export interface OpenLog {
  readonly log: Logger;
  /** Resolves when all lines are in the file. */
  close(): Promise<void>;
}

/**
 * Opens the log (file mode 0600). Several processes may write to one directory: lines are appended whole, and each
 * process follows when another one has rotated. Errors: `CONFIG_INVALID` when the directory cannot be written to. Later
 * write errors never reach the program: a full disk must not stop a run.
 */
export async function createLog(options: LogOptions): Promise<OpenLog> {
  await prepare(options.dir);
  const sink = rotatingSink(options.dir, options.rotateAt ?? LARGEST_BYTES);
  const logger = pino(
    {
      level: options.level,
      base: { pid: process.pid, ...(options.name === undefined ? {} : { name: options.name }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Errors come here as plain data already; pino's own rendering of them would put the causes' texts together again.
      serializers: { err: (data: unknown) => data },
      formatters: { level: (label) => ({ level: label }) },
    },
    sink,
  );
  const at =
    (level: "debug" | "info" | "warn" | "error") =>
    (data: object, message: string): void => {
      if (!logger.isLevelEnabled(level)) return;
      const safe = redact(data);
      logger[level](data instanceof Error ? { err: safe } : safe, redactText(message));
    };
  return {
    log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
    close: () => new Promise((resolve) => sink.end(() => resolve())),
  };
}

/** For programs without a log yet, and for tests. */
export const silentLog: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

async function prepare(dir: string): Promise<void> {
  const file = join(dir, LOG_FILE);
  try {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const handle = await open(file, "a", 0o600);
    await handle.close();
  } catch (cause) {
    throw new PrepError("CONFIG_INVALID", `The log ${file} cannot be written.`, {
      found: { dir, reason: codeOf(cause) },
      hint: "Let log.dir in the configuration name a directory that this account can write to.",
      cause,
    });
  }
  // An older log, or one made under another umask, may be open to others. Somebody else's file stays as it is.
  await chmod(file, 0o600).catch(() => undefined);
}

/**
 * rotating-file-stream knows only its own process: it would write on into a file that another process has renamed, and
 * count its own bytes alone. So the name is looked at before each batch, and the stream opened anew when the name stands
 * for another file, or the file has grown to its limit; opening a file of that size rotates it. Two processes that
 * rotate in the same instant leave one short file more, and no line is lost: each write is one append.
 */
function rotatingSink(dir: string, rotateAt: number): Writable {
  const file = join(dir, LOG_FILE);
  let current: { stream: RotatingFileStream; inode: number } | undefined;

  const start = async (): Promise<{ stream: RotatingFileStream; inode: number }> => {
    const stream = createStream(LOG_FILE, { path: dir, size: `${rotateAt}B`, rotate: OLD_FILES, mode: 0o600 });
    stream.on("error", () => undefined);
    await new Promise<void>((resolve, reject) => {
      stream.once("open", () => resolve());
      stream.once("error", reject);
    });
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

  const write = async (lines: Buffer): Promise<void> => {
    const named = await stat(file).catch(() => undefined);
    if (current !== undefined && (named === undefined || named.ino !== current.inode || named.size >= rotateAt))
      await stop();
    current ??= await start();
    const { stream } = current;
    await new Promise<void>((resolve, reject) => stream.write(lines, (error) => (error ? reject(error) : resolve())));
  };

  const deliver = (lines: Buffer, done: () => void): void => {
    write(lines)
      .catch(() => {
        // The stream is of no use after an error; the next batch opens another.
        current?.stream.destroy();
        current = undefined;
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

const codeOf = (cause: unknown): string => (cause instanceof Error && "code" in cause ? String(cause.code) : "unknown");
