import type { Agent, Dispatcher } from "undici";
import { bracketed } from "../net/address.ts";
import { createDispatcher } from "../net/dispatcher.ts";
import type { ProxySettings } from "../net/proxy.ts";
import type { TlsSettings } from "../net/tls.ts";
import { at, list, text } from "./values.ts";
import { type Tree, TreeBuilder } from "./xml-tree.ts";

/** All in milliseconds. */
export interface VsphereTimeouts {
  readonly connect: number;
  /** Until an ordinary call is answered. */
  readonly call: number;
  /** Until a call is answered that works on the host's storage before it returns: rescans take minutes. */
  readonly storage: number;
  /** Until a task has ended, from when we began to wait for it. */
  readonly task: number;
}

/** How long one `WaitForUpdatesEx` is held by the server when nothing happens. */
export const MAX_WAIT_SECONDS = 50;

/** Which time limit and which sockets a call gets: `wait` has its own, so that waiting never holds up the rest. */
export type Lane = "call" | "storage" | "wait";

export interface Envelope {
  readonly xml: string;
  readonly lane: Lane;
  /** Build the reply's tree while it arrives, instead of handing its text over. */
  readonly stream: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface Reply {
  readonly status: number;
  /** Undefined when the reply is not XML by its content type. */
  readonly body: string | undefined;
  /** Of a streamed reply with status 200 and well-formed XML. */
  readonly tree: Tree | undefined;
}

const OLDEST = "6.5";
// Newest first; what we send and read exists in all of them.
const KNOWN_VERSIONS = [
  "8.0.3.0",
  "8.0.2.0",
  "8.0.1.0",
  "8.0.0.1",
  "7.0.3.0",
  "7.0.2.0",
  "7.0.1.0",
  "7.0.0.0",
  "6.7.3",
  "6.7.2",
  "6.7.1",
  "6.7",
  OLDEST,
];

/** HTTP to one vCenter's `/sdk`: trust, time limits, the session cookie and the SOAPAction. Knows nothing of SOAP's content. */
export class VimHttp {
  readonly #origin: string;
  readonly #timeouts: VsphereTimeouts;
  readonly #calls: Agent;
  readonly #waits: Agent;
  #cookie: string | undefined;
  #version = OLDEST;

  constructor(address: string, tls: TlsSettings, timeouts: VsphereTimeouts, proxy?: ProxySettings) {
    this.#origin = `https://${bracketed(address)}`;
    this.#timeouts = timeouts;
    const common = {
      connectTimeout: timeouts.connect,
      headersTimeout: timeouts.call,
      bodyTimeout: timeouts.call,
      proxy,
    };
    this.#calls = createDispatcher(tls, { ...common, connections: 16 });
    this.#waits = createDispatcher(tls, { ...common, connections: 4 });
  }

  /** Throws what undici throws; a status other than 200 is an answer. */
  async post({ xml, lane, stream, signal }: Envelope): Promise<Reply> {
    const timeout = this.#timeoutOf(lane);
    const answer = await (lane === "wait" ? this.#waits : this.#calls).request({
      origin: this.#origin,
      path: "/sdk",
      method: "POST",
      headers: {
        "content-type": "text/xml; charset=utf-8",
        accept: "text/xml",
        // Selects the API version in which the server answers.
        soapaction: `"urn:vim25/${this.#version}"`,
        ...(this.#cookie === undefined ? {} : { cookie: this.#cookie }),
      },
      body: xml,
      headersTimeout: timeout,
      bodyTimeout: timeout,
      signal: signal ?? null,
    });
    this.#keepCookie(answer.headers["set-cookie"]);
    const status = answer.statusCode;
    if (!/xml/i.test(String(answer.headers["content-type"] ?? ""))) {
      await answer.body.dump();
      return { status, body: undefined, tree: undefined };
    }
    if (!stream || status !== 200) return { status, body: await answer.body.text(), tree: undefined };
    return { status, body: "", tree: await treeOf(answer.body) };
  }

  /** Settles the API version with the server; a server without the list is spoken to in the oldest one. */
  async negotiate(): Promise<string> {
    const path = "/sdk/vimServiceVersions.xml";
    const answer = await this.#calls.request({ origin: this.#origin, path, method: "GET" });
    const offered = answer.statusCode === 200 ? versionsIn(await answer.body.text()) : [];
    if (answer.statusCode !== 200) await answer.body.dump();
    this.#version = KNOWN_VERSIONS.find((each) => offered.includes(each)) ?? OLDEST;
    return this.#version;
  }

  forgetSession(): void {
    this.#cookie = undefined;
  }

  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#waits.destroy()]);
  }

  #timeoutOf(lane: Lane): number {
    switch (lane) {
      case "call":
        return this.#timeouts.call;
      case "storage":
        return this.#timeouts.storage;
      case "wait":
        return MAX_WAIT_SECONDS * 1000 + this.#timeouts.call;
    }
  }

  #keepCookie(header: string | string[] | undefined): void {
    const session = list(header).find((each) => typeof each === "string" && each.startsWith("vmware_soap_session="));
    // Returned verbatim, quotes and all: vCenter compares it as it sent it.
    if (typeof session === "string") this.#cookie = session.split(";", 1)[0];
  }
}

async function treeOf(body: Dispatcher.ResponseData["body"]): Promise<Tree | undefined> {
  const builder = new TreeBuilder();
  const decoder = new TextDecoder();
  try {
    for await (const piece of body) builder.write(decoder.decode(piece, { stream: true }));
    return builder.end();
  } catch (error) {
    if (builder.malformed) return undefined;
    throw error;
  }
}

function versionsIn(xml: string): string[] {
  const builder = new TreeBuilder();
  try {
    builder.write(xml);
    const namespaces = list(builder.end(), "namespaces", "namespace");
    const vim = namespaces.find((each) => text(each, "name") === "urn:vim25");
    const versions = [at(vim, "version"), ...list(vim, "priorVersions", "version")];
    return versions.map((each) => text(each) ?? "");
  } catch {
    return [];
  }
}
