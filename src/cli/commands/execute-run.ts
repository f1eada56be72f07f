/** `atvm_prep execute-run RUN`: the detached runner that servers start. Not for people. */
import { type Context, withApp } from "../context.ts";
import { exitCodeOfRun } from "../terminal/exit-codes.ts";

/** Stops between steps on SIGTERM or SIGINT, as `interrupted`. */
export const executeRun = (runId: string, context: Context): Promise<number> =>
  withApp(
    context,
    async ({ engine }) => {
      const stop = new AbortController();
      const release = context.io.onInterrupt(() => stop.abort());
      try {
        return exitCodeOfRun(await engine.executeRun(runId, stop.signal));
      } finally {
        release();
      }
    },
    { name: "runner" },
  );
