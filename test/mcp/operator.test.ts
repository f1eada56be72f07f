import { afterEach, describe, expect, it, vi } from "vitest";
import { type FakeEngine, fakeEngine, TOKENS } from "../support/fake-engine.ts";
import { ERAS, type Form, type Reply } from "../support/mcp-clients.ts";
import { answerTo, initialize, type Message, rawServer, request } from "../support/raw-mcp.ts";
import { rollbackPlan, samplePlan, shownPlan } from "../support/views.ts";

const LUN = samplePlan().target.lun.name;

/** A person that gives this answer and remembers what was asked. */
function person(reply: Reply): { asked: Form[]; answer: (form: Form) => Reply } {
  const asked: Form[] = [];
  return {
    asked,
    answer: (form) => {
      asked.push(form);
      return reply;
    },
  };
}

const accept = (content: Record<string, string | boolean>): Reply => ({ action: "accept", content });

describe.each(ERAS)("a plan that the operator has to be asked about (%s)", (_era, connect) => {
  it("is shown with command and impact, and runs after a yes", async () => {
    const { asked, answer } = person(accept({ approve: true }));
    const client = await connect({ person: answer });
    const result = await client.call("confirm_plan", { planToken: TOKENS.prompt });
    await client.close();
    expect(result.structured).toMatchObject({ runId: "run-1", state: "succeeded" });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.fields).toEqual(["approve"]);
    expect(asked[0]?.message).toContain(`\n${shownPlan(samplePlan()).command}\n`);
    expect(asked[0]?.message).toContain('Powers off 2 VMs: "atvm-1", "atvm-2"');
    expect(client.engine.calls.map(({ args }) => args)).toEqual([
      { token: TOKENS.prompt, canAsk: true, answered: undefined },
      {
        token: TOKENS.prompt,
        canAsk: true,
        answered: { challenge: "ask-1", answer: { kind: "accept", approve: true } },
      },
    ]);
  });

  it.each([
    ["declined", { action: "decline" }, "DECLINED", { kind: "decline" }],
    ["put away", { action: "cancel" }, "NOT_APPROVED", { kind: "cancel" }],
    ["sent with a no", accept({ approve: false }), "NOT_APPROVED", { kind: "accept", approve: false }],
    ["sent back garbled", accept({ approved: "yes" }), "NOT_APPROVED", { kind: "cancel" }],
  ] satisfies [string, Reply, string, object][])(
    "does not run when the form is %s",
    async (_how, reply, code, told) => {
      const client = await connect({ person: person(reply).answer });
      const result = await client.call("confirm_plan", { planToken: TOKENS.prompt });
      await client.close();
      expect(result.isError).toBe(true);
      expect(result.structured).toMatchObject({ error: { code } });
      expect(client.engine.calls.at(-1)?.args).toMatchObject({ answered: { answer: told } });
      expect(result.progress.filter(({ total }) => total === 3)).toEqual([]);
    },
  );

  it("wants the LUN's name typed for a rollback, and says what will be lost", async () => {
    const { asked, answer } = person(accept({ lunName: LUN }));
    const client = await connect({ person: answer });
    const result = await client.call("confirm_plan", { planToken: TOKENS.rollback });
    await client.close();
    expect(result.isError).toBe(false);
    expect(asked[0]?.fields).toEqual(["lunName"]);
    for (const { name } of rollbackPlan().impact.snapshotsLost) expect(asked[0]?.message).toContain(name);
    expect(asked[0]?.message).toContain("7 days 4 hours old");
    expect(client.engine.calls.at(-1)?.args).toMatchObject({ answered: { answer: { kind: "accept", typedLun: LUN } } });
  });

  it("does not roll back for another name", async () => {
    const client = await connect({ person: person(accept({ lunName: "Gold" })).answer });
    const result = await client.call("confirm_plan", { planToken: TOKENS.rollback });
    await client.close();
    expect(result.structured).toMatchObject({ error: { code: "NOT_APPROVED" } });
  });

  it("is refused, with the other way, where the client cannot ask", async () => {
    const client = await connect();
    const result = await client.call("confirm_plan", { planToken: TOKENS.prompt });
    await client.close();
    expect(result.structured).toMatchObject({ error: { code: "NOT_APPROVED" } });
    expect(result.text).toContain("atvm_prep approve plan-1");
    expect(client.engine.calls.map(({ args }) => args)).toEqual([
      { token: TOKENS.prompt, canAsk: false, answered: undefined },
    ]);
  });
});

const META = {
  "io.modelcontextprotocol/protocolVersion": "2026-07-28",
  "io.modelcontextprotocol/clientInfo": { name: "raw", version: "1" },
  "io.modelcontextprotocol/clientCapabilities": { elicitation: { form: {} } },
};

/** What each confirm was told that the person had said. */
const answersIn = (engine: FakeEngine): unknown[] =>
  engine.calls
    .filter(({ name }) => name === "confirm")
    .map(({ args }) => (args as { answered?: { answer: object } }).answered?.answer);

afterEach(() => {
  vi.useRealTimers();
});

const confirm = (id: number, more: object = {}): Message =>
  request(id, "tools/call", {
    name: "confirm_plan",
    arguments: { planToken: TOKENS.prompt },
    _meta: META,
    ...more,
  });

