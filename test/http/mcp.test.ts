/** MCP over HTTP as clients of both eras use it, on the real engine and lab. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PROMPTS } from "../../src/prompts/catalog.ts";
import { RESOURCES } from "../../src/resources/catalog.ts";
import { TOOLS } from "../../src/tools/catalog.ts";
import { expectFreshClone, goldOf, snapshotsOf, withEngine } from "../support/engine.ts";
import { HTTP_CLIENTS, serverOver } from "../support/http.ts";
import type { Conversation, Person, Reply } from "../support/mcp-clients.ts";
import { modernRequest, post } from "../support/wire.ts";

const bench = await withEngine({}, { approval: { default: "prompt", rollback: "prompt" } });
const open: Conversation[] = [];

beforeEach(async () => {
  await bench.reset("clone-assigned");
});

afterEach(async () => {
  for (const conversation of open.splice(0)) await conversation.close();
});

const yes: Reply = { action: "accept", content: { approve: true } };

describe.each(HTTP_CLIENTS)("serve --http with a client of %s", (era, connect) => {
  const connected = async (server: { url: string }, token: string, person?: Person): Promise<Conversation> => {
    const conversation = await connect(server.url, token, person);
    open.push(conversation);
    return conversation;
  };

  it("preps a fresh clone after the operator's yes in a form, in the name of the token's holder", async () => {
    const server = await serverOver(bench.app);
    const asked: string[] = [];
    const client = await connected(server, await server.token("operator", "alice"), ({ message }) => {
      asked.push(message);
      return yes;
    });
    const plan = await client.call("prep_automated_testing", { lun: "Gold" });
    const run = await client.call("confirm_plan", { planToken: plan.structured["planToken"] });
    expect(run.structured).toMatchObject({ state: "succeeded", planId: plan.structured["planId"] });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain(plan.structured["command"]);
    const steps = run.progress.filter(({ total }) => total !== undefined).map(({ progress }) => progress);
    expect(steps.length).toBeGreaterThan(3);
    const state = await bench.control.state();
    expectFreshClone(state, snapshotsOf(state, goldOf(state).id)[0]?.id ?? "");
    const { rows } = await bench.app.engine.readAudit({ planId: String(plan.structured["planId"]) });
    const mine = rows.filter(({ channel }) => channel === "http");
    expect(mine.map(({ type }) => type)).toEqual(
      expect.arrayContaining(["plan_made", "plan_approved", "plan_redeemed"]),
    );
    expect(new Set(mine.map(({ actor }) => actor.replace(/@.*/, "")))).toEqual(new Set(["token:alice"]));
  });

  it("has a row of the audit for each call that only looks, in the name of the token's holder", async () => {
    const server = await serverOver(bench.app);
    const [since] = await bench.app.engine.auditAfter(undefined);
    const client = await connected(server, await server.token("viewer", "victor"));
    await client.call("list_runs");
    await client.call("read_audit", { limit: 1 });
    expect((await client.call("get_run", { runId: "run_none" })).isError).toBe(true);
    await client.client.readResource({ uri: "atvm://luns" });
    await expect(client.client.readResource({ uri: "atvm://plans/plan_none" })).rejects.toThrow();
    const rows = (await bench.app.engine.auditAfter(since?.seq)).filter(({ type }) => type !== "token_created");
    expect(rows.map(({ data: { tool, outcome, code } }) => [tool, outcome, code])).toEqual([
      ["list_runs", "answered", undefined],
      ["read_audit", "answered", undefined],
      ["get_run", "refused", "RUN_UNKNOWN"],
      ["resources/read", "answered", undefined],
      ["resources/read", "refused", "PLAN_UNKNOWN"],
    ]);
    expect(rows.at(-1)?.data).toMatchObject({ arguments: { uri: "atvm://plans/plan_none" } });
    for (const { type, actor, channel } of rows) {
      expect({ type, channel }).toEqual({ type: "tool_called", channel: "http" });
      expect(actor).toMatch(/^token:victor@/);
    }
  });

  it("takes the operator's no", async () => {
    const server = await serverOver(bench.app);
    const client = await connected(server, await server.token("operator"), () => ({ action: "decline" }));
    const plan = await client.call("prep_maintenance", { lun: "Gold" });
    const answer = await client.call("confirm_plan", { planToken: plan.structured["planToken"] });
    // Where it comes back at once, it is taken for the client's own.
    expect(answer.structured).toMatchObject({ error: { code: expect.stringMatching(/^(DECLINED|NOT_APPROVED)$/) } });
    expect((await bench.control.state()).mutations).toEqual([]);
  });

  it("keeps one person's plans from another", async () => {
    const server = await serverOver(bench.app);
    const alice = await connected(server, await server.token("operator", "alice"), () => yes);
    const bob = await connected(server, await server.token("operator", "bob"), () => yes);
    const plan = await alice.call("prep_maintenance", { lun: "Gold" });
    const answer = await bob.call("confirm_plan", { planToken: plan.structured["planToken"] });
    expect(answer.structured).toMatchObject({ error: { code: "WRONG_PRINCIPAL" } });
  });

  it("answers a role that does not suffice with 403 and the scopes wanted, and audits it", async () => {
    const server = await serverOver(bench.app);
    const client = await connected(server, await server.token("viewer", "victor"));
    expect((await client.call("list_luns")).isError).toBe(false);
    await expect(client.call("prep_maintenance", { lun: "Gold" })).rejects.toThrow(/403|[Ii]nsufficient/);
    const { rows } = await bench.app.engine.readAudit({ type: "call_refused", limit: 1 });
    expect(rows[0]).toMatchObject({ channel: "http", data: { call: "prep_maintenance", needs: "operator" } });
    expect(rows[0]?.actor).toMatch(/^token:victor@/);
    expect(await bench.app.engine.listPlans()).toEqual([]);
  });

  it("goes on with the same client when the server was replaced", async () => {
    const first = await serverOver(bench.app);
    const token = await first.token("operator");
    const client = await connected(first, token, () => yes);
    const plan = await client.call("prep_maintenance", { lun: "Gold" });
    await first.close();
    await serverOver(bench.app, {}, first.port);
    // The client's side has to have noticed that its connections are gone.
    await expect
      .poll(() =>
        fetch(`${first.base}/healthz`).then(
          ({ ok }) => ok,
          () => false,
        ),
      )
      .toBe(true);
    const run = await client.call("confirm_plan", { planToken: plan.structured["planToken"] });
    expect(run.structured).toMatchObject({ state: "succeeded" });
  });

  it(`is told in ${era} of all that there is`, async () => {
    const server = await serverOver(bench.app);
    const { client } = await connected(server, await server.token("viewer"));
    const names = (all: readonly { name: string }[]): string[] => all.map(({ name }) => name);
    expect(names((await client.listTools()).tools)).toEqual(names(TOOLS));
    expect(names((await client.listPrompts()).prompts)).toEqual(names(PROMPTS));
    const { resources } = await client.listResources();
    const { resourceTemplates } = await client.listResourceTemplates();
    expect(names([...resources, ...resourceTemplates]).toSorted()).toEqual(names(RESOURCES).toSorted());
  });
});

