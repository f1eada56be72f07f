/** The server on the controller, reached over a real sshd: as a command, and as the only thing that a key may do. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { parse as parseJsonc } from "jsonc-parser";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { runCli } from "../../src/cli/cli.ts";
import { type RunningLab, startLab } from "../../src/lab/start.ts";
import { terminal } from "../cli/terminal/terminal.ts";
import { type Conversation, modernOn } from "../support/mcp-clients.ts";
import { isThere } from "../support/required.ts";
import { hasSshd, type Sshd, startSshd } from "../support/sshd.ts";

let folder: string;
let lab: RunningLab;
let sshd: Sshd;
const at = (name: string): string => join(folder, name);
const server = (): string => [process.execPath, resolve("src/main.ts"), "serve", "--config", at("lab.yaml")].join(" ");

/** By the entry that `client-config` prints, with this test's own ssh configuration. */
async function connect(remote: string): Promise<Conversation> {
  const on = terminal({ cwd: folder });
  const words = ["client-config", "cursor", "--ssh", sshd.destination, "--remote", remote];
  expect(await runCli(words, { ...on.io, env: { HOME: folder, PATH: process.env["PATH"] } })).toBe(0);
  const entry = z.object({ command: z.string(), args: z.array(z.string()) });
  const file = z.object({ mcpServers: z.object({ "atvm-prep": entry }) }).parse(parseJsonc(on.out()));
  const { command, args } = file.mcpServers["atvm-prep"];
  return modernOn(new StdioClientTransport({ command, args: ["-F", sshd.config, ...args] }), undefined, "auto");
}

describe.skipIf(!isThere(hasSshd, "sshd"))("the server over ssh", { timeout: 120_000 }, () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "atvm-ssh-"));
    lab = await startLab({ writeConfig: at("lab.yaml") });
    sshd = await startSshd(at("sshd"));
  });
  afterAll(async () => {
    await sshd.stop();
    await lab.close();
    await rm(folder, { recursive: true });
  });

  it("plans and runs for a client, and says nothing on its output that is no message", async () => {
    const client = await connect(server());
    const planned = await client.call("prep_automated_testing", { lun: "Gold" });
    expect(planned.isError).toBe(false);
    let run = await client.call("confirm_plan", { planToken: planned.structured["planToken"] });
    while (run.structured["state"] === "running" || run.structured["state"] === "queued") {
      run = await client.call("get_run", { runId: run.structured["runId"], waitSeconds: 20 });
    }
    expect(run.structured["state"]).toBe("succeeded");
    expect(client.noise).toEqual([]);
    await client.close();
  });

  it("is all that a key with a forced command gets, whatever is asked for", async () => {
    await sshd.force(server());
    try {
      const client = await connect(`touch ${at("taken-over")}`);
      expect((await client.client.listTools()).tools.map(({ name }) => name)).toContain("confirm_plan");
      await client.close();
      const ssh = promisify(execFile)("ssh", [
        "-F",
        sshd.config,
        "-o",
        "BatchMode=yes",
        "-W",
        "127.0.0.1:22",
        sshd.destination,
      ]);
      await expect(ssh).rejects.toThrow();
      expect(existsSync(at("taken-over"))).toBe(false);
    } finally {
      await sshd.force(undefined);
    }
  });

  it("makes changes on the controller, and on no other machine", async () => {
    const { readFile, writeFile } = await import("node:fs/promises");
    const text = await readFile(at("lab.yaml"), "utf8");
    const plan = async (controller: string): Promise<{ code: number; out: string }> => {
      await writeFile(at("ctl.yaml"), `${text}controller: ${controller}\n`, { mode: 0o600 });
      const on = terminal({ cwd: folder });
      const code = await runCli(["-A", "-n", "Gold", "--yes", "--json", "--config", at("ctl.yaml")], on.io);
      return { code, out: on.out() };
    };
    const elsewhere = await plan("{hostname: another-machine, address: 192.0.2.1}");
    expect(elsewhere.code).toBe(3);
    expect(JSON.parse(elsewhere.out)).toMatchObject({
      error: { code: "WRONG_CONTROLLER", message: expect.stringContaining("ssh another-machine") },
    });
    expect(await plan(`{hostname: ${hostname()}, address: 127.0.0.1}`)).toMatchObject({ code: 0 });
  });
});
