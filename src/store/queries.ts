/** The store's reads and writes as SQL that each of the databases understands, over whatever runs a statement. */
import type { Removal, StoreReader, StoreWriter } from "../core/ports/store.ts";
import {
  AUDIT,
  CHALLENGES,
  CONSOLE_PASSES,
  type Columns,
  decode,
  encode,
  encodeWhole,
  type Params,
  PLANS,
  QUEUE,
  type RawRow,
  RUNS,
  STEPS,
  type Table,
  TOKENS,
} from "./rows.ts";

/** What each of the databases says in words of its own. */
export interface Dialect {
  /** The column in whose order the rows of a table were inserted. */
  readonly insertionOrder: string;
  /** Ends a SELECT whose rows are to be this transaction's alone, past those that another one has. */
  readonly pick: string;
}

/** Runs one query; the owner of the connection sees to retries, to errors, and to handles that are over. */
export interface ReadRunner {
  /** Where the store is, for errors. */
  readonly path: string;
  readonly dialect: Dialect;
  /** Parameters stand as `:name` in the text. */
  all(sql: string, params: Params): Promise<readonly RawRow[]>;
}

/** Runs statements that change rows as well. */
export interface Runner extends ReadRunner {
  /** How many rows it changed. */
  run(sql: string, params: Params): Promise<number>;
}

/** A condition with its parameters. */
interface Term {
  readonly sql: string;
  readonly params: Params;
}

/** None for a value that is undefined: it asks for nothing. */
const term = (name: string, value: string | number | undefined, sql: string): Term[] =>
  value === undefined ? [] : [{ sql, params: { [name]: value } }];

const equals = (column: string, value: string | undefined): Term[] =>
  term(column, value, `${quoted(column)} = :${column}`);

function oneOf(column: string, values: readonly string[] | undefined): Term[] {
  if (values === undefined) return [];
  const named = values.map((value, index) => [`${column}${index}`, value] as const);
  const list = named.map(([name]) => `:${name}`).join(", ");
  return [{ sql: list === "" ? "1 = 0" : `${quoted(column)} IN (${list})`, params: Object.fromEntries(named) }];
}

/** Names with capitals keep them only in quotes. */
const quoted = (column: string): string => `"${column}"`;
const listed = (columns: readonly string[]): string => columns.map(quoted).join(", ");

export function readerOver(runner: ReadRunner): StoreReader {
  const { insertionOrder } = runner.dialect;
  const newestFirst = `${insertionOrder} DESC`;
  const select = async <Row>(
    table: Table<Row>,
    terms: readonly Term[],
    order?: string,
    limit?: number,
  ): Promise<Row[]> => {
    const where = terms.length === 0 ? "" : ` WHERE ${terms.map(({ sql }) => sql).join(" AND ")}`;
    const ordered = order === undefined ? "" : ` ORDER BY ${order}`;
    const limited = limit === undefined ? "" : " LIMIT :limit";
    const params: Params = Object.assign(limit === undefined ? {} : { limit }, ...terms.map(({ params }) => params));
    const rows = await runner.all(
      `SELECT ${listed(table.columns)} FROM ${table.name}${where}${ordered}${limited}`,
      params,
    );
    return rows.map((row) => decode(table, row, runner.path));
  };
  const one = async <Row>(table: Table<Row>, column: string, value: string): Promise<Row | undefined> =>
    (await select(table, equals(column, value)))[0];

  return {
    plan: (id) => one(PLANS, "id", id),
    planByTokenHash: (hash) => one(PLANS, "tokenHash", hash),
    plans: ({ limit, ...wanted }) =>
      select(
        PLANS,
        [
          ...equals("state", wanted.state),
          ...term("endsAfter", wanted.endsAfter, `"expiresAt" > :endsAfter`),
          ...equals("principal", wanted.principal),
          ...equals("goldId", wanted.goldId),
          ...equals("clientId", wanted.clientId),
        ],
        newestFirst,
        limit,
      ),
    run: (id) => one(RUNS, "id", id),
    runs: ({ limit, ...wanted }) =>
      select(
        RUNS,
        [
          ...equals("goldId", wanted.goldId),
          ...equals("clientId", wanted.clientId),
          ...equals("lunName", wanted.lunName),
          ...equals("clientName", wanted.clientName),
          ...oneOf("state", wanted.states),
        ],
        newestFirst,
        limit,
      ),
    steps: (runId) => select(STEPS, equals("runId", runId), "seq"),
    challenge: (id) => one(CHALLENGES, "id", id),
    queued: (runId) => one(QUEUE, "runId", runId),
    audit: async ({ afterSeq, since, date, planId, runId, limit, last }) => {
      const terms = [
        ...equals("planId", planId),
        ...equals("runId", runId),
        ...term("afterSeq", afterSeq, "seq > :afterSeq"),
        ...term("since", since, "at >= :since"),
        // A range, for the index; `U` is the letter after the `T` between date and time.
        ...term("date", date, "at >= :date AND at < :date || 'U'"),
      ];
      if (last === undefined) return select(AUDIT, terms, "seq", limit);
      return (await select(AUDIT, terms, "seq DESC", last)).reverse();
    },
    auditHead: async () => (await select(AUDIT, [], "seq DESC", 1))[0],
    accessToken: (hash) => one(TOKENS, "hash", hash),
    accessTokens: () => select(TOKENS, [], newestFirst),
    consolePass: (hash) => one(CONSOLE_PASSES, "hash", hash),
    signatures: async (goldId) => {
      const sql = `SELECT "vmfsUuid" FROM signatures WHERE "goldId" = :goldId ORDER BY at, ${insertionOrder}`;
      return (await runner.all(sql, { goldId })).map((row) => String(row["vmfsUuid"]));
    },
  };
}

