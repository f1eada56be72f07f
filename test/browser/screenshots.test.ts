/** Pictures of the main pages for the docs, where `ATVM_SCREENSHOTS` names a folder for them. */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launch, signInAs, windowOf } from "../support/browser.ts";
import { withEngine } from "../support/engine.ts";
import { serverOver } from "../support/http.ts";

const folder = process.env["ATVM_SCREENSHOTS"];

describe.runIf(folder !== undefined)("the main pages", async () => {
  const bench = await withEngine(
    { scenario: "two-hosts", latency: "clone=2s,rescan=500ms" },
    { approval: { default: "human" } },
  );
  let browser: Browser;
  beforeAll(async () => {
    browser = await launch();
  });
  afterAll(() => browser.close());

  it("are drawn, light and dark", async () => {
    const { app } = bench;
    const server = await serverOver(app);
    expect((await bench.prep("automated_testing")).state).toBe("succeeded");
    const of = (name: string) => ({
      ...bench.actor,
      channel: "http" as const,
      principal: `token:${name}@${"0".repeat(8)}`,
      client: "claude-code",
    });
    const rollback = await app.engine.plan("rollback", { lun: "Gold" }, of("alice"));
    await app.engine.plan("automated_testing", { lun: "Gold", client: "CDS1-ESX166" }, of("carol"));
    const going = await bench.plan("automated_testing");
    await app.engine.approve(going.planId, app.actor("cli"));
    const run = await app.engine.confirm(going.planToken ?? "", bench.actor, { waitMs: 1 });
    await mkdir(folder ?? "", { recursive: true });
    for (const colorScheme of ["light", "dark"] as const) {
      const page = await windowOf(browser, { colorScheme, viewport: { width: 1120, height: 700 } });
      await signInAs(page, app, server.base, "approver", "bob");
      const shots = [
        ["run", `/runs/${run.runId}`],
        ["plans", ""],
        ["plan", `/plans/${rollback.planId}`],
        ["target", "/targets/CDS1-ESX165"],
        ["audit", "/audit"],
        ["runs", "/runs"],
      ] as const;
      for (const [name, path] of shots) {
        await page.goto(`${server.base}/console${path}`);
        await page.getByRole("heading", { level: 1 }).waitFor();
        await page.screenshot({
          path: join(folder ?? "", `console-${name}-${colorScheme}.png`),
          fullPage: name === "plan",
        });
      }
      await page.setViewportSize({ width: 390, height: 800 });
      await page.goto(`${server.base}/console/plans/${rollback.planId}`);
      await page.screenshot({ path: join(folder ?? "", `console-narrow-${colorScheme}.png`) });
    }
  });
});
