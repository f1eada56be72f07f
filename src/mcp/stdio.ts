/** The MCP server on stdin and stdout, for clients of every protocol era. Stdout carries JSON-RPC and nothing else. */
import { Console } from "node:console";
import type { Readable, Writable } from "node:stream";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import type { Actor, Engine } from "../core/engine.ts";
import type { Logger } from "../core/ports/runtime.ts";
import type { Wording } from "../text/index.ts";
import { buildServer } from "./server.ts";
import { StdioTransport } from "./stdio-transport.ts";

export interface StdioOptions {
  /** Opens the engine: on the first call that needs it, and again on the next one if that failed. */
  readonly open: () => Promise<Engine>;
  /** The OS user and the store. */
  readonly caller: () => Actor | Promise<Actor>;
  readonly log: Logger;
  readonly wording: () => Wording;
  /** Ends the server without waiting for calls under way. */
  readonly signal?: AbortSignal;
  /** Default: the process's own. */
  readonly input?: Readable;
  readonly output?: Writable;
}

/**
 * Serves until stdin is closed and what was asked before is answered, or until the signal. Then closes the engine, which
 * waits for the runs that this process carries out.
 */
export async function runStdio(options: StdioOptions): Promise<void> {
  const { open, caller, log, wording, signal, input = process.stdin, output = process.stdout } = options;
  // What a dependency prints in a weak moment would be read as a message by the client.
  globalThis.console = new Console(process.stderr, process.stderr);
  const engine = openedOnce(open);
  const transport = new StdioTransport(input, output);
  const server = serveStdio(() => buildServer({ engine: engine.get, caller, log, wording }), {
    transport,
    onerror: (error) => log.warn({ err: error }, "the client's connection"),
  });
  const stop = (): void => void server.close();
  if (signal?.aborted === true) stop();
  signal?.addEventListener("abort", stop, { once: true });
  await transport.closed;
  signal?.removeEventListener("abort", stop);
  await engine.close();
}

/** One engine for the connection. A failure to open is not kept: the configuration may be mended meanwhile. */
function openedOnce(open: () => Promise<Engine>): { get(): Promise<Engine>; close(): Promise<void> } {
  let opened: Promise<Engine> | undefined;
  return {
    get() {
      opened ??= open().catch((thrown: unknown) => {
        opened = undefined;
        throw thrown;
      });
      return opened;
    },
    async close() {
      const engine = await opened?.catch(() => undefined);
      await engine?.close();
    },
  };
}
