/** `toolPrefix`: every name of a tool that a client is shown begins with it, and the call under that name is the tool's. */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { PROMPTS } from "../../src/prompts/catalog.ts";
import { TOOLS } from "../../src/tools/catalog.ts";
import { CLIENT, withEngine } from "../support/engine.ts";
import { type Conversation, modernOn } from "../support/mcp-clients.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const PREFIX = "lab2_";
const bench = await withEngine();

let open: Conversation | undefined;
afterEach(async () => {
  await open?.close();
  open = undefined;
});

async function served(toolPrefix: string): Promise<Conversation> {
  const lab: Record<string, unknown> = parse(await readFile(`${bench.dir}/atvm.config.yaml`, "utf8"));
  const config = `${bench.dir}/prefixed.yaml`;
  await writeFile(config, stringify({ ...lab, toolPrefix, approval: { default: "token" } }));
  open = await modernOn(
    new StdioClientTransport({
      command: process.execPath,
      args: [MAIN, "serve", "--config", config],
      stderr: "ignore",
    }),
  );
  return open;
}

/** Names of tools without the prefix. */
const bareNames = (shown: unknown): string[] =>
  JSON.stringify(shown).match(new RegExp(`\\b(?:${TOOLS.map(({ name }) => name).join("|")})\\b`, "g")) ?? [];

describe("a prefix for the tools' names", () => {
  it("stands before each name wherever one is shown", async () => {
    const { client, call } = await served(PREFIX);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => `${PREFIX}${name}`));
    expect(bareNames([tools, client.getInstructions()])).toEqual([]);
    for (const { name } of PROMPTS) {
      const values = name === "status" || name === "handover" ? {} : { lun: "Gold" };
      const { messages } = await client.getPrompt({ name, arguments: values });
      expect(bareNames(messages), name).toEqual([]);
    }
    const first = await call(`${PREFIX}unregister_vms`, { lun: "Gold" });
    await bench.control.touch("unregister-vm", { client: CLIENT });
    const stale = await call(`${PREFIX}confirm_plan`, { planToken: first.structured["planToken"] });
    expect(stale.structured).toMatchObject({ error: { code: "STALE_PLAN" } });
    const { error } = stale.structured as { error: { plan: { planToken: string } } };
    const run = await call(`${PREFIX}confirm_plan`, { planToken: error.plan.planToken });
    expect(run.structured).toMatchObject({ state: "succeeded" });
    const wrong = await call(`${PREFIX}list_snapshots`, { lan: "Gold" });
    const unknown = await call(`${PREFIX}get_run`, { runId: "run_0" });
    const targets = await call(`${PREFIX}list_targets`);
    expect(bareNames([first, stale, run, wrong, unknown, targets])).toEqual([]);
    expect(first.text).toContain(`${PREFIX}confirm_plan {"planToken"`);
    expect(stale.text).toContain(`${PREFIX}confirm_plan {"planToken"`);
    // The audit keeps the tool's own name: it compares over sites and changes of the configuration.
    const { rows } = await bench.app.engine.readAudit({ type: "tool_called", limit: 100 });
    expect(rows.map(({ data }) => data)).toContainEqual(expect.objectContaining({ tool: "unregister_vms" }));
  });

  it("is not there where the configuration is wrong: the first call says what is", async () => {
    const { client, call } = await served("2 sites");
    expect((await client.listTools()).tools.map(({ name }) => name)).toEqual(TOOLS.map(({ name }) => name));
    expect((await call("list_luns")).text).toMatch(/toolPrefix.*must be 1 to 20 letters/);
  });
});
