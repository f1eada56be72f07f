import { readdir, readFile } from "node:fs/promises";
import { describe, expect, test } from "vitest";
import { z } from "zod";

const root = new URL("../../", import.meta.url);
const read = (name: string): Promise<string> => readFile(new URL(name, root), "utf8");

/** The cells of each row below the heading, without the two lines that make the table's head. */
async function rows(page: string, heading: string): Promise<string[][]> {
  const text = await read(page);
  const section = text.split(/^## /m).find((part) => part.startsWith(heading)) ?? "";
  const lines = section.split("\n").filter((line) => line.startsWith("|"));
  return lines.slice(2).map((line) =>
    line
      .slice(1, -1)
      .split("|")
      .map((cell) => cell.trim()),
  );
}

const lockfile = z.object({ packages: z.record(z.string(), z.object({ version: z.string().optional() })) });

describe("docs/notes-on-dependencies.md", () => {
  test("names the versions that package-lock.json has: after an update, look again at what the row says, then change it", async () => {
    const { packages } = lockfile.parse(JSON.parse(await read("package-lock.json")));
    const noted = await rows("docs/notes-on-dependencies.md", "In the lockfile");
    expect(noted.length).toBeGreaterThan(20);
    for (const [first = ""] of noted) {
      const [, name, version] = /^`([^`]+)` (\S+)$/.exec(first) ?? [];
      expect(`${name} ${version}`).toBe(`${name} ${packages[`node_modules/${name}`]?.version}`);
    }
  });

  test("says truly of what is not used that it is not", async () => {
    const { packages } = lockfile.parse(JSON.parse(await read("package-lock.json")));
    const installed = new Set(Object.keys(packages).map((path) => path.split("node_modules/").at(-1)));
    const peers = await rows("docs/notes-on-dependencies.md", "Peers");
    const unused = peers
      .filter((cells) => cells.join().includes("not used"))
      .map(([first = ""]) => first.replace(/ .*/, ""));
    expect(new Set(unused)).toEqual(new Set(["fast-xml-parser", "soap"]));
    for (const name of unused) expect(installed).not.toContain(name);
  });

  test("says of each row how it was seen", async () => {
    const noted = await rows("docs/notes-on-dependencies.md", "In the lockfile");
    const peers = await rows("docs/notes-on-dependencies.md", "Peers");
    expect(peers.length).toBeGreaterThan(5);
    for (const cells of noted) expect([cells.length, ...cells]).toEqual([5, ...cells.filter((cell) => cell !== "")]);
    for (const cells of peers) expect([cells.length, ...cells]).toEqual([4, ...cells.filter((cell) => cell !== "")]);
  });
});

describe("findings/README.md", () => {
  test("has a row for each script, and no other", async () => {
    const scripts = (await readdir(new URL("findings", root))).filter((name) => name.endsWith(".sh"));
    const text = await read("findings/README.md");
    const listed = [...text.matchAll(/^\| \[([^\]]+)\]\(([^)]+)\)/gm)].map(([, name, link]) => [`${name}.sh`, link]);
    expect(listed).toEqual(scripts.sort().map((name) => [name, name]));
  });
});
