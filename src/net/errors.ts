/** What a failed HTTP exchange means, the same for every system that is spoken to. */
import { PrepError } from "../core/domain/errors.ts";
import { ProxyError } from "./proxy.ts";
import { ThumbprintMismatch } from "./tls.ts";

/** Errors that our connectors raised, so no byte of a request had left. */
const neverSent = new WeakSet<Error>();

/** For connectors: `error` came before anything of a request was sent. */
export function markNeverSent<E extends Error>(error: E): E {
  neverSent.add(error);
  return error;
}

const CERTIFICATE_CODES: ReadonlySet<string> = new Set([
  "CERT_CHAIN_TOO_LONG",
  "CERT_HAS_EXPIRED",
  "CERT_NOT_YET_VALID",
  "CERT_REJECTED",
  "CERT_REVOKED",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "HOSTNAME_MISMATCH",
  "INVALID_CA",
  "INVALID_PURPOSE",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
]);

const TIMEOUT_CODES: ReadonlySet<string> = new Set([
  "ETIMEDOUT",
  "UND_ERR_BODY_TIMEOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
]);

const RESET_CODES: ReadonlySet<string> = new Set(["ECONNRESET", "EPIPE", "UND_ERR_SOCKET"]);

/** Whether the request certainly did not reach the other side, so that a repeat cannot act twice. */
export function wasNeverSent(thrown: unknown): boolean {
  return chainOf(thrown).some((error) => neverSent.has(error));
}

/** The connection broke, as opposed to: was refused, took too long, or was not trusted. */
export function isConnectionReset(thrown: unknown): boolean {
  return chainOf(thrown).some((error) => RESET_CODES.has(codeOf(error)));
}

/** Nothing came within the time that there was for it. */
export const isTimedOut = (thrown: unknown): boolean => isTimeout(chainOf(thrown));

/** The outermost error code, else the error's name: one word for a log. */
export function networkReason(thrown: unknown): string {
  const chain = chainOf(thrown);
  return chain.map(codeOf).find((code) => code !== "") ?? chain[0]?.name ?? "unknown";
}

/** The other side of an exchange, in an error's words. */
export interface RemoteSystem {
  /** What the operator calls it, such as `vCenter`. */
  readonly system: string;
  readonly address: string;
  /** The part of the configuration that is about it, such as `vcenter`. */
  readonly section: string;
  /** The configuration key of the time for one call, where that is what ends it. */
  readonly callLimit?: string;
}

/** What a failed HTTP exchange means to the operator: `UNREACHABLE`, `TIMED_OUT` or `CERTIFICATE_UNTRUSTED`. */
export function translateNetworkError(thrown: unknown, remote: RemoteSystem): PrepError {
  const { system, address, section } = remote;
  if (thrown instanceof PrepError) return thrown;
  const chain = chainOf(thrown);

  const tunnel = chain.find((error) => error instanceof ProxyError);
  if (tunnel !== undefined) return proxyRefusal(tunnel, { system, address, section });
  const mismatch = chain.find((error) => error instanceof ThumbprintMismatch);
  if (mismatch !== undefined) {
    return new PrepError(
      "CERTIFICATE_UNTRUSTED",
      `${system} at ${address} presented another certificate than the trusted one.`,
      {
        found: { address, thumbprint: mismatch.presented },
        hint: `Compare the presented SHA-256 thumbprint with the one shown on ${system} itself; if it is right, set it under ${section}.tls. If not, somebody may be in between.`,
        cause: thrown,
      },
    );
  }
  const codes = chain.map(codeOf);
  const untrusted = codes.find((code) => CERTIFICATE_CODES.has(code));
  if (untrusted !== undefined) {
    return new PrepError("CERTIFICATE_UNTRUSTED", `The certificate of ${system} at ${address} is not trusted.`, {
      found: { address, reason: untrusted },
      hint: `Give the authority's certificate or the server's SHA-256 thumbprint under ${section}.tls, and the address under a name that the certificate carries.`,
      cause: thrown,
    });
  }
  const code = codes.find((each) => each !== "");
  const found = { address, ...(code === undefined ? {} : { reason: code }) };
  if (isTimeout(chain)) {
    const limit = wasNeverSent(thrown) ? "limits.connect" : remote.callLimit;
    return new PrepError("TIMED_OUT", `${system} at ${address} did not answer in time.`, {
      found: { ...found, ...(limit === undefined ? {} : { limit }) },
      hint: `Check that ${system} is up and not overloaded${limit === undefined ? "" : `, or raise ${limit} in the configuration`}, then ask again.`,
      cause: thrown,
    });
  }
  return new PrepError("UNREACHABLE", `${system} at ${address} cannot be reached.`, {
    found,
    hint: `Check ${section}'s address, the network and that ${system} is running, then ask again.`,
    cause: thrown,
  });
}

function proxyRefusal(error: ProxyError, { system, address, section }: RemoteSystem): PrepError {
  const { proxy, status } = error;
  const found = { address, proxy, ...(status === undefined ? { reason: networkReason(error.cause) } : { status }) };
  if (status === 407) {
    return new PrepError(
      "AUTHENTICATION_FAILED",
      `The proxy ${proxy} on the way to ${system} requires other credentials.`,
      {
        found,
        hint: "Set proxy.username and proxy.password in the configuration, or put both into the variable that names the proxy.",
        cause: error,
      },
    );
  }
  const timedOut = status === undefined && isTimeout(chainOf(error));
  const limit = timedOut ? { limit: "limits.connect" } : {};
  return new PrepError(
    timedOut ? "TIMED_OUT" : "UNREACHABLE",
    status === undefined
      ? `The proxy ${proxy} on the way to ${system} ${timedOut ? "did not answer in time" : "cannot be reached"}.`
      : `The proxy ${proxy} opened no way to ${system} at ${address}: it answered ${status}.`,
    {
      found: { ...found, ...limit },
      hint: `Check the proxy and whether it allows CONNECT to ${section}'s address and port. To go past it, name the host in NO_PROXY, or set proxy in the configuration.`,
      cause: error,
    },
  );
}

const isTimeout = (chain: readonly Error[]): boolean =>
  chain.some((error) => TIMEOUT_CODES.has(codeOf(error)) || error.name === "TimeoutError");

function chainOf(thrown: unknown): Error[] {
  const chain: Error[] = [];
  for (let next = thrown; next instanceof Error && !chain.includes(next); next = next.cause) {
    chain.push(next);
    if (next instanceof AggregateError) chain.push(...next.errors.filter((each) => each instanceof Error));
  }
  return chain;
}

const codeOf = (error: Error): string => ("code" in error && typeof error.code === "string" ? error.code : "");
