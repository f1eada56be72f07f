/** Processes under measurement: the lab, bundled scripts, foreign ones. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { build } from "esbuild";
import { z } from "zod";

export const MAIN = "dist/main.js";
const HERE = import.meta.dirname;

/** A build of the program under measurement. */
export interface Build {
  /** As the tables call it. */
  readonly name: string;
  readonly main: string;
}

export const THIS_BUILD: Build = { name: "atvm_prep", main: MAIN };
/** Debian's own, which has python3-pyvmomi. */
export const PYTHON = "/usr/bin/python3";

/** A script of this folder as one file, bundled as the program is (scripts/build.mjs). Returns where it is. */
export async function bundle(script: string, dir: string): Promise<string> {
  const outfile = join(dir, script.replace(/\.ts$/, ".mjs"));
  await build({
    entryPoints: [join(HERE, script)],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node22",
    charset: "ascii",
    minifySyntax: true,
    minifyWhitespace: true,
    mainFields: ["module", "main"],
    logLevel: "warning",
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
  return outfile;
}

/** A public package with what it needs, as npm installs it. Returns the script of its only command. */
export async function installed(name: string, version: string, dir: string): Promise<string> {
  const prefix = await mkdtemp(join(dir, "package-"));
  const args = ["install", "--prefix", prefix, "--ignore-scripts", "--no-audit", "--no-fund", `${name}@${version}`];
  const [code] = await once(spawn("npm", args, { stdio: ["ignore", "ignore", "inherit"] }), "exit");
  if (code !== 0) throw new Error(`npm could not install ${name}@${version}`);
  const folder = join(prefix, "node_modules", name);
  const { bin } = manifest.parse(JSON.parse(await readFile(join(folder, "package.json"), "utf8")));
  const [main] = Object.values(bin);
  if (main === undefined) throw new Error(`${name} has no command`);
  return join(folder, main);
}
const manifest = z.object({ bin: z.record(z.string(), z.string()) });

export interface Finished {
  readonly ms: number;
  readonly stdout: string;
  /** The most memory that was resident at a time, in MiB; as of the last look, some ms before the end. */
  readonly peakMiB: number;
}

/** Seldom enough not to take part in what is measured: on two cores each look is one for the kernel too. */
const LOOK_EVERY_MS = 50;

/** Runs to the end, from the spawn on. Rejects when it exits with anything but 0. */
export async function finish(command: string, args: readonly string[], input = ""): Promise<Finished> {
  const begun = performance.now();
  const child = spawn(command, args, { stdio: ["pipe", "pipe", "pipe"] });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  let peakMiB = 0;
  const looking = setInterval(() => {
    memoryOf(child.pid, "VmHWM").then((seen) => {
      peakMiB = Math.max(peakMiB, seen);
    });
  }, LOOK_EVERY_MS);
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  child.stdin.end(input);
  const [code] = await once(child, "close");
  const ms = performance.now() - begun;
  clearInterval(looking);
  const stdout = Buffer.concat(out).toString("utf8");
  if (code !== 0)
    throw new Error(`${command} ${args[0]} ended with ${code}: ${Buffer.concat(err).toString("utf8").slice(-2000)}`);
  return { ms, stdout, peakMiB };
}

/** `VmRSS` or `VmHWM` of a process in MiB; 0 once it is gone. */
export async function memoryOf(pid: number | undefined, field: "VmRSS" | "VmHWM"): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8").catch(() => "");
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1024;
}

const account = { username: z.string(), password: z.string() };
const ready = z.object({
  dgs: z.object({ url: z.url(), ...account }),
  vcenter: z.object({ url: z.url(), ...account, thumbprint: z.string() }),
  control: z.object({ url: z.url() }),
  config: z.string(),
});
const counts = z.record(z.string(), z.number());
const calls = z.object({ dgs: counts, vim: counts });
export type Calls = z.infer<typeof calls>;

export interface BenchLab {
  /** The line that the lab printed: what a script of ours or a foreign one needs to connect. */
  readonly info: z.infer<typeof ready>;
  /** Calls by operation since the start or the last reset, counted by the lab. */
  calls(): Promise<Calls>;
  /** The same world once more. */
  reset(to: Readonly<Record<string, unknown>>): Promise<void>;
  stop(): Promise<void>;
}

/** The lab in a process of its own, as an array and a vCenter are. */
export async function startLab(dir: string, flags: readonly string[]): Promise<BenchLab> {
  const config = join(dir, `lab-${flags.join("-").replace(/[^\w-]/g, "")}.yaml`);
  const child = spawn(process.execPath, [MAIN, "lab", "--write-config", config, ...flags], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).once("line", resolve);
    child.once("exit", (code) => reject(new Error(`the lab ended with ${code} before it was ready`)));
  });
  const info = ready.parse(JSON.parse(line));
  return {
    info,
    calls: async () => calls.parse(await (await fetch(`${info.control.url}/calls`)).json()),
    reset: async (to) => {
      const answer = await fetch(`${info.control.url}/reset`, { method: "POST", body: JSON.stringify(to) });
      if (!answer.ok) throw new Error(`the lab was not reset: ${await answer.text()}`);
    },
    stop: async () => {
      const ended = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGTERM")) await ended;
    },
  };
}

export const sum = (counted: Readonly<Record<string, number>>): number =>
  Object.values(counted).reduce((all, count) => all + count, 0);
