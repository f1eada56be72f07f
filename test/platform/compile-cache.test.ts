import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "atvm-cache-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function start(env: Record<string, string>) {
  const { NODE_COMPILE_CACHE: _ours, ...inherited } = process.env;
  const { status, stderr } = spawnSync(process.execPath, [main, "--version"], {
    encoding: "utf8",
    env: { ...inherited, ...env },
  });
  return { status, stderr };
}

const worked = { status: 0, stderr: "" };

describe("code that Node has compiled", () => {
  it("is kept in the user's cache directory, which nobody else may enter", () => {
    const caches = join(folder, "caches");
    expect(start({ XDG_CACHE_HOME: caches })).toEqual(worked);
    expect(readdirSync(join(caches, "atvm_prep"))).toHaveLength(1);
    expect(statSync(join(caches, "atvm_prep")).mode & 0o777).toBe(0o700);
  });

  it("is kept below the home directory where no cache directory is named", () => {
    expect(start({ XDG_CACHE_HOME: "", HOME: folder })).toEqual(worked);
    expect(readdirSync(join(folder, ".cache", "atvm_prep"))).toHaveLength(1);
  });

  it("is not kept, and nothing is said, where the directory cannot be made", () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    expect(start({ XDG_CACHE_HOME: file })).toEqual(worked);
  });

  it("is neither kept in nor taken from a directory that others may write to", () => {
    const shared = join(folder, "atvm_prep");
    mkdirSync(shared);
    chmodSync(shared, 0o777);
    expect(start({ XDG_CACHE_HOME: folder })).toEqual(worked);
    expect(readdirSync(shared)).toEqual([]);
  });

  it("is kept where the user has asked Node to keep it", () => {
    const asked = join(folder, "asked");
    expect(start({ XDG_CACHE_HOME: folder, NODE_COMPILE_CACHE: asked })).toEqual(worked);
    expect(existsSync(asked)).toBe(true);
    expect(readdirSync(join(folder, "atvm_prep"))).toEqual([]);
  });
});
