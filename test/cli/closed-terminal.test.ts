/** A terminal that is closed, by `script` of util-linux, which makes a real one. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { until } from "../support/children.ts";
import { type Bench, withEngine } from "../support/engine.ts";
import { program, programLine } from "../support/program.ts";
import { isThere } from "../support/required.ts";

const SCRIPT = "/usr/bin/script";
const hasScript = isThere(process.platform === "linux" && existsSync(SCRIPT), "Closed terminals (util-linux's script)");

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});
beforeEach(() => bench.reset("clone-assigned"));

interface InTerminal {
  readonly terminal: ChildProcess;
  shown(): string;
  /** Closes the terminal, and waits until the command in it is gone. */
  close(): Promise<void>;
  /** Waits until the command is gone. */
  gone(): Promise<unknown>;
}

/** Starts the command in a terminal of its own, and waits until its run stands still in a call that the array does not answer. */
async function heldInTerminal(...words: string[]): Promise<InTerminal> {
  await bench.control.faults({ api: "dgs", op: "GetJob", action: "hang" });
  const started = await inTerminal(...words);
  await until(async () => (await bench.control.calls()).dgs["GetJob"]);
  return started;
}

/** Starts the command in a terminal of its own. */
async function inTerminal(...words: string[]): Promise<InTerminal> {
  const pidFile = join(bench.dir, `pid-${crypto.randomUUID()}`);
  const quoted = programLine(...words, "--config", bench.config).map((word) => `'${word}'`);
  const terminal = spawn(SCRIPT, ["-qec", `echo $$ > ${pidFile}; exec ${quoted.join(" ")}`, "/dev/null"], {
    stdio: ["pipe", "pipe", "inherit"],
    cwd: bench.dir,
    env: { ...process.env, ...bench.env, SHELL: "/bin/sh", NODE_COMPILE_CACHE: `${bench.dir}/compiled` },
  });
  let shown = "";
  terminal.stdout.on("data", (chunk: Buffer) => {
    shown += chunk.toString();
  });
  const ended = once(terminal, "close");
  const kill = async (): Promise<void> => {
    terminal.kill("SIGKILL");
    await ended;
  };
  onTestFinished(kill);
  const pid = await until(async () => Number(await readFile(pidFile, "utf8").catch(() => "")) || undefined);
  const gone = (): Promise<unknown> => until(() => (isAlive(pid) ? undefined : true));
  const close = async (): Promise<void> => {
    await kill();
    await gone();
  };
  return { terminal, shown: () => shown, gone, close };
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Resolves when somebody has asked the run to stop. */
const asked = (): Promise<unknown> =>
  until(async () => {
    const [run] = await bench.app.engine.listRuns({ limit: 1 });
    const { rows } = await bench.app.engine.readAudit({ type: "cancel_requested" });
    return rows.find(({ runId }) => runId === run?.runId);
  });

const newest = async (): Promise<string | undefined> => (await bench.app.engine.listRuns({ limit: 1 }))[0]?.state;

describe.skipIf(!hasScript)("a run whose terminal is closed", () => {
  test("goes on in a process of its own, and is watched to its end by another command", async () => {
    const { close } = await heldInTerminal("-A", "-n", "Gold", "--yes");
    await close();
    expect(await newest()).toBe("running");
    const watching = program(bench, "run", "watch", "latest", "--json", "--config", bench.config);
    await bench.control.clearFaults();
    expect(await watching.ended()).toBe(0);
    expect(JSON.parse(watching.out())).toMatchObject({ state: "succeeded", mode: "automated_testing" });
  });

  test("goes on in the command's process where that has credentials of its own", async () => {
    const { username, password } = bench.lab.info.vcenter;
    const { terminal, gone } = await heldInTerminal("-A", "-n", "Gold", "--yes", "-vu", username, "-vp", password);
    const closed = once(terminal, "close");
    terminal.kill("SIGKILL");
    await closed;
    await bench.control.clearFaults();
    await gone();
    expect(await newest()).toBe("succeeded");
  });

  test("stops before its next step where it was to stay in the foreground", async () => {
    const { terminal, gone } = await heldInTerminal("-A", "-n", "Gold", "--yes", "--foreground");
    terminal.kill("SIGKILL");
    await asked();
    await bench.control.clearFaults();
    await gone();
    expect(await newest()).toBe("cancelled");
  });

  test("is left at once by a second Ctrl-C, and stops before its next step all the same", async () => {
    const { terminal, gone } = await heldInTerminal("-A", "-n", "Gold", "--yes");
    terminal.stdin?.write("\u0003");
    await asked();
    terminal.stdin?.write("\u0003");
    await gone();
    expect(await newest()).toBe("running");
    await bench.control.clearFaults();
    await until(async () => ((await newest()) === "cancelled" ? true : undefined));
  });
});

describe.skipIf(!hasScript)("a question whose terminal is closed", () => {
  test("was not answered: the plan is dropped", async () => {
    const { shown, close } = await inTerminal("-A", "-n", "Gold");
    await until(() => (shown().includes("[y/n]") ? true : undefined));
    const [plan] = await bench.app.engine.listPlans();
    await close();
    expect(await bench.app.engine.getPlan(plan?.planId ?? "")).toMatchObject({ state: "discarded" });
  });
});
