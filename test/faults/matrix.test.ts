/**
 * The fault matrix: each call that a preparation makes on the array or on vCenter is disturbed in each way that the lab
 * knows, one a preparation. `npm run test:faults` does it all, and writes the table of docs/reliability.md; without
 * ATVM_FAULTS=all it is a sample.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { z } from "zod";
import { disturb, type Outcome, outcomeSchema, type Reference, refer } from "./case.ts";
import { type Cell, cellsOf, nameOf } from "./cells.ts";
import { JOURNEYS, type Journey } from "./journeys.ts";
import { type Lane, openLane } from "./lane.ts";
import { publish, type Result } from "./table.ts";

const WHOLE = process.env["ATVM_FAULTS"] === "all";
const SAMPLE = Number(process.env["ATVM_FAULTS_SAMPLE"] ?? 120);
/** Each has a lab of its own: cases wait more than they work. */
const LANES = Number(process.env["ATVM_FAULTS_LANES"] ?? 8);
/** After so long no case is begun any more; the table says how many are missing. */
const MINUTES = Number(process.env["ATVM_FAULTS_MINUTES"] ?? 24 * 60);
/** A file that gets a line of JSON for each case as it ends. Those that it has already, and that ended well, are not run again. */
const PROTOCOL = process.env["ATVM_FAULTS_PROTOCOL"];
/** `1/2`, `2/2`: for processes side by side, with one protocol; a run without it, over that protocol, writes the table. */
const [PART = 1, PARTS = 1] = (process.env["ATVM_FAULTS_PART"] ?? "1/1").split("/").map(Number);
const protocolled = outcomeSchema.extend({ name: z.string() });

async function endedBefore(): Promise<Map<string, Outcome>> {
  if (PROTOCOL === undefined || !existsSync(PROTOCOL)) return new Map();
  const lines = (await readFile(PROTOCOL, "utf8")).split("\n").filter((line) => line !== "");
  const ended = lines.map((line) => protocolled.parse(JSON.parse(line)));
  return new Map(ended.filter(({ problems }) => problems.length === 0).map(({ name, ...outcome }) => [name, outcome]));
}

/** On a machine too busy an undisturbed call may be late: that case alone is to be run again. */
const unjudged = (thrown: unknown): Outcome => ({
  way: "not judged",
  met: false,
  problems: [`it could not be judged: ${thrown instanceof Error ? thrown.message : String(thrown)}`],
});

const lanes: Lane[] = [];
for (let lane = 0; lane < LANES; lane += 1) lanes.push(await openLane());

/** An order that puts no mode, call or action first, so that any beginning of it is a fair sample; always the same. */
const mixed = (cells: readonly Cell[]): Cell[] => {
  const rank = (cell: Cell): string => createHash("sha1").update(nameOf(cell)).digest("hex");
  return cells
    .map((cell) => ({ cell, rank: rank(cell) }))
    .toSorted((a, b) => (a.rank < b.rank ? -1 : 1))
    .map(({ cell }) => cell);
};

test(
  "each call disturbed in each way",
  async () => {
    const [first] = lanes;
    if (first === undefined) throw new Error("no lane");
    const references = new Map<Journey, Reference>();
    const cells: Cell[] = [];
    for (const journey of JOURNEYS) {
      const reference = await refer(first, journey);
      references.set(journey, reference);
      cells.push(...cellsOf(journey, reference.counts));
    }
    const until = performance.now() + MINUTES * 60_000;
    const ended = await endedBefore();
    const results: Result[] = [];
    const waiting: Cell[] = [];
    const chosen = WHOLE ? mixed(cells) : mixed(cells).slice(0, SAMPLE);
    for (const cell of chosen.filter((_, at) => at % PARTS === PART - 1)) {
      const outcome = ended.get(nameOf(cell));
      if (outcome === undefined) waiting.push(cell);
      else results.push({ cell, outcome });
    }
    const work = async (lane: Lane): Promise<void> => {
      for (;;) {
        const cell = performance.now() < until ? waiting.shift() : undefined;
        const reference = cell && references.get(cell.journey);
        if (cell === undefined || reference === undefined) return;
        const outcome = await disturb(lane, cell, reference).catch(unjudged);
        results.push({ cell, outcome });
        if (PROTOCOL !== undefined)
          await appendFile(PROTOCOL, `${JSON.stringify({ name: nameOf(cell), ...outcome })}\n`);
      }
    };
    await Promise.all(lanes.map(work));
    if (WHOLE && PARTS === 1) await publish(results, cells.length);
    expect(results.length).toBeGreaterThan(0);
    expect(
      results.flatMap(({ cell, outcome }) => outcome.problems.map((problem) => `${nameOf(cell)}: ${problem}`)),
    ).toEqual([]);
  },
  WHOLE ? 24 * 3_600_000 : 600_000,
);
