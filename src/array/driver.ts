/**
 * The driver port: what a module must give so that an array can be used
 * (docs/driver.md). The engine sees the two ports of core/ports/ only.
 */
import type { ArrayReader, ArrayWriter } from "../core/ports/array.ts";
import type { Clock, Logger } from "../core/ports/runtime.ts";
import type { ProxySettings } from "../net/proxy.ts";
import type { TlsSettings } from "../net/tls.ts";

/** All in milliseconds. */
interface ArrayTimeouts {
  readonly connectMs: number;
  /** One call, from sending to the last byte of its answer. */
  readonly callMs: number;
  /** One job, from its acceptance to its end. */
  readonly jobMs: number;
}

export interface ArrayOptions {
  /** What the configuration calls its part about the array, for hints; `array` when left out. */
  readonly section?: string | undefined;
  readonly url: string;
  /** Absent where a token is all that the array wants. */
  readonly username?: string | undefined;
  /** Read at each sign-in, kept nowhere. */
  readonly password?: (() => Promise<string> | string) | undefined;
  readonly token?: (() => Promise<string> | string) | undefined;
  /** What this kind of array needs besides, as configured: the driver checks it, `CONFIG_INVALID`. */
  readonly settings?: unknown;
  readonly tls: TlsSettings;
  /** The HTTP proxy that every connection goes through, by a CONNECT tunnel; undefined: directly. */
  readonly proxy?: ProxySettings | undefined;
  readonly timeouts: ArrayTimeouts;
  readonly clock: Clock;
  readonly log: Logger;
}

/** One connection to an array; its session is made on the first call. `close` ends the session and never throws. */
export interface StorageArray {
  readonly reader: ArrayReader;
  readonly writer: ArrayReader & ArrayWriter;
  /** What time the array says it is, for `doctor`; absent, or undefined, where its interface does not tell. */
  time?(): Promise<Date | undefined>;
  close(): Promise<void>;
}

export interface StorageArrayDriver {
  create(options: ArrayOptions): StorageArray;
}
