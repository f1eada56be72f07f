/** Where the script runs: how a program is started there, spoken to and ended. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { PrepError } from "../core/domain/errors.ts";
import { safeText } from "../core/domain/safe-text.ts";

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: string | null;
}

export interface Running {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly ended: Promise<ProcessEnd>;
  /** Sends a signal to the program itself. Never throws: it may be gone. */
  kill(signal: "SIGTERM" | "SIGKILL"): Promise<void>;
}

export interface Place {
  /** Whether its own end can be seen as such; over a connection that may break, 255 is no exit of the script. */
  readonly isLocal: boolean;
  /** Starts the words, with `-vp` and the password behind them if there is one. Throws only where nothing was started. */
  start(words: readonly string[], password: string | undefined): Promise<Running>;
  /** Runs a small program to its end. Errors: `UNREACHABLE`. */
  capture(words: readonly string[]): Promise<{ readonly code: number; readonly out: string }>;
}

/** Python keeps what it prints to itself unless it is told not to. */
const ENVIRONMENT = { PYTHONUNBUFFERED: "1" };

export const endOf = (child: ChildProcessWithoutNullStreams): Promise<ProcessEnd> =>
  new Promise((resolve) => child.once("close", (code, signal) => resolve({ code, signal })));

/** Runs a child to its end and gives what it printed. */
export async function captured(
  command: string,
  args: readonly string[],
): Promise<{ code: number; out: string; err: string }> {
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  child.stdin.end();
  const text = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    text.out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    text.err += chunk.toString();
  });
  try {
    await once(child, "spawn");
  } catch (cause) {
    throw notStarted(command, cause);
  }
  const { code } = await endOf(child);
  return { code: code ?? 255, ...text };
}

const notStarted = (command: string, cause: unknown): PrepError =>
  new PrepError("UNREACHABLE", `${safeText(command)} could not be started.`, {
    found: { code: cause instanceof Error && "code" in cause ? String(cause.code) : "unknown" },
    hint: "Nothing was run. See script.command in the configuration.",
    cause,
  });

/** This machine: no shell in between, and a session of its own, so that a Ctrl-C on a terminal does not reach the script. */
export const here: Place = {
  isLocal: true,
  async start([command = "", ...args], password) {
    const secret = password === undefined ? [] : ["-vp", password];
    const child = spawn(command, [...args, ...secret], {
      stdio: ["pipe", "pipe", "pipe"],
      detached: true,
      env: { ...process.env, ...ENVIRONMENT },
    });
    const ended = endOf(child);
    try {
      await once(child, "spawn");
    } catch (cause) {
      throw notStarted(command, cause);
    }
    const { pid } = child;
    return {
      stdin: child.stdin,
      stdout: child.stdout,
      stderr: child.stderr,
      ended,
      kill: async (signal) => {
        try {
          // All that it has started itself, too.
          if (pid !== undefined) process.kill(-pid, signal);
        } catch {
          // Gone already.
        }
      },
    };
  },
  capture: ([command = "", ...args]) => captured(command, args),
};
