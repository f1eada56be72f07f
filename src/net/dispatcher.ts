/** undici's agent with this program's trust, way and time limits. */
import { Agent, buildConnector } from "undici";
import { markNeverSent } from "./errors.ts";
import { type ProxySettings, tunnelThrough } from "./proxy.ts";
import { type TlsSettings, thumbprintMismatch, tlsConnectOptions } from "./tls.ts";

interface DispatcherOptions {
  /** All in milliseconds. `headersTimeout` runs until the answer begins, `bodyTimeout` between two pieces of it. */
  readonly connectTimeout: number;
  readonly headersTimeout: number;
  readonly bodyTimeout: number;
  /** Sockets to one server at most. */
  readonly connections: number;
  /** The way to the server, where it is not the direct one. */
  readonly proxy?: ProxySettings | undefined;
}

/**
 * How long a connection that nothing goes over is used again. A server closes it after some seconds, counted from an answer
 * that a process with much to do may have read later, and whose end it learns of later still: its next call would be lost.
 */
const IDLE_MS = 1_000;

/**
 * An undici agent that speaks HTTP/1.1 and hands out a socket only after the certificate was accepted: the server's own,
 * also behind a proxy, which sees nothing but the tunnel.
 */
export function createDispatcher(settings: TlsSettings, options: DispatcherOptions): Agent {
  const connect = connector(settings, options);
  return new Agent({
    connections: options.connections,
    pipelining: 1,
    keepAliveTimeout: IDLE_MS,
    keepAliveMaxTimeout: IDLE_MS,
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

function connector(settings: TlsSettings, { connectTimeout, proxy }: DispatcherOptions): buildConnector.connector {
  const direct = buildConnector({
    ...tlsConnectOptions(settings),
    timeout: connectTimeout,
    allowH2: false,
    // Without resumption every handshake presents the certificate that is compared.
    maxCachedSessions: 0,
  });
  if (proxy === undefined) return direct;
  const open = tunnelThrough(proxy, connectTimeout);
  // undici's own EnvHttpProxyAgent and ProxyAgent make the connection behind a proxy themselves, past `connect`.
  return (target, callback) => {
    const secure = target.protocol === "https:";
    open(target.hostname, target.port === "" ? (secure ? "443" : "80") : target.port).then(
      (httpSocket) => (secure ? direct({ ...target, httpSocket }, callback) : callback(null, httpSocket)),
      (thrown: unknown) => callback(thrown instanceof Error ? thrown : new Error("no tunnel", { cause: thrown }), null),
    );
  };
}
