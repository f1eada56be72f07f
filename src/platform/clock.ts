/** The machine's own time and randomness, behind the ports, so that tests can pass in their own. */
import { randomBytes } from "node:crypto";
import type { Clock, Entropy } from "../core/ports/runtime.ts";

/** Wall-clock time; a sleep ends early, without an error, when its signal aborts. */
export const systemClock: Clock = {
  now: () => new Date(),
  elapsed: () => performance.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const wake = (): void => {
        clearTimeout(timer);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal?.addEventListener("abort", wake, { once: true });
    }),
};

/** The operating system's cryptographic randomness. */
export const systemEntropy: Entropy = { bytes: (count) => new Uint8Array(randomBytes(count)) };
