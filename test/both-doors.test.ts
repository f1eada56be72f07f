/** The command line and the tools are two doors to one engine: the same request is the same plan, or the same refusal. */
import { fileURLToPath } from "node:url";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { runCli } from "../src/cli/cli.ts";
import { errorView, planView } from "../src/text/views.ts";
import { terminal } from "./cli/terminal/terminal.ts";
import { type Bench, withEngine } from "./support/engine.ts";
import { type Conversation, modernOn } from "./support/mcp-clients.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));

let bench: Bench;
let assistant: Conversation;
beforeAll(async () => {
  bench = await withEngine();
  const args = [MAIN, "serve", "--config", bench.config];
  const transport = new StdioClientTransport({ command: process.execPath, args, stderr: "ignore" });
  assistant = await modernOn(transport);
});
afterAll(() => assistant.close());

const Outcome = z.union([z.object({ error: errorView }), planView]);

/** What is the same through both doors: all but the plan's own id, token and times, and that a dry run leaves no open plan. */
function essence(answer: unknown): unknown {
  const outcome = Outcome.parse(answer);
  if ("error" in outcome) {
    // What may be done next is said in each door's own words, after what holds everywhere.
    const { hint, ...error } = outcome.error;
    return { ...error, hint: hint.split(/(?<=\.) /)[0] };
  }
  const {
    planId: _id,
    planToken: _token,
    createdAt: _made,
    expiresAt: _until,
    state: _state,
    approval,
    requestedBy: { principal },
    ...rest
  } = outcome;
  // How it is approved is each door's own: the command line made a dry run of it. Only one of them names a client program.
  return { ...rest, principal, policy: approval.policy };
}

async function byCommand(...words: string[]): Promise<unknown> {
  const on = terminal({ cwd: bench.dir });
  await runCli([...words, "--dry-run", "--json", "--config", bench.config], on.io);
  return JSON.parse(on.out());
}

const REQUESTS: readonly [scenario: string, words: string, tool: string, args: Record<string, unknown>][] = [
  ["clone-assigned", "-A -n Gold", "prep_automated_testing", { lun: "Gold" }],
  [
    "clone-assigned",
    "-A -n gold --register_vms --keep_clone --force_power_off -c CDS1-ESX165",
    "prep_automated_testing",
    { lun: "gold", registerVms: true, keepClone: true, forcePowerOff: true, client: "CDS1-ESX165" },
  ],
  ["two-hosts", "-A -n Gold_2 -e 192.168.1.166", "prep_automated_testing", { lun: "Gold_2", host: "192.168.1.166" }],
  ["clone-assigned", "-M -n Gold --register_vms", "prep_maintenance", { lun: "Gold", registerVms: true }],
  ["gold-assigned", "-M -n Gold", "prep_maintenance", { lun: "Gold" }],
  ["clone-assigned", "-R -n Gold", "register_vms", { lun: "Gold" }],
  ["gold-assigned", "-U -n Gold --force_power_off", "unregister_vms", { lun: "Gold", forcePowerOff: true }],
  ["clone-assigned", "-rvgd -n Gold -s snap-0005", "rollback_gold_disk", { lun: "Gold", snapshot: "snap-0005" }],
  ["empty", "-A -n compute-migration", "prep_automated_testing", { lun: "compute-migration" }],
  ["empty", "-A -n Golf", "prep_automated_testing", { lun: "Golf" }],
  ["empty", "-R -n Gold", "register_vms", { lun: "Gold" }],
  ["one-datacenter", "-M -n Gold", "prep_maintenance", { lun: "Gold" }],
  [
    "empty",
    "-A -n Gold -c CDS1-ESX165 -e 192.168.1.166",
    "prep_automated_testing",
    { lun: "Gold", client: "CDS1-ESX165", host: "192.168.1.166" },
  ],
];

describe("the same through both doors", () => {
  test.each(REQUESTS)("%s: %s", async (scenario, words, tool, args) => {
    await bench.reset(scenario);
    const command = await byCommand(...words.split(" "));
    const { structured } = await assistant.call(tool, args);
    expect(essence(structured)).toEqual(essence(command));
  });
});
