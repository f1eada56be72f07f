/** Access tokens of an OpenID provider: JWTs, judged by the provider's published keys. */
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import * as z from "zod";
import type { Config } from "../config/config.ts";
import { PrepError } from "../core/domain/errors.ts";
import { ROLES, type Role } from "../core/domain/roles.ts";
import { translateNetworkError } from "../net/errors.ts";
import type { Get } from "../net/get.ts";
import { retried } from "../platform/retried.ts";
import type { Identity, RoleScopes } from "./identity.ts";

type OauthSettings = NonNullable<Config["http"]["oauth"]>;

export interface JwtOptions {
  readonly settings: OauthSettings;
  readonly scopes: RoleScopes;
  /** What tokens are for, where `settings` name no audience. */
  readonly resource: string;
  /** How the provider is asked for its keys. */
  readonly get: Get;
}

/** Whom a token is for, or why it is not believed. Errors: the provider could not be asked (`UNREACHABLE`, `TIMED_OUT`, `CERTIFICATE_UNTRUSTED`). */
export type JwtVerifier = (token: string) => Promise<Identity | { readonly refused: string }>;

/**
 * Keys are asked for again when a token names an unknown one, at most every 30 s. Otherwise they are good for hours: a
 * provider's outage is not to lock everybody out.
 */
const KEYS_MAX_AGE_MS = 6 * 3_600_000;

const providerAt = (issuer: string) => ({ system: "OpenID provider", address: issuer, section: "http.oauth" });

export function jwtVerifier({ settings, scopes, resource, get }: JwtOptions): JwtVerifier {
  const keys = retried(() => keysOf(settings, get));
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, await keys(), {
        issuer: settings.issuer,
        audience: [...(settings.audience ?? [resource])],
        algorithms: [...settings.algorithms],
        requiredClaims: ["sub", "exp"],
        ...(settings.type === undefined ? {} : { typ: settings.type }),
      });
      return identityOf(payload, settings, scopes);
    } catch (thrown) {
      // Only what jose says of the token itself; a provider that is down is no reason to sign in anew.
      if (thrown instanceof errors.JOSEError && !(thrown instanceof errors.JWKSTimeout))
        return { refused: thrown.code };
      throw translateNetworkError(thrown, providerAt(settings.issuer));
    }
  };
}

const discovery = z.looseObject({ issuer: z.string(), jwks_uri: z.url() });

async function keysOf(settings: OauthSettings, get: Get): Promise<JWTVerifyGetKey> {
  const address = settings.jwks ?? (await keysAddress(settings.issuer, get));
  return createRemoteJWKSet(new URL(address), { cacheMaxAge: KEYS_MAX_AGE_MS, [customFetch]: get });
}

async function keysAddress(issuer: string, get: Get): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const response = await get(url, { signal: AbortSignal.timeout(10_000) });
  const said = discovery.safeParse(response.ok ? await response.json() : undefined);
  if (said.success && said.data.issuer === issuer) return said.data.jwks_uri;
  throw new PrepError("CONFIG_INVALID", `${url} does not describe the provider ${issuer}.`, {
    found: { status: response.status, ...(said.success ? { issuer: said.data.issuer } : {}) },
    hint: "http.oauth.issuer is to be exactly what the provider says; http.oauth.jwks names its keys where it says nothing.",
  });
}

/** As one text, or a list of texts. */
const listed = z
  .union([z.string().transform((text) => text.split(" ")), z.array(z.string())])
  .catch([])
  .transform((all) => new Set(all));
const name = z.string().min(1);

/** Whom a provider's claims tell of, and what they may here. */
export function identityOf(payload: JWTPayload, { issuer, groups }: OauthSettings, scopes: RoleScopes): Identity {
  const granted = listed.parse(payload["scope"] ?? payload["scp"]);
  const member = groups === undefined ? new Set<string>() : listed.parse(payload[groups.claim]);
  const has = (role: Role): boolean =>
    granted.has(scopes[role]) || (groups?.[role].some((group) => member.has(group)) ?? false);
  const person = [payload["preferred_username"], payload["email"], payload["name"]]
    .map((claim) => name.safeParse(claim).data)
    .find((claim) => claim !== undefined);
  return {
    principal: `oidc:${payload.sub}@${issuer}`,
    roles: ROLES.filter(has),
    client: name.safeParse(payload["client_id"] ?? payload["azp"]).data ?? "unknown",
    expiresAt: payload.exp ?? 0,
    ...(person === undefined ? {} : { person }),
  };
}
