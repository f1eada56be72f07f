/** From the start of the process to the answer to `tools/list` over stdio, beside a bare SDK server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { z } from "zod";
import { bundle, MAIN, memoryOf } from "./processes.ts";
import { atMost, type Section } from "./report.ts";
import { interleaved, median, mib, ms, times } from "./stats.ts";

const ROUNDS = 9;
const listed = z.object({ id: z.literal(2), result: z.object({ tools: z.array(z.unknown()) }) });

interface Started {
  readonly ms: number;
  /** Resident when the answer was there. */
  readonly rssMiB: number;
  readonly tools: readonly unknown[];
}

async function start(args: readonly string[]): Promise<Started> {
  const begun = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "ignore"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => JSON.parse(z.string().parse((await lines.next()).value));
  const send = (message: object): unknown => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const clientInfo = { name: "bench", version: "0.0.0" };
  send({ id: 1, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo } });
  await answer();
  send({ method: "notifications/initialized" });
  send({ id: 2, method: "tools/list" });
  const { tools } = listed.parse(await answer()).result;
  const taken = performance.now() - begun;
  const rssMiB = await memoryOf(child.pid, "VmRSS");
  const ended = once(child, "exit");
  child.stdin.end();
  child.kill("SIGTERM");
  await ended;
  return { ms: taken, rssMiB, tools };
}

export async function startup(dir: string): Promise<Section> {
  const bare = await bundle("bare-server.ts", dir);
  const runs = { ours: () => start([MAIN, "serve", "--lab"]), bare: () => start([bare]) };
  await interleaved(1, runs);
  const { ours, bare: theirs } = await interleaved(ROUNDS, runs);
  const [time, bareTime] = [ours, theirs].map((all) => median(all.map((one) => one.ms)));
  const [rss, bareRss] = [ours, theirs].map((all) => median(all.map((one) => one.rssMiB)));
  if (time === undefined || bareTime === undefined || rss === undefined || bareRss === undefined) throw new Error();
  const tools = ours[0]?.tools ?? [];
  const size = Buffer.byteLength(JSON.stringify(tools));
  return {
    title: "Start of the stdio server",
    commands: [`node ${MAIN} serve --lab`],
    columns: ["server", "start → `tools/list`", "RSS", "tools", "definitions"],
    rows: [
      ["atvm_prep", ms(time), mib(rss), `${tools.length}`, `${(size / 1000).toFixed(1)} kB`],
      ["bare SDK server", ms(bareTime), mib(bareRss), `${theirs[0]?.tools.length ?? 0}`, ""],
      ["ratio, difference", times(time / bareTime), `${rss < bareRss ? "" : "+"}${mib(rss - bareRss)}`, "", ""],
    ],
    checks: [
      atMost("process start → `tools/list`", time / bareTime, 1.3, "× a bare SDK server"),
      atMost("resident memory then", rss - bareRss, 12, "MiB more", 1),
      atMost("all tools' definitions", size / 1000, 12, "kB"),
      atMost("tools", tools.length, 16, "tools", 0),
    ],
    notes: [
      `Both bundled with the same esbuild options, ours without the messages that zod has in fifty languages; \`initialize\`, its answer, \`tools/list\`, its answer; medians of ${ROUNDS} starts each, taking turns, after one that is not counted.`,
    ],
  };
}
