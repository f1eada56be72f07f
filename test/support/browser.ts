/** People at the console, in a real Chromium of the machine's own. */
import { existsSync } from "node:fs";
import axe from "axe-core";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";
import { z } from "zod";
import type { App } from "../../src/app.ts";
import type { Role } from "../../src/core/domain/roles.ts";

const PLACES = [
  process.env["ATVM_CHROMIUM"],
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

export function launch(): Promise<Browser> {
  const executablePath = PLACES.find((path) => path !== undefined && existsSync(path));
  if (executablePath === undefined) throw new Error("there is no Chromium here: apt-get install chromium");
  return chromium.launch({
    executablePath,
    // As root, and in containers, Chromium's own sandbox cannot start.
    args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"],
  });
}

/** A browser of somebody's own, and what its pages complained of. Closed at the end of the test. */
export async function windowOf(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    if (message.type() === "error" && /Content Security Policy|Refused to/.test(message.text()))
      complaints.push(message.text());
  });
  onTestFinished(async () => {
    await context.close();
    expect(complaints).toEqual([]);
  });
  return page;
}

/** Signs in by a link, as `atvm_prep console` prints it. */
export async function signInAs(page: Page, app: App, base: string, role: Role, name: string): Promise<void> {
  const { secret } = await app.engine.makeConsoleLink({ role, name }, { ...app.actor("cli"), admin: true });
  await page.goto(`${base}/console/sign-in?link=${secret}`);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.waitForURL(`${base}/console`);
}

const found = z.array(
  z.object({ id: z.string(), impact: z.string().nullable(), nodes: z.array(z.object({ html: z.string() })) }),
);

/** What axe-core objects to on the page as it stands. */
export async function objections(page: Page): Promise<string[]> {
  // The page's own policy refuses a script tag; what the debugger evaluates is not the page's.
  await page.evaluate(axe.source);
  const violations: unknown = await page.evaluate(
    `axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"] }).then(({ violations }) => violations)`,
  );
  return found
    .parse(violations)
    .map(({ id, impact, nodes }) => `${id} (${impact}): ${nodes.map(({ html }) => html).join(" ")}`);
}
