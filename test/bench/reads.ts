/** A datastore with its VMs and their power states: our adapter beside pyVmomi's two ways, on the same lab. */
import { z } from "zod";
import { type BenchLab, bundle, type Calls, finish, PYTHON, startLab, sum } from "./processes.ts";
import { atLeast, atMost, type Section } from "./report.ts";
import { exponent, interleaved, median, mib, ms, times } from "./stats.ts";

/** How many VMs, and by how many processes of each kind they are read. */
const SIZES = [
  { vms: 500, processes: 5 },
  { vms: 2000, processes: 5 },
  { vms: 10_000, processes: 3 },
] as const;
const SCRIPT = `${import.meta.dirname}/pyvmomi_reads.py`;
const READS = 4;

const report = z.object({ readMs: z.array(z.number()).min(1), vms: z.number(), rssMiB: z.number() });

interface Way {
  readonly name: string;
  readonly vms: number;
  /** Sign-in and first read of a fresh process, median over the processes. */
  readonly firstMs: number;
  /** A further read in the same process, median over all of them; undefined where there was none. */
  readonly againMs: number | undefined;
  readonly rssMiB: number;
  readonly calls: number;
}

type Run = (reads: number) => Promise<z.infer<typeof report>>;

/** Calls of one read: those that two reads make more than one. */
async function callsOf(lab: BenchLab, run: Run): Promise<number> {
  const counted = async (reads: number): Promise<number> => {
    const before: Calls = await lab.calls();
    await run(reads);
    return sum((await lab.calls()).vim) - sum(before.vim);
  };
  const one = await counted(1);
  return (await counted(2)) - one;
}

async function measure({ vms, processes }: (typeof SIZES)[number], dir: string, ours: string): Promise<Way[]> {
  const lab = await startLab(dir, ["--scenario", "large", "--vms", `${vms}`]);
  const input = JSON.stringify(lab.info);
  const run =
    (command: string, ...args: string[]): Run =>
    async (reads) => {
      const { stdout } = await finish(command, [...args, `${reads}`], input);
      return report.parse(JSON.parse(stdout));
    };
  const collector = run(PYTHON, SCRIPT, "collector");
  const attributes = run(PYTHON, SCRIPT, "one-at-a-time");
  const adapter = run(process.execPath, ours);
  try {
    const turns = await interleaved(processes, { adapter: () => adapter(READS), collector: () => collector(READS) });
    const before = await lab.calls();
    const slow = await attributes(1);
    const slowCalls = sum((await lab.calls()).vim) - sum(before.vim);
    const way = (name: string, all: z.infer<typeof report>[], calls: number): Way => ({
      name,
      vms: all[0]?.vms ?? 0,
      firstMs: median(all.map(({ readMs: [first = 0] }) => first)),
      againMs: all[0]?.readMs.length === 1 ? undefined : median(all.flatMap(({ readMs }) => readMs.slice(1))),
      rssMiB: median(all.map((one) => one.rssMiB)),
      calls,
    });
    return [
      way("atvm_prep", turns.adapter, await callsOf(lab, adapter)),
      way("pyVmomi, PropertyCollector", turns.collector, await callsOf(lab, collector)),
      way("pyVmomi, one property at a time", [slow], slowCalls),
    ];
  } finally {
    await lab.stop();
  }
}

export async function reads(dir: string): Promise<Section> {
  const ours = await bundle("read-vms.ts", dir);
  const sizes: { size: number; ways: Way[] }[] = [];
  for (const each of SIZES) sizes.push({ size: each.vms, ways: await measure(each, dir, ours) });
  const waysOf = (size: number): Way[] => sizes.find((one) => one.size === size)?.ways ?? [];
  const again = ({ againMs, firstMs }: Way): number => againMs ?? firstMs;
  const [mine, theirs] = waysOf(2000);
  const largest = waysOf(10_000)[0];
  if (mine === undefined || theirs === undefined || largest === undefined) throw new Error("no reads of 2,000 VMs");
  const growth = (at: number, of: (way: Way) => number): string =>
    exponent(
      sizes.flatMap(({ size, ways }) => {
        const way = ways[at];
        return way === undefined ? [] : [{ x: size, y: of(way) }];
      }),
    ).toFixed(2);
  return {
    title: "A datastore with its VMs and their power states",
    commands: ["node dist/main.js lab --scenario large --vms 2000"],
    columns: [
      "VMs, by",
      "sign-in + first read",
      "further read",
      "per VM",
      "calls",
      "peak RSS",
      "further read, beside ours",
    ],
    rows: sizes.flatMap(({ size, ways: [first, ...rest] }) =>
      [first, ...rest].flatMap((way) =>
        way === undefined || first === undefined
          ? []
          : [
              [
                `${size}: ${way.name}`,
                ms(way.firstMs),
                way.againMs === undefined ? "" : ms(way.againMs),
                `${((again(way) / way.vms) * 1000).toFixed(0)} µs`,
                `${way.calls}`,
                mib(way.rssMiB),
                times(again(way) / again(first)),
              ],
            ],
      ),
    ),
    checks: [
      atMost("2,000 VMs: sign-in and first read of a fresh process", mine.firstMs, 500, "ms", 0),
      atMost("2,000 VMs: calls of a read", mine.calls, 4, "calls", 0),
      atMost("10,000 VMs: calls of a read", largest.calls, 12, "calls", 0),
      atLeast("2,000 VMs: pyVmomi's PropertyCollector beside us, per VM read", again(theirs) / again(mine), 1, "×", 2),
    ],
    notes: [
      `Each read finds the datastores and then all VMs on them, with the same nine properties a VM for us and for the PropertyCollector; one property at a time reads three (name, power state, VMX path), once, its sign-in included. Medians of ${SIZES.map((each) => each.processes).join(", ")} processes of ${READS} reads each, taking turns. Times start when the script is loaded and end with plain objects in memory.`,
      `The first read of a process, sign-in included, is at 2,000 VMs ${times(mine.firstMs / theirs.firstMs)} pyVmomi's. What it costs more than a further read, ${ms(mine.firstMs - again(mine))} here and ${ms(theirs.firstMs - again(theirs))} there, is that V8 meets the XML parser (saxes) for the first time and runs it interpreted: a CPU profile shows this, the handshakes and garbage collection on top, and the process waiting for the lab less than a tenth of the time.`,
      `Growth with the number of VMs, fitted as time ~ VMsᵇ over 500 to 10,000: ours b = ${growth(0, (way) => way.firstMs)} for the first read and ${growth(0, again)} for further ones, pyVmomi's PropertyCollector ${growth(1, (way) => way.firstMs)} and ${growth(1, again)}, one property at a time ${growth(2, again)}.`,
    ],
  };
}
