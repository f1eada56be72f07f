/** Words that nobody says, kept out of what people and assistants read. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";

const src = fileURLToPath(new URL("../../src/", import.meta.url));

/** Sentences in quotes and backticks: more than one word, comments left out. */
function sentencesIn(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
  return [...code.matchAll(/"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)]
    .map(([, plain, template]) => plain ?? template ?? "")
    .filter((text) => text.includes(" "));
}

const sentences = readdirSync(src, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !path.startsWith("lab/"))
  .flatMap((path) => sentencesIn(readFileSync(`${src}${path}`, "utf8")).map((text) => `${path}: ${text}`));

describe("what people read", () => {
  it("is what this test reads", () => {
    expect(sentences.length).toBeGreaterThan(300);
  });

  it.each([
    /\blook(s|ed|ing)? (at|for|whether|again)\b/i,
    /\btells? of\b/i,
    /\bis told\b/i,
    /\banother one\b/i,
    /\bwants a value\b/i,
  ])("never has %s", (word) => {
    expect(sentences.filter((text) => word.test(text.slice(text.indexOf(": "))))).toEqual([]);
  });
});
