/** From the start of the process to the answer to `tools/list` over stdio, beside a bare SDK server. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { z } from "zod";
import { type Build, bundle, installed, MAIN, memoryOf, THIS_BUILD } from "./processes.ts";
import { atMost, type Section } from "./report.ts";
import { interleaved, median, mib, ms, times } from "./stats.ts";

const ROUNDS = 15;
const SERVE = ["serve", "--lab"];
const BARE = "bare SDK server";
/** Public servers, by their packages: the SDK's example of everything, and one that many use. */
const PUBLIC = [
  { name: "@modelcontextprotocol/server-everything", version: "2026.8.31", args: [] },
  { name: "@modelcontextprotocol/server-filesystem", version: "2026.8.31", args: ["."] },
] as const;
const anyMessage = z.looseObject({ id: z.unknown().optional() });
const listed = z.object({ result: z.object({ tools: z.array(z.unknown()) }) });

interface Started {
  readonly ms: number;
  /** Resident when the answer was there. */
  readonly rssMiB: number;
  readonly tools: readonly unknown[];
}

async function start(args: readonly string[], caches: string): Promise<Started> {
  const begun = performance.now();
  const env = { ...process.env, XDG_CACHE_HOME: caches };
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "ignore"], env });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  /** What the server says of itself in between is passed over. */
  const answer = async (id: number): Promise<unknown> => {
    for (;;) {
      const message = anyMessage.parse(JSON.parse(z.string().parse((await lines.next()).value)));
      if (message.id === id) return message;
    }
  };
  const send = (message: object): unknown => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  const clientInfo = { name: "bench", version: "0.0.0" };
  send({ id: 1, method: "initialize", params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo } });
  await answer(1);
  send({ method: "notifications/initialized" });
  send({ id: 2, method: "tools/list" });
  const { tools } = listed.parse(await answer(2)).result;
  const taken = performance.now() - begun;
  const rssMiB = await memoryOf(child.pid, "VmRSS");
  const ended = once(child, "exit");
  child.stdin.end();
  child.kill("SIGTERM");
  await ended;
  return { ms: taken, rssMiB, tools };
}

/** Beside the bare server, and beside two public ones or, where there is one, an earlier build of ours; `rounds` starts of each. */
export async function startup(dir: string, earlier: readonly Build[] = [], rounds = ROUNDS): Promise<Section> {
  const known = earlier.length > 0 ? [] : PUBLIC;
  const publicServers: (readonly [string, readonly string[]])[] = [];
  for (const { name, version, args } of known)
    publicServers.push([`${name} ${version}`, [await installed(name, version, dir), ...args]]);
  const contestants = [THIS_BUILD, ...earlier].map(({ name, main }) => [name, [main, ...SERVE]] as const);
  const bareServer = [BARE, [await bundle("bare-server.ts", dir)]] as const;
  const runs = Object.fromEntries(
    [...contestants, bareServer, ...publicServers].map(([name, args]) => [name, () => start(args, dir)]),
  );
  await interleaved(1, runs);
  const started = Object.entries(await interleaved(rounds, runs)).map(([name, all]) => ({
    name,
    ms: median(all.map((one) => one.ms)),
    rssMiB: median(all.map((one) => one.rssMiB)),
    tools: all[0]?.tools ?? [],
  }));
  const [ours, ...others] = started;
  const bare = others.find(({ name }) => name === BARE);
  if (ours === undefined || bare === undefined) throw new Error("ours and the bare server were started");
  const size = Buffer.byteLength(JSON.stringify(ours.tools));
  return {
    title: "Start of the stdio server",
    commands: [`node ${[MAIN, ...SERVE].join(" ")}`],
    columns: ["server", "start → `tools/list`", "RSS", "ours beside it", "tools"],
    rows: started.map((one) => [
      one.name,
      ms(one.ms),
      mib(one.rssMiB),
      one === ours ? "" : `${times(ours.ms / one.ms)}, ${(ours.rssMiB - one.rssMiB).toFixed(1)} MiB`,
      `${one.tools.length}`,
    ]),
    checks: [
      ...others
        .filter((one) => !publicServers.some(([name]) => name === one.name))
        .map((one) => atMost("process start → `tools/list`", ours.ms / one.ms, 1, `× ${one.name}`)),
      atMost("resident memory then, above a bare SDK server's", ours.rssMiB - bare.rssMiB, 8, "MiB", 1),
      atMost("all tools' definitions", size / 1000, 13, "kB"),
      atMost("tools", ours.tools.length, 19, "tools", 0),
    ],
    notes: [
      `\`initialize\`, its answer, \`tools/list\`, its answer; medians of ${rounds} starts each, taking turns, after one that is not counted: it fills the cache of compiled code that ours has Node keep. The bare server, bundled with the same esbuild options into one file, keeps none${known.length > 0 ? "; the public ones are started as npm installs them" : ""}.`,
    ],
  };
}
