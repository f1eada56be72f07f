import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";

const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

/** Starts the program on a Node that calls itself `version`. */
function start(version: string, ...argv: string[]) {
  return startFile(main, version, ...argv);
}

function startFile(file: string, version: string, ...argv: string[]) {
  const claim = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;
  const url = `data:text/javascript,${encodeURIComponent(claim)}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", url, file, ...argv], {
    encoding: "utf8",
  });
  return { status, stdout, stderr };
}

describe("the program", () => {
  it.each(["18.20.0", "20.20.2", "22.19.0"])("says on Node %s in one line that it is too old", (version) => {
    // Where it is installed, there is no Node beside it.
    const folder = mkdtempSync(join(tmpdir(), "atvm-main-"));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const installed = join(folder, "main.ts");
    copyFileSync(main, installed);
    const { status, stdout, stderr } = startFile(installed, version, "--help");
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/^atvm_prep needs Node 22\.20 or newer.*\n$/);
    expect(stderr).toContain(version);
  });

  it("goes on with a checkout's own Node where the machine's is too old, and ends as that ends", () => {
    expect(start("20.20.2", "--help")).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Usage: atvm_prep"),
    });
    expect(start("20.20.2", "-A")).toMatchObject({ status: 2, stderr: expect.stringContaining("BAD_REQUEST") });
  });

  it.each(["22.20.0", "24.0.0"])("starts on Node %s", (version) => {
    expect(start(version, "--help")).toMatchObject({ status: 0, stdout: expect.stringContaining("Usage: atvm_prep") });
  });

  it("says in a line that the folder is gone that it was started in", () => {
    const folder = mkdtempSync(join(tmpdir(), "atvm-main-"));
    const gone = ["-c", 'cd "$1" && rmdir "$1" && shift && exec "$@"', "sh", folder, process.execPath, main, "luns"];
    const { status, stdout, stderr } = spawnSync("sh", gone, { encoding: "utf8" });
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain("BAD_REQUEST: The folder that this was started in is gone.");
    expect(stderr).not.toMatch(/node:|^ +at /m);
  });

  it("says that nothing more can be opened, where it is that and not the secret that is missing", () => {
    const secrets = new URL("../src/config/secrets.ts", import.meta.url).href;
    const full = `
      import { openSync } from "node:fs";
      import { Secret } from ${JSON.stringify(secrets)};
      try { for (;;) openSync("/dev/null", "r"); } catch {}
      const error = await Secret.fromFile("/etc/hostname").reveal().catch((thrown) => thrown);
      process.stdout.write(error.code + " " + error.hint);`;
    const limited = ["-c", 'ulimit -n 64; exec "$@"', "sh", process.execPath, "--input-type=module", "-e", full];
    expect(spawnSync("sh", limited, { encoding: "utf8" }).stdout).toMatch(/^INTERNAL .*ulimit -n/);
  });

  it("ends with a command's exit code", () => {
    expect(start("24.0.0", "-A")).toMatchObject({ status: 2, stderr: expect.stringContaining("BAD_REQUEST") });
  });
});
