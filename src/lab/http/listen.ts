import { createServer as createPlain } from "node:http";
import { createServer as createSecure } from "node:https";
import { createAdaptorServer, type Http2Bindings, type HttpBindings } from "@hono/node-server";

/** What Hono hands over with a request served here. */
export type Bindings = HttpBindings | Http2Bindings;

export interface Listening {
  port: number;
  close(): Promise<void>;
}

/**
 * Serves `fetch` on loopback, over TLS when there is a certificate. Port 0 takes a free one. Closing breaks off what is
 * still open, a hanging answer too. Rejects with the system's error, such as `EADDRINUSE`.
 */
export async function listen(options: {
  fetch: (request: Request, env: Bindings) => Response | Promise<Response>;
  port: number;
  tls?: { key: string; cert: string };
  /** How long a connection that nothing goes over stays open, in milliseconds, over TLS; Node's five seconds where not given. */
  keepAliveTimeout?: number;
}): Promise<Listening> {
  const { fetch, port, tls, keepAliveTimeout } = options;
  const server = createAdaptorServer(
    tls === undefined
      ? { fetch, createServer: createPlain }
      : { fetch, createServer: createSecure, serverOptions: { ...tls, keepAliveTimeout } },
  );
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", () => {
      const address = server.address();
      if (address === null || typeof address === "string") return reject(new Error("the server has no port"));
      resolve({
        port: address.port,
        close: () =>
          new Promise((done) => {
            server.close(() => done());
            if ("closeAllConnections" in server) server.closeAllConnections();
          }),
      });
    });
  });
}
