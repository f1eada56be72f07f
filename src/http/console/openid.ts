/** Sign-in at the site's OpenID provider: the code flow with PKCE. Its tokens are read once and kept nowhere. */
import {
  allowInsecureRequests,
  authorizationCodeGrant,
  buildAuthorizationUrl,
  calculatePKCECodeChallenge,
  customFetch,
  discovery,
  randomNonce,
  randomPKCECodeVerifier,
  randomState,
} from "openid-client";
import * as z from "zod";
import type { Config } from "../../config/config.ts";
import { ROLES } from "../../core/domain/roles.ts";
import type { Get } from "../../net/get.ts";
import { retried } from "../../platform/retried.ts";
import type { Identity, RoleScopes } from "../identity.ts";
import { identityOf } from "../jwt.ts";

type OauthSettings = NonNullable<Config["http"]["oauth"]>;

export interface ProviderOptions {
  readonly settings: OauthSettings & { readonly console: NonNullable<OauthSettings["console"]> };
  readonly scopes: RoleScopes;
  /** Where the provider sends browsers back to. */
  readonly callback: string;
  readonly get: Get;
}

export interface ProviderSignIn {
  /** Where a browser goes, and what it keeps until it is back. Errors: the provider could not be asked. */
  begin(): Promise<{ readonly url: string; readonly kept: string }>;
  /** Whom the provider signed in. Errors: what was brought back is not what was begun, or the provider's own. */
  finish(search: string, kept: string): Promise<Identity>;
}

const begun = z.object({ verifier: z.string(), state: z.string(), nonce: z.string() });

const TIMEOUT_MS = 10_000;

export function providerSignIn({ settings, scopes, callback, get }: ProviderOptions): ProviderSignIn {
  const { issuer, console: client, groups } = settings;
  // Where groups give the roles, the provider need not know of our scopes, and may refuse those that it does not know.
  const scope =
    client.scope ?? ["openid", "profile", ...(groups === undefined ? ROLES.map((role) => scopes[role]) : [])].join(" ");
  const configuration = retried(async () =>
    discovery(new URL(issuer), client.clientId, await client.clientSecret?.reveal(), undefined, {
      [customFetch]: (url, { method, headers, body, signal }) =>
        get(url, {
          method,
          headers: Object.entries(headers),
          ...(body instanceof URLSearchParams ? { body: body.toString() } : {}),
          signal: signal ?? AbortSignal.timeout(TIMEOUT_MS),
        }),
      // The configuration has http for a provider on loopback only.
      ...(issuer.startsWith("http:") ? { execute: [allowInsecureRequests] } : {}),
    }),
  );
  return {
    async begin() {
      const kept = { verifier: randomPKCECodeVerifier(), state: randomState(), nonce: randomNonce() };
      const url = buildAuthorizationUrl(await configuration(), {
        redirect_uri: callback,
        scope,
        code_challenge: await calculatePKCECodeChallenge(kept.verifier),
        code_challenge_method: "S256",
        state: kept.state,
        nonce: kept.nonce,
      });
      return { url: url.href, kept: JSON.stringify(kept) };
    },
    async finish(search, kept) {
      const { verifier, state, nonce } = begun.parse(JSON.parse(kept));
      const tokens = await authorizationCodeGrant(await configuration(), new URL(`${callback}${search}`), {
        pkceCodeVerifier: verifier,
        expectedState: state,
        expectedNonce: nonce,
        idTokenExpected: true,
      });
      // A provider that grants just what was asked for need not say so (RFC 6749, section 5.1).
      return identityOf({ ...tokens.claims(), scope: tokens.scope ?? scope }, settings, scopes);
    },
  };
}
