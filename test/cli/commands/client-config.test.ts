/** `client-config`: what is printed starts the server, and what is written leaves the rest of a client's file alone. */
import { execFile } from "node:child_process";
import { chmod, lstat, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse as parseToml } from "@decimalturn/toml-patch";
import { Client } from "@modelcontextprotocol/client";
import { StdioClientTransport } from "@modelcontextprotocol/client/stdio";
import { parse as parseJsonc } from "jsonc-parser";
import { beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { runCli } from "../../../src/cli/cli.ts";
import { CLIENTS } from "../../../src/cli/clients/clients.ts";
import { terminal } from "../terminal/terminal.ts";

let home: string;
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "atvm-clients-"));
  return () => rm(home, { recursive: true });
});

async function clientConfig(...words: string[]) {
  const on = terminal({ cwd: home });
  const code = await runCli(["client-config", ...words], { ...on.io, env: { HOME: home, PATH: process.env["PATH"] } });
  return { code, out: on.out(), err: on.err() };
}

/** Where each client looks for it, on Linux. */
const FILES = {
  "claude-desktop": ".config/Claude/claude_desktop_config.json",
  "claude-code": ".claude.json",
  vscode: ".config/Code/User/mcp.json",
  cursor: ".cursor/mcp.json",
  codex: ".codex/config.toml",
  gemini: ".gemini/settings.json",
} as const;
const GROUPS: Partial<Record<string, string>> = { vscode: "servers", codex: "mcp_servers" };

/** A reference, as these clients write it. */
const bearer = (name: string): string => `Bearer $${name}`;
const stdio = z.object({ command: z.string(), args: z.array(z.string()) });

/** The server's entry in a client's file. */
function entryIn(client: string, text: string): unknown {
  const data: unknown = client === "codex" ? parseToml(text) : parseJsonc(text);
  const group = GROUPS[client] ?? "mcpServers";
  return z.record(z.string(), z.looseObject({})).parse(z.looseObject({}).parse(data)[group])["atvm-prep"];
}

