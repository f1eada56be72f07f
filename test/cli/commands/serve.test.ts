/** What the server says on standard error, in a process of its own, since standard input and output are the protocol's. */
import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { initialize, request } from "../../support/raw-mcp.ts";

const main = fileURLToPath(new URL("../../../src/main.ts", import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "atvm-serve-"));
});
afterEach(() => rm(folder, { recursive: true }));

/** One conversation without a call, whose input ends at once. */
function serve(...argv: string[]) {
  const input = [initialize(), request(1, "tools/list")].map((message) => `${JSON.stringify(message)}\n`).join("");
  const env = { PATH: process.env["PATH"], HOME: folder };
  const { status, stdout, stderr } = spawnSync(process.execPath, [main, "serve", ...argv], {
    cwd: folder,
    encoding: "utf8",
    env,
    input,
  });
  return {
    status,
    ids: stdout
      .trimEnd()
      .split("\n")
      .map((line): unknown => JSON.parse(line).id),
    stderr,
  };
}

describe("the server's standard error", () => {
  it("has the configuration's warnings once, and nothing is opened for them", async () => {
    const config = join(folder, "site.yaml");
    await writeFile(
      config,
      `dgs: {url: "https://dgs.test", username: u, password: {env: NONE}, tls: {insecure: true}}
vcenter: {username: u, password: {env: NONE}}
store: {sqlite: ./atvm.db}
log: {dir: ./log}
`,
    );
    const { status, ids, stderr } = serve("--config", config);
    expect({ status, ids }).toEqual({ status: 0, ids: [0, 1] });
    expect(stderr).toMatch(/^Warning: dgs\.tls is insecure.*\n$/);
    // Node's compile cache is the user's, and their home is here.
    expect((await readdir(folder)).filter((name) => name !== ".cache")).toEqual(["site.yaml"]);
  });

  it("has one line about a configuration that cannot be used; the server works on", () => {
    const { status, ids, stderr } = serve("--config", join(folder, "none.yaml"));
    expect({ status, ids }).toEqual({ status: 0, ids: [0, 1] });
    expect(stderr).toMatch(/^Warning: There is no configuration file .*\n$/);
  });

  it("has nothing where the lab is served", () => {
    expect(serve("--lab")).toEqual({ status: 0, ids: [0, 1], stderr: "" });
  });
});
