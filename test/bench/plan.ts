/** A plan for -A over inventories of different sizes: calls, time and memory, as a command and in a server's process. */
import { z } from "zod";
import { bundle, finish, MAIN, startLab, sum } from "./processes.ts";
import { atMost, type Check, type Section } from "./report.ts";
import { median, mib, ms } from "./stats.ts";

const SIZES = [500, 2000, 10_000];
const COMMANDS = 3;
const PLANS = 8;

const planned = z.object({
  planMs: z.array(z.number()),
  rssMiB: z.array(z.number()),
  heldMiB: z.number(),
  peakMiB: z.number(),
});
const planView = z.object({ impact: z.object({ vmsToUnregister: z.array(z.unknown()) }) });

interface Planned {
  readonly vms: number;
  readonly calls: { readonly vim: number; readonly dgs: number };
  readonly commandMs: number;
  readonly commandMiB: number;
  readonly hereMs: number;
  readonly hereMiB: readonly number[];
  readonly hereHeldMiB: number;
}

async function measure(vms: number, dir: string, here: string): Promise<Planned> {
  const lab = await startLab(dir, ["--scenario", "large", "--vms", `${vms}`]);
  const { config } = lab.info;
  try {
    const command = () =>
      finish(process.execPath, [MAIN, "-A", "-n", "Gold", "--dry-run", "--json", "--config", config]);
    const first = await command();
    const counted = await lab.calls();
    const seen = planView.parse(JSON.parse(first.stdout)).impact.vmsToUnregister.length;
    if (seen !== vms) throw new Error(`the plan names ${seen} VMs, not ${vms}`);
    const commands = [first];
    while (commands.length < COMMANDS) commands.push(await command());
    const { stdout } = await finish(process.execPath, ["--expose-gc", here, config, `${PLANS}`]);
    const inProcess = planned.parse(JSON.parse(stdout));
    return {
      vms,
      calls: { vim: sum(counted.vim), dgs: sum(counted.dgs) },
      commandMs: median(commands.map((one) => one.ms)),
      commandMiB: median(commands.map((one) => one.peakMiB)),
      hereMs: median(inProcess.planMs.slice(1)),
      hereMiB: inProcess.rssMiB,
      hereHeldMiB: inProcess.heldMiB,
    };
  } finally {
    await lab.stop();
  }
}

export async function plan(dir: string): Promise<Section> {
  const here = await bundle("plan-here.ts", dir);
  const all: Planned[] = [];
  for (const size of SIZES) all.push(await measure(size, dir, here));
  return {
    title: "A plan for -A",
    commands: [
      "node dist/main.js lab --scenario large --vms 10000 --write-config lab.yaml",
      `node ${MAIN} -A -n Gold --dry-run --json --config lab.yaml`,
    ],
    columns: [
      "VMs on the clone",
      "vim25 calls",
      "DGS calls",
      "command",
      "its peak RSS",
      "in a server",
      "its RSS after each plan",
      "live heap then",
    ],
    rows: all.map((one) => [
      `${one.vms}`,
      `${one.calls.vim}`,
      `${one.calls.dgs}`,
      ms(one.commandMs),
      mib(one.commandMiB),
      ms(one.hereMs),
      `${one.hereMiB.map((each) => each.toFixed(0)).join(", ")} MiB`,
      mib(one.hereHeldMiB),
    ]),
    checks: all.flatMap((one): Check[] => [
      atMost(`-A planned over ${one.vms} VMs, vim25`, one.calls.vim, 8 + Math.ceil(one.vms / 1000), "calls", 0),
      atMost(`-A planned over ${one.vms} VMs, DGS`, one.calls.dgs, 8, "calls", 0),
    ]),
    notes: [
      `Calls with the sign-ins and sign-outs on both systems. The command from its start to its end, median of ${COMMANDS}; in a server's process the median of ${PLANS - 1} plans after the first, each over the systems anew. Resident memory grows as far as V8 leaves garbage lying; what a server holds on to is the live heap, after a collection once all plans were made.`,
    ],
  };
}
