/** What is thrown at the server: each gets its status, and nothing else changes. */
import { request as plainRequest } from "node:http";
import { describe, expect, it } from "vitest";
import { withEngine } from "../support/engine.ts";
import { serverOver, type TestServer } from "../support/http.ts";
import { modernRequest, post } from "../support/wire.ts";

const bench = await withEngine();
const list = modernRequest("tools/list");

/** With headers that `fetch` does not let anybody set. */
const raw = (server: TestServer, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = plainRequest(server.url, { method: "POST", headers: { ...list.headers, ...headers } }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on("error", reject);
    sent.end(list.body);
  });

const generous = { limits: { ...bench.app.config.http.limits, perMinute: 1_000_000, failuresPerMinute: 1_000_000 } };

describe("the server over HTTP", () => {
  it("answers a host that it is not, as a rebound name would ask for, with 403", async () => {
    const server = await serverOver(bench.app);
    const authorization = `Bearer ${await server.token("admin")}`;
    expect(await raw(server, { authorization, host: "evil.example" })).toBe(403);
    expect(await raw(server, { authorization, host: `127.0.0.1.evil.example:${server.port}` })).toBe(403);
    expect(await raw(server, { authorization, host: `localhost:${server.port}` })).toBe(200);
  });

  it("answers a page of another origin with 403", async () => {
    const server = await serverOver(bench.app);
    const authorization = `Bearer ${await server.token("admin")}`;
    for (const origin of ["http://evil.example", "null", "https://127.0.0.1.evil.example"]) {
      expect(await raw(server, { authorization, origin })).toBe(403);
    }
    expect(await raw(server, { authorization, origin: server.base })).toBe(200);
  });

  it("answers a body beyond its limit with 413, said beforehand or in pieces", async () => {
    const limits = { ...bench.app.config.http.limits, bodyKiB: 16 };
    const server = await serverOver(bench.app, { limits });
    const token = await server.token("operator");
    const big = modernRequest("tools/call", { name: "prep_maintenance", arguments: { lun: "x".repeat(20_000) } });
    expect((await post(server, big, token)).status).toBe(413);
    const pieces = new ReadableStream({
      start(controller) {
        for (let at = 0; at < big.body.length; at += 1_000)
          controller.enqueue(Buffer.from(big.body.slice(at, at + 1_000)));
        controller.close();
      },
    });
    const headers = { ...big.headers, authorization: `Bearer ${token}` };
    const answer = await fetch(server.url, { method: "POST", headers, body: pieces, duplex: "half" });
    expect(answer.status).toBe(413);
    // An older client's, too.
    const { "mcp-protocol-version": _, "mcp-method": __, ...older } = list.headers;
    expect((await post(server, { headers: older, body: " ".repeat(20_000) }, token)).status).toBe(413);
  });

  it("without a token answers 401, and 429 to who goes on", async () => {
    const server = await serverOver(bench.app, { limits: { ...bench.app.config.http.limits, failuresPerMinute: 3 } });
    const statuses: number[] = [];
    for (let at = 0; at < 5; at += 1) statuses.push((await post(server, list)).status);
    expect(statuses).toEqual([401, 401, 401, 429, 429]);
    // A token that holds is not locked out by others' failures.
    expect((await post(server, list, await server.token("viewer"))).status).toBe(200);
    const again = await post(server, list);
    expect(Number(again.headers.get("retry-after"))).toBeGreaterThan(0);
  });

  it("answers a principal that asks too often with 429, and others still", async () => {
    const server = await serverOver(bench.app, { limits: { ...bench.app.config.http.limits, perMinute: 2 } });
    const [alice, bob] = [await server.token("viewer", "alice"), await server.token("viewer", "bob")];
    const statuses: number[] = [];
    for (let at = 0; at < 3; at += 1) statuses.push((await post(server, list, alice)).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await post(server, list, bob)).status).toBe(200);
  });

  it("counts a proxy's clients apart, and believes nobody else's X-Forwarded-For", async () => {
    const limits = { ...bench.app.config.http.limits, failuresPerMinute: 1 };
    const behind = await serverOver(bench.app, { limits, proxies: ["127.0.0.0/8"] });
    const from = (server: TestServer, address: string): Promise<number> =>
      post(server, { ...list, headers: { ...list.headers, "x-forwarded-for": address } }).then(({ status }) => status);
    expect([await from(behind, "192.0.2.1"), await from(behind, "192.0.2.1"), await from(behind, "192.0.2.2")]).toEqual(
      [401, 429, 401],
    );
    // What stands before the last hop that is not ours, anybody may have written.
    expect(await from(behind, "198.51.100.7, 192.0.2.2")).toBe(429);
    const open = await serverOver(bench.app, { limits });
    expect([await from(open, "192.0.2.1"), await from(open, "192.0.2.2")]).toEqual([401, 429]);
  });

  it("gives 10,000 requests of garbage their status, and nothing else changes", { timeout: 120_000 }, async () => {
    const server = await serverOver(bench.app, generous);
    const token = await server.token("operator");
    const before = await bench.control.state();
    const rows = async (): Promise<number> => (await bench.app.engine.verifyAudit()).rows;
    const audited = await rows();
    const { "mcp-protocol-version": _, "mcp-method": __, ...bare } = list.headers;
    const garbage: readonly (() => Promise<Response>)[] = [
      () => post(server, { headers: list.headers, body: "{" }, token),
      () => post(server, { headers: bare, body: "[1,2" }, token),
      () => post(server, { headers: bare, body: "[]" }, token),
      () => post(server, { headers: bare, body: '{"jsonrpc":"2.0","id":1,"method":"tools/call"}' }, token),
      () => post(server, { headers: { ...list.headers, "mcp-method": "tools/call" }, body: list.body }, token),
      () => post(server, { headers: { ...list.headers, "content-type": "text/html" }, body: "<html>" }, token),
      () => post(server, { headers: { ...bare, "mcp-session-id": "../../etc/passwd" }, body: list.body }, token),
      () => post(server, list, "at_garbage"),
      () => post(server, list, "a.b.c"),
      () => post(server, modernRequest("no/such/method"), token),
      () => fetch(`${server.base}/../../etc/passwd`),
      () => fetch(server.url, { method: "PUT", body: "x", headers: { authorization: `Bearer ${token}` } }),
    ];
    const seen = new Map<number, number>();
    for (let sent = 0; sent < 10_000; ) {
      const batch = Array.from({ length: 50 }, (_unused, at) => garbage[(sent + at) % garbage.length]?.());
      for (const answer of await Promise.all(batch)) {
        if (answer === undefined) continue;
        await answer.arrayBuffer();
        seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
      }
      sent += batch.length;
    }
    expect([...seen.keys()].toSorted()).toEqual([400, 401, 404, 405, 415]);
    expect([...seen.values()].reduce((sum, count) => sum + count, 0)).toBe(10_000);
    expect(await rows()).toBe(audited);
    expect((await bench.control.state()).mutations).toEqual(before.mutations);
    expect((await post(server, list, token)).status).toBe(200);
  });
});
