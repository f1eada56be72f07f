import { spawnSync } from "node:child_process";
import { mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { makePrivateDir } from "../../src/platform/private-dir.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "atvm-dir-"));
});
afterEach(() => rm(folder, { recursive: true }));

const modeOf = async (path: string): Promise<number> => (await stat(path)).mode & 0o777;

describe("a private directory", () => {
  it("is made for its owner alone, with all that is missing above it", async () => {
    const path = join(folder, "a", "b", "c");
    makePrivateDir(path);
    for (const dir of [path, join(folder, "a", "b"), join(folder, "a")]) expect(await modeOf(dir)).toBe(0o700);
    makePrivateDir(path);
  });

  it("is refused below a file, and at a link that leads nowhere", async () => {
    await writeFile(join(folder, "file"), "");
    expect(() => makePrivateDir(join(folder, "file", "x"))).toThrow("ENOTDIR");
    await symlink(join(folder, "nowhere"), join(folder, "link"));
    expect(() => makePrivateDir(join(folder, "link"))).toThrow("EEXIST");
  });

  // In a process of its own, since what this guards against blocks the one that it happens in.
  it("is refused at once where the system makes none, as below /proc", () => {
    const module = new URL("../../src/platform/private-dir.ts", import.meta.url).href;
    const script = `(await import("${module}")).makePrivateDir("/proc/nope/below")`;
    const { status, signal, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], {
      encoding: "utf8",
      timeout: 20_000,
    });
    expect({ status, signal }).toEqual({ status: 1, signal: null });
    expect(stderr).toMatch(/ENOENT|EROFS|EACCES/);
  });
});
