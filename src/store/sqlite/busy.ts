/** Waiting for a database that another connection holds, without holding up the event loop. */
import type { Clock } from "../../core/ports/runtime.ts";
import { unusable } from "../errors.ts";
import { isBusy } from "./errors.ts";

const FIRST_DELAY_MS = 2;
const LONGEST_DELAY_MS = 100;

/** Runs a synchronous attempt again, later each time, for as long as SQLite answers that it is busy. */
export type Retry = <T>(attempt: () => T) => Promise<T>;

/**
 * A `Retry` that sleeps at most `limitMs` in all for one attempt, then gives up with a retryable `STORE_UNUSABLE`. The
 * delays are spread at random, so that processes which met once do not meet again.
 */
export function retryWhileBusy(path: string, clock: Clock, limitMs: number): Retry {
  return async (attempt) => {
    let waited = 0;
    for (let delay = FIRST_DELAY_MS; ; delay = Math.min(delay * 1.5, LONGEST_DELAY_MS)) {
      try {
        return attempt();
      } catch (thrown) {
        if (!isBusy(thrown)) throw thrown;
      }
      if (waited >= limitMs) {
        throw unusable(
          path,
          `another process has held it for ${Math.round(waited)} ms`,
          "Ask again; when that keeps happening, search for a process that is stopped in the middle of a write.",
          true,
        );
      }
      const pause = Math.min(delay * (0.5 + Math.random()), Math.max(limitMs - waited, 1));
      waited += pause;
      await clock.sleep(pause);
    }
  };
}
