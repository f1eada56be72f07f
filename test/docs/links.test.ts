/** What the pages point to is there. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const root = fileURLToPath(new URL("../..", import.meta.url));
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  ...readdirSync(join(root, "docs"), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

describe("the pages", () => {
  it("link to files that exist", () => {
    const broken = pages.flatMap((page) => {
      const text = readFileSync(join(root, page), "utf8");
      const links = [...text.matchAll(/\]\((?!https?:|#|mailto:)([^)#\s]+)(?:#[^)]*)?\)/g)];
      return links
        .map(([, target = ""]) => target)
        .filter((target) => !existsSync(join(root, dirname(page), target)))
        .map((target) => `${page} → ${target}`);
    });
    expect(broken).toEqual([]);
  });

  it("name sources and tests that exist", () => {
    const missing = pages.flatMap((page) => {
      const text = readFileSync(join(root, page), "utf8");
      const names = [...text.matchAll(/`((?:src|test|scripts)\/[\w./-]+)`/g)].map(([, name = ""]) => name);
      return names.filter((name) => !existsSync(join(root, name))).map((name) => `${page} → ${name}`);
    });
    expect(missing).toEqual([]);
  });

  it("are all reached from the index or the README", () => {
    const index = ["README.md", "docs/README.md"].map((page) => readFileSync(join(root, page), "utf8")).join("\n");
    const lost = pages
      .filter((page) => page.startsWith("docs/") && !/^docs\/(README|adr\/)/.test(page))
      .filter((page) => !index.includes(page.replace(/^docs\//, "")));
    expect(lost).toEqual([]);
  });
});
