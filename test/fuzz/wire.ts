/** A server on a pair of streams for any number of calls: each answer goes to who waits for it, and nothing is kept. */
import { PassThrough } from "node:stream";
import type { Engine } from "../../src/core/engine.ts";
import { silentLog } from "../../src/logging/log.ts";
import { runStdio } from "../../src/mcp/stdio.ts";
import { wordingFor } from "../../src/text/wording.ts";
import { initialize } from "../support/raw-mcp.ts";

export type Message = Readonly<Record<string, unknown>>;

export interface Wire {
  /** A request, and its answer. */
  ask(method: string, params: unknown): Promise<Message>;
  /** Whatever it is. */
  send(line: string | Buffer): void;
  /** Lines on standard output that are no JSON-RPC message. */
  readonly noise: readonly string[];
  end(): Promise<void>;
}

export async function openWire(engine: Engine): Promise<Wire> {
  const input = new PassThrough();
  const output = new PassThrough();
  const waiting = new Map<unknown, (message: Message) => void>();
  const noise: string[] = [];
  let rest = "";
  output.setEncoding("utf8").on("data", (chunk: string) => {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      const message = parsed(line);
      if (message?.["jsonrpc"] !== "2.0") noise.push(line);
      else waiting.get(message["id"])?.(message);
    }
  });
  const ended = runStdio({
    // The engine is its owner's to close.
    open: () => Promise.resolve({ ...engine, close: () => Promise.resolve() }),
    caller: () => ({ principal: "fuzz@host", channel: "mcp" }),
    log: silentLog,
    wording: () => wordingFor("assistant"),
    input,
    output,
  });
  let asked = 0;
  const send = (line: string | Buffer): void => {
    input.write(line);
    input.write("\n");
  };
  const ask = (method: string, params: unknown): Promise<Message> => {
    asked += 1;
    const id = `asked-${asked}`;
    return new Promise((resolve) => {
      waiting.set(id, (message) => {
        waiting.delete(id);
        resolve(message);
      });
      send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    });
  };
  send(JSON.stringify(initialize()));
  send(JSON.stringify({ jsonrpc: "2.0", method: "notifications/initialized" }));
  return {
    ask,
    send,
    noise,
    end: async () => {
      input.end();
      await ended;
    },
  };
}

function parsed(line: string): Message | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}
