/** What a peer repeats of what it was sent reaches nobody: not the assistant, not the terminal, not the store. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { PrepError } from "../../src/core/domain/errors.ts";
import { withEngine } from "../support/engine.ts";

const bench = await withEngine();

/** The passwords, and every token and session key that either system has given out. */
const secrets = (): string[] => {
  const { dgs, vcenter } = bench.lab.info;
  return [dgs.password, vcenter.password];
};

const BEARING =
  /(?:bearer|basic) (?!\[redacted\])\S{6,}|session (?!\[redacted\]|none)\S{6,}|password (?!\[redacted\])\S+/i;

async function stored(): Promise<string> {
  const files = await readdir(bench.dir, { recursive: true, withFileTypes: true });
  const texts = files
    .filter((file) => file.isFile() && /\.(db|db-wal|log)$/.test(file.name))
    .map((file) => readFile(join(file.parentPath, file.name), "latin1"));
  return (await Promise.all(texts)).join("\n");
}

describe("a peer that repeats what it was sent", () => {
  test.each([
    ["dgs", "CloneSnapshot"],
    ["dgs", "CreateAssignment"],
    ["vim", "PowerOffVM_Task"],
    ["vim", "UnregisterVM"],
    ["vim", "UnmountVmfsVolume"],
    ["vim", "RescanAllHba"],
  ] as const)("in a run: %s %s", async (api, op) => {
    await bench.reset("clone-assigned");
    const plan = await bench.plan("automated_testing");
    await bench.control.faults({ api, op, times: 99, action: "echo-secrets" });
    const run = await bench.run(plan);
    expect(run.state).not.toBe("succeeded");
    const said = `${JSON.stringify(run)}\n${await stored()}`;
    expect(JSON.stringify(run)).toContain("[redacted]");
    for (const secret of secrets()) expect(said.includes(secret)).toBe(false);
    expect(JSON.stringify(run)).not.toMatch(BEARING);
  });

  test.each([
    ["dgs", "ListVolumes"],
    ["vim", "RetrievePropertiesEx"],
    ["vim", "QueryUnresolvedVmfsVolumes"],
  ] as const)("in a plan: %s %s", async (api, op) => {
    await bench.reset("clone-assigned");
    await bench.control.faults({ api, op, times: 99, action: "echo-secrets" });
    const error: unknown = await bench.plan("automated_testing").catch((thrown: unknown) => thrown);
    if (!(error instanceof PrepError)) throw new Error("not refused");
    const said = JSON.stringify(error.toRecord());
    expect(said).toContain("[redacted]");
    for (const secret of secrets()) expect(said.includes(secret)).toBe(false);
    expect(said).not.toMatch(BEARING);
  });
});
