/** Processes that confirm plans. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { z } from "zod";
import type { Bench } from "./engine.ts";

const Outcomes = z.array(z.union([z.object({ runId: z.string(), state: z.string() }), z.object({ code: z.string() })]));
export type Outcome = z.infer<typeof Outcomes>[number];

export interface EngineChild {
  readonly process: ChildProcess;
  /** Resolves when it has said that it is there. */
  ready(): Promise<void>;
  /** Tells it to confirm; does not wait. */
  confirm(token: string | undefined, times?: number): void;
  /** What came of the oldest confirm that was not asked about yet. */
  outcomes(): Promise<Outcome[]>;
  /** Sends the signal and waits for the end. */
  end(signal?: NodeJS.Signals): Promise<void>;
}

const scriptAt = (path: string): string => fileURLToPath(new URL(path, import.meta.url));

/** `prefix`: a command that runs the rest of its arguments, such as a shell with limits. `detached`: its runs are carried out by `main.ts execute-run`, as a server's are. */
export function engineChild(
  bench: Bench,
  options: { detached?: boolean; keep?: boolean; prefix?: readonly string[] } = {},
): EngineChild {
  const [file = "", ...words] = [
    ...(options.prefix ?? []),
    process.execPath,
    scriptAt("./engine-child.ts"),
    bench.config,
    ...(options.detached === true ? [scriptAt("../../src/main.ts")] : []),
  ];
  const child = spawn(file, words, {
    stdio: ["pipe", "pipe", "inherit"],
    // Compiled once for all of a bench's processes: starting them is most of what such tests take.
    env: { ...process.env, ...bench.env, NODE_COMPILE_CACHE: `${bench.dir}/compiled` },
  });
  const ended = once(child, "close");
  // A killed child's pipe breaks under whoever still writes to it.
  child.stdin.on("error", () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const line = async (): Promise<unknown> => {
    const next = await lines.next();
    if (next.done === true) throw new Error("the child has ended");
    return JSON.parse(next.value);
  };
  const end = async (signal: NodeJS.Signals = "SIGKILL"): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  if (options.keep !== true) onTestFinished(() => end());
  return {
    process: child,
    ready: async () => void (await line()),
    confirm: (token, times = 1) => void child.stdin.write(`${JSON.stringify({ token, times })}\n`),
    outcomes: async () => Outcomes.parse(await line()),
    end,
  };
}

/** Resolves when `look` gives something; looks again every few milliseconds. The test's own time limit ends it. */
export async function until<T>(look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
