import type { Clock, Logger } from "../ports/runtime.ts";
import type { StepRow, Store } from "../ports/store.ts";

const PROGRESS_EVERY_MS = 250;

export interface StepProgress {
  readonly tell: (detail: string) => void;
  /** Nothing is written after it. */
  readonly end: () => void;
}

/**
 * How far a running step is, for whoever follows the journal: the latest word, a few times a second at most, and none after
 * the step's end. It is written a while after it was said, since work comes in bursts that a write would hold up. Losing
 * one loses nothing.
 */
export function stepProgress(
  { store, clock, log }: { readonly store: Store; readonly clock: Clock; readonly log: Logger },
  row: Omit<StepRow, "detail">,
): StepProgress {
  const over = new AbortController();
  let latest: string | undefined;
  const write = async (): Promise<void> => {
    await clock.sleep(PROGRESS_EVERY_MS, over.signal);
    const detail = latest;
    latest = undefined;
    if (over.signal.aborted || detail === undefined) return;
    await store.write((tx) => tx.putStep({ ...row, detail }));
  };
  return {
    tell: (detail) => {
      const waiting = latest !== undefined;
      latest = detail;
      if (!waiting) write().catch((cause: unknown) => log.warn({ err: cause }, "progress could not be written"));
    },
    end: () => over.abort(),
  };
}
