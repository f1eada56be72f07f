import { X509Certificate } from "node:crypto";
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { connect } from "node:tls";
import fc from "fast-check";
import { Agent, request } from "undici";
import { afterAll, describe, expect, test } from "vitest";
import { loadConfig } from "../../src/config/load.ts";
import { startLab } from "../../src/lab/start.ts";
import { NO_LATENCY, parseLatency } from "../../src/lab/world/latency.ts";
import { withLab } from "../support/lab.ts";

const directory = await mkdtemp(join(tmpdir(), "atvm-lab-"));
afterAll(() => rm(directory, { recursive: true }));

describe("startLab", () => {
  test("serves the array and vCenter under one certificate that its PEM and thumbprint prove", async () => {
    const { lab } = await withLab();
    const { dgs, vcenter } = lab.info;
    expect(new X509Certificate(lab.caPem).fingerprint256).toBe(vcenter.thumbprint);
    const agent = new Agent({ connect: { ca: lab.caPem } });
    const session = await request(`${dgs.url}/api/v1/session`, {
      method: "POST",
      dispatcher: agent,
      body: JSON.stringify({ username: dgs.username, password: dgs.password }),
    });
    expect(session.statusCode).toBe(201);
    await session.body.dump();
    await agent.close();
    for (const { url } of [dgs, vcenter]) {
      const { hostname, port } = new URL(url);
      const thumbprint = await new Promise<string>((resolve, reject) => {
        const socket = connect({ host: hostname, port: Number(port), ca: lab.caPem }, () => {
          resolve(socket.getPeerCertificate().fingerprint256);
          socket.end();
        });
        socket.on("error", reject);
      });
      expect(thumbprint).toBe(vcenter.thumbprint);
    }
  });

  test("makes new passwords each time", async () => {
    const [one, two] = await Promise.all([withLab(), withLab()]);
    const passwords = [one, two].flatMap(({ lab }) => [lab.info.dgs.password, lab.info.vcenter.password]);
    expect(new Set(passwords).size).toBe(4);
  });

  test("refuses a taken port and leaves nothing open", async () => {
    const { lab } = await withLab();
    const dgsPort = Number(new URL(lab.info.dgs.url).port);
    await expect(startLab({ vcenterPort: dgsPort })).rejects.toMatchObject({ code: "EADDRINUSE" });
  });
});

describe("--write-config", () => {
  test("writes a configuration that loads without warnings, its secrets in files of their own", async () => {
    const file = join(directory, "new", "atvm.config.yaml");
    const { lab } = await withLab({ writeConfig: file, scenario: "fleet", clients: 4 });
    const { info } = lab;
    expect(info.config).toBe(file);
    const config = await loadConfig({ file, env: {}, cwd: "/" });
    expect(config.warnings).toEqual([]);
    expect(config.array).toMatchObject({ url: info.dgs.url, username: info.dgs.username });
    expect(config.vcenter).toMatchObject({ address: new URL(info.vcenter.url).host, username: info.vcenter.username });
    expect(await config.array.password?.reveal()).toBe(info.dgs.password);
    expect(await config.vcenter.password.reveal()).toBe(info.vcenter.password);
    expect(config.pairs.map(({ client, host }) => [client, host]).at(-1)).toEqual(["CDS1-ESX168", "192.168.1.168"]);
    expect(config.approval).toMatchObject({ cli: "allow", policy: { automated_testing: "token", rollback: "human" } });
    expect(config.store.kind === "sqlite" && isAbsolute(config.store.path)).toBe(true);
    const text = await readFile(file, "utf8");
    for (const { password } of [info.dgs, info.vcenter]) expect(text).not.toContain(password);
  });

  test("takes away from others a secret file that was open to them", async () => {
    const file = join(directory, "lab.yaml");
    const secret = join(directory, "lab.array-password");
    await withLab({ writeConfig: file });
    await chmod(secret, 0o644);
    await withLab({ writeConfig: file });
    expect((await stat(secret)).mode & 0o777).toBe(0o600);
  });

  test("writes over nothing that it did not write, a configuration or a secret", async () => {
    const site = join(directory, "site.yaml");
    await writeFile(site, "vcenter: {}\n");
    await expect(withLab({ writeConfig: site })).rejects.toThrow(/site\.yaml was not written by the lab/);
    await writeFile(join(directory, "other.vcenter-password"), "hunter2");
    await expect(withLab({ writeConfig: join(directory, "other.yaml") })).rejects.toThrow(/other\.vcenter-password/);
    expect(await readFile(site, "utf8")).toBe("vcenter: {}\n");
  });
});

describe("--latency", () => {
  test("reads parts in any order, in ms and s, and leaves out what is not named", () => {
    expect(parseLatency("dgs=20ms,vim=5ms,task=500ms,rescan=2s,clone=10s,unresolved=1s")).toEqual({
      dgs: 20,
      vim: 5,
      task: 500,
      rescan: 2000,
      clone: 10_000,
      unresolved: 1000,
    });
    expect(parseLatency("rescan=1s, dgs=3")).toEqual({ ...NO_LATENCY, rescan: 1000, dgs: 3, clone: 3 });
    expect(parseLatency("")).toEqual(NO_LATENCY);
  });

  test("refuses anything else", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 1 }), (text) => {
        fc.pre(text.replaceAll(/[\s,]/g, "") !== "");
        expect(() => parseLatency(`x${text}`)).toThrow(RangeError);
      }),
    );
  });
});
