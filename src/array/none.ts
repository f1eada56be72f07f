/** No array: for `engine: script` on a site whose array has no driver. Whatever is asked of it is refused. */
import { PrepError } from "../core/domain/errors.ts";
import type { StorageArray } from "./driver.ts";

const refuse = (): Promise<never> =>
  Promise.reject(
    new PrepError("NOT_SUPPORTED", "No array is configured (engine: script), so this cannot be read.", {
      hint: "Ask the array itself. LUNs, clients and snapshots are named to the script as they are given.",
    }),
  );

export function createNone(): StorageArray {
  const reader = {
    traits: refuse,
    clients: refuse,
    volumes: refuse,
    volume: refuse,
    assignments: refuse,
    snapshots: refuse,
    dependents: refuse,
  };
  const writer = {
    ...reader,
    createClone: refuse,
    rollback: refuse,
    assign: refuse,
    unassign: refuse,
    deleteClone: refuse,
    takeSnapshot: refuse,
  };
  return { reader, writer, close: async () => {} };
}
