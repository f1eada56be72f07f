/** The web server of `serve --http`: its socket, and its end. What it answers is `routes.ts`'s. */
import { readFileSync } from "node:fs";
import { createServer as createPlain } from "node:http";
import { createServer as createSecure } from "node:https";
import { createAdaptorServer, type ServerType } from "@hono/node-server";
import type { Config } from "../config/config.ts";
import { PrepError } from "../core/domain/errors.ts";
import { bracketed } from "../net/address.ts";
import { type Routes, type RoutesOptions, routes } from "./routes.ts";

export interface HttpServerOptions extends Omit<RoutesOptions, "publicUrl" | "hosts"> {
  /** Port 0 takes a free one. */
  readonly listen: { readonly host: string; readonly port: number };
}

export interface HttpServer {
  /** What clients connect to. */
  readonly mcpUrl: string;
  /** Where people approve plans. */
  readonly consoleUrl: string;
  /** Ends when what is under way has its answer, or after `graceMs` without. Runs go on in their runners. */
  close(graceMs: number): Promise<void>;
}

/** Errors: `CONFIG_INVALID` for a place or a certificate that cannot be used. */
export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { settings, listen } = options;
  const loopback = /^(127(\.\d{1,3}){3}|localhost|::1)$/.test(listen.host);
  if (!loopback && settings.tls === undefined && settings.proxies.length === 0) throw unprotected(listen.host);
  let served: Routes | undefined;
  const server = createAdaptorServer({
    fetch: (request, env) => served?.fetch(request, env) ?? new Response(undefined, { status: 503 }),
    ...(settings.tls === undefined
      ? { createServer: createPlain }
      : { createServer: createSecure, serverOptions: certificateOf(settings.tls) }),
  });
  const port = await listening(server, listen);
  const here = bracketed(listen.host);
  const publicUrl = settings.url ?? `${settings.tls === undefined ? "http" : "https"}://${here}:${port}`;
  const hosts = [...(loopback ? ["127.0.0.1", "localhost", "[::1]"] : []), here, ...settings.hosts];
  served = routes({ ...options, publicUrl, hosts });
  const { close } = served;
  return {
    mcpUrl: `${publicUrl}/mcp`,
    consoleUrl: `${publicUrl}/console`,
    async close(graceMs) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      const over = new AbortController();
      await Promise.race([closed, options.clock.sleep(graceMs, over.signal)]);
      over.abort();
      await close();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await closed;
    },
  };
}

function listening(server: ServerType, { host, port }: HttpServerOptions["listen"]): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: Error) => {
      const why = "code" in cause ? String(cause.code) : cause.message;
      reject(
        new PrepError("CONFIG_INVALID", `The server cannot listen on ${bracketed(host)}:${port}: ${why}.`, {
          found: { host, port, why },
          hint: "Name another place with --http [HOST:]PORT or as http.listen.",
          cause,
        }),
      );
    });
    server.listen(port, host, () => {
      const address = server.address();
      if (address === null || typeof address === "string") reject(new Error("the server has no port"));
      else resolve(address.port);
    });
  });
}

function certificateOf({ cert, key }: NonNullable<Config["http"]["tls"]>): { cert: string; key: string } {
  const read = (name: string, path: string): string => {
    try {
      return readFileSync(path, "utf8");
    } catch (cause) {
      throw new PrepError("CONFIG_INVALID", `${path} cannot be read.`, {
        found: { file: path },
        hint: `http.tls.${name} names a PEM file that this account can read.`,
        cause,
      });
    }
  };
  return { cert: read("cert", cert), key: read("key", key) };
}

const unprotected = (host: string): PrepError =>
  new PrepError("CONFIG_INVALID", `On ${host}, tokens would go over the network readable.`, {
    found: { host },
    hint: "Give http.tls a certificate; or let a proxy that speaks https forward to it, and name the proxy in http.proxies; or listen on 127.0.0.1.",
  });
