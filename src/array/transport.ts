/** HTTP to an array: one request, its whole answer, within its time. What it means is decided elsewhere. */
import { createDispatcher } from "../net/dispatcher.ts";
import type { ProxySettings } from "../net/proxy.ts";
import type { TlsSettings } from "../net/tls.ts";

export interface Outgoing {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** Below the base URL, with its query. */
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  /** Milliseconds for the whole exchange. */
  readonly within: number;
}

export interface HttpReply {
  readonly status: number;
  /** Lower case; empty when the answer has none. */
  readonly contentType: string;
  readonly text: string;
  /** What time the array says it is (`Date`). */
  readonly date?: Date;
  /** Seconds that a `Retry-After` asks for. */
  readonly retryAfter?: number;
}

export interface Transport {
  /** Rejects with undici's own error (`translateNetworkError`, `wasNeverSent` judge it) or `AnswerTooLarge`. */
  exchange(outgoing: Outgoing): Promise<HttpReply>;
  close(): Promise<void>;
}

/** A page of 1,000 items is far below this. */
const LARGEST_ANSWER = 32 * 1024 * 1024;

export class AnswerTooLarge extends Error {}

export function createTransport(options: {
  url: string;
  /** What every path begins with, and a configured URL may end with. */
  prefix: string;
  accept: string;
  tls: TlsSettings;
  proxy?: ProxySettings | undefined;
  connectMs: number;
  callMs: number;
}): Transport {
  // Paths carry the interface's prefix themselves; an URL that has it as well means the same.
  const bare = options.url.replace(/\/+$/, "");
  const { origin, pathname } = new URL(bare.endsWith(options.prefix) ? bare.slice(0, -options.prefix.length) : bare);
  const above = pathname === "/" ? "" : pathname;
  const dispatcher = createDispatcher(options.tls, {
    connectTimeout: options.connectMs,
    headersTimeout: options.callMs,
    bodyTimeout: options.callMs,
    connections: 8,
    proxy: options.proxy,
  });
  return {
    exchange: async ({ method, path, headers, body, within }) => {
      const response = await dispatcher.request({
        origin,
        path: `${above}${path}`,
        method,
        signal: AbortSignal.timeout(within),
        headers: {
          accept: options.accept,
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const pieces: Buffer[] = [];
      let size = 0;
      for await (const piece of response.body) {
        const bytes = Buffer.from(piece);
        size += bytes.length;
        if (size > LARGEST_ANSWER) throw new AnswerTooLarge("answer too large");
        pieces.push(bytes);
      }
      const date = new Date(first(response.headers["date"]));
      const seconds = Number(first(response.headers["retry-after"]));
      return {
        status: response.statusCode,
        contentType: first(response.headers["content-type"]).toLowerCase(),
        text: Buffer.concat(pieces).toString("utf8"),
        ...(Number.isNaN(date.getTime()) ? {} : { date }),
        ...(Number.isFinite(seconds) && seconds > 0 ? { retryAfter: seconds } : {}),
      };
    },
    close: () => dispatcher.destroy(),
  };
}

const first = (header: string | string[] | undefined): string => (Array.isArray(header) ? header[0] : header) ?? "";
