import { X509Certificate } from "node:crypto";
import { createServer, type Server } from "node:https";
import { createServer as createPlainServer } from "node:net";
import { generate } from "selfsigned";
import { type Dispatcher, request } from "undici";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createDispatcher } from "../../src/net/dispatcher.ts";
import { isConnectionReset, networkReason, translateNetworkError, wasNeverSent } from "../../src/net/errors.ts";
import type { TlsSettings } from "../../src/net/tls.ts";

const seen: string[] = [];
let server: Server;
let port = 0;
let certificate = "";
let hostless = "";
const opened: Dispatcher[] = [];

async function makeCertificate(name: string): Promise<{ private: string; cert: string }> {
  return generate([{ name: "commonName", value: name }], {
    keyType: "ec",
    extensions: [{ name: "subjectAltName", altNames: [{ type: 2, value: name }] }],
  });
}

beforeAll(async () => {
  const made = await makeCertificate("localhost");
  certificate = made.cert;
  hostless = (await makeCertificate("elsewhere.example")).cert;
  server = createServer({ key: made.private, cert: made.cert }, (incoming, answer) => {
    seen.push(incoming.url ?? "");
    if (incoming.url === "/hang") return;
    answer.end("hello");
  });
  port = await listen(server);
});

afterAll(async () => {
  await Promise.all(opened.map((each) => each.destroy()));
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

const listen = (what: Server | ReturnType<typeof createPlainServer>): Promise<number> =>
  new Promise((done) =>
    what.listen(0, "localhost", () => {
      const address = what.address();
      done(typeof address === "object" && address !== null ? address.port : 0);
    }),
  );

async function get(settings: TlsSettings, path: string, at = port, host = "localhost"): Promise<string> {
  const dispatcher = createDispatcher(settings, {
    connectTimeout: 5000,
    headersTimeout: path === "/hang" ? 50 : 5000,
    bodyTimeout: 5000,
    connections: 2,
  });
  opened.push(dispatcher);
  const { body } = await request(`https://${host}:${at}${path}`, { dispatcher });
  return body.text();
}

async function failureOf(attempt: Promise<unknown>): Promise<{ raw: unknown; error: ReturnType<typeof translate> }> {
  const raw = await attempt.then(
    () => expect.unreachable("the request went through"),
    (thrown: unknown) => thrown,
  );
  return { raw, error: translate(raw) };
}

const translate = (raw: unknown) =>
  translateNetworkError(raw, { system: "vCenter", address: "vc.example", section: "vcenter" });

describe("createDispatcher", () => {
  test("verifies against the given authority", async () => {
    expect(await get({ ca: certificate }, "/ca")).toBe("hello");
  });

  test("refuses a certificate of another authority before anything is sent", async () => {
    const { raw, error } = await failureOf(get({ ca: hostless }, "/other-ca"));
    expect(error.code).toBe("CERTIFICATE_UNTRUSTED");
    expect(wasNeverSent(raw)).toBe(true);
    expect(seen).not.toContain("/other-ca");
  });

  test("refuses a certificate for another name", async () => {
    const { error } = await failureOf(get({ ca: certificate }, "/name", port, "127.0.0.1"));
    expect(error.code).toBe("CERTIFICATE_UNTRUSTED");
    expect(error.found).toMatchObject({ reason: "ERR_TLS_CERT_ALTNAME_INVALID" });
    expect(seen).not.toContain("/name");
  });

  test("accepts exactly the certificate of the thumbprint, in any spelling and under any name", async () => {
    const colons = new X509Certificate(certificate).fingerprint256;
    expect(await get({ thumbprint: colons }, "/pin")).toBe("hello");
    expect(await get({ thumbprint: colons.replaceAll(":", "").toLowerCase() }, "/pin", port, "127.0.0.1")).toBe(
      "hello",
    );
  });

  test("tells the presented thumbprint when it differs, and sends nothing", async () => {
    const wrong = new X509Certificate(hostless).fingerprint256;
    const { raw, error } = await failureOf(get({ thumbprint: wrong }, "/wrong-pin"));
    expect(error.code).toBe("CERTIFICATE_UNTRUSTED");
    expect(error.found).toEqual({ address: "vc.example", thumbprint: new X509Certificate(certificate).fingerprint256 });
    expect(error.hint).toContain("vcenter.tls");
    expect(wasNeverSent(raw)).toBe(true);
    expect(seen).not.toContain("/wrong-pin");
  });

  test("an empty thumbprint trusts nobody", async () => {
    const { error } = await failureOf(get({ thumbprint: "" }, "/no-pin"));
    expect(error.code).toBe("CERTIFICATE_UNTRUSTED");
  });

  test("takes anything when told to be insecure", async () => {
    expect(await get({ insecure: true }, "/insecure", port, "127.0.0.1")).toBe("hello");
  });
});

describe("translateNetworkError", () => {
  test("a closed port is UNREACHABLE and was never sent", async () => {
    const plain = createPlainServer();
    const closed = await listen(plain);
    await new Promise((done) => plain.close(done));
    const { raw, error } = await failureOf(get({ insecure: true }, "/", closed));
    expect(error).toMatchObject({ code: "UNREACHABLE", retryable: true, found: { reason: "ECONNREFUSED" } });
    expect(wasNeverSent(raw)).toBe(true);
  });

  test("a connection that ends within the handshake is UNREACHABLE and was never sent", async () => {
    const plain = createPlainServer((socket) => socket.once("data", () => socket.resetAndDestroy()));
    const at = await listen(plain);
    const { raw, error } = await failureOf(get({ insecure: true }, "/", at));
    await new Promise((done) => plain.close(done));
    expect(error.code).toBe("UNREACHABLE");
    expect(wasNeverSent(raw)).toBe(true);
  });

  test("a connection that broke is told apart from one that was refused, and each has its word for the log", () => {
    const reset = new TypeError("fetch failed", { cause: Object.assign(new Error("gone"), { code: "ECONNRESET" }) });
    const refused = Object.assign(new Error("refused"), { code: "ECONNREFUSED" });
    expect([reset, refused].map(isConnectionReset)).toEqual([true, false]);
    expect([reset, refused, new TypeError("no code"), "no error"].map(networkReason)).toEqual([
      "ECONNRESET",
      "ECONNREFUSED",
      "TypeError",
      "unknown",
    ]);
  });

  test("no answer in time is TIMED_OUT, and may have been carried out", async () => {
    const { raw, error } = await failureOf(get({ insecure: true }, "/hang"));
    expect(error.code).toBe("TIMED_OUT");
    expect(wasNeverSent(raw)).toBe(false);
    const remote = { system: "DGS", address: "a", section: "dgs", callLimit: "limits.arrayCall" };
    const late = translateNetworkError(raw, remote);
    expect(late).toMatchObject({
      found: { limit: "limits.arrayCall" },
      hint: expect.stringContaining("raise limits.arrayCall"),
    });
  });

  test.each(["CERT_HAS_EXPIRED", "SELF_SIGNED_CERT_IN_CHAIN", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"])(
    "%s is CERTIFICATE_UNTRUSTED, also inside a cause",
    (code) => {
      const inner = Object.assign(new Error("refused"), { code });
      expect(translate(new TypeError("fetch failed", { cause: inner })).code).toBe("CERTIFICATE_UNTRUSTED");
    },
  );

  test("a cycle of causes ends", () => {
    const error = new Error("round and round");
    error.cause = error;
    expect(translate(error).code).toBe("UNREACHABLE");
  });
});
