/** `serve --http` as a process of its own: told to end, behind its certificate, and entered by `atvm_prep console`. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { connect } from "node:tls";
import { promisify } from "node:util";
import { generate } from "selfsigned";
import { Agent, fetch as undiciFetch } from "undici";
import { beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { until } from "../support/children.ts";
import { send } from "../support/console.ts";
import { withEngine } from "../support/engine.ts";
import { configWith, program, programLine } from "../support/program.ts";
import { modernRequest, post } from "../support/wire.ts";

const bench = await withEngine({}, {}, "sqlite");
beforeEach(() => bench.reset("clone-assigned"));

const token = async (): Promise<string> =>
  (await bench.app.engine.createToken({ name: "alice", role: "operator", ttlMs: 3_600_000 }, bench.app.actor("cli")))
    .token;

/** A server on a port of its own; the address that it says. */
async function serving(config: string) {
  const server = program(bench, "serve", "--http", "127.0.0.1:0", "--config", config);
  const [, url = ""] = await server.says(/serves MCP at (\S+),/);
  return { server, url, base: url.replace(/\/mcp$/, "") };
}

describe("a server that gets SIGTERM", () => {
  it("ends well while a run is going on, and the run goes on to its end", { timeout: 120_000 }, async () => {
    const { server, url } = await serving(bench.config);
    const bearer = await token();
    const plan = await post(
      { url },
      modernRequest("tools/call", { name: "prep_automated_testing", arguments: { lun: "Gold" } }),
      bearer,
    );
    const [, planToken = ""] = /"planToken":"([^"]+)"/.exec(await plan.text()) ?? [];
    await bench.control.faults({ api: "vim", op: "UnmountVmfsVolume", action: "slow:3000" });
    const confirm = post(
      { url },
      modernRequest("tools/call", { name: "confirm_plan", arguments: { planToken } }),
      bearer,
    );
    const answered = confirm.then(
      (answer) => answer.text().catch(() => "cut off"),
      () => "cut off",
    );
    await until(() => ((bench.lab.world.faults.calls().vim["UnmountVmfsVolume"] ?? 0) > 0 ? true : undefined));
    server.process.kill("SIGTERM");
    expect(await server.ended()).toBe(0);
    await expect(fetch(url)).rejects.toThrow();
    await answered;
    const [run] = await bench.app.engine.listRuns({ limit: 1 });
    const { requestedBy, state } = await bench.app.engine.getRun(run?.runId ?? "", { waitMs: 60_000 });
    expect(state).toBe("succeeded");
    expect(requestedBy.principal).toMatch(/^token:alice@/);
    expect((await bench.app.engine.verifyAudit()).problems).toEqual([]);
  });
});

describe("a server with certificate files", () => {
  let ca = "";
  let config = "";
  beforeAll(async () => {
    const { cert, private: key } = await generate([{ name: "commonName", value: "127.0.0.1" }], {
      extensions: [{ name: "subjectAltName", altNames: [{ type: 7, ip: "127.0.0.1" }] }],
    });
    ca = cert;
    await writeFile(join(bench.dir, "tls.pem"), cert);
    await writeFile(join(bench.dir, "tls.key"), key, { mode: 0o600 });
    config = await configWith(bench, { http: { tls: { cert: "tls.pem", key: "tls.key" } } });
  });

  it("speaks https to who trusts it, TLS 1.2 or newer, and no plain http", { timeout: 60_000 }, async () => {
    const { url, base } = await serving(config);
    expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+\/mcp$/);
    const dispatcher = new Agent({ connect: { ca } });
    onTestFinished(() => dispatcher.close());
    const { headers, body } = modernRequest("tools/list");
    const call = (authorization: string) =>
      undiciFetch(url, { method: "POST", dispatcher, headers: { ...headers, authorization }, body });
    expect((await call("Bearer nothing")).status).toBe(401);
    const answer = await call(`Bearer ${await token()}`);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("confirm_plan");
    await expect(fetch(`${base}/healthz`)).rejects.toThrow();
    await expect(fetch(`${base.replace("https:", "http:")}/healthz`)).rejects.toThrow();
    const old = connect({
      host: "127.0.0.1",
      port: Number(new URL(base).port),
      ca,
      minVersion: "TLSv1",
      maxVersion: "TLSv1.1",
    });
    await expect(once(old, "secureConnect")).rejects.toThrow();
  });

  it("gives its console's cookie to https and this host alone", { timeout: 60_000 }, async () => {
    const { base } = await serving(config);
    const dispatcher = new Agent({ connect: { ca } });
    onTestFinished(() => dispatcher.close());
    const { secret } = await bench.app.engine.makeConsoleLink({ role: "approver" }, bench.app.actor("cli"));
    const answer = await undiciFetch(`${base}/console/sign-in`, {
      ...{ method: "POST", redirect: "manual", dispatcher, headers: { origin: base } },
      body: new URLSearchParams({ link: secret }),
    });
    expect(answer.status).toBe(303);
    expect(answer.headers.get("set-cookie")).toMatch(/^__Host-atvm=[\w-]{43};.*Secure/);
    expect(answer.headers.get("strict-transport-security")).toMatch(/max-age=/);
  });

  it("does not start with a certificate that it cannot read", { timeout: 60_000 }, async () => {
    const missing = await configWith(bench, { http: { tls: { cert: "none.pem", key: "tls.key" } } });
    const server = program(bench, "serve", "--http", "127.0.0.1:0", "--config", missing);
    expect(await server.ended()).toBe(2);
    expect(server.err()).toContain("none.pem cannot be read");
  });
});

describe("atvm_prep console", () => {
  it("prints a link on a terminal that signs its account in, once", { timeout: 90_000 }, async () => {
    const { base } = await serving(bench.config);
    const words = programLine("console", "--url", base, "--config", bench.config).map((word) => `'${word}'`);
    const { stdout } = await promisify(execFile)("script", ["-qec", words.join(" "), "/dev/null"], {
      cwd: bench.dir,
      env: { ...process.env, ...bench.env },
    });
    const [link = ""] = /http:\S+\/console\/sign-in\?link=[\w-]+/.exec(stdout) ?? [];
    const page = await (await fetch(link)).text();
    expect(page).toContain("approver");
    const secret = new URL(link).searchParams.get("link") ?? "";
    const first = await send({ base }, "/sign-in", { link: secret }, {});
    expect(first.status).toBe(303);
    const cookie = first.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    const { headers, ...home } = await fetch(`${base}/console`, { headers: { cookie }, redirect: "manual" });
    expect(headers.get("location")).toBeNull();
    expect(home).toBeDefined();
    const again = await send({ base }, "/sign-in", { link: secret }, {});
    expect(again.status).toBe(401);
    expect(again.headers.getSetCookie()).toEqual([]);
    expect(await (await fetch(link)).text()).toContain("This link was used");
  });

  it("prints none that could approve where there is no terminal", { timeout: 60_000 }, async () => {
    const refused = program(bench, "console", "--config", bench.config);
    expect(await refused.ended()).toBe(4);
    expect(refused.out()).toBe("");
    expect(refused.err()).toContain("NOT_APPROVED");
    const viewer = program(bench, "console", "--role", "viewer", "--config", bench.config);
    expect(await viewer.ended()).toBe(0);
    expect(viewer.out()).toMatch(/^http:\S+\/console\/sign-in\?link=[\w-]+\n$/);
  });
});