describe("a session of an older client", () => {
  const initialize = {
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream" },
    body: JSON.stringify({
      jsonrpc: "2.0",
      id: 0,
      method: "initialize",
      params: { protocolVersion: "2025-11-25", capabilities: {}, clientInfo: { name: "by-hand", version: "1" } },
    }),
  };
  const list = (id: string) => ({
    headers: { ...initialize.headers, "mcp-session-id": id },
    body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "tools/list" }),
  });
  const opened = async (server: { url: string }, token: string): Promise<string> =>
    (await post(server, initialize, token)).headers.get("mcp-session-id") ?? "";

  it("is its owner's alone", async () => {
    const server = await serverOver(bench.app);
    const id = await opened(server, await server.token("viewer", "alice"));
    const answer = await post(server, list(id), await server.token("admin", "bob"));
    expect(answer.status).toBe(404);
    expect((await post(server, list("made-up"), await server.token("viewer", "alice"))).status).toBe(404);
  });

  it("stays ended when its client ended it", async () => {
    const server = await serverOver(bench.app);
    const token = await server.token("viewer");
    const id = await opened(server, token);
    const end = await fetch(server.url, {
      method: "DELETE",
      headers: { authorization: `Bearer ${token}`, "mcp-session-id": id },
    });
    expect(end.status).toBe(200);
    expect((await post(server, list(id), token)).status).toBe(404);
  });

  it("of too many, the one least used gives way, and comes back when it is used", async () => {
    const server = await serverOver(bench.app, { limits: { ...bench.app.config.http.limits, sessions: 2 } });
    const token = await server.token("viewer");
    const ids = [await opened(server, token), await opened(server, token), await opened(server, token)];
    const count = async (): Promise<string | undefined> => {
      const text = await (
        await fetch(`${server.base}/metrics`, { headers: { authorization: `Bearer ${token}` } })
      ).text();
      return /^atvm_http_sessions (\d+)$/m.exec(text)?.[1];
    };
    expect(await count()).toBe("2");
    expect((await post(server, list(ids[0] ?? ""), token)).status).toBe(200);
    expect(await count()).toBe("2");
  });
});

describe("the server's end", () => {
  it("answers what is under way, and takes nothing new", async () => {
    const server = await serverOver(bench.app);
    const token = await server.token("operator");
    const call = { name: "prep_maintenance", arguments: { lun: "Gold" } };
    // Its headers are here at once, and the plan is not.
    const response = await post(server, modernRequest("tools/call", call), token);
    await server.close(10_000);
    expect(await response.text()).toContain("planToken");
    await expect(post(server, modernRequest("tools/list"), token)).rejects.toThrow();
  });
});
