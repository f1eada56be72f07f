/** Waiting for the next change of a run or of the queue: told by the store where it can tell, else by looking again. */
import type { Clock } from "../ports/runtime.ts";
import type { Store, Topic } from "../ports/store.ts";

/** Where the store cannot tell of changes: somebody sees a run go on, nobody sees the queue. */
const LOOK_AT_RUN_MS = 100;
const LOOK_AT_QUEUE_MS = 1_000;

export interface Watch {
  /** Resolves when something changed since the last call, after `atMostMs`, or when the signal aborts. */
  next(atMostMs: number, signal: AbortSignal): Promise<void>;
  end(): void;
}

/** What changed before this resolves is for the caller to look for: the first `next` returns at once. */
export async function watch({ store, clock }: { store: Store; clock: Clock }, topic: Topic): Promise<Watch> {
  let changed = true;
  let wake = (): void => undefined;
  const end = await store.watch?.(topic, () => {
    changed = true;
    wake();
  });
  const lookAgainMs = topic === "queue" ? LOOK_AT_QUEUE_MS : LOOK_AT_RUN_MS;
  return {
    next: async (atMostMs, signal) => {
      if (!changed) {
        const woken = new AbortController();
        wake = () => woken.abort();
        const ms = end === undefined ? Math.min(atMostMs, lookAgainMs) : atMostMs;
        await clock.sleep(ms, AbortSignal.any([woken.signal, signal]));
      }
      changed = false;
    },
    end: () => end?.(),
  };
}
