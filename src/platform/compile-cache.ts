import { statSync } from "node:fs";
import { enableCompileCache } from "node:module";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { makePrivateDir } from "./private-dir.ts";

/**
 * Has Node keep what it compiles in the user's cache directory, since a stdio server starts with every editor window.
 * Does nothing, silently, where that cannot be: the code in there is run as ours, so the directory has to be the user's
 * own and closed to others' writes. A cache that the user has set up with NODE_COMPILE_CACHE stays the one in use.
 */
export function cacheCompiledCode(env: Readonly<Record<string, string | undefined>>): void {
  try {
    const { XDG_CACHE_HOME: caches = "" } = env;
    const dir = join(isAbsolute(caches) ? caches : join(homedir(), ".cache"), "atvm_prep");
    makePrivateDir(dir);
    const { uid, mode } = statSync(dir);
    if (uid === process.getuid?.() && (mode & 0o022) === 0) enableCompileCache(dir);
  } catch {
    // A start without it takes longer, and that is all.
  }
}
