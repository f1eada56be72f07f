/** Lets in who has a token that holds, and tells the others what is wanted: 401 without one, 403 without the role, 429 too often. */
import {
  type AuthInfo,
  bearerAuthChallengeResponse,
  OAuthError,
  OAuthErrorCode,
  requireScopes,
  type ScopeChallengeHandler,
  verifyBearerToken,
} from "@modelcontextprotocol/server";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";
import { type Role, withIncluded } from "../core/domain/roles.ts";
import type { Engine } from "../core/engine.ts";
import type { Logger } from "../core/ports/runtime.ts";
import { failureResponse } from "./failure.ts";
import { actorOf, authInfoOf, type Identity, type RoleScopes } from "./identity.ts";
import type { JwtVerifier } from "./jwt.ts";

export interface GateOptions {
  readonly engine: Pick<Engine, "tokenHolder" | "recordRefusal">;
  /** Absent: tokens of this site alone. */
  readonly jwt?: JwtVerifier;
  readonly scopes: RoleScopes;
  readonly log: Logger;
  /** Told with a refusal, where a client can find out how to sign in. */
  readonly metadataUrl?: string;
  readonly perMinute: number;
  readonly failuresPerMinute: number;
  onRefused(reason: "no_token" | "invalid_token" | "rate" | "role"): void;
}

/** 256 random bits, as `createToken` makes them. */
const OWN_TOKEN = /^at_[A-Za-z0-9_-]{43}$/;

export class Gate {
  readonly #options: GateOptions;
  readonly #calls: RateLimiterMemory;
  readonly #failures: RateLimiterMemory;
  readonly #checks = new Map<Role, ScopeChallengeHandler>();

  constructor(options: GateOptions) {
    this.#options = options;
    this.#calls = new RateLimiterMemory({ points: options.perMinute, duration: 60 });
    this.#failures = new RateLimiterMemory({ points: options.failuresPerMinute, duration: 60 });
  }

  /** Who asks, if it is one with this role; else the answer, 503 where the store cannot tell. `address` is whose failures are counted. */
  async check(request: Request, address: string, role: Role): Promise<AuthInfo | Response> {
    const { metadataUrl, log } = this.#options;
    const challengeFor = (wanted: Role) => ({
      requiredScopes: this.#scopesFor(wanted),
      ...(metadataUrl === undefined ? {} : { resourceMetadataUrl: metadataUrl }),
    });
    const header = request.headers.get("authorization");
    try {
      const verifier = { verifyAccessToken: (token: string) => this.#verified(token) };
      const auth = await verifyBearerToken(header, { ...challengeFor(role), verifier });
      return (await this.#overLimit(this.#calls, actorOf(auth).principal)) ?? auth;
    } catch (thrown) {
      if (!(thrown instanceof OAuthError)) {
        log.error({ err: thrown }, "a token could not be judged");
        return failureResponse(thrown);
      }
      const lacksRole = thrown.code === OAuthErrorCode.InsufficientScope;
      this.#options.onRefused(lacksRole ? "role" : header === null ? "no_token" : "invalid_token");
      const over = await this.#overLimit(this.#failures, address);
      // Who signs in asks for what stands here: what most come for, or their first plan would send them to sign in again.
      return over ?? bearerAuthChallengeResponse(thrown, challengeFor(lacksRole ? role : "operator"));
    }
  }

  /** For one call of MCP: refuses those who lack the role, and tells the audit. */
  readonly forCall = (needs: Role, call: string): ScopeChallengeHandler => {
    const check = this.#required(needs);
    return async (context) => {
      const challenge = await check(context);
      if (challenge === undefined) return undefined;
      this.#options.onRefused("role");
      await this.#options.engine.recordRefusal(call, needs, actorOf(context.authInfo));
      return challenge;
    };
  };

  /** Asked for each tool of each request's server. */
  #required(role: Role): ScopeChallengeHandler {
    const known = this.#checks.get(role) ?? requireScopes(...this.#scopesFor(role));
    this.#checks.set(role, known);
    return known;
  }

  async #verified(token: string): Promise<AuthInfo> {
    const { jwt, scopes } = this.#options;
    if (OWN_TOKEN.test(token)) return authInfoOf(await this.#ownIdentity(token), scopes);
    const judged = jwt === undefined ? { refused: "no provider is configured" } : await jwt(token);
    if ("refused" in judged)
      throw new OAuthError(OAuthErrorCode.InvalidToken, `The token is not valid: ${judged.refused}`);
    return authInfoOf(judged, scopes);
  }

  async #ownIdentity(token: string): Promise<Identity> {
    const holder = await this.#options.engine.tokenHolder(token);
    if (holder === undefined)
      throw new OAuthError(
        OAuthErrorCode.InvalidToken,
        "The token is not valid: it has expired, was revoked, or never was one",
      );
    const { principal, role, expiresAt } = holder;
    return { principal, roles: [role], client: "token", expiresAt: Math.floor(Date.parse(expiresAt) / 1000) };
  }

  /** The whole set: it is what a client asks its provider for. */
  #scopesFor(role: Role): [string, ...string[]] {
    const [first = "viewer" as const, ...more] = withIncluded([role]);
    const { scopes } = this.#options;
    return [scopes[first], ...more.map((one) => scopes[one])];
  }

  async #overLimit(limiter: RateLimiterMemory, key: string): Promise<Response | undefined> {
    try {
      await limiter.consume(key);
      return undefined;
    } catch (thrown) {
      if (!(thrown instanceof RateLimiterRes)) throw thrown;
      this.#options.onRefused("rate");
      const seconds = Math.max(Math.ceil(thrown.msBeforeNext / 1000), 1);
      return Response.json(
        { error: "rate_limited", error_description: `Too many requests; again in ${seconds} s.` },
        { status: 429, headers: { "retry-after": String(seconds) } },
      );
    }
  }
}
