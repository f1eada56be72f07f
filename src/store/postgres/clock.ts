/** The database's time as a clock: several machines on one store then go by one time, whatever their own clocks say. */
import type { Clock } from "../../core/ports/runtime.ts";

export interface DatabaseClock extends Clock {
  /** The database said that it is `at`, in milliseconds since 1970, between two of this clock's `elapsed()`. */
  set(at: number, asked: number, answered: number): void;
}

/** This machine's clock until it is set the first time. */
export function databaseClock(own: Clock): DatabaseClock {
  let base: { readonly at: number; readonly elapsed: number } | undefined;
  return {
    now: () => (base === undefined ? own.now() : new Date(base.at + own.elapsed() - base.elapsed)),
    elapsed: () => own.elapsed(),
    sleep: (ms, signal) => own.sleep(ms, signal),
    set: (at, asked, answered) => {
      base = { at, elapsed: (asked + answered) / 2 };
    },
  };
}
