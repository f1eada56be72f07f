/** How this program is started once more, by itself or by others. */
import { isSea } from "node:sea";

/** Absolute path of the executable, and the words before the program's own: a single executable has none. */
export function ownCommand(): { readonly program: string; readonly words: readonly string[] } {
  const script = isSea() ? undefined : process.argv[1];
  return { program: process.execPath, words: [...process.execArgv, ...(script === undefined ? [] : [script])] };
}
