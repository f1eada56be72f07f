/** Signed-in sessions and what each of them made for itself: collectors, filters, views. */
import { randomUUID } from "node:crypto";
import { Collector } from "../collector/collector.ts";
import type { Filter } from "../collector/updates.ts";
import { type Data, Ref } from "../wire/value.ts";
import type { View } from "./views.ts";
import { DEFAULT_COLLECTOR } from "./well-known.ts";

/** vCenter ends a session that has been idle for this long. */
const IDLE_MS = 30 * 60 * 1000;

export class Session {
  readonly key: string = randomUUID();
  readonly user: string;
  readonly client: { readonly address: string; readonly agent: string };
  readonly loginTime: Date = new Date();
  lastActive: Date = new Date();
  calls = 0;
  readonly collectors = new Map<string, Collector>();
  readonly views = new Map<string, View>();

  constructor(user: string, client: Session["client"]) {
    this.user = user;
    this.client = client;
    this.clear();
  }

  /** An id for an object of this session. */
  newRef(type: string): Ref {
    return new Ref(type, `session[${this.key}]${randomUUID()}`);
  }

  filter(id: string): { collector: Collector; filter: Filter } | undefined {
    for (const collector of this.collectors.values()) {
      const filter = collector.filters.get(id);
      if (filter !== undefined) return { collector, filter };
    }
    return undefined;
  }

  /** Drops everything that was made in it. Waits that are under way end as canceled. */
  clear(): void {
    for (const collector of this.collectors.values()) collector.cancelWaits();
    this.collectors.clear();
    this.views.clear();
    this.collectors.set(DEFAULT_COLLECTOR.id, new Collector(DEFAULT_COLLECTOR));
  }

  /** `UserSession` */
  describe(): Data {
    return {
      $type: "UserSession",
      key: this.key,
      userName: this.user,
      fullName: this.user,
      loginTime: this.loginTime,
      lastActiveTime: this.lastActive,
      locale: "en",
      messageLocale: "en",
      extensionSession: false,
      ipAddress: this.client.address,
      userAgent: this.client.agent,
      callCount: this.calls,
    };
  }
}

export class Sessions {
  readonly #sessions = new Map<string, Session>();

  open(user: string, client: Session["client"]): Session {
    const session = new Session(user, client);
    this.#sessions.set(session.key, session);
    return session;
  }

  /** The live session of this key; one that was idle for too long is ended. */
  get(key: string | undefined): Session | undefined {
    const session = key === undefined ? undefined : this.#sessions.get(key);
    if (session === undefined) return undefined;
    if (Date.now() - session.lastActive.getTime() <= IDLE_MS) return session;
    this.end(session);
    return undefined;
  }

  count(): number {
    return [...this.#sessions.keys()].filter((key) => this.get(key) !== undefined).length;
  }

  end(session: Session): void {
    this.#sessions.delete(session.key);
    session.clear();
  }

  endAll(): void {
    for (const session of this.#sessions.values()) this.end(session);
  }

  /** Sessions stay, what they made goes. */
  clearAll(): void {
    for (const session of this.#sessions.values()) session.clear();
  }
}
