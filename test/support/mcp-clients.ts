/** Real clients of both protocol eras, connected in this process to a server over a fake engine. */
import { Client as ModernClient, type Transport as ModernTransport } from "@modelcontextprotocol/client";
import { Client as OlderClient } from "@modelcontextprotocol/sdk/client/index.js";
import type { Transport as OlderTransport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { ElicitRequestSchema } from "@modelcontextprotocol/sdk/types.js";
import { InMemoryTransport } from "@modelcontextprotocol/server";
import { serveStdio } from "@modelcontextprotocol/server/stdio";
import { z } from "zod";
import type { Logger } from "../../src/core/ports/runtime.ts";
import { buildServer } from "../../src/mcp/server.ts";
import { wordingFor } from "../../src/text/wording.ts";
import { type FakeEngine, fakeEngine } from "./fake-engine.ts";

export interface Form {
  readonly message: string;
  readonly fields: readonly string[];
}

export type Reply = { action: "accept"; content: Record<string, string | boolean> } | { action: "decline" | "cancel" };

/** How the person answers a form; or, behind a client that opens pages and shows no forms, what they do when led to one. */
export type Person = ((form: Form) => Reply) | { readonly open: (page: Page) => { action: "accept" | "decline" } };

export interface Page {
  readonly url: string;
  readonly message: string;
}

export interface Progress {
  progress: number;
  total?: number | undefined;
  message?: string | undefined;
}

export interface Called {
  readonly isError: boolean;
  readonly structured: Record<string, unknown>;
  readonly text: string;
  readonly links: readonly string[];
  readonly progress: readonly Progress[];
}

/** A client that is connected to some server. */
export interface Conversation {
  readonly client: ModernClient | OlderClient;
  /** What the client could not read, such as lines on stdout that are no JSON-RPC. */
  readonly noise: string[];
  call(name: string, args?: Record<string, unknown>, onProgress?: (at: Progress) => void): Promise<Called>;
  close(): Promise<void>;
}

/** One that is connected to a server in this process. */
export interface TestClient extends Conversation {
  readonly era: "modern" | "older";
  readonly engine: FakeEngine;
  readonly logged: string[];
}

export interface Options {
  readonly engine?: FakeEngine;
  readonly person?: Person;
}

function formOf(params: unknown): Form {
  const { message, requestedSchema } = params as { message: string; requestedSchema: { properties: object } };
  return { message, fields: Object.keys(requestedSchema.properties) };
}

const pageOf = z.looseObject({ mode: z.literal("url"), url: z.url(), message: z.string() });

const answerOf = (person: Person, params: unknown): Reply | { action: "accept" | "decline" } =>
  typeof person === "function" ? person(formOf(params)) : person.open(pageOf.parse(params));

/** What a client says that it can do for this person. */
const capabilitiesFor = (person: Person | undefined, forms: object): object =>
  person === undefined ? {} : { elicitation: typeof person === "function" ? forms : { url: {} } };

const Result = z.looseObject({
  isError: z.boolean().optional(),
  structuredContent: z.record(z.string(), z.unknown()).optional(),
  content: z.array(z.looseObject({ type: z.string(), text: z.string().optional(), uri: z.string().optional() })),
});

function read(result: unknown, progress: readonly Progress[]): Called {
  const { isError = false, structuredContent = {}, content } = Result.parse(result);
  return {
    isError,
    structured: structuredContent,
    text: content.find(({ type }) => type === "text")?.text ?? "",
    links: content.flatMap(({ type, uri }) => (type === "resource_link" && uri !== undefined ? [uri] : [])),
    progress,
  };
}

const wording = () => wordingFor("assistant");

function serve(engine: FakeEngine): { wire: InMemoryTransport; logged: string[] } {
  const logged: string[] = [];
  const note = (data: object, message: string): void => {
    const { err } = data as { err?: unknown };
    logged.push(`${message}: ${err instanceof Error ? err.message : JSON.stringify(data)}`);
  };
  const log: Logger = { debug: note, info: note, warn: note, error: note };
  const [wire, serverEnd] = InMemoryTransport.createLinkedPair();
  serveStdio(
    () =>
      buildServer({
        engine: () => Promise.resolve(engine),
        caller: () => ({ principal: "tester@host", channel: "mcp" }),
        log,
        wording,
      }),
    { transport: serverEnd },
  );
  return { wire, logged };
}

/** How the newer client library finds its protocol: by pinning it, by asking first, or (its default) not at all. */
export type Negotiation = "auto" | "legacy" | { pin: string };

export async function modernOn(
  transport: ModernTransport,
  person?: Person,
  mode: Negotiation = { pin: "2026-07-28" },
): Promise<Conversation> {
  const client = new ModernClient(
    { name: "modern-test", version: "2.0" },
    {
      capabilities: capabilitiesFor(person, { form: {} }),
      versionNegotiation: { mode },
    },
  );
  const noise: string[] = [];
  client.onerror = (error) => void noise.push(error.message);
  if (person !== undefined) client.setRequestHandler("elicitation/create", ({ params }) => answerOf(person, params));
  await client.connect(transport);
  return {
    client,
    noise,
    async call(name, args = {}, onProgress) {
      const progress: Progress[] = [];
      const result = await client.callTool(
        { name, arguments: args },
        {
          onprogress: ({ progress: at, total, message }) => {
            progress.push({ progress: at, total, message });
            onProgress?.({ progress: at, total, message });
          },
        },
      );
      return read(result, progress);
    },
    close: () => client.close(),
  };
}

export async function olderOn(transport: OlderTransport, person?: Person): Promise<Conversation> {
  const client = new OlderClient({ name: "older-test", version: "1.0" }, { capabilities: capabilitiesFor(person, {}) });
  const noise: string[] = [];
  client.onerror = (error) => void noise.push(error.message);
  if (person !== undefined) client.setRequestHandler(ElicitRequestSchema, ({ params }) => answerOf(person, params));
  await client.connect(transport);
  return {
    client,
    noise,
    async call(name, args = {}, onProgress) {
      const progress: Progress[] = [];
      const result = await client.callTool({ name, arguments: args }, undefined, {
        onprogress: ({ progress: at, total, message }) => {
          progress.push({ progress: at, total, message });
          onProgress?.({ progress: at, total, message });
        },
      });
      return read(result, progress);
    },
    close: () => client.close(),
  };
}

export async function modernClient({ engine = fakeEngine(), person }: Options = {}): Promise<TestClient> {
  const { wire, logged } = serve(engine);
  return { era: "modern", engine, logged, ...(await modernOn(wire, person)) };
}

export async function olderClient({ engine = fakeEngine(), person }: Options = {}): Promise<TestClient> {
  const { wire, logged } = serve(engine);
  return { era: "older", engine, logged, ...(await olderOn(wire, person)) };
}

/** Both eras, for tests that hold for each. */
export const ERAS = [
  ["2026-07-28", modernClient],
  ["2025-11-25", olderClient],
] as const;
