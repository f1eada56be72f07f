/** A plan that a person approves on the console: a client that opens pages leads them there, and its call waits for them. */
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { signedIn } from "../support/console.ts";
import { withEngine } from "../support/engine.ts";
import { HTTP_CLIENTS, serverOver, type TestServer } from "../support/http.ts";
import type { Conversation, Page } from "../support/mcp-clients.ts";

const bench = await withEngine({}, { approval: { default: "human" } });
const open: Conversation[] = [];
beforeEach(() => bench.reset("clone-assigned"));
afterEach(async () => {
  for (const conversation of open.splice(0)) await conversation.close();
});

describe.each(HTTP_CLIENTS)("a client of %s that opens pages", (_era, connect) => {
  /** Bob answers on the page that the client opens, after the client has said that it is open. */
  const answering = async (answer: "approve" | "decline") => {
    const server = await serverOver(bench.app);
    const pages: Page[] = [];
    const client = await connect(server.url, await server.token("operator", "alice"), {
      open: (page) => {
        pages.push(page);
        void onPage(server, page, answer);
        return { action: "accept" };
      },
    });
    open.push(client);
    return { client, pages, server };
  };
  const onPage = async (server: TestServer, { url }: Page, answer: string): Promise<void> => {
    const bob = await signedIn(bench.app, server);
    const path = url.replace(`${server.base}/console`, "");
    expect((await bob.get(path)).status).toBe(200);
    expect((await bob.post(`${path}/${answer}`, { csrf: bob.csrf, reason: "Not today." })).status).toBe(303);
  };

  it("runs what was approved there, in the call that led there", async () => {
    const { client, pages, server } = await answering("approve");
    const { planId, planToken } = (await client.call("prep_maintenance", { lun: "Gold" })).structured;
    const run = await client.call("confirm_plan", { planToken });
    expect(run.structured).toMatchObject({
      state: "succeeded",
      planId,
      approvedBy: { who: expect.stringContaining("bob"), channel: "console" },
    });
    expect(pages).toMatchObject([
      { url: `${server.base}/console/plans/${planId}`, message: expect.stringContaining(String(planId)) },
    ]);
  });

  it("is told of a no that was given there", async () => {
    const { client } = await answering("decline");
    const { planToken } = (await client.call("prep_maintenance", { lun: "Gold" })).structured;
    const answer = await client.call("confirm_plan", { planToken });
    expect(answer.structured).toMatchObject({
      error: { code: "DECLINED", message: expect.stringContaining("Not today.") },
    });
    expect((await bench.control.state()).mutations).toEqual([]);
  });

  it("whose person does not go there is told the other ways, and the plan stays open", async () => {
    const server = await serverOver(bench.app);
    const client = await connect(server.url, await server.token("operator", "alice"), {
      open: () => ({ action: "decline" }),
    });
    open.push(client);
    const { planId, planToken } = (await client.call("prep_maintenance", { lun: "Gold" })).structured;
    const answer = await client.call("confirm_plan", { planToken });
    expect(answer.structured).toMatchObject({
      error: { code: "NOT_APPROVED", hint: expect.stringContaining(`/console/plans/${planId}`) },
    });
    expect(await bench.app.engine.getPlan(String(planId))).toMatchObject({ state: "open" });
  });
});
