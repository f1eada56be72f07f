/**
 * What operators ask an assistant for, in words of their own, with the call, the question or the refusal that is right. Whether
 * a model finds it is not judged here, but that it can: the words that lead there stand in the definitions, the first call is
 * accepted, the answer fits its budget, and nothing in it is false of the lab's world.
 */
import { readFileSync } from "node:fs";
import { InMemoryTransport } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { ERROR_CODES } from "../../src/core/domain/errors.ts";
import { silentLog } from "../../src/logging/log.ts";
import { buildServer, inputSchemaOf } from "../../src/mcp/server.ts";
import { wordingFor } from "../../src/text/wording.ts";
import { TOOLS } from "../../src/tools/catalog.ts";
import { assignedTo, type Bench, CLIENT, goldOf, snapshotsOf, withEngine } from "../support/engine.ts";
import type { LabState } from "../support/lab.ts";
import { type Called, type Conversation, modernOn } from "../support/mcp-clients.ts";

const args = z.record(z.string(), z.union([z.string(), z.boolean(), z.number()]));
const entry = z.strictObject({
  request: z.string(),
  scenario: z.string().optional(),
  /** Words of the tool's definition by which an assistant finds it. */
  leads: z.string().optional(),
  right: z.union([
    /** `refused`: with this code, which is the right answer; `either`: or with a plan, as the world is. */
    z.strictObject({
      call: z.string(),
      arguments: args,
      refused: z.enum(ERROR_CODES).optional(),
      either: z.boolean().optional(),
      given: z.enum(["plan", "run"]).optional(),
    }),
    /** An argument that only the operator knows. */
    z.strictObject({ ask: z.string(), call: z.string(), arguments: args }),
    /** What the server does not do, and the words in which it says so. */
    z.strictObject({ refuse: z.string() }),
  ]),
});
const REQUESTS = z.array(entry).parse(JSON.parse(readFileSync(new URL("requests.json", import.meta.url), "utf8")));

/** Of a rollback, which names each snapshot that is lost, somewhat more. */
const PLAN_BYTES = { rollback: 2_000, others: 1_600 };
const TEXT_BYTES = 2_500;
const DATA_BYTES = 20_000;

let bench: Bench;
let assistant: Conversation;
let scenario = "";
beforeAll(async () => {
  bench = await withEngine();
  const [wire, end] = InMemoryTransport.createLinkedPair();
  const { engine } = bench.app;
  const options = { log: silentLog, wording: () => wordingFor("assistant") };
  serveStdio(() => buildServer({ ...options, engine: async () => engine, caller: () => bench.app.actor("mcp") }), {
    transport: end,
  });
  assistant = await modernOn(wire);
});
afterAll(() => assistant.close());

const inScenario = async (name: string): Promise<LabState> => {
  if (scenario !== name) await bench.reset(name);
  scenario = name;
  return bench.control.state();
};

/** `$snapshot0` is the name of Gold's newest snapshot; the others stand for what a call before brought. */
function filled(
  given: z.infer<typeof args>,
  state: LabState,
  before: Record<string, unknown>,
): Record<string, unknown> {
  const snapshots = snapshotsOf(state, goldOf(state).id);
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => {
      const at = /^\$snapshot(\d)$/.exec(String(value))?.[1];
      if (at !== undefined) return [name, snapshots[Number(at)]?.name];
      return [name, typeof value === "string" && value.startsWith("$") ? before[value.slice(1)] : value];
    }),
  );
}

const plan = z.looseObject({
  planId: z.string(),
  summary: z.string(),
  command: z.string(),
  impact: z.looseObject({
    vmsToPowerOff: z.array(z.looseObject({ name: z.string() })),
    clonesToDelete: z.array(z.looseObject({ name: z.string(), id: z.string() })),
  }),
  afterwards: z.array(z.string()),
});

