/** JSON-RPC by hand over a server's streams, for what no client library would send. */
import { PassThrough } from "node:stream";
import type { Engine } from "../../src/core/engine.ts";
import { silentLog } from "../../src/logging/log.ts";
import { runStdio } from "../../src/mcp/stdio.ts";
import { wordingFor } from "../../src/text/wording.ts";

export type Message = Record<string, unknown>;

export interface RawServer {
  send(message: Message | string): void;
  /** Closes the server's stdin. */
  end(): void;
  /** The next message for which this holds, those already there included. */
  next(wanted: (message: Message) => boolean): Promise<Message>;
  /** Every line that came out. */
  readonly lines: string[];
  /** Resolves when the server has ended. */
  readonly ended: Promise<void>;
}

export function rawServer(open: () => Promise<Engine>, signal?: AbortSignal): RawServer {
  const input = new PassThrough();
  const output = new PassThrough();
  const lines: string[] = [];
  const waiting: { wanted: (message: Message) => boolean; resolve: (message: Message) => void }[] = [];
  let rest = "";
  output.setEncoding("utf8").on("data", (chunk: string) => {
    const parts = (rest + chunk).split("\n");
    rest = parts.pop() ?? "";
    for (const line of parts) {
      lines.push(line);
      const message = JSON.parse(line) as Message;
      for (const waiter of waiting) if (waiter.wanted(message)) waiter.resolve(message);
    }
  });
  const ended = runStdio({
    open,
    caller: () => ({ principal: "tester@host", channel: "mcp" }),
    log: silentLog,
    wording: () => wordingFor("assistant"),
    input,
    output,
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    send: (message) => input.write(`${typeof message === "string" ? message : JSON.stringify(message)}\n`),
    end: () => input.end(),
    next(wanted) {
      const there = lines.map((line) => JSON.parse(line) as Message).find(wanted);
      if (there !== undefined) return Promise.resolve(there);
      return new Promise((resolve) => waiting.push({ wanted, resolve }));
    },
    lines,
    ended,
  };
}

export const request = (id: number, method: string, params: object = {}): Message => ({
  jsonrpc: "2.0",
  id,
  method,
  params,
});

export const initialize = (
  protocolVersion = "2025-11-25",
  clientInfo = { name: "raw", version: "1" },
  capabilities: object = {},
): Message => request(0, "initialize", { protocolVersion, clientInfo, capabilities });

export const answerTo =
  (id: number) =>
  (message: Message): boolean =>
    message["id"] === id && !("method" in message);
