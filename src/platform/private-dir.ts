/** Directories that only their owner may enter, or, below one that is a group's, that group. */
import { chmodSync, existsSync, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";

const SETGID = 0o2000;
const GROUP_WRITES = 0o020;
const OF_GROUP = 0o2770;

/** Whether it is a group's by its modes (setgid, and the group may write): then so is what is made in it. */
export function isOfGroup(dir: string): boolean {
  const mode = statSync(dir, { throwIfNoEntry: false })?.mode ?? 0;
  return (mode & SETGID) !== 0 && (mode & GROUP_WRITES) !== 0;
}

/**
 * Makes the directory `path` (absolute) and what is missing above it, 0700, or 2770 in a group's; leaves what is there as it
 * is. Errors: those of `mkdir`. Node's own recursive `mkdir` never returns where a parent refuses with ENOENT, as /proc does.
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
      continue;
    }
    if (isOfGroup(dirname(dir))) chmodSync(dir, OF_GROUP);
  }
}
