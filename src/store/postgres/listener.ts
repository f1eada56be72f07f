/** Hears of commits to runs and to the queue: one connection that listens, made for the first who watches. */
import type { Client } from "pg";
import type { Clock } from "../../core/ports/runtime.ts";
import type { Topic } from "../../core/ports/store.ts";
import { connect, drop, SCHEMA, type Target } from "./connection.ts";

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 5_000;

export class Listener {
  readonly #target: Target;
  readonly #clock: Clock;
  readonly #watchers = new Map<string, Set<() => void>>();
  readonly #stop = new AbortController();
  #listening: Promise<Client> | undefined;

  constructor(target: Target, clock: Clock) {
    this.#target = target;
    this.#clock = clock;
  }

  /** Resolves once the server tells of what is committed from then on. Errors: those of the connection. */
  async watch(topic: Topic, changed: () => void): Promise<() => void> {
    const name = topic === "queue" ? topic : topic.runId;
    const watchers = this.#watchers.get(name) ?? new Set();
    this.#watchers.set(name, watchers.add(changed));
    const end = (): void => {
      watchers.delete(changed);
      if (watchers.size === 0 && this.#watchers.get(name) === watchers) this.#watchers.delete(name);
    };
    try {
      this.#listening ??= this.#listen();
      await this.#listening;
      return end;
    } catch (thrown) {
      end();
      throw thrown;
    }
  }

  close(): void {
    this.#stop.abort();
    this.#watchers.clear();
    void this.#listening?.then(drop, () => undefined);
  }

  async #listen(): Promise<Client> {
    let client: Client | undefined;
    try {
      let listening = false;
      client = await connect(this.#target, () => {
        if (!listening) return;
        listening = false;
        void this.#listenAgain();
      });
      client.on("notification", ({ payload = "" }) => {
        for (const changed of this.#watchers.get(payload) ?? []) changed();
      });
      await client.query(`LISTEN ${SCHEMA}`);
      listening = true;
      return client;
    } catch (thrown) {
      this.#listening = undefined;
      if (client !== undefined) drop(client);
      throw thrown;
    }
  }

  /** What was committed meanwhile was told to nobody, so everyone looks once the connection is there again. */
  async #listenAgain(): Promise<void> {
    this.#listening = undefined;
    const { signal } = this.#stop;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted && this.#watchers.size > 0; ) {
      await this.#clock.sleep(pause, signal);
      if (signal.aborted) return;
      this.#listening ??= this.#listen();
      if (await this.#listening.then(Boolean, () => false)) break;
      pause = Math.min(pause * 2, LONGEST_PAUSE_MS);
    }
    for (const watchers of this.#watchers.values()) for (const changed of watchers) changed();
  }
}
