import { describe, expect, it } from "vitest";
import { PrepError } from "../../src/core/domain/errors.ts";
import { fakeEngine } from "../support/fake-engine.ts";
import { answerTo, initialize, rawServer, request } from "../support/raw-mcp.ts";
import { sampleRun } from "../support/views.ts";

const call = (id: number, name: string, args: object = {}): ReturnType<typeof request> =>
  request(id, "tools/call", { name, arguments: args });

describe("the stdio server", () => {
  it("lists its tools without opening the engine", async () => {
    let opened = 0;
    const server = rawServer(() => {
      opened += 1;
      return Promise.resolve(fakeEngine());
    });
    server.send(initialize());
    server.send(request(1, "tools/list"));
    server.send(request(2, "resources/templates/list"));
    server.send(request(3, "prompts/list"));
    server.end();
    await server.ended;
    expect(opened).toBe(0);
    expect(server.lines.map((line) => JSON.parse(line).id)).toEqual([0, 1, 2, 3]);
  });

  it("answers what was asked before its input ended, then closes the engine", async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const engine = fakeEngine({
      getRun: async () => {
        await promise;
        return sampleRun(3);
      },
    });
    const server = rawServer(() => Promise.resolve(engine));
    server.send(initialize());
    server.send(call(1, "get_run", { runId: "run-1", waitSeconds: 45 }));
    server.send(call(2, "list_luns"));
    server.end();
    await server.next(answerTo(2));
    expect(engine.calls.map(({ name }) => name)).not.toContain("close");
    resolve();
    await server.ended;
    expect(await server.next(answerTo(1))).toMatchObject({ result: { structuredContent: { state: "succeeded" } } });
    expect(engine.calls.at(-1)?.name).toBe("close");
  });

  it("does not wait for a call that the client has cancelled", async () => {
    let aborted = false;
    const waiting = Promise.withResolvers<void>();
    const engine = fakeEngine({
      getRun: (_id, options) =>
        new Promise((resolve) => {
          options?.signal?.addEventListener("abort", () => {
            aborted = true;
            resolve(sampleRun(1));
          });
          waiting.resolve();
        }),
    });
    const server = rawServer(() => Promise.resolve(engine));
    server.send(initialize());
    server.send(call(1, "get_run", { runId: "run-1", waitSeconds: 45 }));
    await waiting.promise;
    server.send({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId: 1 } });
    server.end();
    await server.ended;
    expect(aborted).toBe(true);
    expect(server.lines.filter((line) => JSON.parse(line).id === 1)).toEqual([]);
  });

  it("ends at the signal, whatever is under way", async () => {
    const stop = new AbortController();
    const waiting = Promise.withResolvers<void>();
    const engine = fakeEngine({
      getRun: () => {
        waiting.resolve();
        return new Promise(() => undefined);
      },
    });
    const server = rawServer(() => Promise.resolve(engine), stop.signal);
    server.send(initialize());
    server.send(call(1, "get_run", { runId: "run-1", waitSeconds: 45 }));
    await waiting.promise;
    stop.abort();
    await server.ended;
    expect(engine.calls.at(-1)?.name).toBe("close");
  });

  it("answers with the mistake when the engine does not open, and tries again on the next call", async () => {
    let attempts = 0;
    const server = rawServer(() => {
      attempts += 1;
      return attempts === 1
        ? Promise.reject(new PrepError("CONFIG_INVALID", "There is no configuration.", { hint: "Make one: init." }))
        : Promise.resolve(fakeEngine());
    });
    server.send(initialize());
    server.send(call(1, "list_luns"));
    const first = await server.next(answerTo(1));
    server.send(call(2, "list_luns"));
    const second = await server.next(answerTo(2));
    server.end();
    await server.ended;
    expect(first).toMatchObject({
      result: { isError: true, structuredContent: { error: { code: "CONFIG_INVALID" } } },
    });
    expect(second).toMatchObject({ result: { structuredContent: { luns: [{}] } } });
  });

  it.each([
    ["no JSON", "this is no JSON", null, -32_700],
    ["a request without a method", '{"jsonrpc":"2.0","id":2}', 2, -32_600],
    ["a request with parameters in a list", '{"jsonrpc":"2.0","id":3,"method":"tools/list","params":[]}', 3, -32_600],
    ["a request whose id is no whole number", '{"jsonrpc":"2.0","id":1.5,"method":"ping"}', 1.5, -32_600],
    ["a request whose id is null", '{"jsonrpc":"2.0","id":null,"method":"ping"}', null, -32_600],
    ["a batch", '[{"jsonrpc":"2.0","id":4,"method":"ping"}]', 4, -32_600],
    ["an empty batch", "[]", null, -32_600],
    ["a second initialize", JSON.stringify({ ...initialize(), id: 5 }), 5, -32_600],
    [
      "a prompt's argument that is no text",
      '{"jsonrpc":"2.0","id":6,"method":"prompts/get","params":{"name":"prep","arguments":{"lun":7}}}',
      6,
      -32_602,
    ],
    ["a line of 11 MiB", `{"x":"${"y".repeat(11 * 1024 * 1024)}"}`, null, -32_600],
    [
      "a resource that is not there",
      '{"jsonrpc":"2.0","id":7,"method":"resources/read","params":{"uri":"atvm://runs/run_x"}}',
      7,
      -32_002,
    ],
  ])("answers %s, and goes on", async (_what, line, id, code) => {
    const server = rawServer(() => Promise.resolve(fakeEngine()));
    server.send(`\ufeff${JSON.stringify(initialize())}`);
    await server.next(answerTo(0));
    server.send(line);
    const refused = await server.next((message) => message["id"] === id && "error" in message);
    expect(refused).toMatchObject({ error: { code } });
    server.send({ jsonrpc: "2.0", id: 99, method: "ping" });
    expect(await server.next(answerTo(99))).toMatchObject({ result: {} });
    server.end();
    await server.ended;
  });

  it("answers an initialize that says nothing, and takes the next one", async () => {
    const server = rawServer(() => Promise.resolve(fakeEngine()));
    server.send('{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":7}}');
    expect(await server.next(answerTo(1))).toMatchObject({ error: { code: -32_602 } });
    server.send(initialize());
    expect(await server.next(answerTo(0))).toMatchObject({ result: { serverInfo: { name: "atvm-prep" } } });
    server.end();
    await server.ended;
  });

  it.each(["constructor", "__proto__"])("completes nothing for a variable called %s", async (name) => {
    const server = rawServer(() => Promise.resolve(fakeEngine()));
    server.send(initialize());
    const ref = { type: "ref/resource", uri: "atvm://luns/{lun}/snapshots" };
    server.send({
      jsonrpc: "2.0",
      id: 1,
      method: "completion/complete",
      params: { ref, argument: { name, value: "" } },
    });
    expect(await server.next(answerTo(1))).toMatchObject({ result: { completion: { values: [] } } });
    server.end();
    await server.ended;
  });

  it("goes on after lines that are no JSON-RPC", async () => {
    const server = rawServer(() => Promise.resolve(fakeEngine()));
    server.send("this is no JSON");
    server.send('{"hello": "world"}');
    server.send(initialize());
    expect(await server.next(answerTo(0))).toMatchObject({ result: { serverInfo: { name: "atvm-prep" } } });
    server.end();
    await server.ended;
  });

  it("writes nothing but JSON-RPC, even when something prints", async () => {
    const engine = fakeEngine({
      listLuns: () => {
        // biome-ignore lint/suspicious/noConsole: a dependency that prints is the point
        console.log("a dependency says hello");
        return fakeEngine().listLuns({ principal: "x", channel: "mcp" });
      },
    });
    const server = rawServer(() => Promise.resolve(engine));
    server.send(initialize());
    server.send(call(1, "list_luns"));
    server.end();
    await server.ended;
    expect(server.lines.map((line) => JSON.parse(line).jsonrpc)).toEqual(["2.0", "2.0"]);
  });

  it("tells the assistant about the two calls and each approval policy", async () => {
    const server = rawServer(() => Promise.resolve(fakeEngine()));
    server.send(initialize());
    const { result } = (await server.next(answerTo(0))) as { result: { instructions: string } };
    server.end();
    await server.ended;
    for (const word of ["confirm_plan", "verbatim", "token =", "prompt =", "human =", "get_run"]) {
      expect(result.instructions).toContain(word);
    }
  });
});