/** What an answer says that is not so. */
function falsehoods(tool: string, { text, structured }: Called, state: LabState): string[] {
  const wrong: string[] = [];
  const must = (holds: boolean, what: string): void => void (holds || wrong.push(what));
  const made = plan.safeParse(structured);
  if (made.success) {
    const { summary, command, impact, afterwards } = made.data;
    for (const said of [summary, command, ...afterwards]) must(text.includes(said), `the text lacks: ${said}`);
    for (const { name } of impact.vmsToPowerOff)
      must(
        state.vms.some((vm) => vm.name === name && vm.powerState === "poweredOn"),
        `${name} does not run`,
      );
    for (const { id } of impact.clonesToDelete)
      must(
        state.volumes.some((volume) => volume.id === id && volume.kind === "clone"),
        `${id} is no clone`,
      );
  }
  if (tool === "inspect_target") {
    const { client } = z.looseObject({ client: z.looseObject({ name: z.string() }) }).parse(structured);
    const held = assignedTo(state, client.name);
    must(text.includes("Nothing is assigned") === (held.length === 0), "whether anything is assigned");
    for (const { name } of held) must(text.includes(name), `it hides ${name}`);
  }
  if (tool === "list_vms") {
    const vms = state.vms.filter((vm) => vm.host === "192.168.1.165");
    for (const { name } of vms) must(text.includes(name), `it hides ${name}`);
  }
  if (tool === "list_targets") for (const { name } of state.clients) must(text.includes(name), `it hides ${name}`);
  const tools = new Set(TOOLS.map(({ name }) => name));
  for (const [, named = ""] of text.matchAll(/\b([a-z]+(?:_[a-z]+)+) \{"/g)) must(tools.has(named), `no tool ${named}`);
  return wrong;
}

const definitionOf = (name: string): string => {
  const tool = TOOLS.find((candidate) => candidate.name === name);
  if (tool === undefined) throw new Error(`there is no tool ${name}`);
  return `${tool.title} ${tool.description} ${JSON.stringify(inputSchemaOf(tool))}`;
};

test("there are enough of them, no two alike, for every tool", () => {
  expect(REQUESTS.length).toBeGreaterThanOrEqual(60);
  expect(new Set(REQUESTS.map(({ request }) => request)).size).toBe(REQUESTS.length);
  const called = new Set(REQUESTS.map(({ right }) => ("call" in right ? right.call : "")));
  expect(TOOLS.map(({ name }) => name).filter((name) => !called.has(name))).toEqual([]);
});

describe("a request", () => {
  test.each(REQUESTS.map((one) => [one.request, one] as const))(
    "%s",
    async (_words, { right, leads, scenario: name }) => {
      if ("refuse" in right) {
        expect(assistant.client.getInstructions()).toContain(right.refuse);
        return;
      }
      const definition = definitionOf(right.call);
      expect(definition).toContain(leads);
      const state = await inScenario(name ?? "clone-assigned");
      if ("ask" in right) {
        const refused = await assistant.call(right.call, right.arguments);
        expect(refused).toMatchObject({ isError: true, structured: { error: { code: "BAD_REQUEST" } } });
        expect(refused.text).toContain(`${right.ask} is missing`);
        return;
      }
      const before = await given(right.given);
      const answer = await assistant.call(right.call, filled(right.arguments, state, before));
      const { text, structured } = answer;
      expect(falsehoods(right.call, answer, state)).toEqual([]);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(
        !("impact" in structured)
          ? TEXT_BYTES
          : structured["mode"] === "rollback"
            ? PLAN_BYTES.rollback
            : PLAN_BYTES.others,
      );
      expect(Buffer.byteLength(JSON.stringify(structured))).toBeLessThanOrEqual(DATA_BYTES);
      if (answer.isError) {
        expect(structured).toMatchObject({ error: { code: right.refused, hint: expect.stringMatching(/\w/) } });
        expect(text).toContain("What you can do:");
      } else {
        expect([undefined, true]).toContain(right.refused === undefined ? undefined : right.either);
      }
      if (right.call !== "confirm_plan" && right.given !== "run")
        expect((await bench.control.state()).mutations).toEqual([]);
      if (right.call === "confirm_plan" || right.given === "run") scenario = "";
      for (const open of await bench.app.engine.listPlans())
        await bench.app.engine.discardPlan({ planId: open.planId }, bench.actor);
    },
  );
});

/** What came before in the conversation. */
async function given(what: "plan" | "run" | undefined): Promise<Record<string, unknown>> {
  if (what === undefined) return {};
  const made = await assistant.call("register_vms", { lun: "Gold", client: CLIENT });
  if (what === "plan") return made.structured;
  const run = await assistant.call("confirm_plan", { planToken: made.structured["planToken"] });
  return run.structured;
}
