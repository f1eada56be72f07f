/** A way through an HTTP proxy: a CONNECT tunnel, on which TLS is then spoken with the other side itself. */
import { Socket } from "node:net";
import { Agent, buildConnector } from "undici";
import { bracketed } from "./address.ts";

export interface ProxySettings {
  /** http or https, host and port; no credentials in it. */
  readonly url: string;
  readonly username?: string;
  /** Asked for at each tunnel and not kept. */
  readonly password?: () => Promise<string>;
}

/** The proxy did not open the tunnel, so nothing of a request left. Never quotes what it said, nor the credentials. */
export class ProxyError extends Error {
  override readonly name = "ProxyError";
  readonly proxy: string;
  /** What the proxy answered CONNECT; undefined where it gave no answer: `cause` says why. */
  readonly status: number | undefined;
  constructor(proxy: string, status: number | undefined, cause?: unknown) {
    super(`no tunnel through ${proxy}`, { cause });
    this.proxy = proxy;
    this.status = status;
  }
}

/** A connection to `host`:`port` through the proxy, not yet encrypted. Errors: `ProxyError`. */
export type Tunnel = (host: string, port: string) => Promise<Socket>;

/** `connectTimeout`, in milliseconds, is for the connection to the proxy, and again for its answer. */
export function tunnelThrough(proxy: ProxySettings, connectTimeout: number): Tunnel {
  // It holds no sockets: each becomes the tunnel that it was opened for.
  const agent = new Agent({ connect: buildConnector({ timeout: connectTimeout, allowH2: false }) });
  return async (host, port) => {
    const path = `${bracketed(host)}:${port}`;
    const headers = { host: path, ...(await authorization(proxy)) };
    const signal = AbortSignal.timeout(2 * connectTimeout);
    const { statusCode, socket } = await agent
      .connect({ origin: proxy.url, path, headers, signal })
      .catch((thrown: unknown) => {
        throw new ProxyError(proxy.url, undefined, thrown);
      });
    if (statusCode === 200 && socket instanceof Socket) return socket;
    socket.on("error", () => undefined).destroy();
    throw new ProxyError(proxy.url, statusCode);
  };
}

async function authorization({ username, password }: ProxySettings): Promise<Record<string, string>> {
  if (username === undefined) return {};
  const credentials = `${username}:${(await password?.()) ?? ""}`;
  return { "proxy-authorization": `Basic ${Buffer.from(credentials).toString("base64")}` };
}
