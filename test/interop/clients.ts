/**
 * MCP clients that nobody here wrote drive the built server, as their packages are: each in a process of its own, with a
 * fresh lab, through a preparation from its first call to its report. Their packages have lockfiles of their own.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { createInterface } from "node:readline";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { startLab } from "../../src/lab/start.ts";
import { touchWorld } from "../../src/lab/world/touches/touch.ts";

const CLIENTS = `${import.meta.dirname}/clients`;
const MAIN = new URL("../../dist/main.js", import.meta.url).pathname;
const CLIENT = "CDS1-ESX165";
const MANY_VMS = 400;

/** Runs a client's script with these arguments; its lines of checks are counted. */
export type RunClient = (name: string, command: string, args: string[]) => Promise<void>;

const SCRIPTS = [
  "ai-sdk",
  "anthropic",
  "beeai/beeai",
  "bridges",
  "genai",
  "inspector",
  "langchain",
  "llamaindex",
  "mastra",
  "mcpc",
  "mcporter",
  "openai-agents",
  "strands",
  "wong2",
] as const;

export async function judgeByMcpClients(runClient: RunClient, verdict: (line: string) => void): Promise<void> {
  for (const folder of [CLIENTS, `${CLIENTS}/beeai`]) await install(folder);
  const dir = await mkdtemp(`${tmpdir()}/atvm-prep-clients-`);
  const many = await startLab({ vms: MANY_VMS, writeConfig: `${dir}/many.yaml` });
  const away = await startLab({ writeConfig: `${dir}/away.yaml` });
  touchWorld(away.world.state, { what: "disconnect-host" });
  away.world.announce();
  try {
    for (const script of SCRIPTS) await judgeBy(script, dir, runClient, verdict);
  } finally {
    for (const lab of [many, away]) await lab.close();
    await rm(dir, { recursive: true, force: true });
  }
}

/** What the lockfile names, unless it is there already. Errors: npm could not install it; with `npm run -s` it does not say why. */
async function install(folder: string): Promise<void> {
  const at = (path: string): Promise<number> =>
    stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
  if ((await at(`${folder}/node_modules/.package-lock.json`)) > (await at(`${folder}/package-lock.json`))) return;
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
  const [code] = await once(spawn("npm", args, { cwd: folder, stdio: ["ignore", "ignore", "inherit"] }), "exit");
  if (code !== 0) throw new Error(`npm ci in ${folder} ended with ${code}`);
}

const loose = z.looseObject({});

async function judgeBy(
  script: string,
  dir: string,
  runClient: RunClient,
  verdict: (line: string) => void,
): Promise<void> {
  const lab = await startLab({ writeConfig: `${dir}/lab.yaml` });
  const written = loose.parse(parse(await readFile(`${dir}/lab.yaml`, "utf8")));
  const configured = async (name: string, more: object): Promise<string> => {
    const file = `${dir}/${name}.yaml`;
    await writeFile(file, stringify({ ...written, ...more }), { mode: 0o600 });
    return file;
  };
  const config = await configured("token", { approval: { default: "token" } });
  const sites = [
    await configured("north", { toolPrefix: "north_" }),
    await configured("south", { toolPrefix: "south_" }),
  ];
  const { volumes } = lab.world.model;
  const before = new Set(volumes.map(({ id }) => id));
  const http = script === "bridges" ? await serveHttp(config) : undefined;
  const setup = {
    main: MAIN,
    folder: dir,
    config,
    sites,
    many: `${dir}/many.yaml`,
    away: `${dir}/away.yaml`,
    url: http?.url,
    token: http?.token,
  };
  try {
    await runClient(script, process.execPath, [`${CLIENTS}/${script}.mjs`, JSON.stringify(setup)]);
    const { clients, assignments } = lab.world.model;
    const client = clients.find(({ name }) => name === CLIENT);
    const held = assignments.filter(({ clientId }) => clientId === client?.id);
    const isFresh = held.length === 1 && held.every(({ volumeId }) => !before.has(volumeId));
    verdict(`${isFresh ? "ok" : "not ok"} ${script}: the lab's client holds one clone, made meanwhile`);
  } finally {
    await http?.stop();
    await lab.close();
  }
}

/** The server over HTTP, with a token for it. */
async function serveHttp(config: string): Promise<{ url: string; token: string; stop: () => Promise<void> }> {
  const run = (...words: string[]) =>
    spawn(process.execPath, [MAIN, ...words, "--config", config], { stdio: ["ignore", "pipe", "pipe"] });
  const making = run("token", "create", "interop", "--role", "operator", "--json");
  let said = "";
  making.stdout.on("data", (chunk: Buffer) => {
    said += chunk.toString("utf8");
  });
  await once(making, "close");
  const { token } = z.looseObject({ token: z.string() }).parse(JSON.parse(said));
  const server = run("serve", "--http", "127.0.0.1:0");
  for await (const line of createInterface({ input: server.stderr })) {
    const [, url] = /serves MCP at (\S+?),/.exec(line) ?? [];
    if (url === undefined) continue;
    const stop = async (): Promise<void> => {
      const ended = once(server, "exit");
      server.kill("SIGTERM");
      await ended;
    };
    return { url, token, stop };
  }
  throw new Error("the server over HTTP did not start");
}
