/**
 * Sessions of clients that speak the protocols before 2026-07-28: one transport and one server each. The SDK's sessions end
 * only when their client says so, and clients open one and forget it; here an idle one is dropped, and of too many of one
 * principal the one least used. Its client need not notice: these clients never initialize again, so the session's id says
 * what they initialized with, and a request for a session that is not here, after a restart as well, opens it again.
 */
import {
  type AuthInfo,
  type EventId,
  type EventStore,
  type JSONRPCMessage,
  type McpServer,
  type StreamId,
  WebStandardStreamableHTTPServerTransport,
} from "@modelcontextprotocol/server";
import type { Clock } from "../core/ports/runtime.ts";
import { initializeIn, newSessionId, readSessionId } from "./session-id.ts";

export interface SessionLimits {
  readonly perOwner: number;
  readonly idleMs: number;
  readonly maxBodyBytes: number;
}

type Transport = WebStandardStreamableHTTPServerTransport;

interface Session {
  readonly transport: Transport;
  /** The principal that opened it; nobody else's requests get into it. */
  readonly owner: string;
  readonly usedAt: number;
}

/** Ids of sessions that their clients ended, so that they stay ended; older ones are forgotten. */
const MOST_ENDED = 10_000;

export class Sessions {
  readonly #build: () => McpServer;
  readonly #limits: SessionLimits;
  readonly #clock: Clock;
  /** In the order of their last use. */
  readonly #open = new Map<string, Session>();
  readonly #ended = new Set<string>();

  constructor(build: () => McpServer, limits: SessionLimits, clock: Clock) {
    this.#build = build;
    this.#limits = limits;
    this.#clock = clock;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Answers one request. One without a session's id has to be an `initialize`, which the transport sees to. */
  async handle(request: Request, owner: string, authInfo: AuthInfo): Promise<Response> {
    await this.#dropIdle();
    const id = request.headers.get("mcp-session-id");
    if (id === null) {
      const initialize = await initializeIn(request, this.#limits.maxBodyBytes);
      const transport = await this.#connect(owner, () => newSessionId(owner, initialize));
      return transport.handleRequest(request, { authInfo });
    }
    const transport = this.#used(id, owner) ?? (await this.#reopened(id, owner, authInfo, request.url));
    return transport === undefined ? sessionNotFound() : transport.handleRequest(request, { authInfo });
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map(({ transport }) => transport.close()));
  }

  #used(id: string, owner: string): Transport | undefined {
    const session = this.#open.get(id);
    if (session?.owner !== owner) return undefined;
    this.#open.delete(id);
    this.#open.set(id, { ...session, usedAt: this.#clock.elapsed() });
    return session.transport;
  }

  /** By the very messages with which its client opened it. */
  async #reopened(id: string, owner: string, authInfo: AuthInfo, url: string): Promise<Transport | undefined> {
    const initialize = readSessionId(id, owner);
    if (initialize === undefined || this.#ended.has(id)) return undefined;
    const transport = await this.#connect(owner, () => id);
    const send = async (message: object): Promise<void> => {
      const headers = {
        "content-type": "application/json",
        accept: "application/json, text/event-stream",
        "mcp-session-id": id,
      };
      const request = new Request(url, { method: "POST", headers, body: JSON.stringify(message) });
      const response = await transport.handleRequest(request, { authInfo });
      await response.text();
    };
    await send({ jsonrpc: "2.0", id: 0, method: "initialize", params: initialize });
    await send({ jsonrpc: "2.0", method: "notifications/initialized" });
    // Two requests for it at once open it twice; the later one stays.
    return this.#used(id, owner) ?? transport;
  }

  async #connect(owner: string, sessionIdGenerator: () => string): Promise<Transport> {
    const transport: Transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator,
      maxRequestBodySize: this.#limits.maxBodyBytes,
      eventStore: latestEvents(),
      onsessioninitialized: async (id) => {
        this.#open.set(id, { transport, owner, usedAt: this.#clock.elapsed() });
        const own = [...this.#open.values()].filter((session) => session.owner === owner);
        const [leastUsed] = own;
        if (own.length > this.#limits.perOwner) await leastUsed?.transport.close();
      },
      onsessionclosed: (id) => {
        this.#ended.add(id);
        const [oldest] = this.#ended;
        if (this.#ended.size > MOST_ENDED && oldest !== undefined) this.#ended.delete(oldest);
      },
    });
    transport.onclose = () => {
      const id = transport.sessionId;
      if (id !== undefined && this.#open.get(id)?.transport === transport) this.#open.delete(id);
    };
    await this.#build().connect(transport);
    return transport;
  }

  async #dropIdle(): Promise<void> {
    const oldest = this.#clock.elapsed() - this.#limits.idleMs;
    for (const { transport, usedAt } of this.#open.values()) {
      if (usedAt > oldest) return;
      await transport.close();
    }
  }
}

const sessionNotFound = (): Response =>
  Response.json({ jsonrpc: "2.0", id: null, error: { code: -32001, message: "Session not found" } }, { status: 404 });

/** More than a run's progress has: what a client misses while its stream is cut. */
const MOST_EVENTS = 64;

/** What a client whose stream was cut asks for again by `Last-Event-ID`. */
function latestEvents(): EventStore {
  const events: { readonly id: EventId; readonly stream: StreamId; readonly message: JSONRPCMessage }[] = [];
  let count = 0;
  return {
    storeEvent: async (stream, message) => {
      count += 1;
      const id = `${stream}_${count}`;
      events.push({ id, stream, message });
      if (events.length > MOST_EVENTS) events.shift();
      return id;
    },
    getStreamIdForEventId: async (id) => events.find((event) => event.id === id)?.stream,
    replayEventsAfter: async (last, { send }) => {
      const at = events.findIndex(({ id }) => id === last);
      const stream = events[at]?.stream;
      if (stream === undefined) throw new Error("there is no such event any more");
      for (const event of events.slice(at + 1)) {
        if (event.stream === stream) await send(event.id, event.message);
      }
      return stream;
    },
  };
}
