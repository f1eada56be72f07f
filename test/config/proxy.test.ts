import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { type Config, resolveConfig } from "../../src/config/config.ts";
import { routeTo } from "../../src/config/proxy.ts";
import { PrepError } from "../../src/core/domain/errors.ts";

const load = (proxy: unknown, env: Record<string, string> = {}): Promise<Config> =>
  resolveConfig(
    {
      dgs: { url: "https://dgs.example", username: "u", password: { env: "P" } },
      vcenter: {},
      ...(proxy === undefined ? {} : { proxy }),
    },
    { where: "the test's configuration", baseDir: "/nowhere", env: { HOME: "/nowhere", ...env } },
  );

async function route(target: string, proxy: unknown, env: Record<string, string> = {}): Promise<string> {
  const found = routeTo(target, (await load(proxy, env)).proxy);
  return found.kind === "direct"
    ? `direct${found.because === undefined ? "" : ` (${found.because})`}`
    : `${found.proxy.url} (${found.proxy.namedBy})`;
}

async function refusal(promise: Promise<unknown>): Promise<PrepError> {
  const thrown = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (thrown instanceof PrepError) return thrown;
  throw new Error(`expected a PrepError, got ${inspect(thrown)}`);
}

const PROXY = { HTTPS_PROXY: "http://proxy.example:3128" };

describe("the way to a system", () => {
  it("is direct when nothing names a proxy, whatever NO_PROXY says", async () => {
    expect(await route("https://vc.example", undefined, { NO_PROXY: "10.0.0.0/8" })).toBe("direct");
  });

  it("is what the environment names, for the kind of address that it names it for", async () => {
    expect(await route("https://vc.example", undefined, PROXY)).toBe("http://proxy.example:3128 (HTTPS_PROXY)");
    expect(await route("http://dgs.example", undefined, PROXY)).toBe("direct");
    expect(await route("http://dgs.example", undefined, { http_proxy: "proxy.example:80" })).toBe(
      "http://proxy.example (http_proxy)",
    );
    expect(await route("https://vc.example", undefined, { ...PROXY, https_proxy: "http://lower.example:1" })).toBe(
      "http://lower.example:1 (https_proxy)",
    );
    expect(await route("https://vc.example", undefined, { HTTPS_PROXY: "" })).toBe("direct");
  });

  it("is what the configuration names, and the environment does not count then", async () => {
    const env = { ...PROXY, NO_PROXY: "10.0.0.0/8" };
    const proxy = { url: "http://other.example:8080", except: [".inside.example"] };
    expect(await route("https://vc.example", proxy, env)).toBe("http://other.example:8080 (proxy)");
    expect(await route("http://dgs.example", proxy, env)).toBe("http://other.example:8080 (proxy)");
    expect(await route("https://vc.inside.example", proxy, env)).toBe("direct (proxy.except names .inside.example)");
    expect(await route("https://vc.example", "none", env)).toBe("direct");
  });

  it.each([
    ["*", "https://vc.example", true],
    ["vc.example", "https://vc.example", true],
    ["VC.Example", "https://vc.example", true],
    ["vc.example.", "https://vc.example", true],
    ["example", "https://vc.example", true],
    [".example", "https://vc.example", true],
    [".vc.example", "https://vc.example", true],
    ["*.example", "https://vc.example", true],
    ["*.vc.example", "https://vc.example", false],
    ["c.example", "https://vc.example", false],
    ["192.168.0.201", "https://192.168.0.201", true],
    ["192.168.0.20", "https://192.168.0.201", false],
    ["vc.example:443", "https://vc.example", true],
    ["vc.example:8443", "https://vc.example", false],
    ["vc.example:8443", "https://vc.example:8443", true],
    ["*:8443", "https://vc.example:8443", true],
    ["fd00::1", "https://[fd00:0::1]", true],
    ["[fd00:0:0::1]:443", "https://[fd00::1]", true],
    ["fd00::2", "https://[fd00::1]", false],
    ["localhost, , vc.example", "https://vc.example", true],
    ["localhost vc.example", "https://vc.example", true],
  ])("with NO_PROXY=%s, %s is an exception: %s", async (exceptions, target, excepted) => {
    const way = await route(target, undefined, { ...PROXY, NO_PROXY: exceptions });
    expect(way.startsWith("direct")).toBe(excepted);
  });
});

describe("an exception that has no effect", () => {
  it.each([
    "10.0.0.0/8",
    "fd00::/8",
    "192.168.0.1-192.168.0.9",
    "192.168.0.1-9",
    "192.168.",
    "192.168",
    "10.0.*",
    "vc*.example",
    "https://vc.example",
    "vc.example/sdk",
  ])("%s is refused by name, in the environment and in the configuration", async (entry) => {
    const fromEnvironment = await refusal(load(undefined, { ...PROXY, NO_PROXY: `localhost,${entry}` }));
    expect(fromEnvironment.code).toBe("CONFIG_INVALID");
    expect(fromEnvironment.message).toContain(`NO_PROXY names ${entry}`);
    const inFile = await refusal(load({ url: "http://p.example:1", except: ["localhost", entry] }));
    expect(inFile.found).toMatchObject({
      issues: [{ path: "proxy.except[1]", message: expect.stringContaining("has no effect") }],
    });
  });
});

describe("a proxy's credentials", () => {
  it("come from the variable, and are never shown", async () => {
    const config = await load(undefined, { HTTPS_PROXY: "http://operator:hunter2%2Dcanary@proxy.example:3128/" });
    const named = config.proxy.https;
    expect(named).toMatchObject({ url: "http://proxy.example:3128", username: "operator" });
    expect(await named?.password?.reveal()).toBe("hunter2-canary");
    expect(`${JSON.stringify(config)}${inspect(config, { depth: 9, showHidden: true })}`).not.toMatch(/hunter2/);
  });

  it("are named in the configuration, never written there", async () => {
    const url = "http://proxy.example:3128";
    const config = await load(
      { url, username: "operator", password: { env: "PROXY_PASSWORD" } },
      { PROXY_PASSWORD: "x" },
    );
    expect(await config.proxy.https?.password?.reveal()).toBe("x");
    for (const wrong of [{ url: "http://u:hunter2-canary@proxy.example" }, { url, password: "hunter2-canary" }]) {
      const error = await refusal(load(wrong));
      expect(error.message).toContain("proxy");
      expect(inspect(error, { depth: 9 })).not.toContain("hunter2");
    }
  });

  it("in a variable that is no URL are not quoted", async () => {
    const error = await refusal(load(undefined, { HTTPS_PROXY: "socks5://u:hunter2-canary@proxy.example" }));
    expect(error.message).toContain("HTTPS_PROXY is no http(s) URL");
    expect(inspect(error, { depth: 9 })).not.toContain("hunter2");
  });
});
