/**
 * The README alone, from a clean clone and a home with nothing in it: its commands up to the connected assistant, and then,
 * by the entry that they wrote, an assistant's client has a plan carried out on the lab.
 */
import { strict as assert } from "node:assert";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { z } from "zod";
import { commandsOf, walk } from "./walk.ts";

const folder = mkdtempSync(join(tmpdir(), "atvm-readme-"));
const home = join(folder, "home");
const clone = join(folder, "atvm-prep");
try {
  execFileSync("git", ["clone", "--quiet", "--no-hardlinks", ".", clone]);
  execFileSync("mkdir", [home]);
  // Up to the first command that wants a site: what comes before needs nothing but the clone.
  const [beginning = ""] = commandsOf("README.md").split(/^atvm_prep /m);
  // What .ci/run does itself, and the README's reader may do as well.
  const commands = beginning.replace(/^npm ci && npm test$/m, "");
  assert.match(commands, /npm run demo[\s\S]*client-config/);
  await walk(commands, { cwd: clone, env: { HOME: home } });

  const entry = z.object({ command: z.string(), args: z.array(z.string()) });
  const file = z.object({ mcpServers: z.object({ "atvm-prep": entry }) });
  const written: unknown = JSON.parse(readFileSync(join(home, ".claude.json"), "utf8"));
  const client = new Client({ name: "walk", version: "1.0.0" });
  await client.connect(new StdioClientTransport({ ...file.parse(written).mcpServers["atvm-prep"], cwd: "/" }));
  const call = async (name: string, args: Record<string, unknown>): Promise<unknown> => {
    const result = await client.callTool({ name, arguments: args }, { timeout: 120_000 });
    assert.ok(!result.isError, `${name}: ${JSON.stringify(result.content)}`);
    return result.structuredContent;
  };
  const { planToken } = z
    .object({ planToken: z.string() })
    .parse(await call("prep_automated_testing", { lun: "Gold" }));
  const { state } = z.object({ state: z.string() }).parse(await call("confirm_plan", { planToken }));
  await client.close();
  assert.equal(state, "succeeded");
  console.log("readme: by its commands alone, a run carried out for an assistant's client");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
