/** Sign-in to the console at a real OpenID provider, in a real browser. */
import { once } from "node:events";
import { createServer } from "node:net";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { launch, windowOf } from "../support/browser.ts";
import { withEngine } from "../support/engine.ts";
import { httpWith, serverOver } from "../support/http.ts";
import { provider } from "../support/oidc.ts";

const bench = await withEngine();
let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser.close());

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a port was asked for");
  return address.port;
}

/** The console's server, and a provider that has a client for it. */
async function site(scope: string) {
  const port = await freePort();
  const base = `http://127.0.0.1:${port}`;
  const { issuer } = await provider([`${base}/mcp`]);
  const registered = await fetch(`${issuer}/reg`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      redirect_uris: [`${base}/console/sign-in/callback`],
      token_endpoint_auth_method: "none",
      application_type: "native",
    }),
  });
  const client = z.object({ client_id: z.string() }).parse(await registered.json());
  const oauth = { issuer, console: { clientId: client.client_id, scope } };
  await serverOver(bench.app, await httpWith(oauth), port);
  return { base, issuer };
}

async function signIn(page: Page, base: string): Promise<void> {
  await page.goto(`${base}/console`);
  await page.getByRole("link", { name: "Sign in with your provider" }).click();
  await page.locator('input[name="login"]').fill("bob");
  await page.locator('input[name="password"]').fill("any");
  await page.locator('button[type="submit"]').click();
  await page.locator('button[type="submit"]').click();
}

describe("sign-in at a provider", () => {
  it("begins a session of the person, with the role that the provider gives", async () => {
    const { base, issuer } = await site("openid atvm:approver");
    const page = await windowOf(browser);
    await signIn(page, base);
    await page.waitForURL(`${base}/console`);
    expect(await page.locator(".who").innerText()).toMatch(/bob\s+approver/);
    const { rows } = await bench.app.engine.readAudit({ type: "console_signed_in", limit: 1 });
    expect(rows).toMatchObject([{ actor: `oidc:bob@${issuer}`, channel: "console", data: { role: "approver" } }]);
  });

  it("is refused to whom the provider gives no role", async () => {
    const { base } = await site("openid");
    const page = await windowOf(browser);
    await signIn(page, base);
    await page.getByRole("alert").getByText("gives you no role").waitFor();
  });

  it("does not count what was not begun in this browser", async () => {
    const { base } = await site("openid atvm:approver");
    const answer = await fetch(`${base}/console/sign-in/callback?code=made-up&state=made-up`);
    expect(answer.status).toBe(401);
    expect(answer.headers.getSetCookie().join()).not.toMatch(/atvm=\w/);
    const kept = encodeURIComponent(JSON.stringify({ verifier: "v".repeat(43), state: "other", nonce: "n" }));
    const forged = await fetch(`${base}/console/sign-in/callback?code=made-up&state=made-up`, {
      headers: { cookie: `atvm-sign-in=${kept}` },
    });
    expect(forged.status).toBe(401);
  });
});
