/**
 * The log: JSON Lines in `atvm_prep.log`, rotating as the script's log did. Secrets are taken out before a line exists
 * (`redact.ts`), and what could disturb a terminal is escaped.
 */
import { chmod, open } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { PrepError } from "../core/domain/errors.ts";
import type { Logger } from "../core/ports/runtime.ts";
import { makePrivateDir } from "../platform/private-dir.ts";
import { modeIn } from "../platform/private-files.ts";
import { LOG_FILE, rotatingSink } from "./log-sink.ts";
import { redact, redactText } from "./redact.ts";

const LARGEST_BYTES = 10_000_000;

export interface LogOptions {
  /** Absolute; made (mode 0700) when it is not there. */
  readonly dir: string;
  readonly level: "debug" | "info" | "warn" | "error";
  /** Which part of the program writes, such as `serve` or `runner`; a member of each line. */
  readonly name?: string;
  /** Bytes after which the file is rotated; default 10 MB. For tests. */
  readonly rotateAt?: number;
  /** Where a log that cannot be written any more is said; standard error by default. */
  readonly stderr?: { write(text: string): unknown };
}

export interface OpenLog {
  readonly log: Logger;
  /** Resolves when all lines are in the file. What is logged later, by calls that the end cut short, is dropped. */
  close(): Promise<void>;
}

/**
 * Opens the log (file mode 0600). Several processes may write to one directory: lines are appended whole, and each
 * process follows when another one has rotated. Errors: `CONFIG_INVALID` when the directory cannot be written to. Later
 * write errors never reach the program (a full disk must not stop a run); they are said on standard error, once until
 * the log can be written again.
 */
export async function createLog(options: LogOptions): Promise<OpenLog> {
  await prepare(options.dir);
  const { dir, rotateAt = LARGEST_BYTES, stderr = process.stderr } = options;
  const sink = rotatingSink(dir, rotateAt, (reason) => {
    const why = codeOf(reason);
    stderr.write(
      `atvm_prep: the log ${join(dir, LOG_FILE)} cannot be written (${why}); its lines are lost until it can.\n`,
    );
  });
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
  let closed = false;
  const at =
    (level: "debug" | "info" | "warn" | "error") =>
    (data: object, message: string): void => {
      if (closed || !logger.isLevelEnabled(level)) return;
      const safe = redact(data);
      logger[level](data instanceof Error ? { err: safe } : safe, redactText(message));
    };
  return {
    log: { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") },
    close: () => {
      closed = true;
      return new Promise((resolve) => sink.end(() => resolve()));
    },
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
    makePrivateDir(dir);
    const handle = await open(file, "a", modeIn(dir));
    await handle.close();
  } catch (cause) {
    throw new PrepError("CONFIG_INVALID", `The log ${file} cannot be written.`, {
      found: { dir, reason: codeOf(cause) },
      hint: "Let log.dir in the configuration name a directory that this account can write to.",
      cause,
    });
  }
  // An older log, or one made under another umask, may be open to others. Somebody else's file stays as it is.
  await chmod(file, modeIn(dir)).catch(() => undefined);
}

const codeOf = (cause: unknown): string => (cause instanceof Error && "code" in cause ? String(cause.code) : "unknown");
