/** The store's reads and writes as SQL, over whatever runs a statement. */
import type { StoreReader, StoreWriter } from "../../core/ports/store.ts";
import type { Params, RawRow } from "./connection.ts";
import {
  AUDIT,
  CHALLENGES,
  type Columns,
  decode,
  encode,
  encodeWhole,
  PLANS,
  RUNS,
  STEPS,
  type Table,
} from "./rows.ts";

/** Runs one statement; the owner of the connection sees to retries, to errors, and to handles that are over. */
export interface Runner {
  readonly path: string;
  all(sql: string, params: Params): Promise<RawRow[]>;
  /** How many rows it changed. */
  run(sql: string, params: Params): Promise<number>;
}

/** `undefined` members of a filter ask for nothing. */
type Conditions = Record<string, { readonly sql: string; readonly value: string | number | undefined }>;

const equals = (column: string, value: string | undefined): Conditions => ({
  [column]: { sql: `${column} = :${column}`, value },
});

export function readerOver(runner: Runner): StoreReader {
  const select = async <Row>(table: Table<Row>, clauses: string, params: Params): Promise<Row[]> => {
    const rows = await runner.all(`SELECT ${table.columns.join(", ")} FROM ${table.name} ${clauses}`, params);
    return rows.map((row) => decode(table, row, runner.path));
  };
  const one = async <Row>(table: Table<Row>, column: string, value: string): Promise<Row | undefined> =>
    (await select(table, `WHERE ${column} = :${column}`, { [column]: value }))[0];

  return {
    plan: (id) => one(PLANS, "id", id),
    planByTokenHash: (hash) => one(PLANS, "tokenHash", hash),
    plans: ({ state, principal, goldId, clientId, limit }) => {
      const { where, params } = conditions({
        ...equals("state", state),
        ...equals("principal", principal),
        ...equals("goldId", goldId),
        ...equals("clientId", clientId),
      });
      return select(PLANS, `${where} ORDER BY rowid DESC LIMIT :limit`, {
        ...params,
        limit: upTo(limit),
      });
    },
    run: (id) => one(RUNS, "id", id),
    runs: ({ goldId, clientId, lunName, clientName, states, limit }) => {
      const { where, params } = conditions({
        ...equals("goldId", goldId),
        ...equals("clientId", clientId),
        ...equals("lunName", lunName),
        ...equals("clientName", clientName),
        // One statement for lists of any length.
        states: {
          sql: "state IN (SELECT value FROM json_each(:states))",
          value: states === undefined ? undefined : JSON.stringify(states),
        },
      });
      return select(RUNS, `${where} ORDER BY rowid DESC LIMIT :limit`, {
        ...params,
        limit: upTo(limit),
      });
    },
    steps: (runId) => select(STEPS, "WHERE runId = :runId ORDER BY seq", { runId }),
    challenge: (id) => one(CHALLENGES, "id", id),
    audit: async ({ afterSeq, since, date, planId, runId, limit, last }) => {
      const { where, params } = conditions({
        ...equals("planId", planId),
        ...equals("runId", runId),
        afterSeq: { sql: "seq > :afterSeq", value: afterSeq },
        since: { sql: "at >= :since", value: since },
        // A range, for the index; `U` is the letter after the `T` between date and time.
        date: { sql: "at >= :date AND at < :date || 'U'", value: date },
      });
      const order = last === undefined ? "ASC" : "DESC";
      const rows = await select(AUDIT, `${where} ORDER BY seq ${order} LIMIT :limit`, {
        ...params,
        limit: upTo(last ?? limit),
      });
      return last === undefined ? rows : rows.reverse();
    },
    auditHead: async () => (await select(AUDIT, "ORDER BY seq DESC LIMIT 1", {}))[0],
    signatures: async (goldId) => {
      const rows = await runner.all("SELECT vmfsUuid FROM signatures WHERE goldId = :goldId ORDER BY at, rowid", {
        goldId,
      });
      return rows.map((row) => String(row["vmfsUuid"]));
    },
  };
}

export function writerOver(runner: Runner): StoreWriter {
  const insert = async (table: Columns, row: object, onConflict = ""): Promise<void> => {
    const values = table.columns.map((column) => `:${column}`).join(", ");
    await runner.run(
      `INSERT INTO ${table.name} (${table.columns.join(", ")}) VALUES (${values}) ${onConflict}`,
      encodeWhole(table, row),
    );
  };
  const update = async (table: Columns, id: string, change: object): Promise<void> => {
    const params = encode(table, change);
    const changed = Object.keys(params).map((column) => `${column} = :${column}`);
    if (changed.length === 0) return;
    const rows = await runner.run(`UPDATE ${table.name} SET ${changed.join(", ")} WHERE id = :id`, { ...params, id });
    if (rows !== 1) throw new Error(`${table.name} has no row ${id}`);
  };
  const replaced = STEPS.columns.map((column) => `${column} = excluded.${column}`).join(", ");

  return {
    ...readerOver(runner),
    insertPlan: (row) => insert(PLANS, row),
    updatePlan: (id, change) => update(PLANS, id, change),
    insertRun: (row) => insert(RUNS, row),
    updateRun: (id, change) => update(RUNS, id, change),
    putStep: (row) => insert(STEPS, row, `ON CONFLICT (runId, stepId) DO UPDATE SET ${replaced}`),
    appendAudit: (row) => insert(AUDIT, row),
    insertChallenge: (row) => insert(CHALLENGES, row),
    useChallenge: async (id) =>
      (await runner.run("UPDATE challenges SET used = 1 WHERE id = :id AND used = 0", { id })) === 1,
    rememberSignature: async (goldId, vmfsUuid, at) => {
      await runner.run("INSERT INTO signatures VALUES (:goldId, :vmfsUuid, :at) ON CONFLICT DO NOTHING", {
        goldId,
        vmfsUuid,
        at,
      });
    },
  };
}

function conditions(all: Conditions): { where: string; params: Params } {
  const params: Params = {};
  const terms: string[] = [];
  for (const [name, { sql, value }] of Object.entries(all)) {
    if (value === undefined) continue;
    terms.push(sql);
    params[name] = value;
  }
  return { where: terms.length === 0 ? "" : `WHERE ${terms.join(" AND ")}`, params };
}

/** SQLite takes a negative limit for none. */
function upTo(limit: number | undefined): number {
  return limit ?? -1;
}
