/**
 * Plans -A several times in one process, as a server does, and prints one JSON line: time of each plan in ms, resident
 * memory after each in MiB, and what of the heap is still in use after the last, garbage collected (`--expose-gc`).
 * Arguments: configuration, how often. Bundled and started by plan.ts.
 */
import { openApp } from "../../src/app.ts";

const [configFile = "", times = "1"] = process.argv.slice(2);
const app = await openApp({ configFile, env: {}, cwd: process.cwd() });
const actor = app.actor("cli");
const planMs: number[] = [];
const rssMiB: number[] = [];
for (let plan = 0; plan < Number(times); plan++) {
  const begun = performance.now();
  const { planId } = await app.engine.plan("automated_testing", { lun: "Gold" }, actor);
  planMs.push(performance.now() - begun);
  rssMiB.push(process.memoryUsage.rss() / 2 ** 20);
  await app.engine.discardPlan({ planId }, actor);
}
const peakMiB = process.resourceUsage().maxRSS / 1024;
await globalThis.gc?.({ execution: "async" });
const heldMiB = process.memoryUsage().heapUsed / 2 ** 20;
await app.close();
process.stdout.write(`${JSON.stringify({ planMs, rssMiB, heldMiB, peakMiB })}\n`);
