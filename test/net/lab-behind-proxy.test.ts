/** A whole preparation of the lab through a CONNECT proxy. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parse, stringify } from "yaml";
import { z } from "zod";
import { openApp } from "../../src/app.ts";
import { type RunningLab, startLab } from "../../src/lab/start.ts";
import { type ConnectProxy, connectProxy } from "../support/connect-proxy.ts";
import { isThere } from "../support/required.ts";
import { hasTinyproxy, tinyproxy } from "../support/tinyproxy.ts";

let dir: string;
let lab: RunningLab;
const file = (): string => join(dir, "lab.yaml");
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), "atvm-proxy-"));
  lab = await startLab({ scenario: "empty", writeConfig: file() });
});
afterAll(async () => {
  await lab.close();
  await rm(dir, { recursive: true, force: true });
});

const hosts = (): string[] => [lab.info.dgs.url, lab.info.vcenter.url].map((url) => new URL(url).host).sort();

/** The lab's configuration with another `proxy`, and the hosts that the proxy was asked for meanwhile. */
async function prepare(
  proxy: ConnectProxy,
  key: unknown,
  env: Record<string, string>,
  pins: Readonly<Record<string, string>> = {},
): Promise<string[]> {
  lab.world.reset({ scenario: "empty" });
  const config: Record<string, unknown> = { ...parse(await readFile(file(), "utf8")), proxy: key };
  if (key === undefined) delete config["proxy"];
  for (const [system, thumbprint] of Object.entries(pins))
    config[system] = { ...z.looseObject({}).parse(config[system]), tls: { thumbprint } };
  const own = join(dir, "proxied.yaml");
  await writeFile(own, stringify(config), { mode: 0o600 });
  const app = await openApp({ configFile: own, env: { HOME: dir, ...env }, cwd: dir });
  try {
    const actor = app.actor("cli");
    const plan = await app.engine.plan("automated_testing", { lun: "Gold" }, actor);
    const run = await app.engine.confirm(plan.planToken ?? "", actor);
    expect(run.state).toBe("succeeded");
  } finally {
    await app.close();
  }
  return [...new Set(proxy.asked)].sort();
}

describe("a preparation", () => {
  it("goes through the configured proxy to both systems, their certificates pinned", async () => {
    const proxy = await connectProxy({ credentials: "operator:secret" });
    const password = { env: "PROXY_PASSWORD" };
    const key = { url: proxy.url, username: "operator", password };
    expect(await prepare(proxy, key, { PROXY_PASSWORD: "secret" })).toEqual(hosts());
  });

  it("goes through the environment's proxy, but for what NO_PROXY names", async () => {
    const proxy = await connectProxy();
    const dgs = new URL(lab.info.dgs.url).host;
    const found = await prepare(proxy, undefined, { HTTPS_PROXY: proxy.url, NO_PROXY: `localhost,${dgs}` });
    expect(found).toEqual(hosts().filter((host) => host !== dgs));
  });

  it("goes directly where the configuration says none, as the lab's own does", async () => {
    const proxy = await connectProxy({ refuses: 403 });
    expect(await prepare(proxy, "none", { HTTPS_PROXY: proxy.url })).toEqual([]);
  });
});

describe.skipIf(!isThere(hasTinyproxy, "tinyproxy"))("a preparation through a proxy that nobody here wrote", () => {
  it("goes through it to both systems, and each certificate is held to its pin within the tunnel", async () => {
    const proxy = await tinyproxy(dir, "operator", "secret");
    const key = { url: proxy.url, username: "operator", password: { env: "PROXY_PASSWORD" } };
    expect(await prepare(proxy, key, { PROXY_PASSWORD: "secret" })).toEqual(hosts());
    for (const system of ["array", "vcenter"]) {
      const mispinned = prepare(proxy, key, { PROXY_PASSWORD: "secret" }, { [system]: "AB".repeat(32) });
      await expect(mispinned, system).rejects.toMatchObject({ code: "CERTIFICATE_UNTRUSTED" });
    }
    const unknown = prepare(proxy, key, { PROXY_PASSWORD: "wrong" });
    await expect(unknown).rejects.toMatchObject({ found: { proxy: proxy.url } });
  });
});
