/** Stores in a cluster of the test file's own. */
import { join } from "node:path";
import { beforeAll, onTestFinished } from "vitest";
import type { Store } from "../../../src/core/ports/store.ts";
import { systemClock } from "../../../src/platform/clock.ts";
import { openPostgresStore, type PostgresStoreOptions } from "../../../src/store/postgres/store.ts";
import { type Cluster, postgresIsThere, withCluster } from "../../support/postgres.ts";
import type { StoreKind } from "../contract/kind.ts";

export interface Postgres extends StoreKind {
  readonly cluster: Cluster;
  open(url?: string, options?: Partial<PostgresStoreOptions>): Promise<Store>;
}

/** Heads of all stores are in one file, as on a controller that has had several. */
const headsIn = (dir: string): string => join(dir, "state", "audit-heads.log");

export function withPostgres(): Postgres {
  const cluster = withCluster();
  if (postgresIsThere) beforeAll(() => cluster.ready(), 120_000);
  return {
    cluster,
    fresh: () => cluster.fresh(),
    open: async (url, options = {}) => {
      const heads = headsIn(cluster.dir);
      // For the processes that the test starts.
      process.env["ATVM_TEST_HEADS"] = heads;
      const opened = await openPostgresStore({
        url: url ?? (await cluster.fresh()),
        heads,
        clock: systemClock,
        ...options,
      });
      onTestFinished(() => opened.store.close());
      return opened.store;
    },
    tamper: async (url, sql) => void (await cluster.sql(url, sql)),
  };
}
