/** How this program is started once more, by itself or by others. */
import { basename, delimiter, dirname } from "node:path";
import { isSea } from "node:sea";

/** Absolute path of the executable, and the words before the program's own: a single executable has none. */
export function ownCommand(): { readonly program: string; readonly words: readonly string[] } {
  const script = isSea() ? undefined : process.argv[1];
  return { program: process.execPath, words: [...process.execArgv, ...(script === undefined ? [] : [script])] };
}

/**
 * How a person calls this program again: by its name where that is how it was found, else as it was started. `env` says
 * where names are found.
 */
export function calledAs(
  { program, words }: ReturnType<typeof ownCommand>,
  env: Readonly<Record<string, string | undefined>>,
): string[] {
  const script = words.at(-1);
  const own = script ?? program;
  const isOnPath = (env["PATH"] ?? "").split(delimiter).includes(dirname(own));
  if (basename(own) === NAME) return [isOnPath ? NAME : own];
  return script === undefined ? [program] : ["node", script];
}

const NAME = "atvm_prep";
