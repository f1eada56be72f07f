import { describe, expect, it } from "vitest";
import { PrepError } from "../../src/core/domain/errors.ts";
import { fakeEngine } from "../support/fake-engine.ts";
import { answerTo, initialize, type Message, rawServer, request } from "../support/raw-mcp.ts";

async function ask(
  method: string,
  params: object,
  engine = fakeEngine(),
): Promise<{ message: Message; engine: typeof engine }> {
  const server = rawServer(() => Promise.resolve(engine));
  server.send(initialize());
  server.send(request(1, method, params));
  const message = await server.next(answerTo(1));
  server.end();
  await server.ended;
  return { message, engine };
}

async function read(uri: string): Promise<Record<string, unknown>> {
  const { message } = await ask("resources/read", { uri });
  const { contents } = (message as { result: { contents: { text: string; mimeType: string }[] } }).result;
  expect(contents).toHaveLength(1);
  expect(contents[0]?.mimeType).toBe("application/json");
  return JSON.parse(contents[0]?.text ?? "") as Record<string, unknown>;
}

describe("resources", () => {
  it("are those of the surface", async () => {
    const { message: listed } = await ask("resources/list", {});
    const { message: templates } = await ask("resources/templates/list", {});
    expect(listed).toMatchObject({ result: { resources: [{ uri: "atvm://luns", mimeType: "application/json" }] } });
    const { result } = templates as { result: { resourceTemplates: { uriTemplate: string }[] } };
    expect(result.resourceTemplates.map(({ uriTemplate }) => uriTemplate)).toEqual([
      "atvm://luns/{lun}/snapshots",
      "atvm://clients/{client}/assigned-lun",
      "atvm://clients/{client}/vms",
      "atvm://plans/{planId}",
      "atvm://runs/{runId}",
      "atvm://audit/{date}",
    ]);
  });

  it.each([
    ["atvm://luns", "luns"],
    ["atvm://luns/Gold/snapshots", "snapshots"],
    ["atvm://clients/CDS1-ESX165/assigned-lun", "assigned"],
    ["atvm://clients/CDS1-ESX165/vms", "vms"],
    ["atvm://runs/run-1", "steps"],
    ["atvm://audit/2026-11-22", "chain"],
  ])("%s is JSON with %s", async (uri, member) => {
    expect(await read(uri)).toHaveProperty(member);
  });

  it("never show a plan's token", async () => {
    const plan = await read("atvm://plans/plan-1");
    expect(plan).toMatchObject({ planId: "plan-1" });
    expect(plan).not.toHaveProperty("planToken");
    expect(JSON.stringify(plan)).not.toContain("must never be shown");
  });

  it("understand names that had to be percent-encoded", async () => {
    const { engine } = await ask("resources/read", { uri: "atvm://luns/compute%20migration%2C%20%2F2/snapshots" });
    expect(engine.calls[0]).toMatchObject({ name: "listSnapshots", args: "compute migration, /2" });
  });

  it("say clearly what does not exist", async () => {
    for (const uri of ["atvm://plans/plan-9", "atvm://runs/run-9"]) {
      const { message } = await ask("resources/read", { uri });
      expect(message).toMatchObject({ error: { code: -32_002, data: { uri } } });
      expect(JSON.stringify(message)).toMatch(/PLAN_UNKNOWN|RUN_UNKNOWN/);
    }
  });

  it("refuse a day that is none", async () => {
    const { message, engine } = await ask("resources/read", { uri: "atvm://audit/yesterday" });
    expect(message).toMatchObject({ error: { code: -32_602, data: { error: { code: "BAD_REQUEST" } } } });
    expect(engine.calls.map(({ name }) => name)).toEqual(["close"]);
  });

  it("pass a refusal on with its code", async () => {
    const engine = fakeEngine({
      listLuns: () => Promise.reject(new PrepError("UNREACHABLE", "DGS does not answer.", { hint: "Try later." })),
    });
    const { message } = await ask("resources/read", { uri: "atvm://luns" }, engine);
    expect(message).toMatchObject({
      error: { code: -32_603, data: { error: { code: "UNREACHABLE", retryable: true } } },
    });
  });
});

describe("completion", () => {
  const complete = (ref: object, name: string, value: string, context?: object): Promise<unknown> =>
    ask("completion/complete", { ref, argument: { name, value }, ...(context === undefined ? {} : { context }) }).then(
      ({ message }) => (message as { result: { completion: { values: string[] } } }).result.completion.values,
    );

  it("knows LUNs and clients in resources", async () => {
    expect(await complete({ type: "ref/resource", uri: "atvm://luns/{lun}/snapshots" }, "lun", "Gold2")).toEqual([
      "Gold2",
    ]);
    expect(await complete({ type: "ref/resource", uri: "atvm://clients/{client}/vms" }, "client", "C")).toEqual([
      "CDS1-ESX165",
    ]);
  });

  it("knows LUNs, clients and the LUN's snapshots in prompts", async () => {
    const prompt = { type: "ref/prompt", name: "prep" };
    expect(await complete(prompt, "lun", "G")).toEqual(["Gold", "Gold2"]);
    expect(await complete(prompt, "client", "")).toEqual(["CDS1-ESX165"]);
    const { engine } = await ask("completion/complete", {
      ref: prompt,
      argument: { name: "snapshot", value: "night" },
      context: { arguments: { lun: "Gold" } },
    });
    expect(engine.calls[0]).toMatchObject({
      name: "completions",
      args: { what: "snapshot", prefix: "night", context: { lun: "Gold" } },
    });
  });

  it("is empty when the engine does not open", async () => {
    const engine = fakeEngine({ completions: () => Promise.reject(new Error("down")) });
    const { message } = await ask(
      "completion/complete",
      { ref: { type: "ref/prompt", name: "prep" }, argument: { name: "lun", value: "" } },
      engine,
    );
    expect(message).toMatchObject({ result: { completion: { values: [] } } });
  });
});
