/** Files that only their owner may read, or the group whose folder they are in: plans and the audit tell what stands where. */
import { closeSync, existsSync, fchmodSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";
import { isOfGroup } from "./private-dir.ts";

/** What a file in this folder is made with. */
export const modeIn = (dir: string): number => (isOfGroup(dir) ? 0o660 : 0o600);

/**
 * Makes an empty file, 0600 or 0660, unless there is one. It never opens one that is there: closing any descriptor of a file
 * drops every POSIX lock that the process holds on it, SQLite's among them.
 */
export function makePrivateFile(path: string): void {
  if (existsSync(path)) return;
  try {
    const descriptor = openSync(path, "wx", 0o600);
    // The mode that a file is opened with is cut down by the process's mask.
    fchmodSync(descriptor, modeIn(dirname(path)));
    closeSync(descriptor);
  } catch (thrown) {
    if (thrown instanceof Error && "code" in thrown && thrown.code === "EEXIST") return;
    throw thrown;
  }
  syncDir(dirname(path));
}

/** Makes the names in a directory last through a power cut. */
function syncDir(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
