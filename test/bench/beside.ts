/**
 * This build beside an earlier one, taking turns in one run: on the latencies of the budgets and on slow storage. The
 * array and the vCenter are this build's lab for both.
 */
import { parseLatency } from "../../src/lab/world/latency.ts";
import { type CriticalPath, criticalPath, pathText, WHAT_A_CALL_TAKES } from "./critical-path.ts";
import { configFor } from "./earlier-build.ts";
import { type BenchLab, type Build, type Calls, finish, startLab, sum, THIS_BUILD } from "./processes.ts";
import { atMost, type Section } from "./report.ts";
import { startup } from "./startup.ts";
import { interleaved, median, seconds, times } from "./stats.ts";
import { QUICK } from "./whole-run.ts";

const SLOW = "dgs=50ms,vim=10ms,task=1s,rescan=8s,clone=10s,unresolved=1s";
const GOLD = "AutomatedTest-VMBootImg-Gold";
const AT_ONCE = 10;

/** A bench of two builds; `rounds` runs of each. */
type BesideBench = (dir: string, earlier: Build, rounds: number | undefined) => Promise<Section>;

interface Case {
  readonly vms: number;
  readonly flags: readonly string[];
  readonly yes: readonly string[];
  /** At most so many times the earlier build's time. */
  readonly limit: number;
}

const prepare = (vms: number, limit: number): Case => ({ vms, flags: ["-A", "-n", "Gold"], yes: ["--yes"], limit });
const QUICK_CASES = [prepare(100, 1.02)];
const SLOW_CASES: readonly Case[] = [
  prepare(10, 0.6),
  prepare(100, 0.75),
  { vms: 10, flags: ["-M", "-n", "Gold"], yes: ["--yes"], limit: 0.7 },
  { vms: 10, flags: ["-rvgd", "-n", "Gold"], yes: ["--yes-rollback", GOLD], limit: 0.7 },
];

const titleOf = ({ flags: [mode = ""], vms }: Case): string => `${mode} with ${vms} running VMs`;

interface Taken {
  readonly ms: number;
  readonly calls: Calls;
}

interface Row {
  readonly of: Case;
  readonly ours: readonly Taken[];
  readonly earlier: readonly Taken[];
  readonly critical: CriticalPath;
}

const middle = (all: readonly Taken[]): number => median(all.map(({ ms }) => ms));
const callsOf = ([first]: readonly Taken[]): string =>
  first === undefined ? "" : `${sum(first.calls.vim)} + ${sum(first.calls.dgs)}`;

async function measure(of: Case, latency: string, dir: string, earlier: Build, rounds: number): Promise<Row> {
  const { vms } = of;
  const lab = await startLab(dir, ["--vms", `${vms}`, "--running", `${vms}`, "--latency", latency]);
  try {
    const builds = { ours: THIS_BUILD, earlier };
    const configs = {
      ours: await configFor(THIS_BUILD, lab.info.config),
      earlier: await configFor(earlier, lab.info.config),
    };
    const command = (which: keyof typeof builds, ...more: readonly string[]): string[] => [
      builds[which].main,
      ...of.flags,
      ...more,
      "--json",
      "--config",
      configs[which],
    ];
    const runs = (now: string): Record<keyof typeof builds, () => Promise<Taken>> => {
      const run = async (which: keyof typeof builds): Promise<Taken> => {
        await lab.reset({ scenario: "clone-assigned", vms, running: vms, latency: now });
        const { ms } = await finish(process.execPath, command(which, ...of.yes));
        return { ms, calls: await lab.calls() };
      };
      return { ours: () => run("ours"), earlier: () => run("earlier") };
    };
    await interleaved(1, runs(""));
    await lab.reset({ scenario: "clone-assigned", vms, running: vms, latency: "" });
    const planned = await finish(process.execPath, command("ours", "--dry-run"));
    const critical = criticalPath(planned.stdout, parseLatency(latency), vms);
    return { of, critical, ...(await interleaved(rounds, runs(latency))) };
  } finally {
    await lab.stop();
  }
}

