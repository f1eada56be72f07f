/** In which order the locks of one asking are taken, whatever they are made of. */
import type { LockNames } from "../core/ports/store.ts";

export type LockKind = "shared" | "exclusive";

/** Each name once, exclusive where it is both. One order for everyone, so that of two overlapping sets one always gets through. */
export function inOrder({ exclusive, shared = [] }: LockNames): [name: string, kind: LockKind][] {
  const wanted = new Map<string, LockKind>([
    ...shared.map((name) => [name, "shared"] as const),
    ...exclusive.map((name) => [name, "exclusive"] as const),
  ]);
  return [...wanted].toSorted(([a], [b]) => (a < b ? -1 : 1));
}
