/** Two servers on one database, behind something that sends each request to the other one of them. */

import { once } from "node:events";
import { createServer } from "node:http";
import { beforeAll, expect, it, onTestFinished } from "vitest";
import { type Bench, withEngine } from "../support/engine.ts";
import { serverOver } from "../support/http.ts";
import { describePostgres, withCluster } from "../support/postgres.ts";
import { modernRequest, post } from "../support/wire.ts";

/** Hands every request on, to each server in turn; its port, and how many each has had. */
async function roundRobin(bases: readonly string[]): Promise<{ url: string; counts: number[] }> {
  const counts = bases.map(() => 0);
  let turn = 0;
  const server = createServer(async (request, response) => {
    const at = turn % bases.length;
    turn += 1;
    counts[at] = (counts[at] ?? 0) + 1;
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const { host: _host, connection: _connection, ...headers } = request.headers;
    const answer = await fetch(`${bases[at]}${request.url ?? ""}`, {
      method: request.method ?? "POST",
      headers: Object.entries(headers).flatMap(([name, value]) =>
        typeof value === "string" && name !== "content-length" ? [[name, value] as [string, string]] : [],
      ),
      body: Buffer.concat(chunks),
    });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return { url: `http://127.0.0.1:${port}/mcp`, counts };
}

/** The structured half of a tool's result, out of one document or of an event stream. */
function structuredIn(text: string): Record<string, unknown> {
  const line = text.split("\n").findLast((one) => one.includes('"result"')) ?? "";
  const { result } = JSON.parse(line.replace(/^data: /, "")) as {
    result: { structuredContent: Record<string, unknown> };
  };
  return result.structuredContent;
}

describePostgres("two servers on one PostgreSQL behind a round-robin", () => {
  const cluster = withCluster();
  let bench: Bench;
  beforeAll(async () => {
    bench = await withEngine({}, {}, cluster);
  }, 120_000);

  it("plan on one and confirm on the other: one run, however often it is confirmed", async () => {
    const apps = [bench.app, await bench.another()];
    const servers = await Promise.all(apps.map((app) => serverOver(app)));
    const token = (await servers[0]?.token("operator", "alice")) ?? "";
    const { url, counts } = await roundRobin(servers.map(({ base }) => base));
    const call = async (name: string, args: object): Promise<Record<string, unknown>> => {
      const answer = await post({ url }, modernRequest("tools/call", { name, arguments: args }), token);
      expect(answer.status).toBe(200);
      return structuredIn(await answer.text());
    };
    const plan = await call("prep_automated_testing", { lun: "Gold" });
    const { planToken } = plan;
    expect(counts).toEqual([1, 0]);
    const runs = await Promise.all([1, 2, 3, 4].map(() => call("confirm_plan", { planToken })));
    expect(counts).toEqual([3, 2]);
    const ids = new Set(runs.map(({ runId }) => runId));
    expect(ids.size).toBe(1);
    const [runId] = ids;
    const last = await call("get_run", { runId, waitSeconds: 45 });
    expect(last).toMatchObject({ state: "succeeded", planId: plan["planId"] });
    const { mutations } = await bench.control.state();
    expect(mutations.filter(({ op }) => op === "CloneSnapshot")).toHaveLength(1);
    const { rows, chain } = await bench.app.engine.readAudit({ planId: String(plan["planId"]), limit: 1_000 });
    expect(rows.filter(({ type }) => type === "plan_redeemed")).toHaveLength(1);
    expect(chain.holds).toBe(true);
  });
});
