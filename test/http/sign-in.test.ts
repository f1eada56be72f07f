/** Access tokens of a real OpenID provider: whom they let in, and every kind that they must not. */
import {
  StreamableHTTPClientTransport as ModernHttp,
  type StoredOAuthClientInformation,
  type StoredOAuthTokens,
  UnauthorizedError,
} from "@modelcontextprotocol/client";
import { UnauthorizedError as OlderUnauthorized } from "@modelcontextprotocol/sdk/client/auth.js";
import { StreamableHTTPClientTransport as OlderHttp } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import type { OAuthClientInformationMixed, OAuthTokens } from "@modelcontextprotocol/sdk/shared/auth.js";
import { generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { describe, expect, it, onTestFinished } from "vitest";
import { withEngine } from "../support/engine.ts";
import { httpWith, serverOver, type TestServer } from "../support/http.ts";
import { modernOn, olderOn } from "../support/mcp-clients.ts";
import { provider, signIn, type TestProvider } from "../support/oidc.ts";
import { modernRequest, post } from "../support/wire.ts";

const bench = await withEngine({}, { approval: { default: "token", rollback: "human" } });

interface Site {
  readonly oidc: TestProvider;
  readonly server: TestServer;
}

/** A server whose people sign in at a provider that knows it. The server's address is its tokens' audience. */
async function site(more: object = {}): Promise<Site> {
  const known: string[] = [];
  const oidc = await provider(known);
  const server = await serverOver(bench.app, await httpWith({ issuer: oidc.issuer, ...more }));
  known.push(server.url);
  return { oidc, server };
}

const seconds = (): number => Math.floor(Date.now() / 1_000);
const claims = ({ oidc, server }: Site, more: JWTPayload = {}): JWTPayload => ({
  iss: oidc.issuer,
  aud: server.url,
  sub: "alice",
  client_id: "tests",
  scope: "atvm:viewer atvm:operator",
  iat: seconds(),
  exp: seconds() + 600,
  ...more,
});

const list = modernRequest("tools/list");
const plan = modernRequest("tools/call", { name: "prep_maintenance", arguments: { lun: "Gold" } });

describe("a token of the provider", () => {
  it("lets its holder in, in the name of issuer and subject", async () => {
    const here = await site();
    const token = await here.oidc.token(here.server.url, "atvm:viewer atvm:operator");
    const answer = await post(here.server, plan, token);
    expect(answer.status).toBe(200);
    expect(await answer.text()).toContain("planToken");
    const { rows } = await bench.app.engine.readAudit({ type: "plan_made", limit: 1 });
    expect(rows[0]).toMatchObject({
      actor: `oidc:atvm-tests@${here.oidc.issuer}`,
      channel: "http",
      client: "by-hand 1",
    });
  });

  it("is answered 403 with the scopes wanted where its scopes do not suffice", async () => {
    const here = await site();
    const token = await here.oidc.token(here.server.url, "atvm:viewer");
    expect((await post(here.server, list, token)).status).toBe(200);
    const answer = await post(here.server, plan, token);
    expect(answer.status).toBe(403);
    const challenge = answer.headers.get("www-authenticate");
    expect(challenge).toContain('error="insufficient_scope"');
    expect(challenge).toContain('scope="atvm:viewer atvm:operator"');
    expect(challenge).toContain(`resource_metadata="${here.server.base}/.well-known/oauth-protected-resource/mcp"`);
    const { rows } = await bench.app.engine.readAudit({ type: "call_refused", limit: 1 });
    expect(rows[0]).toMatchObject({ data: { call: "prep_maintenance", needs: "operator" } });
  });

  it("without any scope of this server is answered 403", async () => {
    const here = await site();
    const answer = await post(here.server, list, await here.oidc.signed(claims(here, { scope: "email" })));
    expect(answer.status).toBe(403);
    expect(answer.headers.get("www-authenticate")).toContain('scope="atvm:viewer"');
  });

  it("gives roles by groups too, where the site says so, and the person's name to the audit", async () => {
    const here = await site({ groups: { operator: ["storage-team"] } });
    const { scope: _, ...bare } = claims(here, { groups: ["storage-team"], preferred_username: "alice.smith" });
    expect(await (await post(here.server, plan, await here.oidc.signed(bare))).text()).toContain("planToken");
    const { rows } = await bench.app.engine.readAudit({ type: "plan_made", limit: 1 });
    expect(rows[0]?.data).toMatchObject({ login: { name: "alice.smith", by: "provider" } });
    const outsider = await here.oidc.signed({ ...bare, groups: ["others"] });
    expect((await post(here.server, plan, outsider)).status).toBe(403);
  });

  it.each<[string, (here: Site) => Promise<string>]>([
    ["has expired", (here) => here.oidc.signed(claims(here, { exp: seconds() - 1 }))],
    [
      "never expires",
      async (here) => {
        const { exp: _, ...endless } = claims(here);
        return here.oidc.signed(endless);
      },
    ],
    ["is for another service", (here) => here.oidc.signed(claims(here, { aud: "https://elsewhere.example" }))],
    [
      "is for nobody",
      async (here) => {
        const { aud: _, ...free } = claims(here);
        return here.oidc.signed(free);
      },
    ],
    ["is from another issuer", (here) => here.oidc.signed(claims(here, { iss: "https://elsewhere.example" }))],
    ["names an unknown key", (here) => here.oidc.signed(claims(here), { kid: "other" })],
    [
      "is signed by another key",
      async (here) => here.oidc.signed(claims(here), {}, (await generateKeyPair("RS256")).privateKey),
    ],
    [
      "is signed with a shared secret",
      async (here) => {
        const keys = await (await fetch(`${here.oidc.issuer}/jwks`)).text();
        return new SignJWT(claims(here))
          .setProtectedHeader({ alg: "HS256", kid: "tests" })
          .sign(new TextEncoder().encode(keys));
      },
    ],
    [
      "is signed by nothing",
      async (here) => {
        const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
        return `${part({ alg: "none", typ: "at+jwt" })}.${part(claims(here))}.`;
      },
    ],
    ["is not a JWT", async () => "opaque-0123456789"],
    ["was never made here", async () => `at_${"A".repeat(43)}`],
  ])("that %s is answered 401 and the way to sign in", async (_what, made) => {
    const here = await site();
    const answer = await post(here.server, plan, await made(here));
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).toMatch(/error="invalid_token".*resource_metadata="/);
    expect(
      (await bench.app.engine.listPlans()).filter(({ requestedBy }) =>
        requestedBy.principal.includes(here.oidc.issuer),
      ),
    ).toEqual([]);
  });

  it("of a type that the site does not take is answered 401", async () => {
    const here = await site({ type: "at+jwt" });
    expect((await post(here.server, list, await here.oidc.signed(claims(here)))).status).toBe(200);
    expect((await post(here.server, list, await here.oidc.signed(claims(here), { typ: "JWT" }))).status).toBe(401);
  });

  it("cannot be judged while the provider is down, which is no reason to sign in anew", async () => {
    const here = await site();
    const token = await here.oidc.signed(claims(here));
    await here.oidc.close();
    const answer = await post(here.server, list, token);
    expect(answer.status).toBe(502);
    expect(answer.headers.get("retry-after")).toMatch(/^\d+$/);
    expect(answer.headers.get("www-authenticate")).toBeNull();
    expect(await answer.json()).toEqual({ error: "UNREACHABLE", error_description: "A system cannot be reached." });
  });

  it("goes on to be judged when the provider goes down later", async () => {
    const here = await site();
    const token = await here.oidc.signed(claims(here));
    expect((await post(here.server, list, token)).status).toBe(200);
    await here.oidc.close();
    expect((await post(here.server, list, token)).status).toBe(200);
  });
});

describe("a token of this site", () => {
  it("is known by its hash alone, and ends when it is revoked", async () => {
    const server = await serverOver(bench.app);
    const made = await bench.app.engine.createToken(
      { name: "carol", role: "operator", ttlMs: 60_000 },
      bench.app.actor("cli"),
    );
    expect((await post(server, list, made.token)).status).toBe(200);
    expect(JSON.stringify(await bench.app.engine.listTokens())).not.toContain(made.token);
    await bench.app.engine.revokeToken(made.id, bench.app.actor("cli"));
    expect((await post(server, list, made.token)).status).toBe(401);
    const { rows } = await bench.app.engine.readAudit({ limit: 50 });
    expect(rows.map(({ type }) => type)).toEqual(expect.arrayContaining(["token_created", "token_revoked"]));
    expect(JSON.stringify(rows)).not.toContain(made.token);
  });

  it("ends at its time", async () => {
    const server = await serverOver(bench.app);
    const { token } = await bench.app.engine.createToken(
      { name: "dave", role: "viewer", ttlMs: 1 },
      bench.app.actor("cli"),
    );
    await expect.poll(async () => (await post(server, list, token)).status).toBe(401);
  });

  it("is the only kind where no provider is named, and no way to sign in is told", async () => {
    const server = await serverOver(bench.app);
    const answer = await post(server, list);
    expect(answer.status).toBe(401);
    expect(answer.headers.get("www-authenticate")).not.toContain("resource_metadata");
    expect((await fetch(`${server.base}/.well-known/oauth-protected-resource/mcp`)).status).toBe(404);
  });
});

describe("a client's own sign-in", () => {
  const REDIRECT = "http://127.0.0.1:9/callback";
  /** What a client keeps between the start of a sign-in and its end, in the types of its own library. */
  const remembered = <Client, Tokens>() => {
    const kept: { client?: Client; tokens?: Tokens; verifier: string; sentTo?: URL } = { verifier: "" };
    const oauth = {
      redirectUrl: REDIRECT,
      clientMetadata: {
        redirect_uris: [REDIRECT],
        application_type: "native",
        token_endpoint_auth_method: "none",
        client_name: "tests",
      },
      clientInformation: () => kept.client,
      saveClientInformation(client: Client) {
        kept.client = client;
      },
      tokens: () => kept.tokens,
      saveTokens(tokens: Tokens) {
        kept.tokens = tokens;
      },
      redirectToAuthorization(url: URL) {
        kept.sentTo = url;
      },
      saveCodeVerifier(verifier: string) {
        kept.verifier = verifier;
      },
      codeVerifier: () => kept.verifier,
    };
    return { kept, oauth };
  };
  const codeFor = async (sentTo: URL | undefined): Promise<URLSearchParams> => {
    const back = await signIn(sentTo?.href ?? "", "alice", REDIRECT);
    return new URL(back).searchParams;
  };

  it("leads the newer library from 401 by the metadata to the provider and back", async () => {
    const { server } = await site();
    const { kept, oauth } = remembered<StoredOAuthClientInformation, StoredOAuthTokens>();
    const first = new ModernHttp(new URL(server.url), { authProvider: oauth });
    await expect(modernOn(first)).rejects.toThrow(UnauthorizedError);
    await first.finishAuth(await codeFor(kept.sentTo));
    const client = await modernOn(new ModernHttp(new URL(server.url), { authProvider: oauth }));
    onTestFinished(() => client.close());
    expect((await client.call("prep_maintenance", { lun: "Gold" })).structured).toHaveProperty("planToken");
  });

  it("leads the older library the same way", async () => {
    const { server } = await site();
    const { kept, oauth } = remembered<OAuthClientInformationMixed, OAuthTokens>();
    const first = new OlderHttp(new URL(server.url), { authProvider: oauth });
    const asOlder = (transport: OlderHttp) => transport as Parameters<typeof olderOn>[0];
    await expect(olderOn(asOlder(first))).rejects.toThrow(OlderUnauthorized);
    await first.finishAuth((await codeFor(kept.sentTo)).get("code") ?? "");
    const client = await olderOn(asOlder(new OlderHttp(new URL(server.url), { authProvider: oauth })));
    onTestFinished(() => client.close());
    expect((await client.call("list_luns")).isError).toBe(false);
  });
});