export function writerOver(runner: Runner): StoreWriter {
  const insert = async (table: Columns, row: object, onConflict = ""): Promise<void> => {
    const values = table.columns.map((column) => `:${column}`).join(", ");
    await runner.run(
      `INSERT INTO ${table.name} (${listed(table.columns)}) VALUES (${values}) ${onConflict}`,
      encodeWhole(table, row),
    );
  };
  const update = async (table: Columns, id: string, change: object): Promise<void> => {
    const params = encode(table, change);
    const changed = Object.keys(params).map((column) => `${quoted(column)} = :${column}`);
    if (changed.length === 0) return;
    const rows = await runner.run(`UPDATE ${table.name} SET ${changed.join(", ")} WHERE id = :id`, { ...params, id });
    if (rows !== 1) throw new Error(`${table.name} has no row ${id}`);
  };
  const replaced = STEPS.columns.map((column) => `${quoted(column)} = excluded.${quoted(column)}`).join(", ");

  return {
    ...readerOver(runner),
    insertPlan: (row) => insert(PLANS, row),
    updatePlan: (id, change) => update(PLANS, id, change),
    insertRun: (row) => insert(RUNS, row),
    updateRun: (id, change) => update(RUNS, id, change),
    putStep: (row) => insert(STEPS, row, `ON CONFLICT ("runId", "stepId") DO UPDATE SET ${replaced}`),
    appendAudit: (row) => insert(AUDIT, row),
    insertChallenge: (row) => insert(CHALLENGES, row),
    useChallenge: async (id) =>
      (await runner.run("UPDATE challenges SET used = 1 WHERE id = :id AND used = 0", { id })) === 1,
    insertAccessToken: (row) => insert(TOKENS, row),
    updateAccessToken: (id, change) => update(TOKENS, id, change),
    insertConsolePass: (row) => insert(CONSOLE_PASSES, row),
    updateConsolePass: (id, change) => update(CONSOLE_PASSES, id, change),
    rememberSignature: async (goldId, vmfsUuid, at) => {
      await runner.run(
        `INSERT INTO signatures ("goldId", "vmfsUuid", at) VALUES (:goldId, :vmfsUuid, :at) ON CONFLICT DO NOTHING`,
        { goldId, vmfsUuid, at },
      );
    },
    removeOld: (which) => removeOld(runner, which),
    enqueueRun: (runId, queuedAt) => insert(QUEUE, { runId, queuedAt }),
    claimRun: async ({ by, at, queuedSince }) => {
      const { insertionOrder, pick } = runner.dialect;
      const rows = await runner.all(
        `UPDATE queue SET "claimedBy" = :by, "claimedAt" = :at WHERE "runId" = (
           SELECT "runId" FROM queue WHERE "claimedBy" IS NULL AND "queuedAt" >= :queuedSince
           ORDER BY ${insertionOrder} LIMIT 1 ${pick})
         RETURNING "runId"`,
        { by, at, queuedSince },
      );
      return rows[0] === undefined ? undefined : String(rows[0]["runId"]);
    },
  };
}

/** References are checked when the transaction ends, so that a run and its plan may go one after the other. */
async function removeOld(runner: Runner, { before, newestRuns, throughSeq }: Removal): Promise<Record<string, number>> {
  const { insertionOrder } = runner.dialect;
  const newest = (of: string): string =>
    `SELECT "originId" FROM (SELECT "originId", row_number() OVER (PARTITION BY "${of}" ORDER BY ${insertionOrder} DESC)
       AS place FROM runs) AS ${of}s WHERE place <= :newestRuns`;
  const oldRuns = `"endedAt" < :before AND "originId" NOT IN (
    SELECT "originId" FROM runs WHERE "endedAt" IS NULL OR "endedAt" >= :before
    UNION ${newest("goldId")} UNION ${newest("clientId")})`;
  const oldPlans = `NOT EXISTS (SELECT 1 FROM runs WHERE runs."planId" = plans.id) AND ("runId" IS NOT NULL OR "expiresAt" < :before)`;
  const runs = { before, newestRuns };
  const removals: readonly (readonly [table: Columns, which: string, params: Params])[] = [
    [STEPS, `"runId" IN (SELECT id FROM runs WHERE ${oldRuns})`, runs],
    [QUEUE, `"runId" IN (SELECT id FROM runs WHERE ${oldRuns})`, runs],
    [RUNS, oldRuns, runs],
    [CHALLENGES, `"planId" IN (SELECT id FROM plans WHERE ${oldPlans})`, { before }],
    [PLANS, oldPlans, { before }],
    [TOKENS, `"expiresAt" < :before`, { before }],
    [CONSOLE_PASSES, `"expiresAt" < :before`, { before }],
    [AUDIT, "seq <= :throughSeq", { throughSeq }],
  ];
  const removed: Record<string, number> = {};
  for (const [{ name }, which, params] of removals)
    removed[name] = await runner.run(`DELETE FROM ${name} WHERE ${which}`, params);
  return removed;
}
