/** undici's agent with this program's trust and time limits. */
import { Agent, buildConnector } from "undici";
import { markNeverSent } from "./errors.ts";
import { type TlsSettings, thumbprintMismatch, tlsConnectOptions } from "./tls.ts";

/** All in milliseconds. `headersTimeout` runs until the answer begins, `bodyTimeout` between two pieces of it. */
interface DispatcherOptions {
  readonly connectTimeout: number;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  /** Sockets to one server at most. */
  readonly connections: number;
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
          callback(markNeverSent(error), null);
          return;
        }
        const mismatch = thumbprintMismatch(settings, socket);
        if (mismatch === undefined) {
          callback(null, socket);
          return;
        }
        socket.destroy();
        callback(markNeverSent(mismatch), null);
      }),
  });
}
