import { readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { configPage } from "../../scripts/config-page.ts";
import { errorsPage } from "../../scripts/errors-page.ts";
import { manPage } from "../../scripts/man-page.ts";
import { modesPage } from "../../scripts/modes-page.ts";
import { privilegesPage } from "../../scripts/privileges-page.ts";
import { terminalPage } from "../../scripts/terminal-page.ts";
import { toolsPage } from "../../scripts/tools-page.ts";

const page = (name: string): Promise<string> => readFile(new URL(`../../docs/${name}`, import.meta.url), "utf8");

describe("pages made from the program (npm run docs) are what it makes now", () => {
  test("docs/privileges.md", async () => {
    expect(privilegesPage()).toBe(await page("privileges.md"));
  });

  test("docs/configuration.md", async () => {
    expect(configPage()).toBe(await page("configuration.md"));
  });

  test("docs/errors.md", async () => {
    expect(errorsPage()).toBe(await page("errors.md"));
  });

  test("man/atvm_prep.1", async () => {
    expect(manPage()).toBe(await readFile(new URL("../../man/atvm_prep.1", import.meta.url), "utf8"));
  });

  test("docs/tools.md", async () => {
    expect(toolsPage()).toBe(await page("tools.md"));
  });

  test("docs/terminal.md, by a prep on the lab", async () => {
    expect(await terminalPage()).toBe(await page("terminal.md"));
  });

  test("docs/modes.md, by running every mode from every scenario", { timeout: 900_000 }, async () => {
    expect(await modesPage()).toBe(await page("modes.md"));
  });
});
