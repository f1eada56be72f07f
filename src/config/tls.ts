import { type ConnectionOptions, createSecureContext, type TLSSocket } from "node:tls";
import { Agent, buildConnector } from "undici";
import { PrepError } from "../core/errors.ts";

/**
 * How a server's certificate is judged. `ca`: PEM text of the trusted authorities, checked with the host name.
 * `thumbprint`: SHA-256 of the one certificate that is accepted, whatever it says; colons and case do not matter.
 * `insecure`: anything goes.
 */
export type TlsSettings = { readonly ca: string } | { readonly thumbprint: string } | { readonly insecure: true };

/** All in milliseconds. `headersTimeout` runs until the answer begins, `bodyTimeout` between two pieces of it. */
export interface DispatcherOptions {
  readonly connectTimeout: number;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  /** Sockets to one server at most. */
  readonly connections: number;
}

/** Hex digits in upper case without separators, so that two spellings of a thumbprint compare equal. */
export const normalThumbprint = (raw: string): string => raw.replace(/[^0-9a-f]/gi, "").toUpperCase();

/**
 * What `tls.connect` is given. For a thumbprint the chain is not verified here: whoever connects compares the
 * certificate before sending anything, as `createDispatcher` does.
 */
function tlsConnectOptions(settings: TlsSettings): Pick<ConnectionOptions, "secureContext" | "rejectUnauthorized"> {
  // Made once: a system's authorities are some hundreds, and each connection would read them anew.
  if ("ca" in settings) return { secureContext: createSecureContext({ ca: settings.ca }), rejectUnauthorized: true };
  return { secureContext: createSecureContext({ ca: [] }), rejectUnauthorized: false };
}

/** An undici agent that speaks HTTP/1.1 and hands out a socket only after the certificate was accepted. */
export function createDispatcher(settings: TlsSettings, options: DispatcherOptions): Agent {
  const connect = buildConnector({
    ...tlsConnectOptions(settings),
    timeout: options.connectTimeout,
    allowH2: false,
    // Without resumption every handshake presents the certificate that is compared below.
    maxCachedSessions: 0,
  });
  return new Agent({
    connections: options.connections,
    pipelining: 1,
    headersTimeout: options.headersTimeout,
    bodyTimeout: options.bodyTimeout,
    connect: (target, callback) =>
      connect(target, (...[error, socket]) => {
        if (error !== null) {
          neverSent.add(error);
          callback(error, null);
          return;
        }
        const mismatch = "thumbprint" in settings ? compare(settings.thumbprint, socket) : undefined;
        if (mismatch === undefined) {
          callback(null, socket);
          return;
        }
        socket.destroy();
        neverSent.add(mismatch);
        callback(mismatch, null);
      }),
  });
}

class ThumbprintMismatch extends Error {
  readonly presented: string;
  constructor(presented: string) {
    super("certificate thumbprint mismatch");
    this.presented = presented;
  }
}

function compare(expected: string, socket: object): ThumbprintMismatch | undefined {
  const presented = isTls(socket) ? (socket.getPeerX509Certificate()?.fingerprint256 ?? "") : "";
  const same = presented !== "" && normalThumbprint(presented) === normalThumbprint(expected);
  return same ? undefined : new ThumbprintMismatch(presented);
}

const isTls = (socket: object): socket is TLSSocket => "getPeerX509Certificate" in socket;

/** Errors that our connectors raised, so no byte of a request had left. */
const neverSent = new WeakSet<Error>();

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

/** Whether the request certainly did not reach the other side, so that a repeat cannot act twice. */
export function wasNeverSent(thrown: unknown): boolean {
  return chainOf(thrown).some((error) => neverSent.has(error));
}

/** What a failed HTTP exchange means to the operator: `UNREACHABLE`, `TIMED_OUT` or `CERTIFICATE_UNTRUSTED`. */
export function translateNetworkError(
  thrown: unknown,
  where: { readonly system: "vCenter" | "DGS"; readonly address: string },
): PrepError {
  if (thrown instanceof PrepError) return thrown;
  const { system, address } = where;
  const chain = chainOf(thrown);
  const section = system === "DGS" ? "dgs" : "vcenter";

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
  if (codes.some((each) => TIMEOUT_CODES.has(each)) || chain.some((error) => error.name === "TimeoutError")) {
    return new PrepError("TIMED_OUT", `${system} at ${address} did not answer in time.`, {
      found,
      hint: `Check that ${system} is up and not overloaded, then ask again.`,
      cause: thrown,
    });
  }
  return new PrepError("UNREACHABLE", `${system} at ${address} cannot be reached.`, {
    found,
    hint: `Check ${section}'s address, the network and that ${system} is running, then ask again.`,
    cause: thrown,
  });
}

function chainOf(thrown: unknown): Error[] {
  const chain: Error[] = [];
  for (let next = thrown; next instanceof Error && !chain.includes(next); next = next.cause) {
    chain.push(next);
    if (next instanceof AggregateError) chain.push(...next.errors.filter((each) => each instanceof Error));
  }
  return chain;
}

const codeOf = (error: Error): string => ("code" in error && typeof error.code === "string" ? error.code : "");
