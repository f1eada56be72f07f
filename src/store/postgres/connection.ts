/** Connections to PostgreSQL, each with the settings that the store relies on. */
import { Client, type ClientBase, type ClientConfig, type QueryResultRow, types } from "pg";
import * as z from "zod";
import { PrepError } from "../../core/domain/errors.ts";
import { registerSecret } from "../../logging/redact.ts";
import { unusable } from "../errors.ts";
import type { Dialect, Runner } from "../queries.ts";
import type { Params, RawRow } from "../rows.ts";

export const DIALECT: Dialect = { insertionOrder: '"rowNumber"', pick: "FOR UPDATE SKIP LOCKED" };

/** Where the tables are: apart from whatever else is in the database. */
export const SCHEMA = "atvm";

/** An idle transaction of ours is one whose process was stopped: none waits for anything but its own statements. */
const STOPPED_MS = 60_000;

/** How long a server may take to answer: nothing else ends a statement on a network that has gone silent. */
const ANSWER_MS = 30_000;
const CONNECT_MS = 10_000;

export interface Target {
  /** For people: no account, no password. */
  readonly place: string;
  readonly config: ClientConfig;
}

/** What a URL leads to. Errors: `CONFIG_INVALID`, which does not show it. */
export function targetOf(url: string): Target {
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !/^postgres(ql)?:$/.test(parsed.protocol)) {
    throw new PrepError("CONFIG_INVALID", "What store.postgres names is not the URL of a PostgreSQL database.", {
      hint: "It is postgres://ACCOUNT:PASSWORD@HOST:PORT/DATABASE?sslmode=verify-full, as a whole.",
    });
  }
  if (parsed.password !== "") {
    registerSecret(parsed.password);
    registerSecret(decoded(parsed.password));
  }
  const host = parsed.host === "" ? (parsed.searchParams.get("host") ?? "localhost") : parsed.host;
  return {
    place: `postgres://${host}${parsed.pathname}`,
    config: {
      connectionString: url,
      application_name: "atvm_prep",
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: ANSWER_MS,
      keepAlive: true,
      types: { getTypeParser: (oid, format) => (oid === INT8 ? Number : types.getTypeParser(oid, format)) },
    },
  };
}

/** The driver gives these as text, since they can be larger than a number holds exactly; a row's number is not. */
const INT8 = 20;

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** Settings as `name = value`, for this session. Not given at the start of the connection: a pooler takes none there. */
export async function configure(
  client: ClientBase,
  settings: Readonly<Record<string, string | number>> = {},
): Promise<void> {
  const all = {
    search_path: `${SCHEMA}, pg_temp`,
    statement_timeout: 0,
    idle_session_timeout: 0,
    idle_in_transaction_session_timeout: STOPPED_MS,
    ...settings,
  };
  const sets = Object.keys(all).map((name, index) => `set_config('${name}', $${index + 1}, false)`);
  // A commit is on the disk when it is answered, whatever the server's default.
  const durable = `CASE current_setting('synchronous_commit') WHEN 'off' THEN set_config('synchronous_commit', 'on', false) END`;
  await client.query(`SELECT ${[...sets, durable].join(", ")}`, Object.values(all).map(String));
}

/** A connection that is ready for use; `onLost` is told when it ends in whatever way, be it before it was ready. */
export async function connect(
  { config }: Target,
  onLost: (client: Client) => void,
  settings: Readonly<Record<string, string | number>> = {},
): Promise<Client> {
  const client = new Client(config);
  // Without a listener, a connection that the server ends would end the process.
  client.on("error", () => onLost(client));
  client.on("end", () => onLost(client));
  try {
    await client.connect();
    await configure(client, settings);
    return client;
  } catch (thrown) {
    drop(client);
    throw thrown;
  }
}

/** Ends a connection without waiting for the server, which may be gone. */
export function drop(client: Client): void {
  void client.end().catch(() => undefined);
}

const identity = z.object({ processID: z.number() });

/**
 * The server's process for this session. Errors: `STORE_UNUSABLE` where something between here and the server hands its
 * sessions from one client to another: the process that was announced when the connection began is then not the one that
 * answers.
 */
export async function ownProcess(client: Client, place: string): Promise<number> {
  const announced = identity.safeParse(client);
  const { rows } = await client.query<{ pid: number }>("SELECT pg_backend_pid() AS pid");
  const pid = rows[0]?.pid;
  if (pid === undefined || !announced.success || announced.data.processID !== pid) throw pooled(place);
  return pid;
}

/** Said where a pooler stands between, whatever its mode: none of them tells which it is. */
const pooled = (place: string): Error =>
  unusable(
    place,
    "a connection pooler stands between it and atvm_prep. The locks that keep two runs apart belong to a session of the server, which a pooler may hand to another client, locks and all",
    "Name the server itself in store.postgres, past the pooler (PostgreSQL listens on port 5432 by default).",
  );

interface Queryable {
  query<Row extends QueryResultRow>(
    text: string,
    values?: unknown[],
  ): Promise<{ readonly rows: Row[]; readonly rowCount: number | null }>;
}

/** Statements on a connection or a pool, as the store's queries run them. */
export const runnerOn = (client: Queryable, place: string): Runner => ({
  path: place,
  dialect: DIALECT,
  all: async (sql, params) => {
    const { text, values } = positional(sql, params);
    return (await client.query<RawRow>(text, values)).rows;
  },
  run: async (sql, params) => {
    const { text, values } = positional(sql, params);
    return (await client.query(text, values)).rowCount ?? 0;
  },
});

/** `:name` → `$1`, which is all that the server knows. The store's statements have no colon elsewhere. */
function positional(sql: string, params: Params): { text: string; values: unknown[] } {
  const names: string[] = [];
  const text = sql.replace(/:(\w+)/g, (_whole, name: string) => {
    if (!names.includes(name)) names.push(name);
    return `$${names.indexOf(name) + 1}`;
  });
  return { text, values: names.map((name) => sendable(params[name])) };
}

/** The server refuses a text with a NUL. Nothing is stored with one, so a name that has one is nobody's: it stays nobody's. */
const sendable = (value: Params[string] | undefined): Params[string] | undefined =>
  typeof value === "string" ? value.replaceAll("\0", "\ufffd") : value;
