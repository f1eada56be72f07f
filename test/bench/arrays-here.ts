/**
 * Plans -A over a big array of each kind, taking turns, and prints one JSON line: times in ms and calls to the array. The
 * argument says how often. Bundled and started by arrays.ts.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openApp } from "../../src/app.ts";
import { LAB_ARRAYS } from "../../src/lab/arrays/kinds.ts";
import { startLab } from "../../src/lab/start.ts";
import { assign, cloneOf, snapshotOf } from "../../src/lab/world/array.ts";
import type { World } from "../../src/lab/world/world.ts";

const VOLUMES = 2_000;
const SNAPSHOTS_EACH = 2;
const ASSIGNED = 500;

/** Clones of another gold, each with snapshots of its own, some of them assigned to the other client. */
function grow({ state }: World): void {
  const other = state.model.volumes.filter(({ kind }) => kind === "gold").at(-1);
  const base = state.model.snapshots.find(({ volumeId }) => volumeId === other?.id);
  const client = state.model.clients.at(-1);
  if (base === undefined || client === undefined) throw new Error("the lab has too little in it");
  for (let index = 0; index < VOLUMES; index++) {
    const clone = cloneOf(state, base, state.ids.style.volumeName(`bench-${index}`));
    for (let each = 0; each < SNAPSHOTS_EACH; each++) snapshotOf(state, clone, `snapshot-${each}`);
    if (index < ASSIGNED) assign(state, clone.id, client.id);
  }
}

const dir = await mkdtemp(join(tmpdir(), "atvm-arrays-"));
const opened = [];
for (const array of LAB_ARRAYS) {
  const configFile = join(dir, `${array}.yaml`);
  const lab = await startLab({ array, writeConfig: configFile });
  grow(lab.world);
  opened.push({ array, lab, app: await openApp({ configFile, env: {}, cwd: dir }) });
}
const times = Object.fromEntries(LAB_ARRAYS.map((array) => [array, Array.of<number>()]));
const calls: Record<string, number> = {};
// The first round is not counted.
for (let round = 0; round <= Number(process.argv[2] ?? 1); round++) {
  for (const { array, lab, app } of opened) {
    const before = lab.world.faults.calls().totals.dgs;
    const begun = performance.now();
    const { planId } = await app.engine.plan("automated_testing", { lun: "Gold" }, app.actor("cli"));
    if (round > 0) times[array]?.push(performance.now() - begun);
    calls[array] = lab.world.faults.calls().totals.dgs - before;
    await app.engine.discardPlan({ planId }, app.actor("cli"));
  }
}
for (const { lab, app } of opened) {
  await app.close();
  await lab.close();
}
await rm(dir, { recursive: true, force: true });
process.stdout.write(`${JSON.stringify({ times, calls })}\n`);
