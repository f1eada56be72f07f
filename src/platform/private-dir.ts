/** Directories that only their owner may enter. */
import { existsSync, mkdirSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes the directory `path` (absolute) and what is missing above it, 0700; leaves what is there as it is. Errors: those of
 * `mkdir`. Node's own recursive `mkdir` never returns where a parent refuses with ENOENT, as /proc does.
 */
export function makePrivateDir(path: string): void {
  const missing: string[] = [];
  for (let at = path; !existsSync(at); at = dirname(at)) missing.unshift(at);
  for (const dir of missing) {
    try {
      mkdirSync(dir, { mode: 0o700 });
    } catch (thrown) {
      // Another process may have come first.
      if (!existsSync(dir)) throw thrown;
    }
  }
}
