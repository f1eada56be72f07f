/** The program as a client starts it: its own process, real clients, the real engine, the lab behind it. */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { Client as ModernClient } from "@modelcontextprotocol/client";
import { StdioClientTransport as ModernStdio } from "@modelcontextprotocol/client/stdio";
import { StdioClientTransport as OlderStdio } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { CLIENT, expectFreshClone, GOLD, goldOf, snapshotsOf, withEngine } from "../support/engine.ts";
import { type Conversation, modernOn, olderOn, type Person, type Reply } from "../support/mcp-clients.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

const bench = await withEngine();

beforeEach(async () => {
  await bench.control.reset();
});

/** Read in one go with the answer behind it, the last progress finds that the newer client library is done with its token. */
const LATE = /progress notification for an unknown token/;

const open: Conversation[] = [];

afterEach(async () => {
  for (const conversation of open.splice(0)) {
    await conversation.close();
    expect(conversation.noise.filter((line) => !LATE.test(line))).toEqual([]);
  }
});

/** The lab's configuration with this approval policy for everything. */
async function configWith(policy: "token" | "prompt" | "human"): Promise<string> {
  const lab: Record<string, unknown> = parse(await readFile(`${bench.dir}/atvm.config.yaml`, "utf8"));
  const file = `${bench.dir}/${policy}.yaml`;
  await writeFile(file, stringify({ ...lab, approval: { default: policy, rollback: policy } }));
  return file;
}

const server = (config: string): { command: string; args: string[]; stderr: "ignore" } => ({
  command: process.execPath,
  args: [MAIN, "serve", "--config", config],
  stderr: "ignore",
});

/** The server gets no chance to say goodbye, nor to finish anything. */
async function killed(conversation: Conversation): Promise<void> {
  const { transport } = conversation.client;
  if (!(transport instanceof ModernStdio || transport instanceof OlderStdio) || transport.pid === null) {
    throw new Error("the server is no process");
  }
  process.kill(transport.pid, "SIGKILL");
  open.splice(open.indexOf(conversation), 1);
}

const CLIENTS = [
  ["2026-07-28", (config: string, person?: Person) => modernOn(new ModernStdio(server(config)), person)],
  ["2025-11-25", (config: string, person?: Person) => olderOn(new OlderStdio(server(config)), person)],
] as const;

const yes: Reply = { action: "accept", content: { approve: true } };

