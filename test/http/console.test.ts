/** What the console refuses, as requests made by hand see it; test/browser has people at it. */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { openApp } from "../../src/app.ts";
import type { Engine } from "../../src/core/engine.ts";
import { linkOf, send, signedIn } from "../support/console.ts";
import { withEngine } from "../support/engine.ts";
import { serverOver } from "../support/http.ts";

const bench = await withEngine({}, { approval: { default: "human" } });
const { app } = bench;

beforeEach(async () => {
  await bench.reset("clone-assigned");
});

/** The same site, where a plan expires at once. */
async function withShortPlans(): Promise<Engine> {
  const written = z.looseObject({ approval: z.looseObject({}) }).parse(parse(await readFile(bench.config, "utf8")));
  const configFile = join(bench.dir, "short.yaml");
  await writeFile(configFile, stringify({ ...written, approval: { ...written.approval, planTtl: "1ms" } }));
  const short = await openApp({ configFile, env: {}, cwd: bench.dir });
  onTestFinished(() => short.close());
  return short.engine;
}

describe("a link", () => {
  it("signs in once, and looking at it does not use it up", async () => {
    const server = await serverOver(app);
    const secret = await linkOf(app, "approver");
    for (const _ of [1, 2]) {
      const page = await (await fetch(`${server.base}/console/sign-in?link=${secret}`)).text();
      expect(page).toContain("bob · token");
    }
    const [first, second] = [
      await send(server, "/sign-in", { link: secret }, {}),
      await send(server, "/sign-in", { link: secret }, {}),
    ];
    expect([first.status, second.status]).toEqual([303, 401]);
    expect(first.headers.getSetCookie()[0]).toMatch(/^atvm=[\w-]{43};.*HttpOnly; SameSite=Lax/);
    expect(second.headers.getSetCookie()).toEqual([]);
  });

  it("is no session, and a session's secret is no link", async () => {
    const server = await serverOver(app);
    const secret = await linkOf(app, "approver");
    const answer = await fetch(`${server.base}/console`, { redirect: "manual", headers: { cookie: `atvm=${secret}` } });
    expect(answer.headers.get("location")).toBe("/console/sign-in");
    const { secret: session } = await app.engine.signInToConsole({ principal: "oidc:1@x", role: "viewer" });
    expect((await send(server, "/sign-in", { link: session }, {})).status).toBe(401);
  });
});

describe("a form", () => {
  it("counts from a page of its own session only", async () => {
    const server = await serverOver(app);
    const plan = await bench.plan("automated_testing");
    const bob = await signedIn(app, server);
    const other = await signedIn(app, server);
    const path = `/plans/${plan.planId}/approve`;
    const answers = [
      await bob.post(path, {}),
      await bob.post(path, { csrf: other.csrf }),
      await bob.post(path, { csrf: bob.csrf }, { "sec-fetch-site": "cross-site" }),
      await bob.post(path, { csrf: bob.csrf }, { "sec-fetch-site": "same-site" }),
      await bob.post(path, { csrf: bob.csrf }, { origin: "https://evil.test" }),
      await bob.post(path, { csrf: bob.csrf, more: "x".repeat(20_000) }),
    ];
    expect(answers.map(({ status }) => status)).toEqual([403, 403, 403, 403, 403, 413]);
    expect((await app.engine.getPlan(plan.planId)).approval.approvedBy).toBeUndefined();
    expect((await bob.post(path, { csrf: bob.csrf })).status).toBe(303);
    expect((await app.engine.getPlan(plan.planId)).approval.channel).toBe("console");
  });

  it("of a viewer is refused, and audited", async () => {
    const server = await serverOver(app);
    const plan = await bench.plan("automated_testing");
    const victor = await signedIn(app, server, "viewer");
    for (const call of ["approve", "decline"]) {
      const answer = await victor.post(`/plans/${plan.planId}/${call}`, { csrf: victor.csrf, reason: "no" });
      expect(answer.status).toBe(403);
      expect(await answer.text()).toContain("this needs the role approver");
    }
    expect((await app.engine.getPlan(plan.planId)).state).toBe("open");
    const { rows } = await app.engine.readAudit({ type: "call_refused", limit: 2 });
    expect(rows).toMatchObject([
      { channel: "console", data: { call: "approve", needs: "approver" } },
      { channel: "console", data: { call: "decline", needs: "approver" } },
    ]);
  });

  it("of who has signed out is of nobody", async () => {
    const server = await serverOver(app);
    const plan = await bench.plan("automated_testing");
    const bob = await signedIn(app, server);
    expect((await bob.post("/sign-out", { csrf: bob.csrf })).status).toBe(200);
    expect((await bob.post(`/plans/${plan.planId}/approve`, { csrf: bob.csrf })).status).toBe(401);
    expect((await bob.get("")).headers.get("location")).toBe("/console/sign-in");
  });
});

describe("a page", () => {
  it("runs no code but its own file's, stands in no frame and in no cache", async () => {
    const server = await serverOver(app);
    const { headers } = await (await signedIn(app, server)).get("");
    expect(headers.get("content-security-policy")).toBe(
      "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    );
    expect(headers.get("x-frame-options")).toBe("DENY");
    expect(headers.get("cache-control")).toBe("no-store");
    const text = await (await (await signedIn(app, server)).get("/audit")).text();
    expect(text).not.toMatch(/<script(?! src=)| on\w+="| style="|<style/);
  });

  it("says what is wrong with what it was asked for", async () => {
    const server = await serverOver(app);
    const bob = await signedIn(app, server);
    const at = async (path: string): Promise<number> => (await bob.get(path)).status;
    expect(await at("/plans/plan_nothing")).toBe(404);
    expect(await at("/runs/run_nothing")).toBe(404);
    expect(await at("/targets/nowhere")).toBe(404);
    expect(await at("/audit?since=yesterday")).toBe(400);
    expect(await at("/audit?type=plan_made&actor=nobody&since=2026-01-01&steps=1")).toBe(200);
  });

  it("of an expired plan has no form, and its approval is refused", async () => {
    const server = await serverOver(app);
    const short = await withShortPlans();
    const plan = await short.plan("automated_testing", { lun: "Gold" }, bench.actor);
    await expect.poll(async () => (await app.engine.getPlan(plan.planId)).state).toBe("expired");
    const bob = await signedIn(app, server);
    const page = await (await bob.get(`/plans/${plan.planId}`)).text();
    expect(page).toContain("<h2>Expired</h2>");
    expect(page).not.toContain("Approve</button>");
    const answer = await bob.post(`/plans/${plan.planId}/approve`, { csrf: bob.csrf });
    expect(answer.status).toBe(410);
    expect(await answer.text()).toContain("PLAN_EXPIRED");
  });
});
