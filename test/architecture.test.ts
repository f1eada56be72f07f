/** Imports point one way: doors → core → ports ← adapters. What a comment could only ask for, this checks. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { describe, expect, it } from "vitest";
import { circlesOf, fileGraph, houseDiagram, readSources, roomGraph, type Source } from "../scripts/house.ts";

const sources = readSources();

const within = (...folders: string[]): Source[] =>
  sources.filter(({ path }) => folders.some((one) => path.startsWith(`src/${one}/`)));

/** `path → import`, for every import of these sources that `wrong` objects to. */
const offences = (of: readonly Source[], wrong: (what: string, typesOnly: boolean) => boolean): string[] =>
  of.flatMap(({ path, imports }) =>
    imports.filter(({ what, typesOnly }) => wrong(what, typesOnly)).map(({ what }) => `${path} → ${what}`),
  );

const CORE_PACKAGES = new Set(["zod", "canonicalize", "fastest-levenshtein", "shell-quote", "p-limit"]);
const ADAPTERS = /^src\/(array|vsphere|store)\//;
const DOORS = /^src\/(cli|mcp|tools|resources|prompts|http)\/|^src\/main\.ts/;

describe("the house", () => {
  it("is what this test reads", () => {
    expect(within("core").length).toBeGreaterThan(20);
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(200);
  });

  it("has nothing loose but its entry and the place that puts it together", () => {
    expect(sources.map(({ path }) => path).filter((path) => /^src\/[^/]+$/.test(path))).toEqual([
      "src/app.ts",
      "src/main.ts",
    ]);
  });

  it("has no room that takes from a room above it", () => {
    expect(circlesOf(roomGraph(sources))).toEqual([]);
  });

  it("has no file that is part of a circle", () => {
    expect(circlesOf(fileGraph(sources))).toEqual([]);
  });

  it("is drawn in docs/architecture.md as its imports are", () => {
    expect(readFileSync(new URL("../docs/architecture.md", import.meta.url), "utf8")).toContain(houseDiagram(sources));
  });

  it("has a core that knows no MCP, HTTP, SOAP, SQL or CLI: it imports itself, Node and a few packages", () => {
    const foreign = (what: string): boolean =>
      !what.startsWith("src/core/") && !what.startsWith("node:") && !CORE_PACKAGES.has(what);
    expect(offences(within("core"), foreign)).toEqual([]);
    const outside = (what: string): boolean => /^node:(https?|http2|net|tls|dgram|sqlite|child_process|fs)/.test(what);
    expect(offences(within("core"), outside)).toEqual([]);
  });

  it("has doors that reach the systems through the engine only", () => {
    const doors = sources.filter(({ path }) => DOORS.test(path));
    expect(doors.length).toBeGreaterThan(20);
    expect(offences(doors, (what) => ADAPTERS.test(what))).toEqual([]);
  });

  it("has adapters that know no doors and not each other", () => {
    for (const adapter of ["array", "vsphere", "store"]) {
      const wrong = (what: string): boolean =>
        DOORS.test(what) || (ADAPTERS.test(what) && !what.startsWith(`src/${adapter}/`));
      expect(offences(within(adapter), wrong)).toEqual([]);
    }
  });

  it("has a lab that shares no code with the clients that are tested against it", () => {
    expect(offences(within("lab"), (what) => ADAPTERS.test(what))).toEqual([]);
    const product = sources.filter(({ path }) => !path.startsWith("src/lab/"));
    const mayStartIt = new Set(["src/app.ts", "src/cli/commands/lab.ts"]);
    expect(
      offences(
        product.filter(({ path }) => !mayStartIt.has(path)),
        (what) => what.startsWith("src/lab/"),
      ),
    ).toEqual([]);
  });

  it("knows in array/ and lab/arrays/ alone which arrays there are", () => {
    const elsewhere = sources.filter(({ path }) => !/^src\/(array|lab\/arrays)\//.test(path));
    const naming = (pattern: RegExp, where: RegExp = /./): string[] =>
      elsewhere.filter(({ path, text }) => where.test(path) && pattern.test(text)).map(({ path }) => path);
    expect(naming(/ontap|netapp|flasharray|purestorage|powerstore/i)).toEqual([]);
    expect(naming(/\bDGS\b/)).toEqual([]);
    // The example that init writes, and the former name of the configuration's section.
    expect(naming(/"dgs"/, /^src\/(?!lab\/)/)).toEqual(["src/cli/commands/starter-config.ts", "src/config/array.ts"]);
  });

  it("opens writers in one place, the run, after redemption", () => {
    // Systems.write() takes nothing; what streams and the store have under that name does.
    const callers = sources.filter(({ text }) => /\.write\(\)/.test(text)).map(({ path }) => path);
    expect(callers).toEqual(["src/core/runs/executor.ts"]);
  });

  it("writes to the console nowhere: standard output belongs to JSON-RPC", () => {
    const talkative = sources.filter(
      ({ path, text }) => !path.startsWith("src/cli/") && /\bconsole\.\w+\(|process\.stdout\.write/.test(text),
    );
    expect(talkative.map(({ path }) => path)).toEqual([]);
  });

  it("has tests that mirror its rooms, and a test of its own for every mode", () => {
    const others =
      /^test\/(assistant|bench|browser|crash|cli\/shells|docs|faults|fuzz|interop|model|mutants|soak|ssh|store\/contract)$/;
    const rooms = new Set(sources.map(({ path }) => dirname(path).replace("src", "test")));
    const tested = globSync("test/*/**/*.test.ts").map((path) => dirname(path));
    expect(tested.filter((room) => !rooms.has(room) && !others.test(room))).toEqual([]);
    const modes = readFileSync("src/core/modes/catalog.ts", "utf8").matchAll(/from "\.\/([\w-]+)\.ts"/g);
    const files = [...modes].map(([, name]) => name).filter((name) => name !== "common" && name !== "draft");
    expect(files.length).toBeGreaterThan(5);
    expect(files.filter((name) => !existsSync(`test/core/modes/${name}.test.ts`))).toEqual([]);
  });

  it("keeps its files readable in one sitting", () => {
    const long = sources.filter(({ text }) => text.split("\n").length > 401).map(({ path }) => path);
    expect(long).toEqual([]);
  });
});
