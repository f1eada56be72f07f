/** What a process must not show while it is fuzzed. */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { z } from "zod";

export interface Watch {
  /** Rejections that nobody handled, since the start. */
  readonly unhandled: readonly unknown[];
  /** Bytes on the heap after a collection, above those of the first time that it was asked for. */
  heapGrowth(): number;
  stop(): void;
}

export function watchProcess(): Watch {
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on("unhandledRejection", note);
  setFlagsFromString("--expose-gc");
  const collect = z.function({ input: [], output: z.unknown() }).implement(() => runInNewContext("gc")());
  let first: number | undefined;
  return {
    unhandled,
    heapGrowth() {
      collect();
      const { heapUsed } = process.memoryUsage();
      first ??= heapUsed;
      return heapUsed - first;
    },
    stop: () => void process.off("unhandledRejection", note),
  };
}
