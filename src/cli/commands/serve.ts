/** `atvm_prep serve`: the MCP server on standard input and output. */
import type { App } from "../../app.ts";
import { findConfig } from "../../config/find.ts";
import { asPrepError, PrepError } from "../../core/domain/errors.ts";
import type { Logger } from "../../core/ports/runtime.ts";
import { runStdio } from "../../mcp/stdio.ts";
import { retried } from "../../platform/retried.ts";
import { withNext } from "../../text/next.ts";
import { wordingFor } from "../../text/wording.ts";
import { appOptions, type Context, configSource, printWarnings } from "../context.ts";

/** When the configuration's warnings are printed: a client that has just started the server has its list of tools by then. */
const WARN_AFTER_MS = 1_000;

/**
 * Serves until the client closes the connection or a signal comes. Configuration, store and lab are opened by the first
 * call that needs them: a mistake in them is then an answer that the operator sees, not a server that does not start.
 */
export async function serve(lab: boolean, context: Context): Promise<number> {
  if (context.json) {
    throw new PrepError("BAD_REQUEST", "`serve` prints no document: its standard output belongs to MCP.", {
      hint: "Leave out --json.",
    });
  }
  const { io } = context;
  const stop = new AbortController();
  const release = io.onInterrupt(() => {
    if (stop.signal.aborted) process.exit(130);
    stop.abort();
  });
  const printed = new Set<string>();
  const warn = (warnings: readonly string[]): void => {
    printWarnings(
      io,
      warnings.filter((warning) => !printed.has(warning)),
    );
    for (const warning of warnings) printed.add(warning);
  };
  let warned: Promise<void> | undefined;
  const warnOfConfig = (): Promise<void> => {
    warned ??= lab || opened !== undefined ? Promise.resolve() : warningsOf(context).then(warn);
    return warned;
  };
  let opened: App | undefined;
  const open = async (): Promise<App> => {
    const app = await context.openApp({ ...appOptions(context, "serve"), lab, detachRuns: true });
    warn(app.config.warnings);
    opened = app;
    return app;
  };
  const app = retried(open);
  // A client that is printed of an error before anything is open has it in its answer.
  const log: Logger = {
    debug: (data, message) => opened?.log.debug(data, message),
    info: (data, message) => opened?.log.info(data, message),
    warn: (data, message) => opened?.log.warn(data, message),
    error: (data, message) => opened?.log.error(data, message),
  };
  const toolPrefix = lab ? "" : await toolPrefixOf(context);
  const soon = setTimeout(warnOfConfig, WARN_AFTER_MS);
  try {
    await runStdio({
      open: async () => (await app()).engine,
      caller: async () => (await app()).actor("mcp"),
      log,
      wording: () => wordingFor("assistant", { config: opened?.namedConfig, program: io.program, toolPrefix }),
      signal: stop.signal,
    });
    if (!stop.signal.aborted) await warnOfConfig();
  } finally {
    clearTimeout(soon);
    release();
    await opened?.close();
  }
  return 0;
}

/**
 * What the tools' names begin with, which is wanted before anything is opened. A start is not held up by checking a
 * configuration that does not mention it; what is wrong with one is the first call's answer.
 */
async function toolPrefixOf(context: Context): Promise<string> {
  const source = configSource(context);
  try {
    const { text } = await findConfig(source);
    if (!text.includes("toolPrefix")) return "";
    const { loadConfig } = await import("../../config/load.ts");
    return (await loadConfig(source)).toolPrefix;
  } catch {
    return "";
  }
}

/** Those of the configuration that the first call will open, or why it will not. It opens nothing else. */
async function warningsOf(context: Context): Promise<readonly string[]> {
  const { loadConfig } = await import("../../config/load.ts");
  try {
    return (await loadConfig(configSource(context))).warnings;
  } catch (thrown) {
    const { message, hint, next } = asPrepError(thrown);
    return [`${message} ${withNext(hint, next, context.wording)}`];
  }
}
