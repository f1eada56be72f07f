/**
 * A process that closes a file by `fs` drops every lock that it holds there, SQLite's among them (POSIX); with Node 22.20
 * rows that were acknowledged were lost that way. So no process of ours opens a store or a lock by `fs` while it has it open.
 */
import { execFile } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { expect, test } from "vitest";
import { GOLD, withEngine } from "../../support/engine.ts";
import { modernOn } from "../../support/mcp-clients.ts";

const MAIN = new URL("../../../src/main.ts", import.meta.url).pathname;
const WATCH = new URL("../../support/fs-watch.mjs", import.meta.url);
const bench = await withEngine();
const report = join(bench.dir, "opened-by-fs");

const env = { ...process.env, NODE_OPTIONS: `--import=${WATCH.href}`, ATVM_FS_WATCH: report };

async function watched(...argv: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, argv, { env });
}
const lines = async (file: string): Promise<string[]> =>
  (await readFile(file, "utf8").catch(() => "")).split("\n").filter((line) => line !== "");

test("the watch sees a process that reads its own open database", async () => {
  const own = join(bench.dir, "own.db");
  const script = `
    import { DatabaseSync } from "node:sqlite";
    import { readFileSync } from "node:fs";
    import { open } from "node:fs/promises";
    readFileSync(new URL(import.meta.url)).length;
    const db = new DatabaseSync(${JSON.stringify(own)});
    db.exec("CREATE TABLE t (a)");
    readFileSync(${JSON.stringify(own)});
    await (await open(new URL(${JSON.stringify(pathToFileURL(own).href)}))).close();
    db.close();
    readFileSync(${JSON.stringify(own)});`;
  const file = join(bench.dir, "reads-its-own.mjs");
  await writeFile(file, script);
  await watched(file);
  expect(await lines(report)).toEqual(expect.arrayContaining([`fs.readFileSync ${own}`, `fs.promises.open ${own}`]));
});

test("no command, no server and no runner opens an open store or lock by fs", { timeout: 180_000 }, async () => {
  const before = await lines(report);
  const config = ["--config", bench.config];
  const atvm = (...argv: string[]): Promise<void> => watched(MAIN, ...argv, ...config);
  await atvm("-A", "-n", GOLD, "--yes", "--json");
  await atvm("-A", "-n", GOLD, "--dry-run");
  await atvm("status");
  await atvm("runs");
  await atvm("doctor").catch(() => undefined);
  await atvm("audit", "verify");
  await atvm("audit", "export");
  const args = [MAIN, "serve", ...config];
  const server = await modernOn(
    new StdioClientTransport({ command: process.execPath, args, env: definedOnly(env), stderr: "ignore" }),
  );
  const { planToken } = (await server.call("prep_automated_testing", { lun: "Gold" })).structured;
  expect((await server.call("confirm_plan", { planToken })).structured).toMatchObject({ state: "succeeded" });
  await server.close();

  const opened = new Set(await lines(`${report}.opened`));
  expect([...opened].filter((path) => path.includes("/locks/")).length).toBeGreaterThan(1);
  expect([...opened].filter((path) => !path.includes("/locks/"))).toHaveLength(2);
  expect(await lines(report)).toEqual(before);
});

const definedOnly = (variables: NodeJS.ProcessEnv): Record<string, string> =>
  Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
