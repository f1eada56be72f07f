import type { ServerResponse } from "node:http";
import { afterEach, describe, expect, it } from "vitest";
import { asAssignmentId } from "../../../src/core/domain/ids.ts";
import { type Handler, json, open, refusal, serve, session } from "./support.ts";

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

const quick = { connectMs: 5_000, callMs: 600, jobMs: 60_000 };

/** DGS with a session, and `handler` for everything else. */
async function site(handler: Handler, timeouts = { ...quick, callMs: 5_000 }) {
  const server = await serve((request, response) => {
    if (request.url !== "/api/v1/session") handler(request, response);
    else if (request.method === "POST") json(response, 201, session);
    else response.writeHead(204).end();
  });
  const dgs = open(server.url, { timeouts });
  opened.push(dgs, server);
  return dgs;
}

describe("on a real socket", () => {
  it("a read that breaks in the middle of its answer is read again", async () => {
    let calls = 0;
    const dgs = await site((_request, response) => {
      calls += 1;
      if (calls > 1) return json(response, 200, { items: [] });
      response.writeHead(200, { "content-type": "application/json", "content-length": "100" }).write('{"items":');
      setImmediate(() => response.socket?.destroy());
    });
    expect(await dgs.reader.clients()).toEqual([]);
    expect(calls).toBe(2);
  });

  it("a read that hangs is given up after its time, and not tried again", async () => {
    let calls = 0;
    const dgs = await site(() => {
      calls += 1;
    }, quick);
    expect(await refusal(dgs.reader.clients())).toMatchObject({
      code: "TIMED_OUT",
      found: { operationId: "ListClients", limit: "limits.arrayCall" },
      hint: expect.stringContaining("raise limits.arrayCall"),
    });
    expect(calls).toBe(1);
  });

  it("an answer that trickles is given up as well", async () => {
    const dgs = await site((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const trickle = setInterval(() => response.write(" "), 10);
      response.on("close", () => clearInterval(trickle));
    }, quick);
    expect(await refusal(dgs.reader.clients())).toMatchObject({ code: "TIMED_OUT" });
  });

  it.each([
    ["breaks off", (response: ServerResponse) => response.socket?.destroy(), /and no answer came:/],
    ["never comes", () => undefined, /no answer came in time \(limits\.arrayCall\)/],
  ])("a change whose answer %s has an unknown outcome after one sending", async (_how, lose, says) => {
    let calls = 0;
    const dgs = await site((_request, response) => {
      calls += 1;
      lose(response);
    }, quick);
    const error = await refusal(dgs.writer.unassign(asAssignmentId("a"), "k"));
    expect(error).toMatchObject({
      code: "OUTCOME_UNKNOWN",
      found: { operationId: "DeleteAssignment", assignmentId: "a" },
    });
    expect(error.message).toMatch(says);
    expect(calls).toBe(1);
  });

  it("a change that never left, because nobody listens, is unreachable and nothing else", async () => {
    // Without keep-alive no old socket is left that the change could have been written to.
    const server = await serve((request, response) => {
      response.setHeader("connection", "close");
      json(response, 200, request.method === "POST" ? session : { items: [] });
    });
    const dgs = open(server.url);
    opened.push(dgs);
    await dgs.reader.clients();
    await server.close();
    expect(await refusal(dgs.writer.unassign(asAssignmentId("b"), "k2"))).toMatchObject({ code: "UNREACHABLE" });
  });

  it("an answer without end is cut off", async () => {
    const dgs = await site((_request, response) => {
      response.writeHead(200, { "content-type": "application/json" });
      const piece = Buffer.alloc(1024 * 1024, 0x20);
      const more = (): void => {
        if (!response.destroyed) response.write(piece, more);
      };
      more();
    });
    expect(await refusal(dgs.reader.clients())).toMatchObject({ code: "REMOTE_GARBAGE" });
  });

  it("an URL that carries the interface's prefix means the same", async () => {
    const server = await serve((request, response) =>
      request.url === "/api/v1/session"
        ? json(response, 201, session)
        : json(response, request.url?.startsWith("/api/v1/clients?") ? 200 : 404, { items: [] }),
    );
    const dgs = open(`${server.url}/api/v1/`);
    opened.push(dgs, server);
    expect(await dgs.reader.clients()).toEqual([]);
  });

  it("closing does not wait for an array that hangs", async () => {
    const server = await serve((request, response) => {
      if (request.method === "POST") json(response, 201, session);
      else if (request.method === "GET") json(response, 200, { items: [] });
    });
    const dgs = open(server.url, { timeouts: quick });
    opened.push(server);
    await dgs.reader.clients();
    await dgs.close();
    await dgs.close();
  });
});
