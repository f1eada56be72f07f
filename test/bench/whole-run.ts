/** A whole -A with its cleanup under the budget's latencies: our command beside a script that does one thing after the other. */
import { z } from "zod";
import { parseLatency } from "../../src/lab/world/latency.ts";
import { type CriticalPath, criticalPath, pathText, WHAT_A_CALL_TAKES } from "./critical-path.ts";
import { type BenchLab, type Calls, finish, MAIN, PYTHON, startLab, sum } from "./processes.ts";
import { atLeast, atMost, type Section } from "./report.ts";
import { median, mib, seconds, times } from "./stats.ts";

const RUNNING = [10, 100, 300];
const ROUNDS = 7;
const COMMAND = [MAIN, "-A", "-n", "Gold", "--json"];
const SCRIPT = `${import.meta.dirname}/pyvmomi_prep.py`;
/** Of each call of an interface, each task, each of a rescan's two calls. */
export const QUICK = "dgs=5ms,vim=5ms,task=500ms,rescan=300ms";

interface Taken {
  readonly ms: number;
  readonly peakMiB: number;
  readonly calls: Calls;
}

interface Row {
  readonly running: number;
  readonly ours: Taken;
  readonly script: Taken;
  readonly critical: CriticalPath;
  readonly steps: string;
}

const runView = z.object({
  state: z.string(),
  steps: z.array(z.object({ kind: z.string(), startedAt: z.string(), endedAt: z.string() })),
});

/** The longest steps of a run, in seconds. */
function longest(stdout: string): string {
  const { state, steps } = runView.parse(JSON.parse(stdout));
  if (state !== "succeeded") throw new Error(`the run ended as ${state}`);
  const byKind = new Map<string, number>();
  for (const { kind, startedAt, endedAt } of steps) {
    byKind.set(kind, (byKind.get(kind) ?? 0) + Date.parse(endedAt) - Date.parse(startedAt));
  }
  return [...byKind]
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 4)
    .map(([kind, took]) => `${kind} ${(took / 1000).toFixed(2)}`)
    .join(", ");
}

async function measure(running: number, dir: string): Promise<Row> {
  const lab = await startLab(dir, ["--running", `${running}`, "--vms", `${running}`, "--latency", QUICK]);
  try {
    const planned = await finish(process.execPath, [...COMMAND, "--dry-run", "--config", lab.info.config]);
    let stdout = "";
    const ours: Taken[] = [];
    // The first is not counted: the lab, too, is a process that has just been started.
    for (let round = 0; round <= ROUNDS; round++) {
      const taken = await anew(lab, running, () =>
        finish(process.execPath, [...COMMAND, "--yes", "--config", lab.info.config]),
      );
      ({ stdout } = taken);
      if (round > 0) ours.push(taken);
    }
    const script = await anew(lab, running, () => finish(PYTHON, [SCRIPT], JSON.stringify(lab.info)));
    const middle = ours.toSorted((a, b) => a.ms - b.ms)[ours.length >> 1];
    if (middle === undefined) throw new Error("no run");
    return {
      running,
      ours: { ...middle, peakMiB: median(ours.map((one) => one.peakMiB)) },
      script,
      critical: criticalPath(planned.stdout, parseLatency(QUICK), running),
      steps: longest(stdout),
    };
  } finally {
    await lab.stop();
  }
}

async function anew(
  lab: BenchLab,
  running: number,
  run: () => ReturnType<typeof finish>,
): Promise<Taken & { stdout: string }> {
  await lab.reset({ scenario: "clone-assigned", vms: running, running, latency: QUICK });
  const { ms, peakMiB, stdout } = await run();
  return { ms, peakMiB, stdout, calls: await lab.calls() };
}

export async function wholeRun(dir: string): Promise<Section> {
  const rows: Row[] = [];
  for (const running of RUNNING) rows.push(await measure(running, dir));
  const hundred = rows.find((row) => row.running === 100);
  if (hundred === undefined) throw new Error("no run with 100 VMs");
  const calls = ({ calls: { vim, dgs } }: Taken): string => `${sum(vim)} + ${sum(dgs)}`;
  return {
    title: "A whole -A",
    commands: [
      `node ${MAIN} lab --running 100 --vms 100 --latency ${QUICK} --write-config lab.yaml`,
      `node ${COMMAND.join(" ")} --yes --config lab.yaml`,
    ],
    columns: [
      "running VMs",
      "ours",
      "script",
      "script / ours",
      "critical path",
      "ours / path",
      "calls: ours",
      "script",
      "our peak RSS",
    ],
    rows: rows.map(({ running, ours, script, critical }) => [
      `${running}`,
      seconds(ours.ms),
      seconds(script.ms),
      times(script.ms / ours.ms),
      seconds(critical.ms),
      times(ours.ms / critical.ms),
      calls(ours),
      calls(script),
      mib(ours.peakMiB),
    ]),
    checks: [
      atLeast("-A with 100 running VMs beside a one-at-a-time script", hundred.script.ms / hundred.ours.ms, 11, "×"),
      atMost("-A with 100 running VMs beside the critical path", hundred.ours.ms / hundred.critical.ms, 1.1, "×"),
    ],
    notes: [
      `Ours is the command from its start to its end, plan and report included, median of ${ROUNDS} after one that is not counted; the script (test/bench/pyvmomi_prep.py, pyVmomi with \`WaitForTask\`) runs once, from its start to its end. Calls are vim25 + DGS.`,
      `The critical path is what must come one after the other with 100 VMs, by the plan's own graph: ${pathText(hundred.critical)}. ${WHAT_A_CALL_TAKES}`,
      `The script beside the critical path itself, with ${rows.map((row) => `${row.running} VMs ${times(row.script.ms / row.critical.ms)}`).join(", ")}: no program under the same limits can be further ahead of it. What is ours to lose in between is the process's start, the sign-ins and a connection for each call under way, code that runs for the first time, a third look at the state before the first step, and the lab's own work on the same cores.`,
      `Where our time went, in seconds: ${rows.map(({ running, steps }) => `with ${running} VMs ${steps}`).join("; ")}.`,
    ],
  };
}
