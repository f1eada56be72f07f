/** Starts `child.ts` and reads what it says. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";

export interface Child {
  readonly process: ChildProcess;
  /** The next line; undefined after the last. */
  line(): Promise<string | undefined>;
  /** Lines until one starts with this; that one. Throws when none came. */
  until(start: string): Promise<string>;
  kill(): Promise<void>;
  /** What it wrote to stderr, once it has ended. */
  stderr(): Promise<string>;
}

/** `prefix`: a command that runs the rest of its arguments, such as a shell with limits. */
export function startChild(args: readonly string[], prefix: readonly string[] = []): Child {
  const script = fileURLToPath(new URL("./child.ts", import.meta.url));
  const [file = "", ...rest] = [...prefix, process.execPath, script, ...args];
  const child = spawn(file, rest, { stdio: ["ignore", "pipe", "pipe"] });
  const ended = once(child, "close");
  const errors: Buffer[] = [];
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<string | undefined> => {
    const next = await lines.next();
    return next.done === true ? undefined : next.value;
  };
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  const stderr = async (): Promise<string> => {
    await ended;
    return Buffer.concat(errors).toString("utf8");
  };
  onTestFinished(kill);
  return {
    process: child,
    line,
    kill,
    stderr,
    until: async (start) => {
      const heard: string[] = [];
      for (let said = await line(); said !== undefined; said = await line()) {
        if (said.startsWith(start)) return said;
        heard.push(said);
      }
      throw new Error(`The child never said ${start}: ${heard.join(" | ")} ${await stderr()}`);
    },
  };
}
