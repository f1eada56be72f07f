/** Asking a web server, with this program's trust and way. */
import { fetch } from "undici";
import { createDispatcher } from "./dispatcher.ts";
import type { ProxySettings } from "./proxy.ts";
import type { TlsSettings } from "./tls.ts";

/** Redirects are answers, not followed. Errors: those of `fetch`. */
export type Get = (
  url: string,
  options: {
    readonly method?: string;
    readonly headers?: Iterable<[string, string]>;
    readonly body?: string;
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

const TIMEOUT_MS = 5_000;
/** Two are plenty for what is asked for every few hours. */
const CONNECTIONS = 2;

export function getter(trust: TlsSettings, proxy: ProxySettings | undefined): Get {
  const dispatcher = createDispatcher(trust, {
    connectTimeout: TIMEOUT_MS,
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
    connections: CONNECTIONS,
    proxy,
  });
  return async (url, { method = "GET", headers = [], body = null, signal }) => {
    const response = await fetch(url, { method, headers: [...headers], body, redirect: "manual", signal, dispatcher });
    const type = response.headers.get("content-type");
    return new Response(await response.text(), {
      status: response.status,
      ...(type === null ? {} : { headers: { "content-type": type } }),
    });
  };
}
