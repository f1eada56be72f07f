/** A plan for -A over an array with much on it, one kind beside the other. */
import { z } from "zod";
import { bundle, finish } from "./processes.ts";
import { atMost, type Section } from "./report.ts";
import { median, ms, times } from "./stats.ts";

const ROUNDS = 9;
/** Of the volumes, a thousand each. */
const EXTRA_PAGES = 2;
const measured = z.object({
  times: z.record(z.string(), z.array(z.number())),
  calls: z.record(z.string(), z.number()),
});

export async function arrays(dir: string): Promise<Section> {
  const here = await bundle("arrays-here.ts", dir);
  const { stdout } = await finish(process.execPath, [here, `${ROUNDS}`]);
  const found = measured.parse(JSON.parse(stdout));
  const rows = Object.entries(found.times).map(([array, taken]) => ({ array, ms: median(taken) }));
  const [first, ...others] = rows;
  if (first === undefined) throw new Error("no array was measured");
  return {
    title: "A plan for -A over 2,000 volumes, 4,000 snapshots, 500 assignments",
    commands: ["node test/bench/run.ts arrays"],
    columns: ["array", "calls to it", "plan", `beside ${first.array}`],
    rows: rows.map((row) => [row.array, `${found.calls[row.array]}`, ms(row.ms), times(row.ms / first.ms)]),
    checks: [
      ...others.map((row) => atMost(`-A planned on ${row.array}`, row.ms / first.ms, 1.5, `× ${first.array}`)),
      ...rows.map((row) =>
        atMost(`-A planned on ${row.array}`, found.calls[row.array] ?? 0, 8 + EXTRA_PAGES, "calls", 0),
      ),
    ],
    notes: [
      `Medians of ${ROUNDS} plans each, taking turns in one process that has both labs in it, after one that is not counted. The volumes are clones of another gold; calls are those of one plan, sign-in and sign-out included.`,
    ],
  };
}
