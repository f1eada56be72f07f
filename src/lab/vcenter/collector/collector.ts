/** A property collector of one session: its filters, its versions and its pages. */

import { SoapFault } from "../wire/faults.ts";
import type { Data, Ref } from "../wire/value.ts";
import { Pages } from "./retrieve.ts";
import type { Find } from "./select.ts";
import type { Signal } from "./signal.ts";
import { type Filter, requestCanceled } from "./updates.ts";

export interface WaitOptions {
  /** Undefined: as long as it takes. */
  readonly maxWaitSeconds?: number | undefined;
  readonly maxObjectUpdates?: number | undefined;
}

export class Collector {
  readonly ref: Ref;
  readonly filters = new Map<string, Filter>();
  readonly pages = new Pages();
  readonly #cancels = new Set<() => void>();
  #version = 0;
  #last: { from: string; set: Data } | undefined;

  constructor(ref: Ref) {
    this.ref = ref;
  }

  /**
   * `UpdateSet` with what changed since `version`, or undefined when the time is over. An empty version starts afresh.
   * Throws `InvalidCollectorVersion`, and `RequestCanceled` when `cancelWaits` is called or `gone` aborts.
   */
  async waitForUpdates(
    version: string,
    options: WaitOptions,
    around: { find: Find; changed: Signal; gone: AbortSignal },
  ): Promise<Data | undefined> {
    const repeated = this.#accept(version);
    if (repeated !== undefined) return repeated;
    const deadline = options.maxWaitSeconds === undefined ? undefined : Date.now() + options.maxWaitSeconds * 1000;
    for (;;) {
      if (around.gone.aborted) throw requestCanceled();
      // Looking and starting to listen happen in one turn: no change falls between them.
      const set = this.#collect(version, around.find, options.maxObjectUpdates);
      if (set !== undefined) return set;
      if (!(await this.#nextChange(around.changed, around.gone, deadline))) return undefined;
    }
  }

  /** What changed since `version`, without waiting. */
  check(version: string, find: Find): Data | undefined {
    return this.#accept(version) ?? this.#collect(version, find, undefined);
  }

  cancelWaits(): void {
    for (const cancel of [...this.#cancels]) cancel();
  }

  /** The set already sent for this version: its reply was lost, or the client asks twice. Undefined: go on from here. */
  #accept(version: string): Data | undefined {
    if (version === "") {
      for (const filter of this.filters.values()) filter.forget();
      return undefined;
    }
    if (version === String(this.#version)) return undefined;
    if (version === this.#last?.from) return this.#last.set;
    throw new SoapFault("InvalidCollectorVersion", `${version} is no version that this collector can go on from`);
  }

  #collect(from: string, find: Find, maxObjects: number | undefined): Data | undefined {
    const filterSet: Data[] = [];
    let left = maxObjects ?? Number.POSITIVE_INFINITY;
    let truncated = false;
    for (const filter of this.filters.values()) {
      const update = filter.update(find, left);
      if (update === undefined) continue;
      filterSet.push(update.data);
      left -= update.objects;
      truncated ||= update.more;
    }
    if (filterSet.length === 0) return undefined;
    this.#version += 1;
    const set = { version: String(this.#version), filterSet, ...(truncated ? { truncated } : {}) };
    this.#last = { from, set };
    return set;
  }

  /** True on the next change, false when the time is over. */
  #nextChange(changed: Signal, gone: AbortSignal, deadline: number | undefined): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void): void => {
        off();
        clearTimeout(timer);
        gone.removeEventListener("abort", cancel);
        this.#cancels.delete(cancel);
        finish();
      };
      const cancel = (): void => settle(() => reject(requestCanceled()));
      // Changes come in bursts: the look is taken once the burst is over.
      const off = changed.on(() => settle(() => setImmediate(resolve, true)));
      const left = deadline === undefined ? undefined : Math.max(0, deadline - Date.now());
      const timer = left === undefined ? undefined : setTimeout(() => settle(() => resolve(false)), left);
      gone.addEventListener("abort", cancel);
      this.#cancels.add(cancel);
    });
  }
}
