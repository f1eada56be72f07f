/** The console as people use it, in a real browser, on the real server, engine and lab. */
import type { Browser, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { launch, objections, signInAs, windowOf } from "../support/browser.ts";
import { GOLD, goldOf, snapshotsOf, withEngine } from "../support/engine.ts";
import { HTTP_CLIENTS, serverOver, type TestServer } from "../support/http.ts";
import type { Conversation } from "../support/mcp-clients.ts";

const bench = await withEngine(
  { latency: "clone=1500ms,rescan=300ms" },
  { approval: { default: "human", requesterIsNotApprover: true } },
);
const { app } = bench;
let browser: Browser;
let server: TestServer;
const open: Conversation[] = [];

beforeAll(async () => {
  browser = await launch();
});
afterAll(async () => {
  await browser.close();
});
beforeEach(async () => {
  await bench.reset("clone-assigned");
  server = await serverOver(app);
});
afterEach(async () => {
  for (const conversation of open.splice(0)) await conversation.close();
});

/** An assistant of Alice's, over HTTP. */
async function assistant(): Promise<Conversation> {
  const [, connect] = HTTP_CLIENTS[0];
  const conversation = await connect(server.url, await server.token("operator", "alice"));
  open.push(conversation);
  return conversation;
}

async function signedIn(role: "viewer" | "approver" | "admin" = "approver", name = "bob"): Promise<Page> {
  const page = await windowOf(browser);
  await signInAs(page, app, server.base, role, name);
  return page;
}

async function newestSnapshot(): Promise<string> {
  const state = await bench.control.state();
  return snapshotsOf(state, goldOf(state).id)[0]?.name ?? "";
}

const planOf = async (client: Conversation, tool = "prep_automated_testing", args: object = {}) => {
  const { structured } = await client.call(tool, { lun: "Gold", ...args });
  return {
    planId: String(structured["planId"]),
    planToken: String(structured["planToken"]),
    command: String(structured["command"]),
  };
};

describe("an approver", () => {
  it("sees the plan that an assistant has just made, approves it, and watches its run to the end", async () => {
    const page = await signedIn();
    await page.getByText("No plan is open").waitFor();
    const client = await assistant();
    const plan = await planOf(client);
    // No reload: the page follows.
    await page.getByText(plan.command).waitFor();
    await page.getByRole("row").nth(1).getByRole("link").click();
    await page.getByRole("heading", { name: "Lost for good" }).waitFor();
    // The program stands on a line of its own beside whoever asked.
    expect(await page.locator("dt", { hasText: "Asked by" }).locator("+ dd").innerText()).toMatch(/\nwith \S/);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("heading", { name: "Approved" }).waitFor();
    const confirmed = client.call("confirm_plan", { planToken: plan.planToken });
    await page.getByRole("link", { name: "Its run" }).click();
    await page.getByRole("progressbar").waitFor();
    await page.getByText("succeeded", { exact: true }).waitFor();
    expect((await confirmed).structured).toMatchObject({ state: "succeeded", approvedBy: { channel: "console" } });
    const { rows } = await app.engine.readAudit({ planId: plan.planId, type: "plan_approved" });
    expect(rows).toMatchObject([{ channel: "console" }]);
    expect(rows[0]?.actor).toMatch(/^token:bob@/);
  });

  it("declines with a reason, which the assistant is told", async () => {
    const client = await assistant();
    const plan = await planOf(client);
    const page = await signedIn();
    await page.goto(`${server.base}/console/plans/${plan.planId}`);
    await page.getByLabel("To decline, say why").fill("not during the demo");
    await page.getByRole("button", { name: "Decline" }).click();
    await page.getByRole("heading", { name: "Declined" }).waitFor();
    expect(await page.getByText("not during the demo").count()).toBe(1);
    expect(await page.getByRole("button", { name: "Approve" }).count()).toBe(0);
    const answer = await client.call("confirm_plan", { planToken: plan.planToken });
    expect(answer.structured).toMatchObject({ error: { code: "DECLINED" } });
    expect(answer.text).toContain("not during the demo");
    expect((await bench.control.state()).mutations).toEqual([]);
  });

  it("types the LUN's name to approve a rollback, and nothing else will do", async () => {
    const client = await assistant();
    const plan = await planOf(client, "rollback_gold_disk", { snapshot: await newestSnapshot() });
    const page = await signedIn();
    await page.goto(`${server.base}/console/plans/${plan.planId}`);
    await page.getByLabel("To approve, type the LUN's full name").fill("Gold");
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("alert").getByText("NOT_APPROVED").waitFor();
    await page.getByLabel("To approve, type the LUN's full name").fill(GOLD);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("heading", { name: "Approved" }).waitFor();
  });

  it("is shown why an approved plan went stale, and the one that took its place", async () => {
    const client = await assistant();
    const plan = await planOf(client);
    const page = await signedIn();
    await page.goto(`${server.base}/console/plans/${plan.planId}`);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("heading", { name: "Approved" }).waitFor();
    await bench.control.touch("power-on");
    const answer = await client.call("confirm_plan", { planToken: plan.planToken });
    expect(answer.structured).toMatchObject({ error: { code: "STALE_PLAN" } });
    await page.getByRole("heading", { name: /^Stale/ }).waitFor();
    await page.getByRole("link", { name: /^Plan plan_/ }).click();
    await page.getByRole("button", { name: "Approve" }).waitFor();
  });

  it("who asked for a plan cannot approve it", async () => {
    const client = await assistant();
    const plan = await planOf(client);
    const page = await signedIn("approver", "alice");
    await page.goto(`${server.base}/console/plans/${plan.planId}`);
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("alert").getByText("FORBIDDEN").waitFor();
    expect((await app.engine.getPlan(plan.planId)).approval.approvedBy).toBeUndefined();
  });

  it("of two at once, one approves and the other is told by whom", async () => {
    const client = await assistant();
    const plan = await planOf(client);
    const pages = [await signedIn("approver", "bob"), await signedIn("approver", "carol")];
    for (const page of pages) await page.goto(`${server.base}/console/plans/${plan.planId}`);
    await Promise.all(pages.map((page) => page.getByRole("button", { name: "Approve" }).click()));
    const told = await Promise.all(pages.map((page) => page.getByText(/^By (bob|carol)/).innerText()));
    expect(told[0]?.slice(0, 6)).toBe(told[1]?.slice(0, 6));
    const { rows } = await app.engine.readAudit({ planId: plan.planId, type: "plan_approved" });
    expect(rows).toHaveLength(1);
  });

  it("does without scripts what needs none", async () => {
    const client = await assistant();
    const plan = await planOf(client);
    const page = await windowOf(browser, { javaScriptEnabled: false });
    await signInAs(page, app, server.base, "approver", "bob");
    await page.getByRole("row").nth(1).getByRole("link").click();
    await page.getByRole("button", { name: "Approve" }).click();
    await page.getByRole("heading", { name: "Approved" }).waitFor();
    expect((await app.engine.getPlan(plan.planId)).approval).toMatchObject({ channel: "console" });
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.goto(`${server.base}/console/plans/${plan.planId}`);
    expect(page.url()).toBe(`${server.base}/console/sign-in`);
  });
});

describe("a viewer", () => {
  it("sees a plan and cannot answer it", async () => {
    const client = await assistant();
    const plan = await planOf(client);
    const page = await signedIn("viewer", "victor");
    await page.goto(`${server.base}/console/plans/${plan.planId}`);
    await page.getByText("Your role is viewer").waitFor();
    expect(await page.getByRole("button", { name: /Approve|Decline/ }).count()).toBe(0);
  });
});

describe("a page that is no longer connected", () => {
  it("says so when its session ends elsewhere, and follows again once there is one", async () => {
    const page = await signedIn();
    await page.getByText("No plan is open").waitFor();
    const notice = page.getByRole("alert").getByText("Not connected");
    const other = await page.context().newPage();
    await other.goto(`${server.base}/console`);
    expect(await notice.isVisible()).toBe(false);
    await other.getByRole("button", { name: "Sign out" }).click();
    await notice.waitFor();
    await signInAs(other, app, server.base, "approver", "bob");
    await other.close();
    await notice.waitFor({ state: "hidden" });
    const { command } = await planOf(await assistant());
    await page.getByText(command).waitFor();
  });
});

describe("text from outside", () => {
  it("is text on every page", async () => {
    await bench.control.touch("rename-vm", { name: `<img src=x onerror="alert(1)">` });
    const client = await assistant();
    const plan = await planOf(client);
    const page = await signedIn("admin", "bob");
    for (const path of ["", `/plans/${plan.planId}`, "/runs", "/targets", "/targets/CDS1-ESX165", "/audit"]) {
      await page.goto(`${server.base}/console${path}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
      expect(await page.locator("main img, main script").count()).toBe(0);
    }
    await page.goto(`${server.base}/console/plans/${plan.planId}`);
    expect(await page.getByText("<img src=x").count()).toBeGreaterThan(0);
  });
});

describe.each(["light", "dark"] as const)("its pages, %s", (colorScheme) => {
  it("have nothing that axe-core objects to, wide and narrow", async () => {
    const client = await assistant();
    await bench.prep("automated_testing", { client: "CDS1-ESX166" }).catch(() => undefined);
    const plan = await planOf(client, "rollback_gold_disk", { snapshot: await newestSnapshot() });
    const [run] = await app.engine.listRuns({ limit: 1 });
    const runPath = run === undefined ? "/runs" : `/runs/${run.runId}`;
    const page = await windowOf(browser, { colorScheme });
    await page.goto(`${server.base}/console/sign-in`);
    expect(await objections(page)).toEqual([]);
    await signInAs(page, app, server.base, "approver", "bob");
    for (const path of ["", `/plans/${plan.planId}`, "/runs", runPath, "/targets", "/targets/CDS1-ESX165", "/audit"]) {
      for (const width of [1200, 380]) {
        await page.setViewportSize({ width, height: 800 });
        await page.goto(`${server.base}/console${path}`);
        expect({ path, width, objections: await objections(page) }).toEqual({ path, width, objections: [] });
        const overflow = await page.evaluate(
          "document.documentElement.scrollWidth - document.documentElement.clientWidth",
        );
        expect({ path, width, overflow }).toEqual({ path, width, overflow: 0 });
      }
    }
  });
});
