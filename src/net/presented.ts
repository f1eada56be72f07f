/** Which certificate a server presents, before it is decided whether it is trusted. */
import type { TLSSocket } from "node:tls";
import { buildConnector } from "undici";
import { markNeverSent } from "./errors.ts";
import { type ProxySettings, tunnelThrough } from "./proxy.ts";
import { isTls } from "./tls.ts";

export interface PresentedCertificate {
  /** The subject's parts, such as `CN=vc.example, O=Example`. As it came: not fit to be shown unless made safe. */
  readonly subject: string;
  readonly issuer: string;
  /** SHA-256, hex digits with colons. */
  readonly thumbprint: string;
  readonly validFrom: Date;
  readonly validTo: Date;
  /** Why the authorities that Node trusts do not vouch for it under this name, such as `SELF_SIGNED_CERT_IN_CHAIN`. */
  readonly distrusted: string | undefined;
}

interface Where {
  readonly host: string;
  readonly port: number;
  readonly connectTimeout: number;
  readonly proxy?: ProxySettings | undefined;
}

/**
 * Speaks TLS with the server, looks at the certificate and hangs up: nothing is sent. Errors: as a connection's
 * (`translateNetworkError`).
 */
export async function presentedCertificate({
  host,
  port,
  connectTimeout,
  proxy,
}: Where): Promise<PresentedCertificate> {
  const socket = await handshake({ host, port, connectTimeout, proxy });
  try {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) throw markNeverSent(new Error("no certificate was presented"));
    return {
      subject: certificate.subject.split("\n").join(", "),
      issuer: certificate.issuer.split("\n").join(", "),
      thumbprint: certificate.fingerprint256,
      validFrom: new Date(certificate.validFrom),
      validTo: new Date(certificate.validTo),
      distrusted: socket.authorized ? undefined : String(socket.authorizationError),
    };
  } finally {
    socket.destroy();
  }
}

async function handshake({ host, port, connectTimeout, proxy }: Where): Promise<TLSSocket> {
  const httpSocket = proxy === undefined ? undefined : await tunnelThrough(proxy, connectTimeout)(host, String(port));
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const target = { hostname: host, host, protocol: "https:", port: String(port) };
  // Verified, but not refused: whether the system's authorities vouch for it is part of what is told.
  const open = buildConnector({
    rejectUnauthorized: false,
    timeout: connectTimeout,
    allowH2: false,
    maxCachedSessions: 0,
  });
  open({ ...target, ...(httpSocket === undefined ? {} : { httpSocket }) }, (...[error, socket]) => {
    if (error !== null) reject(markNeverSent(error));
    else if (isTls(socket)) resolve(socket);
    else reject(markNeverSent(new Error("no TLS")));
  });
  return promise;
}
