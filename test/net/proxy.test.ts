/** Connections through a real CONNECT proxy on loopback. */
import { X509Certificate } from "node:crypto";
import { createServer as createHttpServer } from "node:http";
import { createServer, type Server } from "node:https";
import type { Server as NetServer } from "node:net";
import { inspect } from "node:util";
import { generate } from "selfsigned";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { createDispatcher } from "../../src/net/dispatcher.ts";
import { translateNetworkError, wasNeverSent } from "../../src/net/errors.ts";
import type { ProxySettings } from "../../src/net/proxy.ts";
import type { TlsSettings } from "../../src/net/tls.ts";
import { connectProxy } from "../support/connect-proxy.ts";

interface Site {
  readonly server: Server;
  readonly port: number;
  readonly certificate: string;
  readonly thumbprint: string;
  /** Path and proxy credentials of each request that came. */
  readonly seen: string[];
}

let site: Site;
let imposter: Site;
beforeAll(async () => {
  [site, imposter] = await Promise.all([startSite(), startSite()]);
});
afterAll(async () => {
  for (const { server } of [site, imposter]) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

async function startSite(): Promise<Site> {
  const made = await generate([{ name: "commonName", value: "localhost" }], {
    keyType: "ec",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: "localhost" }] }],
  });
  const seen: string[] = [];
  const server = createServer({ key: made.private, cert: made.cert }, (incoming, answer) => {
    seen.push(`${incoming.url} ${incoming.headers["proxy-authorization"] ?? ""}`);
    answer.end("hello");
  });
  const port = await listen(server);
  return { server, port, certificate: made.cert, thumbprint: new X509Certificate(made.cert).fingerprint256, seen };
}

const listen = (server: NetServer): Promise<number> =>
  new Promise((done) =>
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      done(typeof address === "object" && address !== null ? address.port : 0);
    }),
  );

async function get(tls: TlsSettings, proxy: ProxySettings, path: string, connectTimeout = 5_000): Promise<string> {
  const limits = { connectTimeout, headersTimeout: 5_000, bodyTimeout: 5_000, connections: 2 };
  const dispatcher = createDispatcher(tls, { ...limits, proxy });
  onTestFinished(() => dispatcher.destroy());
  const origin = `https://localhost:${site.port}`;
  const { body } = await dispatcher.request({ origin, path, method: "GET" });
  return body.text();
}

async function refused(attempt: Promise<unknown>) {
  const raw = await attempt.then(
    () => expect.unreachable("the request went through"),
    (thrown: unknown) => thrown,
  );
  const error = translateNetworkError(raw, { system: "vCenter", address: "vc.example", section: "vcenter" });
  return { error, sent: !wasNeverSent(raw), all: `${inspect(raw, { depth: 9 })}${JSON.stringify(error.toRecord())}` };
}

describe("behind a proxy", () => {
  test("a request goes through the tunnel, checked by the authority or by the pinned certificate", async () => {
    const proxy = await connectProxy();
    expect(await get({ ca: site.certificate }, proxy, "/ca")).toBe("hello");
    expect(await get({ thumbprint: site.thumbprint }, proxy, "/pin")).toBe("hello");
    expect(proxy.asked).toEqual([`localhost:${site.port}`, `localhost:${site.port}`]);
  });

  test("the pin is compared with the certificate in the tunnel: another one gets nothing", async () => {
    const proxy = await connectProxy();
    const { error, sent } = await refused(get({ thumbprint: imposter.thumbprint }, proxy, "/wrong-pin"));
    expect(error).toMatchObject({ code: "CERTIFICATE_UNTRUSTED", found: { thumbprint: site.thumbprint } });
    expect(sent).toBe(false);
    expect(site.seen.join()).not.toContain("/wrong-pin");
  });

  test.each([
    ["the pin", () => ({ thumbprint: site.thumbprint })],
    ["the authority", () => ({ ca: site.certificate })],
  ])("a proxy that leads elsewhere is found out by %s, and gets nothing", async (_, tls) => {
    const proxy = await connectProxy({ leadsTo: imposter.port });
    const { error, sent } = await refused(get(tls(), proxy, "/elsewhere"));
    expect(error.code).toBe("CERTIFICATE_UNTRUSTED");
    expect(sent).toBe(false);
    expect(imposter.seen).toEqual([]);
  });

  test("credentials go to the proxy, not to the server behind it", async () => {
    const proxy = await connectProxy({ credentials: "operator:hunter2-canary" });
    const settings = { url: proxy.url, username: "operator", password: async () => "hunter2-canary" };
    expect(await get({ ca: site.certificate }, settings, "/credentials")).toBe("hello");
    expect(site.seen).toContain("/credentials ");
  });

  test("wrong credentials are AUTHENTICATION_FAILED, and are not repeated in the error", async () => {
    const proxy = await connectProxy({ credentials: "operator:other" });
    const settings = { url: proxy.url, username: "operator", password: async () => "hunter2-canary" };
    const { error, sent, all } = await refused(get({ insecure: true }, settings, "/"));
    expect(error).toMatchObject({ code: "AUTHENTICATION_FAILED", found: { proxy: proxy.url, status: 407 } });
    expect(error.hint).toContain("proxy.password");
    expect(sent).toBe(false);
    expect(all).not.toMatch(/hunter2|b3BlcmF0b3/);
  });

  test("a proxy that opens no way says so, with its status", async () => {
    const proxy = await connectProxy({ refuses: 403 });
    const { error, sent } = await refused(get({ insecure: true }, proxy, "/"));
    expect(error).toMatchObject({ code: "UNREACHABLE", found: { proxy: proxy.url, status: 403 } });
    expect(error.message).toContain("vCenter at vc.example: it answered 403");
    expect(sent).toBe(false);
  });

  test("a proxy that is not there is named, not vCenter", async () => {
    const gone = createHttpServer();
    const url = `http://127.0.0.1:${await listen(gone)}`;
    await new Promise((done) => gone.close(done));
    const { error, sent } = await refused(get({ insecure: true }, { url }, "/"));
    expect(error).toMatchObject({ code: "UNREACHABLE", found: { proxy: url, reason: "ECONNREFUSED" } });
    expect(error.message).toContain(`proxy ${url}`);
    expect(sent).toBe(false);
  });

  test("a proxy that never answers is TIMED_OUT within the time for a connection", async () => {
    const proxy = await connectProxy({ hangs: true });
    const { error, sent } = await refused(get({ insecure: true }, proxy, "/", 100));
    expect(error).toMatchObject({ code: "TIMED_OUT", found: { proxy: proxy.url, limit: "limits.connect" } });
    expect(sent).toBe(false);
  });

  test("plain http goes through a tunnel as well", async () => {
    const plain = createHttpServer((_, answer) => void answer.end("plain"));
    const port = await listen(plain);
    const proxy = await connectProxy();
    const limits = { connectTimeout: 5_000, headersTimeout: 5_000, bodyTimeout: 5_000, connections: 1 };
    const dispatcher = createDispatcher({ insecure: true }, { ...limits, proxy });
    const { body } = await dispatcher.request({ origin: `http://127.0.0.1:${port}`, path: "/", method: "GET" });
    expect(await body.text()).toBe("plain");
    expect(proxy.asked).toEqual([`127.0.0.1:${port}`]);
    await dispatcher.destroy();
    await new Promise((done) => plain.close(done));
  });
});
