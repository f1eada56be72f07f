/** A person who takes longer than their client waits: the client of the SDK that most programs are built on, as it is. */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { withEngine } from "../support/engine.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));
const bench = await withEngine();

beforeEach(() => bench.control.reset());

let open: Client | undefined;
afterEach(() => open?.close());

/** A client whose person answers when `answer` is called. */
async function connect(): Promise<{ client: Client; asked: Promise<string>; answer: () => void }> {
  const lab: Record<string, unknown> = parse(await readFile(`${bench.dir}/atvm.config.yaml`, "utf8"));
  const config = `${bench.dir}/prompt.yaml`;
  await writeFile(config, stringify({ ...lab, approval: { default: "prompt" } }));
  const client = new Client({ name: "older-test", version: "1.0" }, { capabilities: { elicitation: {} } });
  open = client;
  const asked = Promise.withResolvers<string>();
  const answered = Promise.withResolvers<void>();
  client.setRequestHandler(ElicitRequestSchema, async ({ params }) => {
    asked.resolve(params.message);
    await answered.promise;
    return { action: "accept", content: { approve: true } };
  });
  const args = [MAIN, "serve", "--config", config];
  await client.connect(new StdioClientTransport({ command: process.execPath, args, stderr: "ignore" }));
  return { client, asked: asked.promise, answer: answered.resolve };
}

const planned = async (client: Client): Promise<{ planToken: string; planId: string }> => {
  const { structuredContent } = await client.callTool({ name: "unregister_vms", arguments: { lun: "Gold" } });
  return structuredContent as { planToken: string; planId: string };
};

/** The run's end: on a busy machine the first answer is of a run that goes on. */
async function ended(client: Client, first: unknown): Promise<unknown> {
  let run = first as { runId: string; state: string };
  while (run.state === "queued" || run.state === "running") {
    const args = { runId: run.runId, waitSeconds: 30 };
    run = (await client.callTool({ name: "get_run", arguments: args })).structuredContent as typeof run;
  }
  return run;
}

describe("an operator's yes that their client no longer waits for", () => {
  it("approves the plan, which then runs when it is confirmed again", async () => {
    const { client, asked, answer } = await connect();
    const { planToken, planId } = await planned(client);
    const confirm = { name: "confirm_plan", arguments: { planToken } };
    // The client's own limit on a call, a minute where nothing else is set.
    const first = client.callTool(confirm, undefined, { timeout: 2_000 });
    await expect(first).rejects.toThrow("Request timed out");
    await asked;
    answer();
    await expect.poll(async () => (await bench.app.engine.getPlan(planId)).approval.approvedBy).toBeDefined();
    expect((await bench.control.state()).mutations).toEqual([]);
    expect(await ended(client, (await client.callTool(confirm)).structuredContent)).toMatchObject({
      state: "succeeded",
      planId,
    });
  });

  it("is waited for by a client that waits as long as there is progress", async () => {
    const { client, answer } = await connect();
    const { planToken } = await planned(client);
    const said: string[] = [];
    const run = client.callTool({ name: "confirm_plan", arguments: { planToken } }, undefined, {
      timeout: 7_000,
      resetTimeoutOnProgress: true,
      onprogress: ({ message = "" }) => {
        said.push(message);
        if (said.length === 2) answer();
      },
    });
    expect(await ended(client, (await run).structuredContent)).toMatchObject({ state: "succeeded" });
    expect(said.slice(0, 2)).toEqual(["Waiting for the operator's answer", "Waiting for the operator's answer"]);
  });
});
