/** The server over HTTP under load, beside a bare SDK server: lists of tools, and 200 clients that plan at once. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Pool } from "undici";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { openApp } from "../../src/app.ts";
import { modernRequest } from "../support/wire.ts";
import { bundle, MAIN, memoryOf, startLab } from "./processes.ts";
import { atLeast, type Section } from "./report.ts";
import { interleaved, median, mib, ms, percentile, times } from "./stats.ts";

const ROUNDS = 9;
const LISTS = 400;
const AT_ONCE = 8;
const CLIENTS = 200;
const BARE = "bare SDK server";

const answered = z.object({
  result: z.looseObject({ isError: z.boolean().optional(), structuredContent: z.looseObject({}).optional() }),
});

interface Served {
  readonly child: ChildProcess;
  readonly pool: Pool;
  /** POSTs one request; how long its answer took in ms, and the answer. */
  ask(request: ReturnType<typeof modernRequest>, token?: string): Promise<{ ms: number; result: Result }>;
  stop(): Promise<void>;
}
type Result = z.infer<typeof answered>["result"];

/** A server that prints its URL, on whichever of its outputs. */
async function serve(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Served> {
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
  const url = await new Promise<URL>((resolve, reject) => {
    for (const input of [child.stdout, child.stderr]) {
      createInterface({ input }).on("line", (line) => {
        const [found] = /http:\/\/[\d.:]+\/mcp/.exec(line) ?? [];
        if (found !== undefined) resolve(new URL(found));
      });
    }
    child.once("exit", (code) => reject(new Error(`the server ended with ${code} before it was ready`)));
  });
  const pool = new Pool(url.origin, { connections: CLIENTS, pipelining: 1 });
  return {
    child,
    pool,
    ask: async ({ headers, body }, token) => {
      const begun = performance.now();
      const authorization = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const answer = await pool.request({
        ...{ method: "POST", path: url.pathname, headers: { ...headers, ...authorization }, body },
        ...{ headersTimeout: 0, bodyTimeout: 0 },
      });
      const text = await answer.body.text();
      const taken = performance.now() - begun;
      if (answer.statusCode !== 200) throw new Error(`${answer.statusCode} ${text}`);
      const event = text.split("\n").findLast((line) => line.startsWith("data: "));
      return { ms: taken, result: answered.parse(JSON.parse(event?.slice(6) ?? text)).result };
    },
    stop: async () => {
      await pool.destroy();
      const ended = once(child, "exit");
      if (child.exitCode === null && child.kill("SIGTERM")) await ended;
    },
  };
}

interface Round {
  readonly perSecond: number;
  readonly all: readonly number[];
}

/** So many lists, a few at a time. */
async function lists(server: Served, token?: string): Promise<Round> {
  const all: number[] = [];
  const request = modernRequest("tools/list");
  const begun = performance.now();
  let left = LISTS;
  const one = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      all.push((await server.ask(request, token)).ms);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
  return { perSecond: (LISTS * 1000) / (performance.now() - begun), all };
}

const row = (what: string, name: string, all: readonly number[], more: readonly string[]): string[] => [
  what,
  name,
  ...[50, 95, 99].map((percent) => ms(percentile(all, percent))),
  ...more,
];

export async function http(dir: string): Promise<Section> {
  const lab = await startLab(dir, ["--scenario", "fleet", "--clients", String(CLIENTS)]);
  const { config } = lab.info;
  const written = z
    .looseObject({ pairs: z.array(z.looseObject({ client: z.string() })) })
    .parse(parse(await readFile(config, "utf8")));
  await writeFile(config, stringify({ ...written, http: { limits: { perMinute: 10_000_000 } } }));
  const env = { ...process.env, XDG_STATE_HOME: join(dir, "state"), XDG_CACHE_HOME: dir };
  const app = await openApp({ configFile: config, env, cwd: dir });
  const tokens: string[] = [];
  for (let at = 0; at < CLIENTS; at += 1) {
    const asked = { name: `client-${at}`, role: "operator" as const, ttlMs: 3_600_000 };
    tokens.push((await app.engine.createToken(asked, app.actor("cli"))).token);
  }
  const ours = await serve([MAIN, "serve", "--http", "127.0.0.1:0", "--config", config], env);
  const bare = await serve([await bundle("bare-http-server.ts", dir)], env);
  try {
    const runs = { ours: () => lists(ours, tokens[0]), bare: () => lists(bare) };
    await interleaved(2, runs);
    const listed = await interleaved(ROUNDS, runs);
    const beside = median(listed.ours.map((one, at) => one.perSecond / (listed.bare[at]?.perSecond ?? 0)));
    const [rss, bareRss] = [await memoryOf(ours.child.pid, "VmRSS"), await memoryOf(bare.child.pid, "VmRSS")];

    const begun = performance.now();
    const plans = await Promise.all(
      written.pairs.slice(0, CLIENTS).map(({ client }, at) => {
        const call = { name: "prep_automated_testing", arguments: { lun: "Gold", client } };
        return ours.ask(modernRequest("tools/call", call), tokens[at]);
      }),
    );
    const together = performance.now() - begun;
    const peak = await memoryOf(ours.child.pid, "VmHWM");
    const empty = await Promise.all(
      tokens.map(() => bare.ask(modernRequest("tools/call", { name: "tool_1", arguments: {} }))),
    );
    const barePeak = await memoryOf(bare.child.pid, "VmHWM");
    const stored = new Set((await app.engine.listPlans()).map(({ planId }) => planId));
    const kept = plans.filter(({ result }) => stored.has(String(result.structuredContent?.["planId"]))).length;
    if (!(await app.engine.verifyAudit()).holds) throw new Error("the audit does not hold after that");
    const planned = plans.map((one) => one.ms);
    const speed = (rounds: readonly Round[]): string => `${median(rounds.map((one) => one.perSecond)).toFixed(0)}/s`;
    const inAll = (rounds: readonly Round[]): number[] => rounds.flatMap(({ all }) => all);
    const list = `\`tools/list\`, ${AT_ONCE} at a time`;
    const many = `a call of each of ${CLIENTS} clients at once`;
    return {
      title: "HTTP under load",
      commands: [`node ${MAIN} serve --http 127.0.0.1:8321 --config lab.yaml`],
      columns: ["what", "server", "p50", "p95", "p99", "throughput", "RSS"],
      rows: [
        row(list, "atvm_prep", inAll(listed.ours), [speed(listed.ours), mib(rss)]),
        row(list, BARE, inAll(listed.bare), [speed(listed.bare), mib(bareRss)]),
        row(many, "atvm_prep: a plan for -A", planned, [`${((CLIENTS * 1000) / together).toFixed(0)}/s`, mib(peak)]),
        row(
          many,
          `${BARE}: nothing`,
          empty.map((one) => one.ms),
          ["", mib(barePeak)],
        ),
      ],
      checks: [
        atLeast("`tools/list` over HTTP, throughput", beside, 0.8, `× ${BARE}`, 2),
        atLeast(`plans of ${CLIENTS} clients at once that are answered, and stored`, kept, CLIENTS, "plans", 0),
      ],
      notes: [
        `Ours checks a bearer token with each request and lists its 19 tools, 13 kB of them; the bare server checks nothing, and its 20 tools are empty. Protocol 2026-07-28, a request by itself each, over connections that stay open; ${ROUNDS} rounds of ${LISTS} lists each, taking turns, after two that are not counted; ours has ${times(beside)} the throughput, pair by pair. The client that asks runs on the same machine.`,
        `Each of the ${CLIENTS} clients has a token of its own and plans for a host of its own, in the lab's scenario \`fleet\`; the plans read array and vCenter, ${CLIENTS} times on one machine with the lab. RSS is what is resident after the lists, and the most that was resident after the plans.`,
      ],
    };
  } finally {
    await ours.stop();
    await bare.stop();
    await app.close();
    await lab.stop();
  }
}
