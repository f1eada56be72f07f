/** A kind of store, as the contract that all of them keep is tried on it. */
import type { Store } from "../../../src/core/ports/store.ts";

export interface StoreKind {
  /** A place where no store is yet, as a child process is told it; gone after the test. */
  fresh(): Promise<string>;
  /** Another opening of the store there, or of a fresh one; closed after the test. */
  open(place?: string): Promise<Store>;
  /** Runs SQL past the program. */
  tamper(place: string, sql: string): Promise<void>;
}
