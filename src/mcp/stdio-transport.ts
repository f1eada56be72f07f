/** JSON-RPC lines on a pair of streams, closed only when everything that was asked has its answer. */
import type { Readable, Writable } from "node:stream";
import {
  isJSONRPCNotification,
  isJSONRPCRequest,
  type JSONRPCMessage,
  ReadBuffer,
  type RequestId,
  serializeMessage,
  type Transport,
} from "@modelcontextprotocol/server";
import { z } from "zod";

/** Answered when the connection ends, and at no other time. */
const ENDLESS = "subscriptions/listen";

const CONNECTION_CLOSED = -32_000;

const cancelled = z.looseObject({ requestId: z.union([z.string(), z.number()]) });

/**
 * The SDK's own stdio transport drops what is under way when its input ends. A script that pipes its requests in ends it
 * at once and then reads the answers; so this one goes on until each request has its answer. What the server asked the
 * client meanwhile can no longer be answered, and fails.
 */
export class StdioTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: NonNullable<Transport["onmessage"]>;
  /** Resolves when nothing more will be read or written. */
  readonly closed: Promise<void>;

  readonly #input: Readable;
  readonly #output: Writable;
  readonly #buffer = new ReadBuffer();
  readonly #unanswered = new Set<RequestId>();
  readonly #asked = new Set<RequestId>();
  readonly #finish: () => void;
  #state: "open" | "draining" | "closed" = "open";

  constructor(input: Readable, output: Writable) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.#finish = resolve;
    this.#input = input;
    this.#output = output;
  }

  async start(): Promise<void> {
    this.#input.on("data", this.#read).on("end", this.#drain).on("close", this.#drain).on("error", this.#fail);
    // Stays for good: a client that has gone must not crash the process with a late write.
    this.#output.on("error", this.#fail);
    if (this.#input.readableEnded || this.#input.destroyed) setImmediate(this.#drain);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if (this.#state === "closed") throw new Error("the connection is closed");
    if (isJSONRPCRequest(message)) {
      if (this.#state === "draining") throw new Error("stdin is closed: nobody can answer");
      this.#asked.add(message.id);
    }
    await this.#write(serializeMessage(message));
    if (!("method" in message) && message.id !== undefined) this.#settle(message.id);
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#input.off("data", this.#read).off("end", this.#drain).off("close", this.#drain).off("error", this.#fail);
    // An open pipe that nobody reads would keep the process alive.
    this.#input.destroy();
    this.#buffer.clear();
    this.onclose?.();
    this.#finish();
  }

  readonly #read = (chunk: Buffer): void => {
    try {
      this.#buffer.append(chunk);
    } catch (error) {
      this.#fail(error);
      return;
    }
    for (;;) {
      try {
        const message = this.#buffer.readMessage();
        if (message === null) return;
        this.#receive(message);
      } catch (error) {
        this.onerror?.(asError(error));
      }
    }
  };

  #receive(message: JSONRPCMessage): void {
    if (isJSONRPCRequest(message)) {
      if (message.method !== ENDLESS) this.#unanswered.add(message.id);
    } else if (isJSONRPCNotification(message)) {
      const params = cancelled.safeParse(message.params);
      if (message.method === "notifications/cancelled" && params.success) this.#settle(params.data.requestId);
    } else if (message.id !== undefined) {
      this.#asked.delete(message.id);
    }
    this.onmessage?.(message);
  }

  readonly #drain = (): void => {
    if (this.#state !== "open") return;
    this.#state = "draining";
    for (const id of this.#asked) {
      this.onmessage?.({ jsonrpc: "2.0", id, error: { code: CONNECTION_CLOSED, message: "stdin was closed" } });
    }
    this.#closeWhenAnswered();
  };

  #settle(id: RequestId): void {
    this.#unanswered.delete(id);
    this.#closeWhenAnswered();
  }

  #closeWhenAnswered(): void {
    if (this.#state === "draining" && this.#unanswered.size === 0) void this.close();
  }

  readonly #fail = (error: unknown): void => {
    this.onerror?.(asError(error));
    void this.close();
  };

  #write(line: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#output.write(line, (error) => (error ? reject(error) : resolve()));
    });
  }
}

const asError = (thrown: unknown): Error => (thrown instanceof Error ? thrown : new Error(String(thrown)));
