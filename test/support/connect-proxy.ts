/** An HTTP proxy that knows CONNECT only, on loopback. */
import { createServer, type IncomingMessage } from "node:http";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";

interface ProxyOptions {
  /** `user:password` that it wants, else 407. */
  readonly credentials?: string;
  /** What it answers instead of opening a tunnel. */
  readonly refuses?: number;
  /** Takes the request and never answers. */
  readonly hangs?: boolean;
  /** Leads every tunnel to this port, whatever was asked for: somebody in between. */
  readonly leadsTo?: number;
}

export interface ConnectProxy {
  readonly url: string;
  /** `host:port` of every tunnel that was asked for, in order. */
  readonly asked: readonly string[];
}

/** Closed when the test ends. */
export async function connectProxy(options: ProxyOptions = {}): Promise<ConnectProxy> {
  const asked: string[] = [];
  const open = new Set<Socket>();
  const wanted = options.credentials && `Basic ${Buffer.from(options.credentials).toString("base64")}`;
  const server = createServer((_, answer) => void answer.writeHead(501).end());
  server.on("connection", (socket) => {
    open.add(socket);
    socket.on("close", () => open.delete(socket));
  });
  server.on("connect", ({ url = "", headers }: IncomingMessage, near: Socket) => {
    near.on("error", () => near.destroy());
    asked.push(url);
    if (options.hangs) return;
    const status = wanted !== undefined && headers["proxy-authorization"] !== wanted ? 407 : options.refuses;
    if (status !== undefined) {
      near.end(`HTTP/1.1 ${status} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const { hostname, port } = new URL(`http://${url}`);
    const far = connect(options.leadsTo ?? Number(port), hostname.replace(/^\[(.*)\]$/, "$1"));
    far.on("connect", () => {
      near.write("HTTP/1.1 200 Connection established\r\n\r\n");
      near.pipe(far).pipe(near);
    });
    far.on("error", () => near.destroy());
    near.on("close", () => far.destroy());
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(async () => {
    for (const socket of open) socket.destroy();
    await new Promise((done) => server.close(done));
  });
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the proxy listens on no port");
  return { url: `http://127.0.0.1:${address.port}`, asked };
}
