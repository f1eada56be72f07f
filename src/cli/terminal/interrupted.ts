import { setTimeout } from "node:timers/promises";
import type { Io } from "./io.ts";

/** Ctrl-C at a question, or while a command reads: neither a yes nor a no. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/** What came of the work all the same is waited for so long: a plan that was stored in this moment is dropped. */
const GRACE_MS = 1_000;

/**
 * The work's result, unless a signal comes first: then `Interrupted`, so that whoever opened sessions closes them. What the
 * work brings after that is handed to `late`. A second signal leaves at once.
 */
export async function unlessInterrupted<T>(
  io: Pick<Io, "onInterrupt">,
  work: () => Promise<T>,
  late: (result: T) => Promise<unknown> = async () => undefined,
): Promise<T> {
  const stop = Promise.withResolvers<never>();
  let isStopped = false;
  const release = io.onInterrupt(() => {
    if (isStopped) process.exit(130);
    isStopped = true;
    stop.reject(new Interrupted());
  });
  const working = work();
  try {
    return await Promise.race([working, stop.promise]);
  } catch (thrown) {
    if (!isStopped) throw thrown;
    const undone = working.then(late).catch(() => undefined);
    await Promise.race([undone, setTimeout(GRACE_MS, undefined, { ref: false })]);
    throw thrown;
  } finally {
    release();
  }
}
