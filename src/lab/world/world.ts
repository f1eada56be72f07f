import { LabFaults } from "./faults.ts";
import type { ArrayStyle } from "./id-source.ts";
import { type Latency, NO_LATENCY } from "./latency.ts";
import type { LabModel } from "./model.ts";
import { showLate } from "./rescan.ts";
import { buildScenario, type ScenarioOptions } from "./scenarios.ts";
import type { WorldState } from "./state.ts";

/** What makes a change: the vim25 method or the array's operation, called by the user who is signed in there. */
export interface Cause {
  readonly api: "dgs" | "vim";
  readonly op: string;
  readonly by: string;
}

/** One accepted change of the world; `target` is the id of the object changed. */
export interface Mutation extends Cause {
  readonly seq: number;
  readonly at: string;
  readonly target: string;
}

/** The one world behind all servers. The rules of what can be done to it are in array.ts, storage.ts and vms.ts. */
export class World {
  #state: WorldState;
  #latency: Latency;
  readonly #startLatency: Latency;
  #version = 1;
  #generation = 1;
  #mutations: Mutation[] = [];
  #replacing = new AbortController();
  #alarm: NodeJS.Timeout | undefined;
  readonly #listeners = new Set<() => void>();
  readonly #now: () => Date;
  readonly #style: ArrayStyle | undefined;
  readonly #faults = new LabFaults();

  constructor(options: { scenario: ScenarioOptions; latency?: Latency; now?: () => Date; style?: ArrayStyle }) {
    this.#now = options.now ?? (() => new Date());
    this.#style = options.style;
    this.#state = buildScenario(options.scenario, this.#now, this.#style);
    this.#startLatency = options.latency ?? NO_LATENCY;
    this.#latency = this.#startLatency;
  }

  get model(): LabModel {
    return this.#state.model;
  }
  get state(): WorldState {
    return this.#state;
  }
  get latency(): Latency {
    return this.#latency;
  }
  get faults(): LabFaults {
    return this.#faults;
  }
  get version(): number {
    return this.#version;
  }
  get generation(): number {
    return this.#generation;
  }
  /** Aborts at the next reset: what is under way in this world comes to nothing. */
  get replaced(): AbortSignal {
    return this.#replacing.signal;
  }
  get mutations(): readonly Mutation[] {
    return this.#mutations;
  }

  /** Returns how to stop listening. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Starts over with another scenario: no mutations, no faults, no counts, and the latency that it was started with unless one is given. */
  reset(scenario: ScenarioOptions, latency: Latency = this.#startLatency): void {
    this.#state = buildScenario(scenario, this.#now, this.#style);
    this.#latency = latency;
    this.#generation += 1;
    this.#mutations = [];
    this.#faults.clear();
    this.#faults.forgetCalls();
    clearTimeout(this.#alarm);
    this.#replacing.abort();
    this.#replacing = new AbortController();
    this.announce();
  }

  /** Wakes the listeners after a change from outside the two interfaces. */
  announce(): void {
    this.#version += 1;
    for (const listener of [...this.#listeners]) listener();
  }

  /**
   * Does `act` whole or, where it throws, not at all; logs one mutation for each object changed and wakes the listeners.
   * What `targetsOf` gives none for has changed nothing.
   */
  change<T>(cause: Cause, act: (state: WorldState) => T, targetsOf: (result: T) => readonly string[]): T {
    const result = act(this.#state);
    this.#showLate();
    const at = this.#now().toISOString();
    for (const target of targetsOf(result)) {
      this.#mutations.push({ seq: this.#mutations.length + 1, at, ...cause, target });
    }
    this.announce();
    return result;
  }

  /** Somebody reads vCenter: what is late for a number of reads comes nearer, and shows before this one is answered. */
  countRead(): void {
    this.#state.lags.countRead();
    this.#showLate();
  }

  /** What is late for some milliseconds shows when they have passed, or when something looks after that. */
  #showLate(): void {
    const { lags } = this.#state;
    if (showLate(this.#state)) this.announce();
    clearTimeout(this.#alarm);
    const now = this.#now();
    const at = lags.nextAt(now);
    if (at !== undefined) this.#alarm = setTimeout(() => this.#showLate(), at - now.getTime() + 1).unref();
  }
}
