/** Trust in a server's certificate: by authority, by the one certificate's thumbprint, or not at all. */
import { type ConnectionOptions, createSecureContext, type TLSSocket } from "node:tls";

/**
 * How a server's certificate is judged. `ca`: PEM text of the trusted authorities, checked with the host name.
 * `thumbprint`: SHA-256 of the one certificate that is accepted, whatever it says; colons and case do not matter.
 * `insecure`: anything goes.
 */
export type TlsSettings = { readonly ca: string } | { readonly thumbprint: string } | { readonly insecure: true };

/** Hex digits in upper case without separators, so that two spellings of a thumbprint compare equal. */
export const normalThumbprint = (raw: string): string => raw.replace(/[^0-9a-f]/gi, "").toUpperCase();

/**
 * What `tls.connect` is given. For a thumbprint the chain is not verified here: whoever connects compares the
 * certificate by `thumbprintMismatch` before sending anything.
 */
export function tlsConnectOptions(
  settings: TlsSettings,
): Pick<ConnectionOptions, "secureContext" | "rejectUnauthorized"> {
  // Made once: a system's authorities are some hundreds, and each connection would read them anew.
  if ("ca" in settings) return { secureContext: createSecureContext({ ca: settings.ca }), rejectUnauthorized: true };
  return { secureContext: createSecureContext({ ca: [] }), rejectUnauthorized: false };
}

/** A certificate that is not the pinned one. `presented` is its SHA-256 thumbprint, empty where there was none. */
export class ThumbprintMismatch extends Error {
  override readonly name = "ThumbprintMismatch";
  readonly presented: string;
  constructor(presented: string) {
    super("certificate thumbprint mismatch");
    this.presented = presented;
  }
}

/** Undefined where `settings` pin nothing, or the socket's certificate is the pinned one. A socket without TLS matches no pin. */
export function thumbprintMismatch(settings: TlsSettings, socket: object): ThumbprintMismatch | undefined {
  if (!("thumbprint" in settings)) return undefined;
  const presented = isTls(socket) ? (socket.getPeerX509Certificate()?.fingerprint256 ?? "") : "";
  const same = presented !== "" && normalThumbprint(presented) === normalThumbprint(settings.thumbprint);
  return same ? undefined : new ThumbprintMismatch(presented);
}

export const isTls = (socket: object): socket is TLSSocket => "getPeerX509Certificate" in socket;
