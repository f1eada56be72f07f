/** Rows to store, and places to store them in. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { onTestFinished } from "vitest";
import type { Store } from "../../../src/core/ports/store.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { openSqliteStore, type SqliteStoreOptions } from "../../../src/store/sqlite/store.ts";
import type { StoreKind } from "../contract/kind.ts";

/** A path in a directory of its own that is not there yet. */
export function freshPath(): string {
  const directory = mkdtempSync(join(tmpdir(), "atvm-store-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return join(directory, "state", "atvm.db");
}

export async function openStore(path = freshPath(), options: Partial<SqliteStoreOptions> = {}): Promise<Store> {
  const store = await openSqliteStore({ path, clock: systemClock, ...options });
  onTestFinished(() => store.close());
  return store;
}

export const SQLITE: StoreKind = {
  fresh: async () => freshPath(),
  open: openStore,
  tamper: async (path, sql) => {
    const raw = new DatabaseSync(path);
    try {
      raw.exec(sql);
    } finally {
      raw.close();
    }
  },
};
