/** The core says what is the case and what may be done next as data; how that is said belongs to the room `text/`. */
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { TOOLS } from "../../src/tools/catalog.ts";

const core = fileURLToPath(new URL("../../src/core/", import.meta.url));

/** The texts of a source file: what stands in quotes or backticks. Comments may speak of the script's flags. */
function textsIn(source: string): string[] {
  const code = source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
  return [...code.matchAll(/"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g)].map(
    ([, plain, template]) => plain ?? template ?? "",
  );
}

const sources = readdirSync(core, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => ({ path, source: readFileSync(`${core}${path}`, "utf8") }));

const texts = sources.flatMap(({ path, source }) => textsIn(source).map((text) => ({ path, text })));
const found = (wrong: (text: string) => boolean): string[] =>
  texts.filter(({ text }) => wrong(text)).map(({ path, text }) => `${path}: ${text}`);

describe("the core", () => {
  it("is what this test reads", () => {
    expect(sources.length).toBeGreaterThan(40);
    expect(textsIn('a("see `-A`"); // "-M"\n/* "-R" */ b(`x y`)')).toEqual(["see `-A`", "x y"]);
  });

  it("names no tool of the MCP server", () => {
    // `release_target` and the like are words for an assistant; `register` alone is a mode and a step.
    const names = TOOLS.map(({ name }) => name);
    expect(found((text) => names.some((name) => new RegExp(`\\b${name}\\b`).test(text)))).toEqual([]);
  });

  it("names no flag and no command of the command line", () => {
    expect(found((text) => /(^|[\s`"(])(-[AMRU]|-rvgd|--[a-z][a-z_-]+)(?![\w-])/.test(text))).toEqual([]);
    expect(
      found((text) => /atvm_prep (-|plans|runs?|audit|approve|status|doctor|init|serve|luns|vms)/.test(text)),
    ).toEqual([]);
  });

  it("knows nothing of how anything is shown", () => {
    expect(sources.filter(({ source }) => /from "(\.\.\/)+text\//.test(source)).map(({ path }) => path)).toEqual([]);
  });
});
