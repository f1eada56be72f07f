/** A reader that goes away, and a disk that is full, are no affair of a run's. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { type Bench, withEngine } from "../support/engine.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

/** Starts the program, and closes its output at once, or after the first piece of it. */
async function read(what: "nothing" | "a bit", ...words: string[]): Promise<{ code: number | null; err: string }> {
  const child = spawn(process.execPath, [MAIN, ...words, "--config", bench.config], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let err = "";
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk.toString();
  });
  if (what === "nothing") child.stdout.destroy();
  else child.stdout.once("data", () => child.stdout.destroy());
  const [code] = (await once(child, "close")) as [number | null];
  return { code, err };
}

describe("output that nobody reads to its end", () => {
  test("ends no run: the environment is prepared, and the exit code says so", async () => {
    await bench.reset("clone-assigned");
    const { code, err } = await read("a bit", "-A", "-n", "Gold", "--yes");
    expect(err).not.toMatch(/EPIPE|node:/);
    const [run] = await bench.app.engine.listRuns({ limit: 1 });
    expect(run?.state).toBe("succeeded");
    expect(code).toBe(0);
  });

  test("ends an export silently", async () => {
    await bench.plan("automated_testing");
    expect(await read("nothing", "audit", "export")).toEqual({ code: 0, err: "" });
  });

  test.skipIf(!existsSync("/dev/full"))("on a full disk is said of an export, which is then not one", async () => {
    const child = spawn(process.execPath, [MAIN, "audit", "export", "--config", bench.config], {
      stdio: ["ignore", openSync("/dev/full", "w"), "pipe"],
    });
    let err = "";
    child.stderr?.on("data", (chunk: Buffer) => {
      err += chunk.toString();
    });
    expect(await once(child, "close")).toEqual([1, null]);
    expect(err).toContain("The export is not complete");
  });
});
