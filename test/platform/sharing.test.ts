import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { describeReaders, readersOf } from "../../src/platform/sharing.ts";

let root: string;
let file: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "atvm-sharing-"));
  await mkdir(join(root, "folder"));
  file = join(root, "folder", "file");
  await writeFile(file, "x");
  for (const folder of [root, join(root, "folder")]) await chmod(folder, 0o755);
});
afterEach(() => rm(root, { recursive: true }));

const OWNER = { kind: "owner" };

describe("who can read a file", () => {
  it("is everyone by its mode, where every folder above lets them pass", async () => {
    await chmod(file, 0o644);
    expect(await readersOf(file)).toEqual({ kind: "everyone" });
    await chmod(root, 0o750);
    expect(await readersOf(file)).toEqual(OWNER);
  });

  it("is its owner alone by its mode", async () => {
    await chmod(file, 0o600);
    expect(await readersOf(file)).toEqual(OWNER);
  });

  it.runIf(process.getuid?.() === 0)("is its owner alone where the group has no one else in it", async () => {
    await chmod(file, 0o640);
    expect(await readersOf(file)).toEqual(OWNER);
  });

  it.runIf(process.getuid?.() === 0)("is a group that is not listed here, by its number", async () => {
    await chown(file, 0, 54_321);
    await chmod(file, 0o640);
    const readers = await readersOf(file);
    expect(readers).toEqual({ kind: "group", group: "54321", members: ["unknown"] });
    expect(describeReaders(readers)).toBe("the group 54321 (unknown)");
    await chmod(root, 0o700);
    expect(await readersOf(file)).toEqual(OWNER);
  });
});
