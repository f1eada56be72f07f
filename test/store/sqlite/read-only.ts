/** Being an account that may read a store and not write it, also where the tests run as root, whom no mode bits stop. */
import { chmodSync, existsSync, readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";

const NOBODY = 65534;

/** Takes the right to write from the store's directory and files, locks included; everyone may read them. */
export function makeReadOnly(path: string): void {
  chmodSync(dirname(dirname(path)), 0o755);
  chmodTree(dirname(path), 0o555, 0o444);
}

/** Gives it back to the owner. */
export function makeWritable(path: string): void {
  chmodTree(dirname(path), 0o755, 0o644);
}

function chmodTree(directory: string, directoryMode: number, fileMode: number): void {
  chmodSync(directory, 0o755);
  for (const name of readdirSync(directory)) {
    const path = join(directory, name);
    if (!existsSync(path)) continue;
    if (statSync(path).isDirectory()) chmodTree(path, directoryMode, fileMode);
    else chmodSync(path, fileMode);
  }
  chmodSync(directory, directoryMode);
}

/** Runs it without root's rights. */
export async function asReader<T>(work: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return await work();
  process.seteuid?.(NOBODY);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}
