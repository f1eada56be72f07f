/** A real OpenID provider on loopback, persons who sign in at its pages, and tokens that its key signed wrongly on purpose. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import Provider from "oidc-provider";
import { onTestFinished } from "vitest";
import { z } from "zod";

export interface TestProvider {
  readonly issuer: string;
  /** As the provider itself gives it to a service with these scopes, for this resource. */
  token(resource: string, scope: string): Promise<string>;
  /** With the provider's own key, and anything wrong in it. */
  signed(claims: JWTPayload, header?: { alg?: string; typ?: string; kid?: string }, key?: CryptoKey): Promise<string>;
  close(): Promise<void>;
}

const SERVICE = { client_id: "atvm-tests", client_secret: "not-a-secret-but-long-enough-for-one" };
const KEY_ID = "tests";

/** `resources`: those that it gives tokens for. Closed at the end of the test. */
export async function provider(resources: readonly string[]): Promise<TestProvider> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const scope = "atvm:viewer atvm:operator atvm:approver atvm:admin";
  const oidc = new Provider(issuer, {
    ttl: { AccessToken: 600, ClientCredentials: 600, Grant: 600, IdToken: 600, Interaction: 600, Session: 600 },
    clients: [{ ...SERVICE, grant_types: ["client_credentials"], redirect_uris: [], response_types: [] }],
    jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: KEY_ID, alg: "RS256", use: "sig" }] },
    scopes: ["openid", "offline_access", ...scope.split(" ")],
    cookies: { keys: ["tests"] },
    findAccount: (_ctx, id) => ({ accountId: id, claims: async () => ({ sub: id }) }),
    extraTokenClaims: (_ctx, token) =>
      "accountId" in token ? { preferred_username: String(token.accountId) } : undefined,
    features: {
      devInteractions: { enabled: true },
      registration: { enabled: true },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resources[0] ?? "",
        useGrantedResource: () => true,
        getResourceServerInfo: () => ({
          scope,
          accessTokenFormat: "jwt",
          accessTokenTTL: 600,
          jwt: { sign: { alg: "RS256" } },
        }),
      },
    },
  });
  server.on("request", oidc.callback());
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise<void>((done) => server.close(() => done()));
  };
  onTestFinished(close);
  return {
    issuer,
    async token(resource, wanted) {
      const response = await fetch(`${issuer}/token`, {
        method: "POST",
        body: new URLSearchParams({ ...SERVICE, grant_type: "client_credentials", resource, scope: wanted }),
      });
      return z.object({ access_token: z.string() }).parse(await response.json()).access_token;
    },
    signed: (claims, header = {}, key = privateKey) =>
      new SignJWT(claims).setProtectedHeader({ alg: "RS256", typ: "at+jwt", kid: KEY_ID, ...header }).sign(key),
    close,
  };
}

/** A person at the provider's pages: follows redirects, signs in, consents, and stops at what begins with `until`. */
export async function signIn(start: string, login: string, until: string): Promise<string> {
  const jar = new Map<string, string>();
  const go = async (url: string, init: RequestInit = {}): Promise<Response> => {
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join("; ");
    const response = await fetch(url, { ...init, redirect: "manual", headers: { cookie } });
    for (const set of response.headers.getSetCookie()) {
      const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(set) ?? [];
      jar.set(name, value);
    }
    return response;
  };
  let url = start;
  for (let step = 0; step < 20 && !url.startsWith(until); step += 1) {
    const response = await go(url);
    const to = response.headers.get("location");
    if (to !== null) {
      url = new URL(to, url).href;
      continue;
    }
    const page = await response.text();
    const action = /<form[^>]*action="([^"]+)"/.exec(page)?.[1];
    const prompt = /name="prompt" value="(\w+)"/.exec(page)?.[1] ?? "";
    if (action === undefined) throw new Error(`${response.status} ${page.slice(0, 500)}`);
    const body = new URLSearchParams({ prompt, ...(prompt === "login" ? { login, password: "any" } : {}) });
    const sent = await go(new URL(action, url).href, { method: "POST", body });
    url = new URL(sent.headers.get("location") ?? "", url).href;
  }
  return url;
}
