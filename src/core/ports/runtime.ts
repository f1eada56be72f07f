/** Connections to both systems, time, randomness and the log: passed in, so that tests pass in others. */
import type { ArrayReader, ArrayWriter } from "./array.ts";
import type { HypervisorReader, HypervisorWriter } from "./hypervisor.ts";
import type { ScriptRunner } from "./script.ts";

/** Connections to both systems for the time of one look or one run. Closing ends the sessions. */
export interface Connection<A, H> {
  readonly array: A;
  readonly hypervisor: H;
  close(): Promise<void>;
}

/** Where the hypervisor is and whom to sign in as; a request may name another vCenter than the configured one (CLI `-vi`, `-vu`, `-vp`). */
export interface VcenterOverride {
  readonly address: string;
  readonly username: string;
  /** Never printed, stored or logged. */
  readonly password: string;
}

/** Opens connections. Sessions are made lazily, on the first call. `write` is called by `core/run.ts` alone. */
export interface Systems {
  /** Shown and bound into plans: the array's URL and vCenter's address. */
  readonly endpoints: { readonly array: string; readonly vcenter: string };
  read(): Connection<ArrayReader, HypervisorReader>;
  write(): Connection<ArrayReader & ArrayWriter, HypervisorReader & HypervisorWriter> & {
    readonly script?: ScriptRunner;
  };
}

export interface Clock {
  /** The wall clock: for what is stored and shown. It can be set, forward and back. */
  now(): Date;
  /** Milliseconds that only ever go forward, from some start: for how long something takes, and how long to wait. */
  elapsed(): number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Randomness, passed in: 256 bits for tokens, shorter for ids. */
export interface Entropy {
  bytes(count: number): Uint8Array;
}

/** What the engine says to the log; secrets are redacted behind it. */
export interface Logger {
  debug(data: object, message: string): void;
  info(data: object, message: string): void;
  warn(data: object, message: string): void;
  error(data: object, message: string): void;
}
