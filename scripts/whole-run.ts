/** A whole `-A` with a built program: its lab, its server with a runner process of its own, a client on stdio. */
import { strict as assert } from "node:assert";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { z } from "zod";

const plan = z.object({ planToken: z.string() });
const run = z.object({ runId: z.string(), state: z.string() });

/** `program` is what starts it, such as `["node", "dist/main.js"]`. Throws unless the run succeeds. */
export async function wholeRun([command, ...words]: readonly [string, ...string[]]): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "atvm-whole-run-"));
  const config = join(folder, "atvm.config.yaml");
  const lab = spawn(command, [...words, "lab", "--write-config", config], { stdio: ["ignore", "pipe", "inherit"] });
  const client = new Client({ name: "whole-run", version: "1.0.0" });
  try {
    await new Promise((resolve, reject) => {
      createInterface({ input: lab.stdout }).once("line", resolve);
      lab.once("error", reject);
      lab.once("exit", (code) => reject(new Error(`the lab ended with ${code} before it was ready`)));
    });
    await client.connect(new StdioClientTransport({ command, args: [...words, "serve", "--config", config] }));
    const call = async (name: string, args: Record<string, unknown>): Promise<unknown> => {
      const result = await client.callTool({ name, arguments: args });
      assert.ok(!result.isError, `${name}: ${JSON.stringify(result.content)}`);
      return result.structuredContent;
    };
    const { planToken } = plan.parse(await call("prep_automated_testing", { lun: "Gold" }));
    let { runId, state } = run.parse(await call("confirm_plan", { planToken }));
    while (state === "queued" || state === "running") {
      ({ runId, state } = run.parse(await call("get_run", { runId, waitSeconds: 20 })));
    }
    assert.equal(state, "succeeded");
  } finally {
    await client.close();
    if (lab.exitCode === null && lab.kill("SIGTERM")) await once(lab, "exit");
    await rm(folder, { recursive: true, force: true });
  }
}