describe.each(CLIENTS)("atvm_prep serve with a client of %s", (_era, start) => {
  const connect = async (policy: "token" | "prompt" | "human", person?: Person): Promise<Conversation> => {
    const conversation = await start(await configWith(policy), person);
    open.push(conversation);
    return conversation;
  };

  it("preps a fresh clone, once, after the operator's yes in a form", async () => {
    const answers: Reply[] = [{ action: "decline" }, yes];
    const asked: string[] = [];
    const client = await connect("prompt", ({ message }) => {
      asked.push(message);
      return answers.shift() ?? { action: "cancel" };
    });
    const plan = await client.call("prep_automated_testing", { lun: "Gold" });
    const { planToken, planId, command } = plan.structured;
    const refused = await client.call("confirm_plan", { planToken });
    // Where it came back at once, it is taken for the client's own.
    expect(refused.structured).toMatchObject({ error: { code: expect.stringMatching(/^(DECLINED|NOT_APPROVED)$/) } });
    expect((await bench.control.state()).mutations).toEqual([]);

    const run = await client.call("confirm_plan", { planToken });
    expect(asked).toHaveLength(2);
    expect(asked[1]).toContain(command);
    expect(run.structured).toMatchObject({ planId, state: "succeeded", report: { vms: expect.anything() } });
    // The newer client library counts each round of questions as progress of its own, without a total.
    const steps = run.progress.filter(({ total }) => total !== undefined).map(({ progress }) => progress);
    expect(steps).toEqual([...new Set(steps)].toSorted((a, b) => a - b));
    expect(steps.length).toBeGreaterThan(3);
    const state = await bench.control.state();
    const [latest] = snapshotsOf(state, goldOf(state).id);
    expectFreshClone(state, latest?.id ?? "");

    const again = await client.call("confirm_plan", { planToken });
    expect(again.structured["runId"]).toBe(run.structured["runId"]);
    expect((await bench.control.state()).mutations).toEqual(state.mutations);

    const audit = await client.call("read_audit", { planId, limit: 500 });
    expect(audit.structured).toMatchObject({ chain: { holds: true } });
    expect(JSON.stringify(audit)).not.toContain(planToken);
    const resource = await client.client.readResource({ uri: `atvm://plans/${String(planId)}` });
    expect(JSON.stringify(resource)).not.toContain(planToken);
  });

  it("does not run without the person that the policy wants, and runs after their approval", async () => {
    const client = await connect("human", () => yes);
    const before = await bench.control.state();
    const snapshot = snapshotsOf(before, goldOf(before).id)[0]?.name;
    const plan = await client.call("rollback_gold_disk", { lun: "Gold", snapshot });
    const { planToken, planId } = plan.structured;
    const refused = await client.call("confirm_plan", { planToken });
    expect(refused.structured).toMatchObject({ error: { code: "NOT_APPROVED" } });
    expect(refused.text).toContain(`approve ${String(planId)}`);
    expect((await bench.control.state()).mutations).toEqual([]);
    await bench.app.engine.approve(String(planId), bench.app.actor("cli"), GOLD);
    const run = await client.call("confirm_plan", { planToken });
    expect(run.structured).toMatchObject({ state: "succeeded" });
  });

  it("shows what changed and the fresh plan when the world has moved on", async () => {
    const client = await connect("token");
    const plan = await client.call("unregister_vms", { lun: "Gold" });
    await bench.control.touch("unregister-vm", { client: CLIENT });
    const stale = await client.call("confirm_plan", { planToken: plan.structured["planToken"] });
    const { error } = stale.structured as { error: { code: string; plan: { planToken: string } } };
    expect(error.code).toBe("STALE_PLAN");
    expect(stale.text).toContain(error.plan.planToken);
    const run = await client.call("confirm_plan", { planToken: error.plan.planToken });
    expect(run.structured).toMatchObject({ state: "succeeded" });
  });

  it("carries a run to its end when the client goes away in the middle", async () => {
    await bench.control.reset({ latency: "task=100ms,rescan=100ms" });
    const client = await connect("token");
    const plan = await client.call("prep_automated_testing", { lun: "Gold" });
    const begun = Promise.withResolvers<void>();
    const confirming = client.call("confirm_plan", { planToken: plan.structured["planToken"] }, () => begun.resolve());
    await Promise.race([begun.promise, confirming]);
    await killed(client);
    await expect(confirming).rejects.toThrow();

    const other = await connect("token");
    const { runs } = (await other.call("list_runs", { limit: 1 })).structured as { runs: { runId: string }[] };
    const run = await other.call("get_run", { runId: runs[0]?.runId, waitSeconds: 45 });
    expect(run.structured).toMatchObject({ planId: plan.structured["planId"], state: "succeeded" });
  });
});

describe("atvm_prep serve with a client that finds its protocol", () => {
  it.each([
    ["by asking first", "auto", "2026-07-28"],
    ["as it was done before", "legacy", "2025-11-25"],
  ] as const)("%s lists and calls the tools", async (_how, mode, version) => {
    const client = await modernOn(new ModernStdio(server(await configWith("prompt"))), () => yes, mode);
    open.push(client);
    expect((await client.client.listTools()).tools).toHaveLength(19);
    const plan = await client.call("unregister_vms", { lun: "Gold" });
    const run = await client.call("confirm_plan", { planToken: plan.structured["planToken"] });
    expect(run.structured).toMatchObject({ state: "succeeded" });
    expect(client.client instanceof ModernClient ? client.client.getNegotiatedProtocolVersion() : "").toBe(version);
  });
});
