import type { Agent, Dispatcher } from "undici";
import { registerSecret } from "../logging/redact.ts";
import { bracketed } from "../net/address.ts";
import { createDispatcher } from "../net/dispatcher.ts";
import type { ProxySettings } from "../net/proxy.ts";
import type { TlsSettings } from "../net/tls.ts";
import type { TimeoutClass } from "./operations.ts";
import { ReplyBudget } from "./reply-budget.ts";
import { at, list, text } from "./values.ts";
import { type Tree, TreeBuilder } from "./xml-reader.ts";

/** All in milliseconds. */
export interface VsphereTimeouts {
  readonly connect: number;
  /** Until an ordinary call is answered, to the answer's last byte. */
  readonly call: number;
  /** The same for a call that works on the host's storage before it returns: rescans take minutes. */
  readonly storage: number;
  /** Until a task has ended, from when we began to wait for it. */
  readonly task: number;
}

/** How long one `WaitForUpdatesEx` is held by the server when nothing happens. */
export const MAX_WAIT_SECONDS = 50;

interface Envelope {
  readonly xml: string;
  readonly timeoutClass: TimeoutClass;
  readonly budget: ReplyBudget;
  readonly signal?: AbortSignal | undefined;
}

export interface HttpReply {
  readonly status: number;
  /** Undefined when the reply is not well-formed XML, or not XML at all by its content type. */
  readonly tree: Tree | undefined;
}

/** The reply did not come, or not to its end, within a limit that the configuration sets. */
export class LateReply extends Error {
  override readonly name = "LateReply";
  /** The limit's key in the configuration. */
  readonly limit: string;
  readonly ms: number;
  constructor({ limit, ms }: Limit, cause: unknown) {
    super(`no whole reply within ${limit}`, { cause });
    this.limit = limit;
    this.ms = ms;
  }
}

interface Limit {
  readonly limit: string;
  readonly ms: number;
}

/** What is spoken with a server that has no list of its versions. */
export const OLDEST_VERSION = "6.5";
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
  OLDEST_VERSION,
];

/** HTTP to one vCenter's `/sdk`: trust, time limits, the session cookie and the SOAPAction. Knows nothing of SOAP's content. */
export class VimHttp {
  readonly #origin: string;
  readonly #timeouts: VsphereTimeouts;
  readonly #calls: Agent;
  readonly #waits: Agent;
  #cookie: string | undefined;
  /** Ends the cookie's redaction. */
  #hidden: (() => void) | undefined;
  #version = OLDEST_VERSION;

  constructor(address: string, tls: TlsSettings, timeouts: VsphereTimeouts, proxy?: ProxySettings) {
    this.#origin = `https://${bracketed(address)}`;
    this.#timeouts = timeouts;
    const common = {
      connectTimeout: timeouts.connect,
      // Each call has a limit of its own, for all of it.
      headersTimeout: 0,
      bodyTimeout: 0,
      proxy,
    };
    this.#calls = createDispatcher(tls, { ...common, connections: 16 });
    this.#waits = createDispatcher(tls, { ...common, connections: 4 });
  }

  /**
   * Throws `LateReply`, `ReplyTooLarge`, and what undici throws; a status other than 200 is an answer. What a signal of the
   * caller's ends fails with that signal's reason.
   */
  async post({ xml, timeoutClass, budget, signal }: Envelope): Promise<HttpReply> {
    const agent = timeoutClass === "wait" ? this.#waits : this.#calls;
    return within(this.#limitOf(timeoutClass), signal, async (ending) => {
      const answer = await agent.request({
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
        signal: ending,
      });
      this.#keepCookie(answer.headers["set-cookie"]);
      const status = answer.statusCode;
      if (/xml/i.test(String(answer.headers["content-type"] ?? "")))
        return { status, tree: await treeOf(answer.body, budget) };
      await answer.body.dump();
      return { status, tree: undefined };
    });
  }

  /** Settles the API version with the server; a server without the list is spoken to in the oldest one. */
  async negotiate(): Promise<string> {
    const path = "/sdk/vimServiceVersions.xml";
    const tree = await within(this.#limitOf("call"), undefined, async (signal) => {
      const answer = await this.#calls.request({ origin: this.#origin, path, method: "GET", signal });
      if (answer.statusCode === 200) return treeOf(answer.body, ReplyBudget.small());
      await answer.body.dump();
      return undefined;
    });
    const offered = versionsIn(tree);
    this.#version = KNOWN_VERSIONS.find((each) => offered.includes(each)) ?? OLDEST_VERSION;
    return this.#version;
  }

  forgetSession(): void {
    this.#cookie = undefined;
    this.#hidden?.();
    this.#hidden = undefined;
  }

  async close(): Promise<void> {
    await Promise.all([this.#calls.destroy(), this.#waits.destroy()]);
  }

  #limitOf(timeoutClass: TimeoutClass): Limit {
    switch (timeoutClass) {
      case "call":
        return { limit: "limits.vcenterCall", ms: this.#timeouts.call };
      case "storage":
        return { limit: "limits.rescan", ms: this.#timeouts.storage };
      case "wait":
        return { limit: "limits.vcenterCall", ms: MAX_WAIT_SECONDS * 1000 + this.#timeouts.call };
    }
  }

  #keepCookie(header: string | string[] | undefined): void {
    const session = list(header).find((each) => typeof each === "string" && each.startsWith("vmware_soap_session="));
    // Returned verbatim, quotes and all: vCenter compares it as it sent it.
    if (typeof session !== "string") return;
    const [cookie = ""] = session.split(";", 1);
    if (cookie !== this.#cookie) this.forgetSession();
    this.#cookie = cookie;
    const [, value = ""] = /^[^=]*="?([^"]*)/.exec(cookie) ?? [];
    this.#hidden ??= registerSecret(value);
  }
}

/** Ends the exchange with its limit, to the reply's last byte: a server that trickles is late as well. */
async function within<T>(
  limit: Limit,
  signal: AbortSignal | undefined,
  exchange: (ending: AbortSignal) => Promise<T>,
): Promise<T> {
  // Not `AbortSignal.timeout`: what listens to it is held until its time is over, a quarter of an hour for a rescan.
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), limit.ms);
  const over = late.signal;
  try {
    return await exchange(signal === undefined ? over : AbortSignal.any([over, signal]));
  } catch (thrown) {
    throw over.aborted && signal?.aborted !== true ? new LateReply(limit, thrown) : thrown;
  } finally {
    clearTimeout(timer);
  }
}

async function treeOf(body: Dispatcher.ResponseData["body"], budget: ReplyBudget): Promise<Tree | undefined> {
  const builder = new TreeBuilder();
  const decoder = new TextDecoder();
  try {
    let elements = 0;
    for await (const piece of body) {
      builder.write(decoder.decode(piece, { stream: true }));
      budget.spend(piece.byteLength, builder.elements - elements);
      elements = builder.elements;
    }
    return builder.end();
  } catch (error) {
    if (builder.malformed) return undefined;
    throw error;
  }
}

function versionsIn(tree: Tree | undefined): string[] {
  const namespaces = list(tree, "namespaces", "namespace");
  const vim = namespaces.find((each) => text(each, "name") === "urn:vim25");
  const versions = [at(vim, "version"), ...list(vim, "priorVersions", "version")];
  return versions.map((each) => text(each) ?? "");
}