describe("an answer that no question was asked for", () => {
  it("is not taken without the question's state: the person is asked", async () => {
    const engine = fakeEngine();
    const server = rawServer(() => Promise.resolve(engine));
    server.send(confirm(1, { inputResponses: { approval: { action: "accept", content: { approve: true } } } }));
    const { result } = await server.next(answerTo(1));
    server.end();
    await server.ended;
    expect(result).toMatchObject({ resultType: "input_required", requestState: "ask-1" });
    expect(answersIn(engine)).toEqual([undefined]);
  });

  it("is judged by the engine when its state is made up", async () => {
    const server = rawServer(() => Promise.resolve(fakeEngine()));
    server.send(
      confirm(1, {
        inputResponses: { approval: { action: "accept", content: { approve: true } } },
        requestState: "ask-forged",
      }),
    );
    const { result } = await server.next(answerTo(1));
    server.end();
    await server.ended;
    expect(result).toMatchObject({ isError: true, structuredContent: { error: { code: "NOT_APPROVED" } } });
  });
});

describe("a question to an older client", () => {
  it("counts as put away when the client answers with an error, or goes away", async () => {
    const engine = fakeEngine();
    const server = rawServer(() => Promise.resolve(engine));
    server.send(initialize("2025-11-25", { name: "raw", version: "1" }, { elicitation: {} }));
    server.send(request(1, "tools/call", { name: "confirm_plan", arguments: { planToken: TOKENS.prompt } }));
    const asked = await server.next(({ method }) => method === "elicitation/create");
    server.send({ jsonrpc: "2.0", id: asked["id"], error: { code: -32_601, message: "no forms here" } });
    await server.next(answerTo(1));
    server.send(request(2, "tools/call", { name: "confirm_plan", arguments: { planToken: TOKENS.prompt } }));
    await server.next(({ method, id }) => method === "elicitation/create" && id !== asked["id"]);
    server.end();
    await server.ended;
    const { result } = await server.next(answerTo(2));
    expect(result).toMatchObject({ structuredContent: { error: { code: "NOT_APPROVED" } } });
    expect(answersIn(engine)).toEqual([undefined, { kind: "cancel" }, undefined, { kind: "cancel" }]);
  });

  const asking = async (engine: FakeEngine, meta: object = {}) => {
    const server = rawServer(() => Promise.resolve(engine));
    server.send(initialize("2025-11-25", { name: "raw", version: "1" }, { elicitation: {} }));
    const call = { name: "confirm_plan", arguments: { planToken: TOKENS.prompt }, ...meta };
    server.send(request(1, "tools/call", call));
    const { id } = await server.next(({ method }) => method === "elicitation/create");
    const approve = { action: "accept", content: { approve: true } };
    const answer = (): void => server.send({ jsonrpc: "2.0", id, result: approve });
    return { server, answer };
  };
  const LATE = { token: TOKENS.prompt, answered: { challenge: "ask-1", answer: { kind: "accept", approve: true } } };

  it("stays open when the call that nobody hears of ends after 50 s, and its answer counts", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const engine = fakeEngine();
    const { server, answer } = await asking(engine);
    vi.advanceTimersByTime(49_000);
    expect(answersIn(engine)).toEqual([undefined]);
    vi.advanceTimersByTime(1_000);
    const { result } = await server.next(answerTo(1));
    expect(result).toMatchObject({ structuredContent: { error: { code: "NOT_APPROVED" } } });
    expect(JSON.stringify(result)).toContain("still open");
    answer();
    server.end();
    await server.ended;
    expect(answersIn(engine)).toEqual([undefined]);
    expect(engine.calls.find(({ name }) => name === "takeAnswer")?.args).toEqual(LATE);
    expect(server.lines.join()).not.toContain("notifications/cancelled");
  });

  it("is waited for as long as its answer counts where the client is told that the call goes on", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval"] });
    const engine = fakeEngine();
    const { server, answer } = await asking(engine, { _meta: { progressToken: "p" } });
    vi.advanceTimersByTime(290_000);
    expect(server.lines.some((line) => JSON.parse(line).id === 1)).toBe(false);
    answer();
    vi.useRealTimers();
    expect(await server.next(answerTo(1))).toMatchObject({ result: { structuredContent: { state: "succeeded" } } });
    server.end();
    await server.ended;
    const progress = server.lines.flatMap((line) => {
      const { method, params } = JSON.parse(line);
      return method === "notifications/progress" ? [params] : [];
    });
    const waiting = progress.filter(({ message }) => message === "Waiting for the operator's answer");
    expect(waiting).toHaveLength(58);
    const values = progress.map(({ progress: value }) => value);
    expect(values).toEqual([...new Set(values)].toSorted((a, b) => a - b));
    expect(values.at(-1)).toBe(3);
  });

  it("ends with its time: nobody waits for ever", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const engine = fakeEngine();
    const { server } = await asking(engine, { _meta: { progressToken: "p" } });
    vi.advanceTimersByTime(300_000);
    const { result } = await server.next(answerTo(1));
    server.end();
    await server.ended;
    expect(result).toMatchObject({ structuredContent: { error: { code: "NOT_APPROVED" } } });
    expect(server.lines.join()).toContain("notifications/cancelled");
  });

  it("stays open when its client gives the call up meanwhile, and its answer counts", async () => {
    const engine = fakeEngine();
    const { server, answer } = await asking(engine);
    server.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    answer();
    server.end();
    await server.ended;
    expect(answersIn(engine)).toEqual([undefined]);
    expect(engine.calls.find(({ name }) => name === "takeAnswer")?.args).toEqual(LATE);
  });
});
