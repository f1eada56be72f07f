/** Files that only their owner may read: plans and the audit tell what stands where. */
import { closeSync, existsSync, fsyncSync, openSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Makes an empty file, 0600, unless there is one. It never opens one that is there: closing any descriptor of a file
 * drops every POSIX lock that the process holds on it, SQLite's among them.
 */
export function makePrivateFile(path: string): void {
  if (existsSync(path)) return;
  try {
    closeSync(openSync(path, "wx", 0o600));
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
