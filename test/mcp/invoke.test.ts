import { describe, expect, it } from "vitest";
import { PrepError } from "../../src/core/domain/errors.ts";
import { StalePlan } from "../../src/core/plans/stale.ts";
import { fakeEngine, TOKENS } from "../support/fake-engine.ts";
import { ERAS, modernClient, olderClient } from "../support/mcp-clients.ts";
import { answerTo, initialize, rawServer, request } from "../support/raw-mcp.ts";
import { samplePlan, sampleRun, shownPlan } from "../support/views.ts";

describe.each(ERAS)("a call from a client of %s", (_era, connect) => {
  it("answers a plan as data and as text, in one block", async () => {
    const client = await connect();
    const answer = await client.call("prep_automated_testing", { lun: "Gold", client: "CDS1-ESX165" });
    await client.close();
    expect(answer.isError).toBe(false);
    expect(answer.structured).toEqual(shownPlan(samplePlan({ planToken: TOKENS.plain })));
    expect(answer.text).toContain(`\n    ${shownPlan(samplePlan()).command}\n`);
    expect(answer.text.split(TOKENS.plain)).toHaveLength(2);
  });

  it("is made in the name of the principal, with what the client calls itself", async () => {
    const client = await connect();
    await client.call("register_vms", { lun: "Gold" });
    await client.close();
    expect(client.engine.calls).toEqual([
      {
        name: "plan",
        args: { mode: "register", lun: "Gold" },
        actor: {
          principal: "tester@host",
          channel: "mcp",
          client: client.era === "modern" ? "modern-test 2.0" : "older-test 1.0",
          tool: "register_vms",
        },
      },
    ]);
  });

  it.each([
    ["inspect_target", {}, "inspect"],
    ["list_luns", {}, "listLuns"],
    ["list_snapshots", { lun: "Gold" }, "listSnapshots"],
    ["list_vms", { client: "CDS1-ESX165" }, "listVms"],
    ["prep_maintenance", { lun: "Gold" }, "plan"],
    ["unregister_vms", { lun: "Gold", forcePowerOff: true }, "plan"],
    ["rollback_gold_disk", { lun: "Gold", snapshot: "weekly" }, "plan"],
    ["resume_run", { runId: "run-1" }, "resumePlan"],
    ["confirm_plan", { planToken: TOKENS.plain }, "confirm"],
    ["discard_plan", { planId: "plan-1" }, "discardPlan"],
    ["get_run", { runId: "run-1" }, "getRun"],
    ["list_runs", { limit: 5 }, "listRuns"],
    ["cancel_run", { runId: "run-1" }, "cancelRun"],
    ["read_audit", { since: "2026-11-22" }, "readAudit"],
  ])("%s answers with data and text", async (name, args, asked) => {
    const client = await connect();
    const answer = await client.call(name, args);
    await client.close();
    expect(answer.isError).toBe(false);
    expect(Object.keys(answer.structured)).not.toEqual([]);
    expect(answer.text.length).toBeGreaterThan(20);
    expect(client.engine.calls.map((call) => call.name)).toEqual([asked]);
  });

  it("is refused with code, hint and text when an argument is unknown", async () => {
    const client = await connect();
    const answer = await client.call("confirm_plan", { planToken: TOKENS.plain, yes: true });
    await client.close();
    expect(answer.isError).toBe(true);
    expect(answer.structured).toMatchObject({
      error: { code: "BAD_REQUEST", hint: "confirm_plan takes: planToken (required), command.", retryable: false },
    });
    expect(answer.text).toMatch(/^BAD_REQUEST: .*has no argument yes/);
    expect(client.engine.calls).toEqual([]);
  });

  it("is refused when an argument is missing or out of range", async () => {
    const client = await connect();
    const missing = await client.call("list_snapshots");
    const tooLong = await client.call("get_run", { runId: "run-1", waitSeconds: 46 });
    await client.close();
    expect(missing.structured).toMatchObject({ error: { code: "BAD_REQUEST" } });
    expect(tooLong.structured).toMatchObject({ error: { code: "BAD_REQUEST" } });
    expect(client.engine.calls).toEqual([]);
  });

  it("passes a refusal of the engine on, with what was found", async () => {
    const client = await connect({
      engine: fakeEngine({
        plan: () =>
          Promise.reject(
            new PrepError("UNKNOWN_LUN", "There is no gold LUN Glod.", {
              found: { nearest: ["AutomatedTest-VMBootImg-Gold"] },
              hint: "Name one that exists.",
            }),
          ),
      }),
    });
    const answer = await client.call("prep_maintenance", { lun: "Glod" });
    await client.close();
    expect(answer.isError).toBe(true);
    expect(answer.structured).toEqual({
      error: {
        code: "UNKNOWN_LUN",
        message: "There is no gold LUN Glod.",
        found: { nearest: ["AutomatedTest-VMBootImg-Gold"] },
        hint: "Name one that exists.",
        retryable: false,
      },
    });
    expect(answer.text).toContain("AutomatedTest-VMBootImg-Gold");
  });

  it("shows the fresh plan and what changed when the plan was stale", async () => {
    const fresh = samplePlan({ planId: "plan-2", planToken: "fresh-token" });
    const client = await connect({
      engine: fakeEngine({
        confirm: () =>
          Promise.reject(
            new StalePlan("It changed.", { hint: "Look at the fresh plan." }, ["atvm-9 is running now"], fresh),
          ),
      }),
    });
    const answer = await client.call("confirm_plan", { planToken: TOKENS.plain });
    await client.close();
    expect(answer.structured).toMatchObject({
      error: { code: "STALE_PLAN", diff: ["atvm-9 is running now"], plan: shownPlan(fresh) },
    });
    expect(answer.text).toContain("atvm-9 is running now");
    expect(answer.text).toContain("fresh-token");
  });

  it("keeps a defect of ours from the client, and logs it", async () => {
    const client = await connect({
      engine: fakeEngine({ listLuns: () => Promise.reject(new TypeError("secret detail")) }),
    });
    const answer = await client.call("list_luns");
    await client.close();
    expect(answer.structured).toMatchObject({ error: { code: "INTERNAL" } });
    expect(JSON.stringify(answer)).not.toContain("secret detail");
    expect(client.logged).toContain("a tool call failed: secret detail");
  });

  it("is a defect of ours when the engine answers something that is no result", async () => {
    const client = await connect({
      engine: fakeEngine({ getRun: () => Promise.resolve({ ...sampleRun(3), steps: [{ bogus: true }] } as never) }),
    });
    const answer = await client.call("get_run", { runId: "run-1" });
    await client.close();
    expect(answer.structured).toMatchObject({ error: { code: "INTERNAL" } });
  });

  it("reports each step that begins or ends once, and never goes back", async () => {
    const client = await connect();
    const { progress } = await client.call("confirm_plan", { planToken: TOKENS.plain });
    await client.close();
    expect(progress).toEqual([
      { progress: 0.1, total: 3, message: "Power off 2 VMs" },
      { progress: 1.1, total: 3, message: samplePlan().steps[1]?.text },
      { progress: 2.1, total: 3, message: samplePlan().steps[2]?.text },
      { progress: 3, total: 3, message: samplePlan().steps[2]?.text },
    ]);
  });

  it("names every step that is under way", async () => {
    const [first, second, third] = sampleRun(0).steps;
    if (first === undefined || second === undefined || third === undefined)
      throw new Error("the sample has three steps");
    const both = sampleRun(0, {
      steps: [
        { ...first, state: "done" },
        { ...second, state: "running", detail: "40 %" },
        { ...third, state: "running" },
      ],
    });
    const engine = fakeEngine({
      getRun: async (_runId, options) => {
        await options?.onUpdate?.(both);
        return both;
      },
    });
    const client = await connect({ engine });
    const { progress } = await client.call("get_run", { runId: "run-1", waitSeconds: 45 });
    await client.close();
    expect(progress).toEqual([
      { progress: 1.2, total: 3, message: "2 steps at once: delete clone: 40 % | create clone" },
    ]);
  });

  it("waits for a run as long as it was told, with progress", async () => {
    const client = await connect();
    const answer = await client.call("get_run", { runId: "run-1", waitSeconds: 45 });
    await client.close();
    expect(client.engine.calls).toEqual([{ name: "getRun", args: { runId: "run-1", waitMs: 45_000 } }]);
    expect(answer.progress).toMatchObject([{ progress: 2.1, total: 3 }]);
  });
});