function runsOn(title: string, latency: string, cases: readonly Case[], usualRounds: number): BesideBench {
  return async (dir, earlier, rounds = usualRounds) => {
    const rows: Row[] = [];
    for (const of of cases) rows.push(await measure(of, latency, dir, earlier, rounds));
    return {
      title,
      commands: [
        `node ${THIS_BUILD.main} lab --vms N --running N --latency ${latency} --write-config lab.yaml`,
        ...new Set(
          cases.map(({ flags, yes }) => `node ${[THIS_BUILD.main, ...flags, ...yes].join(" ")} --config lab.yaml`),
        ),
      ],
      columns: [
        "run",
        "ours",
        earlier.name,
        "ours beside it",
        "critical path",
        "ours / path",
        "calls: ours",
        earlier.name,
      ],
      rows: rows.map((row) => [
        titleOf(row.of),
        seconds(middle(row.ours)),
        seconds(middle(row.earlier)),
        times(middle(row.ours) / middle(row.earlier)),
        seconds(row.critical.ms),
        times(middle(row.ours) / row.critical.ms),
        callsOf(row.ours),
        callsOf(row.earlier),
      ]),
      checks: rows.flatMap((row) => [
        atMost(
          `${titleOf(row.of)}, ${title}`,
          middle(row.ours) / middle(row.earlier),
          row.of.limit,
          `× ${earlier.name}`,
        ),
        atMost(`${titleOf(row.of)}, ${title}`, middle(row.ours) / row.critical.ms, 1.1, "× the critical path"),
      ]),
      notes: [
        `Each run is the command from its start to its end, plan and report included; medians of ${rounds} of each build, taking turns, after one of each on a lab that answers at once. Calls are vim25 + DGS.`,
        `The critical path is what must come one after the other, by the plan's own graph: ${rows
          .map((row) => `${titleOf(row.of)}: ${pathText(row.critical)}`)
          .join(" / ")}. ${WHAT_A_CALL_TAKES}`,
      ],
    };
  };
}

const clientAt = (index: number): string => `CDS1-ESX${165 + index}`;

/** One run on each client, all started together; until the last has ended. */
async function prepareAll(clients: readonly string[], { info }: BenchLab): Promise<number> {
  const begun = performance.now();
  await Promise.all(
    clients.map((client) =>
      finish(process.execPath, [
        ...[THIS_BUILD.main, "-A", "-n", "Gold", "-c", client, "--yes", "--json"],
        ...["--config", info.config],
      ]),
    ),
  );
  return performance.now() - begun;
}

/**
 * `-A` of one gold family on ten clients over one store. Each already has a clone of it, its VMs not registered: the
 * fleet's hosts have VMs of the same names in their folders, from families of their own.
 */
const atOnce: BesideBench = async (dir, _earlier, rounds = 3) => {
  const flags = ["--scenario", "fleet", "--clients", `${AT_ONCE}`, "--latency", SLOW];
  const lab = await startLab(dir, flags);
  try {
    const clients = Array.from({ length: AT_ONCE }, (_, index) => clientAt(index));
    await prepareAll(clients, lab);
    const { one, all } = await interleaved(rounds, {
      one: () => prepareAll(clients.slice(1, 2), lab),
      all: () => prepareAll(clients, lab),
    });
    const title = `-A on ${AT_ONCE} clients of one gold family`;
    return {
      title,
      commands: [
        `node ${THIS_BUILD.main} lab ${flags.join(" ")} --write-config lab.yaml`,
        `node ${THIS_BUILD.main} -A -n Gold -c ${clientAt(1)} --yes --config lab.yaml`,
      ],
      columns: ["clients", "until the last has ended", "beside one"],
      rows: [
        ["1", seconds(median(one)), ""],
        [`${AT_ONCE}`, seconds(median(all)), times(median(all) / median(one))],
      ],
      checks: [atMost(`${title}, at once`, median(all) / median(one), 1.3, "× one alone")],
      notes: [
        `Each client has a clone of the family already; each run puts a new one in its place. One store; medians of ${rounds}, taking turns, after one that is not counted.`,
      ],
    };
  } finally {
    await lab.stop();
  }
};

/** In the order in which they run: the ones that mostly wait come first. */
export const BESIDE: Readonly<Record<string, BesideBench>> = {
  slow: runsOn("on slow storage", SLOW, SLOW_CASES, 3),
  "at-once": atOnce,
  quick: runsOn("on quick storage", QUICK, QUICK_CASES, 7),
  startup: (dir, earlier, rounds) => startup(dir, [earlier], rounds),
};