describe("client-config", () => {
  it.each(CLIENTS)("writes what %s starts the server with", async (client) => {
    const { code, err } = await clientConfig(client, "--lab", "--write");
    expect({ code, err }).toMatchObject({ code: 0 });
    const entry = stdio.parse(entryIn(client, await readFile(join(home, FILES[client]), "utf8")));
    expect(entry.command).toBe(process.execPath);
    expect(entry.args.slice(-2)).toEqual(["serve", "--lab"]);
  });

  it("prints an entry with absolute paths by which a real client reaches the server", async () => {
    const config = join(home, "lab.yaml");
    await writeFile(
      config,
      'dgs: {url: "https://127.0.0.1:9", username: u, password: {file: p}}\nvcenter: {username: u}\nstore: {sqlite: atvm.db}\nproxy: none\n',
    );
    // A process of its own: what it prints is how it was started itself.
    const words = ["src/main.ts", "client-config", "cursor", "--config", config];
    const { stdout } = await promisify(execFile)(process.execPath, words);
    const entry = stdio.parse(entryIn("cursor", stdout));
    const own = new Client({ name: "own", version: "1" });
    expect(entry.args.at(-1)).toBe(config);
    await own.connect(new StdioClientTransport({ ...entry, cwd: "/", stderr: "ignore" }));
    expect((await own.listTools()).tools.map(({ name }) => name)).toContain("confirm_plan");
    await own.close();
  });

  it("goes over ssh without a terminal or a question, to the configured controller if none is named", async () => {
    const config = join(home, "atvm.config.yaml");
    await writeFile(
      config,
      'dgs: {url: "https://127.0.0.1:9", username: u, password: {file: p}}\nvcenter: {username: u}\nstore: {sqlite: atvm.db}\ncontroller: {hostname: ctl, address: 192.0.2.1}\n',
    );
    const named = await clientConfig(
      "gemini",
      "--ssh",
      "atvm@ctl.example",
      "--remote",
      "/opt/atvm/bin/atvm_prep serve",
    );
    const entry = stdio.parse(entryIn("gemini", named.out));
    expect(entry.command).toMatch(/^\/.*\/ssh$/);
    expect(entry.args).toEqual(["-T", "-o", "BatchMode=yes", "atvm@ctl.example", "/opt/atvm/bin/atvm_prep serve"]);
    const configured = await clientConfig("gemini", "--ssh");
    expect(stdio.parse(entryIn("gemini", configured.out)).args).toContain("ctl");
    expect(await clientConfig("gemini", "--ssh=-oProxyCommand=x")).toMatchObject({ code: 2, out: "" });
  });

  it("says that a configuration of this machine is not what ssh starts the server with", async () => {
    const asked = ["cursor", "--ssh", "atvm@ctl", "--config", "/etc/atvm/config.yaml"];
    expect((await clientConfig(...asked)).err).toContain("--remote 'atvm_prep serve --config /etc/atvm/config.yaml'");
    const told = await clientConfig(...asked, "--remote", "atvm_prep serve --config /etc/atvm/config.yaml");
    expect(told.err).not.toContain("--remote");
  });

  it("names the token's place over HTTP, as each client knows it, and never the token", async () => {
    const over = async (client: string) =>
      entryIn(client, (await clientConfig(client, "--http", "https://c:8443")).out);
    const url = "https://c:8443/mcp";
    expect(await over("claude-code")).toEqual({
      type: "http",
      url,
      headers: { Authorization: bearer("{ATVM_TOKEN}") },
    });
    expect(await over("cursor")).toEqual({ url, headers: { Authorization: bearer("{env:ATVM_TOKEN}") } });
    expect(await over("gemini")).toEqual({ httpUrl: url, headers: { Authorization: bearer("{ATVM_TOKEN}") } });
    expect(await over("codex")).toEqual({ url, bearer_token_env_var: "ATVM_TOKEN" });
    expect(await over("claude-desktop")).toMatchObject({ args: expect.arrayContaining(["mcp-remote", url]) });
    expect(await over("vscode")).toMatchObject({
      type: "http",
      url,
      headers: { Authorization: /input:atvm-prep-token/ },
    });
  });

  it("keeps comments, order and the other servers of a JSON file, and changes its own entry in its place", async () => {
    const file = join(home, FILES.vscode);
    await mkdir(join(file, ".."), { recursive: true });
    const before = [
      "// mine",
      "{",
      '\t"servers": {',
      '\t\t"other": { "command": "x" }, // keep',
      '\t\t"atvm-prep": { "command": "old", "env": {} },',
      "\t},",
      '\t"inputs": [ { "id": "mine", "type": "promptString" } ],',
      "}",
    ].join("\r\n");
    await writeFile(file, before);
    await chmod(file, 0o640);
    expect(await clientConfig("vscode", "--http", "https://c", "--write")).toMatchObject({ code: 0 });
    const after = await readFile(file, "utf8");
    expect(after).toContain('// mine\r\n{\r\n\t"servers": {\r\n\t\t"other": { "command": "x" }, // keep\r\n');
    expect(parseJsonc(after)).toMatchObject({ inputs: [{ id: "mine" }, { id: "atvm-prep-token", password: true }] });
    expect(entryIn("vscode", after)).not.toHaveProperty("env");
    expect((await stat(file)).mode & 0o777).toBe(0o640);
    await clientConfig("vscode", "--http", "https://c", "--write");
    expect(await readFile(file, "utf8")).toBe(after);
  });

  it("keeps comments and tables of a TOML file", async () => {
    const file = join(home, FILES.codex);
    await mkdir(join(file, ".."), { recursive: true });
    const before = '# mine\nmodel = "m" # keep\n\n[mcp_servers.other]\ncommand = "x"\n\n[profiles.p]\nmodel = "n"\n';
    await writeFile(file, before);
    await clientConfig("codex", "--lab", "--write");
    const first = await readFile(file, "utf8");
    expect(first.startsWith(before)).toBe(true);
    expect(first).toContain("\n[mcp_servers.atvm-prep]\n");
    await writeFile(file, `${first}\n[last]\nx = 1 # keep\n`);
    await clientConfig("codex", "--ssh", "atvm@ctl", "--write");
    const second = await readFile(file, "utf8");
    expect(second.startsWith(before)).toBe(true);
    expect(second.endsWith("[last]\nx = 1 # keep\n")).toBe(true);
    expect(stdio.parse(entryIn("codex", second)).args).toContain("atvm@ctl");
  });

  it("follows a link, and leaves it one", async () => {
    await writeFile(join(home, "dotfile.json"), '{"theme": "dark"}\n');
    await symlink("dotfile.json", join(home, ".claude.json"));
    await clientConfig("claude-code", "--lab", "--write");
    expect((await lstat(join(home, ".claude.json"))).isSymbolicLink()).toBe(true);
    expect(parseJsonc(await readFile(join(home, "dotfile.json"), "utf8"))).toMatchObject({ theme: "dark" });
  });

  it.each([
    ["gemini", '{"mcpServers": '],
    ["gemini", "[]"],
    ["codex", "a = [1,"],
    ["codex", 'mcp_servers = "none"'],
  ] as const)("leaves a file of %s alone that it does not understand: %s", async (client, text) => {
    const file = join(home, FILES[client]);
    await mkdir(join(file, ".."), { recursive: true });
    await writeFile(file, text);
    const { code, err } = await clientConfig(client, "--lab", "--write");
    expect(code).toBe(2);
    expect(err).toContain("left as it was");
    expect(await readFile(file, "utf8")).toBe(text);
  });

  it("takes a project's own file, and a name for a second site", async () => {
    await clientConfig("claude-code", "--lab", "--write", "--file", ".mcp.json", "--name", "site-b");
    expect(parseJsonc(await readFile(join(home, ".mcp.json"), "utf8"))).toMatchObject({
      mcpServers: { "site-b": { type: "stdio" } },
    });
  });

  it("refuses an unknown client, two ways at once, and a token where its variable's name belongs", async () => {
    for (const words of [
      ["emacs", "--lab"],
      ["cursor", "--lab", "--http", "https://c"],
      ["cursor", "--http", "https://c", "--token-env", "abc.def"],
      ["cursor", "--http", "controller"],
    ]) {
      expect(await clientConfig(...words)).toMatchObject({ code: 2, out: "" });
    }
  });
});
