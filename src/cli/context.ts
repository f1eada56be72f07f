/** What a command is handed. */
import type { App, AppOptions } from "../app.ts";
import { PrepError } from "../core/errors.ts";
import { Interrupted } from "./interrupted.ts";
import type { Io } from "./io.ts";

export type OpenApp = (options: AppOptions) => Promise<App>;

export interface Context {
  readonly io: Io;
  /** Opens configuration, store and engine: not before a command needs them. */
  readonly openApp: OpenApp;
  /** From `--config`. */
  readonly config?: string;
  /** Results go to standard output as one JSON document; all else to standard error. */
  readonly json: boolean;
}

/**
 * The application for this command, closed when `use` has ended, however it ends. What is not an error to show, its stack
 * with it, goes to the log.
 */
export async function withApp<T>(context: Context, use: (app: App) => Promise<T>, name = "cli"): Promise<T> {
  const app = await context.openApp(appOptions(context, name));
  try {
    return await use(app);
  } catch (thrown) {
    if (!(thrown instanceof PrepError || thrown instanceof Interrupted)) {
      app.log.error({ err: thrown }, "a command failed");
    }
    throw thrown;
  } finally {
    await app.close();
  }
}

/** `name` is which part of the program writes the log. */
export const appOptions = ({ io, config }: Context, name: string): AppOptions => ({
  ...(config === undefined ? {} : { configFile: config }),
  name,
  env: io.env,
  cwd: io.cwd,
});
