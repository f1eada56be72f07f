/** The program as a process of its own, by its entry. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { onTestFinished } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import type { Bench } from "./engine.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

export interface Program {
  readonly process: ChildProcess;
  out(): string;
  err(): string;
  /** Waits until standard error has this; what the expression matched. Errors: it ended without. */
  says(what: RegExp): Promise<RegExpExecArray>;
  /** Its exit code, once it has ended; null where a signal ended it. */
  ended(): Promise<number | null>;
}

/** The command line of the program, for whatever starts it. */
export const programLine = (...words: string[]): string[] => [process.execPath, MAIN, ...words];

/** Ended at the end of the test, if it is not before. */
export function program(bench: Bench, ...words: string[]): Program {
  const [file = "", ...rest] = programLine(...words);
  const child = spawn(file, rest, {
    stdio: ["ignore", "pipe", "pipe"],
    cwd: bench.dir,
    env: { ...process.env, ...bench.env, NODE_COMPILE_CACHE: `${bench.dir}/compiled` },
  });
  const text = { out: "", err: "" };
  child.stdout.on("data", (chunk: Buffer) => {
    text.out += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    text.err += chunk.toString();
  });
  const closed = once(child, "close");
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await closed;
  });
  return {
    process: child,
    out: () => text.out,
    err: () => text.err,
    says: async (what) => {
      for (;;) {
        const match = what.exec(text.err);
        if (match !== null) return match;
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`it ended (${child.exitCode ?? child.signalCode}): ${text.err}`);
        await Promise.race([once(child.stderr, "data"), closed]);
      }
    },
    ended: async () => {
      await closed;
      return child.exitCode;
    },
  };
}

/** The bench's configuration with other members, as a file of its own. */
export async function configWith(bench: Bench, members: object): Promise<string> {
  const written = z.looseObject({}).parse(parse(await readFile(bench.config, "utf8")));
  const file = join(bench.dir, `config-${crypto.randomUUID()}.yaml`);
  await writeFile(file, stringify({ ...written, ...members }), { mode: 0o600 });
  return file;
}
