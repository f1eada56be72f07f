/** `atvm_prep serve`: the MCP server on standard input and output. */
import type { App } from "../app.ts";
import { PrepError } from "../core/errors.ts";
import type { Logger } from "../core/ports.ts";
import { runStdio } from "../stdio.ts";
import { appOptions, type Context } from "./context.ts";
import { tell } from "./io.ts";

/**
 * Serves until the client closes the connection or a signal comes. Configuration, store and lab are opened by the first
 * call that needs them: a mistake in them is then an answer that the operator sees, not a server that does not start.
 */
export async function serve(flags: { lab: boolean; http: boolean }, context: Context): Promise<number> {
  if (flags.http) {
    throw new PrepError("BAD_REQUEST", "This version serves standard input and output only.", {
      hint: "Leave out --http, and have the client start `atvm_prep serve`.",
    });
  }
  const { io } = context;
  const stop = new AbortController();
  const release = io.onInterrupt(() => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  });
  let opened: App | undefined;
  const open = async (): Promise<App> => {
    const app = await context.openApp({ ...appOptions(context, "serve"), lab: flags.lab, detachRuns: true });
    for (const warning of app.config.warnings) tell(io, `Warning: ${warning}`);
    opened = app;
    return app;
  };
  const app = retried(open);
  // A client that is told of an error before anything is open has it in its answer.
  const log: Logger = {
    debug: (data, message) => opened?.log.debug(data, message),
    info: (data, message) => opened?.log.info(data, message),
    warn: (data, message) => opened?.log.warn(data, message),
    error: (data, message) => opened?.log.error(data, message),
  };
  try {
    await runStdio({
      open: async () => (await app()).engine,
      principal: async () => (await app()).actor("mcp").principal,
      log,
      signal: stop.signal,
    });
  } finally {
    release();
    await opened?.close();
  }
  return 0;
}

/** One result for all calls; after a failure, the next call tries again. */
function retried<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make().catch((thrown: unknown) => {
      made = undefined;
      throw thrown;
    });
    return made;
  };
}
