/** The terminal and the process, passed to every command, so that a test can be one. */
import type { Readable, Writable } from "node:stream";
import { calledAs, ownCommand } from "../../platform/own-command.ts";
import { fitted, type Screen } from "./fit.ts";

export interface Io {
  readonly stdin: Readable & { readonly isTTY?: boolean };
  readonly stdout: Writable & Screen;
  readonly stderr: Writable & Screen;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Empty where the folder that it was started in is gone. */
  readonly cwd: string;
  /** How this program is called again. Default: by its name. */
  readonly program?: readonly string[];
  /** Calls back on each SIGINT, SIGTERM and SIGHUP until the returned function is called. */
  onInterrupt(listener: (signal: Interruption) => void): () => void;
}

/** Ctrl-C, a request to end, and a terminal that was closed. */
export type Interruption = (typeof INTERRUPTIONS)[number];
const INTERRUPTIONS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** This process. */
export const processIo = (): Io => ({
  // Made when it is asked for: a command that asks nothing need not open it.
  get stdin() {
    return process.stdin;
  },
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: currentFolder(),
  program: calledAs(ownCommand(), process.env),
  onInterrupt(listener) {
    for (const signal of INTERRUPTIONS) process.on(signal, listener);
    return () => {
      for (const signal of INTERRUPTIONS) process.off(signal, listener);
    };
  },
});

/** The first SIGINT or SIGTERM; the next one ends the process at once. */
export const interruption = (io: Io): Promise<void> =>
  new Promise((done) => {
    const release = io.onInterrupt(() => {
      release();
      done();
    });
  });

function currentFolder(): string {
  try {
    return process.cwd();
  } catch {
    return "";
  }
}

/** A line on standard output: what a script may read. */
export function printOut(io: Io, text: string): void {
  io.stdout.write(`${text}\n`);
}

/** What a person reads on standard error, at their terminal's width: warnings, errors, what is going on. */
export function printErr(io: Io, text: string): void {
  io.stderr.write(`${fitted(text, io.stderr, io.env)}\n`);
}

/**
 * Lets a reader go away, as `head` does, or a disk be full: what can no longer be written is dropped, and nothing else
 * happens for it. Least of all to a run, whose outcome is in the journal.
 */
export function surviveLostOutput(io: Io): void {
  for (const stream of [io.stdout, io.stderr]) stream.on("error", (error: Error) => void failures.set(stream, error));
}

/** A standard stream does not keep its error: it cannot be closed. */
const failures = new WeakMap<Writable, Error>();

/** Why standard output takes nothing more, if it does not; a reader that has enough is no reason to complain. */
export function lostOutput({ stdout }: Io): "reader gone" | "cannot be written" | undefined {
  const failure = failures.get(stdout);
  if (failure === undefined) return stdout.destroyed ? "reader gone" : undefined;
  return "code" in failure && failure.code === "EPIPE" ? "reader gone" : "cannot be written";
}

/** Settles once everything written so far has left the process, so that an exit cuts nothing off a pipe. */
export async function flush(io: Io): Promise<void> {
  await Promise.all(
    [io.stdout, io.stderr].map((stream) => new Promise<void>((done) => stream.write("", () => done()))),
  );
}

/** Whether a person is there to answer: both ends are a terminal. */
export const isInteractive = (io: Io): boolean => io.stdin.isTTY === true && io.stderr.isTTY === true;
