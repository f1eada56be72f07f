/** From the words of a command line to an exit code. */
import { normalizeArgv } from "./argv.ts";
import { Interrupted } from "./ask.ts";
import type { OpenApp } from "./context.ts";
import { flush, type Io } from "./io.ts";
import { jobOf } from "./program.ts";

const openLazily: OpenApp = async (options) => (await import("../app.ts")).openApp(options);

/** Carries out `argv` (without the program's name) and returns the exit code. It never throws. */
export async function runCli(argv: readonly string[], io: Io, openApp: OpenApp = openLazily): Promise<number> {
  try {
    return await jobOf(normalizeArgv(argv), io, openApp)();
  } catch (thrown) {
    if (thrown instanceof Interrupted) return 130;
    const { refuse } = await import("./report.ts");
    // Known before anything is parsed, since an error of parsing is a document too.
    return refuse({ io, json: argv.includes("--json") }, thrown);
  } finally {
    await flush(io);
  }
}
