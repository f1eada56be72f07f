/** From the words of a command line to an exit code. */
import { PrepError } from "../core/domain/errors.ts";
import { makeContext, type OpenApp } from "./context.ts";
import { Interrupted } from "./terminal/interrupted.ts";
import { flush, type Io, surviveLostOutput } from "./terminal/io.ts";

const openLazily: OpenApp = async (options) => (await import("../app.ts")).openApp(options);

/** Carries out `argv` (without the program's name) and returns the exit code. It never throws. */
export async function runCli(argv: readonly string[], io: Io, openApp: OpenApp = openLazily): Promise<number> {
  surviveLostOutput(io);
  try {
    if (io.cwd === "") throw noFolder();
    const serving = plainServe(argv);
    if (serving !== undefined) {
      const { lab, config } = serving;
      const { serve } = await import("./commands/serve.ts");
      return await serve(lab, makeContext({ io, openApp, json: false, config }));
    }
    const [{ normalizeArgv }, { parseCommand }] = await Promise.all([import("./args/argv.ts"), import("./program.ts")]);
    return await parseCommand(normalizeArgv(argv), io, openApp)();
  } catch (thrown) {
    const { interrupted, printError } = await import("./terminal/results.ts");
    // Known before anything is parsed, since an error of parsing is a document too.
    const to = makeContext({ io, openApp, json: argv.includes("--json"), config: configIn(argv) });
    return thrown instanceof Interrupted ? interrupted(to) : printError(to, thrown);
  } finally {
    await flush(io);
  }
}

const noFolder = (): PrepError =>
  new PrepError("BAD_REQUEST", "The folder that this was started in is gone.", {
    hint: "Change to a folder that exists, and run it again.",
  });

/** The configuration that a line names, for the wording of an error that was met before the line was parsed. */
function configIn(argv: readonly string[]): string | undefined {
  const at = argv.findIndex((word) => word === "--config" || word.startsWith("--config="));
  const [, value] = (argv[at] ?? "").split("=", 2);
  return at === -1 ? undefined : (value ?? argv[at + 1]);
}

/**
 * `serve [--lab] [--config FILE]` as clients write it: an editor starts it with every window, and it need not wait for
 * the parser of all other flags. Anything else there is left to that parser.
 */
function plainServe([command, ...words]: readonly string[]): { lab: boolean; config?: string } | undefined {
  if (command !== "serve") return undefined;
  const lab = words.includes("--lab");
  const rest = words.filter((word) => word !== "--lab");
  if (rest.length === 0) return { lab };
  const [flag, config] = rest;
  const isFile = config !== undefined && config !== "" && !config.startsWith("-");
  return flag === "--config" && rest.length === 2 && isFile ? { lab, config } : undefined;
}
