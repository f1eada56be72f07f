/** `http` of a configuration: where the server listens, whom it believes, how much it takes. */
import { isIP } from "node:net";
import * as z from "zod";
import { count, duration, hostAndPort, httpUrl, path, type References, secret, text, tls } from "./values.ts";

const NETWORK_RULE = "must be an IP address, or a network as ADDRESS/BITS";

function isNetwork(written: string): boolean {
  const [address = "", bits, ...more] = written.split("/");
  const version = isIP(address);
  if (version === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128));
}

/** RFC 6749, section 3.3: what a scope is made of. */
const scope = (fallback: string) =>
  z
    .string()
    .regex(/^[\x21\x23-\x5b\x5d-\x7e]+$/, { error: "must be a scope: no spaces, quotes and backslashes" })
    .default(fallback);

function isIssuer(written: string): boolean {
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (url === undefined || url.search + url.hash !== "") return false;
  return (
    url.protocol === "https:" || (url.protocol === "http:" && /^(127\.0\.0\.1|\[::1\]|localhost)$/.test(url.hostname))
  );
}

const groups = z.array(text).default([]);

const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"] as const;

const oauth = (references: References) =>
  z.strictObject({
    issuer: z
      .string()
      .refine(isIssuer, { error: "must be a https URL without query and fragment (http on loopback only)" })
      .meta({ title: "URL" })
      .describe("The OpenID provider, exactly as its tokens' `iss` has it, with or without a slash at the end."),
    audience: z
      .array(text)
      .min(1)
      .optional()
      .describe(
        "What tokens for this server have as `aud`; one of these is enough. Without it, the server's own `/mcp` URL.",
      ),
    jwks: httpUrl
      .optional()
      .describe("Where the provider's keys are. Without it, its own `/.well-known/openid-configuration` says so."),
    tls: tls(references).describe(
      "How the provider's certificate is judged; without it, by the authorities that Node trusts.",
    ),
    algorithms: z
      .array(z.enum(ALGORITHMS))
      .min(1)
      .default(["RS256", "PS256", "ES256", "EdDSA"])
      .describe("Signatures that are believed."),
    type: text.optional().describe("What a token's `typ` must be, such as `at+jwt`, where the provider sets it."),
    groups: z
      .strictObject({
        claim: text.default("groups").describe("The claim that lists a person's groups."),
        viewer: groups.describe("Groups whose members are viewers."),
        operator: groups.describe("Groups whose members are operators."),
        approver: groups.describe("Groups whose members are approvers."),
        admin: groups.describe("Groups whose members are admins."),
      })
      .optional()
      .describe("Roles by a person's groups, beside those by scope."),
    console: z
      .strictObject({
        clientId: text.describe(
          "The client that the provider has for this console, with `URL/console/sign-in/callback`.",
        ),
        clientSecret: secret(references).optional().describe("Its secret, if it has one."),
        scope: text
          .optional()
          .describe(
            "What is asked for at sign-in. Without it, `openid profile`, and the scopes of roles if no groups give them.",
          ),
      })
      .optional()
      .describe(
        "People sign in to the approval console at the provider. Without it, by links of `atvm_prep console` alone.",
      ),
  });

export const http = (references: References) =>
  z
    .strictObject({
      listen: hostAndPort
        .default("127.0.0.1:8321")
        .describe("Where `serve --http` listens, if its own argument names no other place."),
      url: httpUrl.optional().describe("The address that clients use, where it differs: behind a proxy, or by a name."),
      hosts: z
        .array(text)
        .default([])
        .describe(
          "Further host names by which it may be called; requests for any other, and from pages of any other, are refused.",
        ),
      tls: z
        .strictObject({
          cert: path(references).describe("PEM file with the certificate, and those between it and the authority."),
          key: path(references).describe("PEM file with its private key."),
        })
        .optional()
        .describe("Serve https by itself. Without it, http: on loopback, or behind a proxy that speaks https."),
      proxies: z
        .array(text.refine(isNetwork, { error: NETWORK_RULE }))
        .default([])
        .describe("Reverse proxies whose `X-Forwarded-For` is believed: addresses, or networks as ADDRESS/BITS."),
      oauth: oauth(references)
        .optional()
        .describe("Sign-in by an OpenID provider. Without it, tokens of `atvm_prep token create` alone."),
      scopes: z
        .strictObject({
          viewer: scope("atvm:viewer").describe("Scope of those who may read."),
          operator: scope("atvm:operator").describe("Scope of those who may plan and confirm."),
          approver: scope("atvm:approver").describe("Scope of those who may approve others' plans."),
          admin: scope("atvm:admin").describe("Scope of those who may all of it, and take back what others asked for."),
        })
        .prefault({})
        .describe("Which scope (`scope` or `scp` of a provider's token) stands for which role."),
      limits: z
        .strictObject({
          bodyKiB: count(1024, 65_536).describe("The largest body of a request, in KiB."),
          perMinute: count(600, 10_000_000).describe("Requests of one principal in a minute."),
          failuresPerMinute: count(30, 10_000_000).describe(
            "Requests without a valid token from one address in a minute.",
          ),
          sessions: count(20, 10_000).describe(
            "Open sessions of one principal; the one least used gives way to a new one.",
          ),
          sessionIdle: duration("30m").describe("How long a session of an older client is kept that is not used."),
        })
        .prefault({})
        .describe("How much the server takes."),
    })
    .prefault({})
    .describe("The server of `serve --http`.");
