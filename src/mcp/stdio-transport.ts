/** JSON-RPC lines on a pair of streams, closed only when everything that was asked has its answer. */
import type { Readable, Writable } from "node:stream";
import {
  isJSONRPCErrorResponse,
  isJSONRPCNotification,
  isJSONRPCRequest,
  isSpecType,
  type JSONRPCMessage,
  ProtocolErrorCode,
  parseJSONRPCMessage,
  type RequestId,
  serializeMessage,
  type Transport,
} from "@modelcontextprotocol/server";
import * as z from "zod";
import { Lines } from "./lines.ts";

/** Answered when the connection ends, and at no other time. */
const ENDLESS = "subscriptions/listen";

const CONNECTION_CLOSED = -32_000;

/** Longer lines are dropped. */
const LONGEST_LINE = 10 * 1024 * 1024;

/** Requests that the SDK answers with an internal error where their parameters are not what they should be. */
const CHECKED: Readonly<Record<string, (request: unknown) => boolean>> = {
  initialize: isSpecType.InitializeRequest,
  "prompts/get": isSpecType.GetPromptRequest,
  "completion/complete": isSpecType.CompleteRequest,
};

/** The id that an answer to what is no proper message can carry. */
const identified = z.looseObject({ id: z.union([z.string(), z.number()]) });

/** Of the protocols before 2026-07-28. */
const RESOURCE_NOT_FOUND = -32_002;
const ofResource = z.strictObject({ uri: z.string() });

const cancelled = z.looseObject({ requestId: z.union([z.string(), z.number()]) });

/**
 * Whatever is no message, or cannot be taken, has an answer: a client that waits for one would wait for ever. One pipe is
 * one client: a second one that is put on it by a bridge would act in the first one's name.
 *
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
  readonly #lines = new Lines(LONGEST_LINE);
  readonly #unanswered = new Set<RequestId>();
  readonly #asked = new Set<RequestId>();
  readonly #finish: () => void;
  #isInitialized = false;
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
    await this.#write(serializeMessage(this.#asKnown(message)));
    if (!("method" in message) && message.id !== undefined) this.#settle(message.id);
  }

  /** Clients of the 2025 protocols, which begin with `initialize`, know a code of its own for a resource that is not there. */
  #asKnown(message: JSONRPCMessage): JSONRPCMessage {
    if (!this.#isInitialized || !isJSONRPCErrorResponse(message)) return message;
    const { error } = message;
    const isMissing = error.code === ProtocolErrorCode.InvalidParams && ofResource.safeParse(error.data).success;
    return isMissing ? { ...message, error: { ...error, code: RESOURCE_NOT_FOUND } } : message;
  }

  async close(): Promise<void> {
    if (this.#state === "closed") return;
    this.#state = "closed";
    this.#input.off("data", this.#read).off("end", this.#drain).off("close", this.#drain).off("error", this.#fail);
    // An open pipe that nobody reads would keep the process alive.
    this.#input.destroy();
    this.onclose?.();
    this.#finish();
  }

  readonly #read = (chunk: Buffer): void => {
    for (const line of this.#lines.of(chunk)) {
      if (typeof line !== "string")
        this.#refuse(null, ProtocolErrorCode.InvalidRequest, "The line is longer than 10 MiB.");
      else if (line.trim() !== "") this.#readLine(line);
    }
  };

  #readLine(line: string): void {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      this.#refuse(null, ProtocolErrorCode.ParseError, "The line is not JSON.");
      return;
    }
    if (Array.isArray(value)) {
      const ids = value.flatMap((member) => identified.safeParse(member).data?.id ?? []);
      const why = "Batches are not supported: send each message on a line of its own.";
      for (const id of ids.length === 0 ? [null] : ids) this.#refuse(id, ProtocolErrorCode.InvalidRequest, why);
      return;
    }
    let message: JSONRPCMessage;
    try {
      message = parseJSONRPCMessage(value);
    } catch {
      const id = identified.safeParse(value).data?.id ?? null;
      this.#refuse(id, ProtocolErrorCode.InvalidRequest, "The line is not a JSON-RPC 2.0 message.");
      return;
    }
    try {
      this.#receive(message);
    } catch (error) {
      this.onerror?.(asError(error));
    }
  }

  /** Answers what is not handed on. */
  #refuse(id: string | number | null, code: ProtocolErrorCode, message: string): void {
    this.onerror?.(new Error(message));
    void this.#write(`${JSON.stringify({ jsonrpc: "2.0", id, error: { code, message } })}\n`).catch(this.#fail);
  }

  /** Why a request is not handed on. */
  #objection(request: JSONRPCMessage & { readonly method: string }): [ProtocolErrorCode, string] | undefined {
    if (CHECKED[request.method]?.(request) === false)
      return [ProtocolErrorCode.InvalidParams, `The parameters of ${request.method} are not what they should be.`];
    if (request.method !== "initialize") return undefined;
    if (this.#isInitialized) return [ProtocolErrorCode.InvalidRequest, "This connection was initialized before."];
    this.#isInitialized = true;
    return undefined;
  }

  #receive(message: JSONRPCMessage): void {
    if (isJSONRPCRequest(message)) {
      const objection = this.#objection(message);
      if (objection !== undefined) {
        this.#refuse(message.id, ...objection);
        return;
      }
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
