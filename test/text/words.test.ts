/** Words of a private dialect, kept out of what people and assistants read: in strings of every room. docs/style.md says why. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { inputSchemaOf } from "../../src/mcp/server.ts";
import { PROMPTS } from "../../src/prompts/catalog.ts";
import { TOOLS } from "../../src/tools/catalog.ts";

const src = fileURLToPath(new URL("../../src/", import.meta.url));

/** Sentences in quotes and backticks: more than one word, comments and what is interpolated left out. */
function sentencesIn(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
  return [...code.matchAll(/"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)]
    .map(([, plain, template]) => plain ?? (template ?? "").replace(/\$\{[^}]*\}/g, "X"))
    .filter((text) => text.includes(" "));
}

const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((path) => path.endsWith(".ts"));
const sentences = files.flatMap((path) =>
  sentencesIn(readFileSync(`${src}${path}`, "utf8")).map((text) => ({ path, text })),
);
/** As they go out, however they are put together. */
const sent = [
  ...TOOLS.map((tool) => ({ path: tool.name, text: `${tool.description} ${JSON.stringify(inputSchemaOf(tool))}` })),
  ...PROMPTS.map(({ name, text }) => ({ path: name, text: text({ lun: "Gold" }, (tool) => tool) })),
];

/** What is not said, and what may be said in its place. */
const WORST: readonly (readonly [RegExp, string])[] = [
  [/\blook(s|ed|ing)?\b(?! like\b)/i, "read, check, search"],
  [/\btold\b/i, "reported, shown, distinguished"],
  [/\btells? (of|its|his|which|what|where|more|the (?!operator|assistant)|them\b(?! apart))/i, "says, records, shows"],
  [/\banother one\b/i, "a different one, has changed"],
  [/\bwants?\b/i, "requires, needs"],
  [/\bin itself\b/i, "internal"],
  [/\bon another way\b/i, "alternatively"],
  [/\bgave up on\b/i, "stopped waiting for"],
];

describe("what people read", () => {
  it("is what this test reads, in every room", () => {
    expect(sentences.length).toBeGreaterThan(500);
    const rooms = new Set(sentences.map(({ path }) => path.split("/")[0]));
    for (const room of ["cli", "config", "core", "lab", "mcp", "prompts", "text", "tools", "vsphere", "array", "store"])
      expect(rooms, room).toContain(room);
    const source = ['a("one two"); // "no no"', "b(`x $", "{look} y`)"].join("\n").replace("$\n", "$");
    expect(sentencesIn(source)).toEqual(["one two", "x X y"]);
  });

  it.each(WORST)("never has %s (rather: %s)", (word) => {
    const found = [...sentences, ...sent].filter(({ text }) => word.test(text));
    expect(found.map(({ path, text }) => `${path}: ${text}`)).toEqual([]);
  });
});
