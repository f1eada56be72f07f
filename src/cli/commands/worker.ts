/** `atvm_prep worker`: carries out what is queued on the store, on a machine that may make changes. */
import { hostname } from "node:os";
import { PrepError } from "../../core/domain/errors.ts";
import { appOptions, type Context, printWarnings } from "../context.ts";
import { printErr } from "../terminal/io.ts";

/** Until a signal comes. Runs have processes of their own, which go on when this one ends; with `drain` it waits for them. */
export async function worker(
  { atOnce, drain }: { readonly atOnce: number; readonly drain: boolean },
  context: Context,
): Promise<number> {
  const { io } = context;
  const app = await context.openApp({ ...appOptions(context, "worker"), detachRuns: true });
  const stop = new AbortController();
  const release = io.onInterrupt(() => {
    if (stop.signal.aborted) process.exit(130);
    if (drain) printErr(io, "Takes no more runs, and ends when those that it took are over.");
    stop.abort();
  });
  try {
    printWarnings(io, app.config.warnings);
    if (app.config.runs !== "worker") {
      throw new PrepError("CONFIG_INVALID", "This configuration has runs carried out by whoever confirms them.", {
        hint: "Set `runs: worker`, for every server and worker on this store.",
      });
    }
    const name = `${hostname()}:${process.pid}`;
    printErr(io, `Worker ${name} waits for runs on ${app.store.place}; ${atOnce} at once.`);
    const onClaim = (runId: string): void => printErr(io, `Took ${runId}.`);
    await app.engine.work({ name, atOnce, onClaim, drain }, stop.signal);
    return 0;
  } finally {
    release();
    await app.close();
  }
}
