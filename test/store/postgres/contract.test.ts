/** What every store keeps, on PostgreSQL. */
import { describePostgres } from "../../support/postgres.ts";
import { locksContract } from "../contract/locks.ts";
import { processesContract } from "../contract/processes.ts";
import { retentionContract } from "../contract/retention.ts";
import { rowsContract } from "../contract/rows.ts";
import { writesContract } from "../contract/writes.ts";
import { withPostgres } from "./samples.ts";

describePostgres("a store in PostgreSQL", () => {
  const postgres = withPostgres();
  rowsContract(postgres);
  retentionContract(postgres);
  writesContract(postgres);
  locksContract(postgres);
  processesContract(postgres);
});