describe("what a client calls itself", () => {
  it("is capped and made safe before it is recorded", async () => {
    const engine = fakeEngine();
    const server = rawServer(() => Promise.resolve(engine));
    server.send(initialize("2025-11-25", { name: `evil\u202e\n${"x".repeat(300)}`, version: "1" }));
    server.send(request(1, "tools/call", { name: "list_luns", arguments: {} }));
    server.end();
    await server.ended;
    const said = engine.calls[0]?.actor?.client ?? "";
    expect(said).toMatch(/^evil x+…$/);
    expect(said.length).toBeLessThanOrEqual(80);
  });
});

describe("a result", () => {
  it("is one text block beside its data, which clients can show", async () => {
    const server = rawServer(() => Promise.resolve(fakeEngine()));
    server.send(initialize("2025-11-25"));
    server.send(request(1, "tools/call", { name: "prep_maintenance", arguments: { lun: "Gold" } }));
    const { result } = (await server.next(answerTo(1))) as { result: { content: { type: string }[] } };
    server.end();
    await server.ended;
    expect(result.content.map(({ type }) => type)).toEqual(["text"]);
  });
});

describe("both eras", () => {
  it("are told the same about the same plan", async () => {
    const [one, other] = await Promise.all([modernClient(), olderClient()]);
    const answers = await Promise.all([one, other].map((client) => client.call("prep_maintenance", { lun: "Gold" })));
    await Promise.all([one.close(), other.close()]);
    expect(answers[0]).toEqual(answers[1]);
  });
});
