/** Names with blanks at their ends and several within, from either system: what either door shows can be asked for at both. */
import { fileURLToPath } from "node:url";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { parse } from "shell-quote";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { runCli } from "../src/cli/cli.ts";
import { terminal } from "./cli/terminal/terminal.ts";
import { change } from "./support/change.ts";
import { type Bench, CLIENT, GOLD, withEngine } from "./support/engine.ts";
import { type Conversation, modernOn } from "./support/mcp-clients.ts";

const MAIN = fileURLToPath(new URL("../src/main.ts", import.meta.url));
const LUN = GOLD;

let bench: Bench;
let assistant: Conversation;
beforeAll(async () => {
  bench = await withEngine({}, { approval: { default: "token" } });
  const args = [MAIN, "serve", "--config", bench.config];
  assistant = await modernOn(new StdioClientTransport({ command: process.execPath, args, stderr: "ignore" }));
});
afterAll(() => assistant.close());

beforeEach(async () => {
  await bench.reset("clone-assigned");
  change(bench.lab.world, function blankNames({ model }) {
    for (const volume of model.volumes) volume.name = ` ${volume.name}  `;
    for (const snapshot of model.snapshots) snapshot.name = `  ${snapshot.name.replace("-", "  -")} `;
    for (const client of model.clients) client.name = `${client.name} `;
    for (const vm of model.vms) vm.name = ` ${vm.name}  x `;
  });
});

async function command(...words: string[]): Promise<{ code: number; answer: unknown }> {
  const on = terminal({ cwd: bench.dir });
  const code = await runCli([...words, "--json", "--config", bench.config], on.io);
  return { code, answer: JSON.parse(on.out()) };
}

const Snapshots = z.object({ snapshots: z.array(z.object({ name: z.string(), id: z.string() })) });

/** The words of a printed command, but for the program. */
const wordsOf = (printed: string): string[] => parse(printed).slice(1).map(String);

describe("names with blanks", () => {
  test("are shown the same at both doors", async () => {
    for (const [words, tool, args] of [
      [["luns"], "list_luns", {}],
      [["snapshots", "Gold"], "list_snapshots", { lun: "Gold" }],
      [["vms"], "list_vms", {}],
    ] as const) {
      const { answer } = await command(...words);
      const { structured } = await assistant.call(tool, args);
      expect({ ...structured, at: "" }).toEqual({ ...z.looseObject({}).parse(answer), at: "" });
      expect(JSON.stringify(structured)).toContain(LUN);
      expect(JSON.stringify(structured)).not.toMatch(/" | "/);
    }
  });

  test("are taken as they are shown, as they are, and from the command that a plan prints", async () => {
    const { answer } = await command("snapshots", "Gold");
    const [, second] = Snapshots.parse(answer).snapshots;
    const real = bench.lab.world.model.snapshots.find(({ id }) => id === second?.id)?.name ?? "";
    expect(real).not.toBe(second?.name);
    let printed = "";
    for (const snapshot of [second?.name ?? "", real]) {
      const plan = await assistant.call("prep_automated_testing", { lun: LUN, snapshot, client: CLIENT });
      printed = z.object({ command: z.string() }).parse(plan.structured).command;
      const same = await command("-A", "-n", `${LUN} `, "-s", snapshot, "-c", `${CLIENT} `, "--dry-run");
      for (const made of [plan.structured, same.answer])
        expect(made).toMatchObject({ command: printed, snapshot: { id: second?.id } });
    }
    expect(printed).toContain("'nightly  -");
    const done = await command(...wordsOf(printed), "--register_vms", "--yes");
    expect(done).toMatchObject({ code: 0, answer: { state: "succeeded" } });
    const plan = await assistant.call("unregister_vms", { lun: ` ${LUN}  ` });
    const run = await assistant.call("confirm_plan", { planToken: plan.structured["planToken"] });
    expect(run.structured).toMatchObject({ state: "succeeded" });
  });

  test("that nothing else tells apart are ambiguous at both doors, and an id names one", async () => {
    change(bench.lab.world, function twins({ model }) {
      const [first, second] = model.snapshots;
      if (first === undefined || second === undefined) throw new Error("too few snapshots");
      second.name = `${first.name.trim()} `;
      first.name = first.name.trim();
    });
    const [, second] = bench.lab.world.model.snapshots;
    const snapshot = second?.name ?? "";
    const refused = { error: { code: "SNAPSHOT_AMBIGUOUS" } };
    expect((await command("-A", "-n", LUN, "-s", snapshot, "--dry-run")).answer).toMatchObject(refused);
    expect((await assistant.call("prep_automated_testing", { lun: LUN, snapshot })).structured).toMatchObject(refused);
    const byId = { lun: LUN, snapshot: second?.id ?? "" };
    expect((await assistant.call("prep_automated_testing", byId)).structured).toMatchObject({
      snapshot: { id: byId.snapshot },
    });
    expect((await command("-A", "-n", LUN, "-s", byId.snapshot, "--dry-run")).answer).toMatchObject({
      snapshot: { id: byId.snapshot },
    });
  });
});
