/** The tables in PostgreSQL, and how older ones are brought up to them: by the first process that finds them so. */
import type { Client } from "pg";
import { unusable } from "../errors.ts";
import { SCHEMA } from "./connection.ts";

/**
 * The n-th entry takes the tables from version n to n + 1. An entry that was released is never changed. Columns bear the
 * names of the members of `core/ports/store.ts`. Times are compared as text, by their bytes.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key text NOT NULL PRIMARY KEY, value text NOT NULL);
  INSERT INTO meta VALUES ('storeId', replace(gen_random_uuid()::text, '-', '')), ('schemaVersion', '0');

  CREATE TABLE plans (
    id text NOT NULL PRIMARY KEY,
    "tokenHash" text NOT NULL UNIQUE,
    binding text NOT NULL,
    digest text NOT NULL,
    principal text NOT NULL,
    "goldId" text NOT NULL,
    "clientId" text NOT NULL,
    mode text NOT NULL,
    body text NOT NULL,
    state text NOT NULL,
    "createdAt" text COLLATE "C" NOT NULL,
    "expiresAt" text COLLATE "C" NOT NULL,
    "runId" text,
    diff text,
    "freshPlanId" text,
    "approvedBy" text,
    "approvedChannel" text,
    "approvedAt" text,
    "rowNumber" bigint GENERATED ALWAYS AS IDENTITY UNIQUE
  );
  CREATE INDEX "plansByState" ON plans (state, "rowNumber");

  CREATE TABLE runs (
    id text NOT NULL PRIMARY KEY,
    "planId" text NOT NULL REFERENCES plans (id) DEFERRABLE INITIALLY DEFERRED,
    mode text NOT NULL,
    principal text NOT NULL,
    "goldId" text NOT NULL,
    "clientId" text NOT NULL,
    "lunName" text NOT NULL,
    "clientName" text NOT NULL,
    state text NOT NULL,
    "createdAt" text COLLATE "C" NOT NULL,
    "startedAt" text,
    "endedAt" text,
    error text,
    report text,
    next text,
    resumes text,
    "resumedBy" text,
    "originId" text NOT NULL,
    "originCreatedAt" text NOT NULL,
    "cancelRequested" integer NOT NULL CHECK ("cancelRequested" IN (0, 1)),
    "rowNumber" bigint GENERATED ALWAYS AS IDENTITY UNIQUE
  );
  CREATE INDEX "runsByState" ON runs (state, "rowNumber");
  ALTER TABLE plans ADD FOREIGN KEY ("runId") REFERENCES runs (id) DEFERRABLE INITIALLY DEFERRED;

  CREATE TABLE steps (
    "runId" text NOT NULL REFERENCES runs (id) DEFERRABLE INITIALLY DEFERRED,
    seq integer NOT NULL,
    "stepId" text NOT NULL,
    state text NOT NULL,
    "startedAt" text,
    "endedAt" text,
    detail text,
    error text,
    outputs text,
    PRIMARY KEY ("runId", "stepId")
  );

  CREATE TABLE challenges (
    id text NOT NULL PRIMARY KEY,
    "planId" text NOT NULL REFERENCES plans (id) DEFERRABLE INITIALLY DEFERRED,
    principal text NOT NULL,
    "expiresAt" text COLLATE "C" NOT NULL,
    used integer NOT NULL CHECK (used IN (0, 1))
  );

  CREATE TABLE signatures (
    "goldId" text NOT NULL,
    "vmfsUuid" text NOT NULL,
    at text COLLATE "C" NOT NULL,
    "rowNumber" bigint GENERATED ALWAYS AS IDENTITY,
    PRIMARY KEY ("goldId", "vmfsUuid")
  );

  CREATE TABLE queue (
    "runId" text NOT NULL PRIMARY KEY REFERENCES runs (id) DEFERRABLE INITIALLY DEFERRED,
    "queuedAt" text COLLATE "C" NOT NULL,
    "claimedBy" text,
    "claimedAt" text,
    "rowNumber" bigint GENERATED ALWAYS AS IDENTITY
  );
  CREATE INDEX "queueUnclaimed" ON queue ("rowNumber") WHERE "claimedBy" IS NULL;

  CREATE TABLE audit (
    seq bigint NOT NULL PRIMARY KEY,
    at text COLLATE "C" NOT NULL,
    type text NOT NULL,
    actor text NOT NULL,
    channel text NOT NULL,
    client text,
    "planId" text,
    "runId" text,
    data text NOT NULL,
    prev text NOT NULL,
    hash text NOT NULL
  );
  CREATE INDEX "auditByTime" ON audit (at);
  CREATE INDEX "auditByPlan" ON audit ("planId") WHERE "planId" IS NOT NULL;
  CREATE INDEX "auditByRun" ON audit ("runId") WHERE "runId" IS NOT NULL;

  CREATE FUNCTION "auditKeeps"() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN RAISE EXCEPTION 'the audit is append-only: %', TG_ARGV[0] USING ERRCODE = 'restrict_violation'; END $$;
  CREATE TRIGGER "auditKeepsRows" BEFORE DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION "auditKeeps"('no row is deleted');
  CREATE TRIGGER "auditKeepsAll" BEFORE TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION "auditKeeps"('no row is deleted');
  CREATE TRIGGER "auditKeepsContents" BEFORE UPDATE ON audit
    FOR EACH ROW EXECUTE FUNCTION "auditKeeps"('no row is changed');
  CREATE FUNCTION "auditHasNoGap"() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.seq <> (SELECT max(seq) + 1 FROM ${SCHEMA}.audit) THEN
        RAISE EXCEPTION 'the audit is append-only: a row follows the newest' USING ERRCODE = 'restrict_violation';
      END IF;
      RETURN NEW;
    END $$;
  CREATE TRIGGER "auditHasNoGap" BEFORE INSERT ON audit FOR EACH ROW EXECUTE FUNCTION "auditHasNoGap"();

  CREATE FUNCTION "tellOfRun"() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_notify('${SCHEMA}', to_jsonb(NEW) ->> TG_ARGV[0]); RETURN NULL; END $$;
  CREATE TRIGGER "tellOfRuns" AFTER INSERT OR UPDATE ON runs FOR EACH ROW EXECUTE FUNCTION "tellOfRun"('id');
  CREATE TRIGGER "tellOfSteps" AFTER INSERT OR UPDATE ON steps FOR EACH ROW EXECUTE FUNCTION "tellOfRun"('runId');
  CREATE FUNCTION "tellOfQueue"() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_notify('${SCHEMA}', 'queue'); RETURN NULL; END $$;
  CREATE TRIGGER "tellOfQueue" AFTER INSERT ON queue FOR EACH STATEMENT EXECUTE FUNCTION "tellOfQueue"();
  `,
  `
  CREATE TABLE tokens (
    id text NOT NULL PRIMARY KEY,
    name text NOT NULL,
    role text NOT NULL,
    hash text NOT NULL UNIQUE,
    "createdBy" text NOT NULL,
    "createdAt" text NOT NULL,
    "expiresAt" text NOT NULL,
    "revokedAt" text,
    "rowNumber" bigint GENERATED ALWAYS AS IDENTITY
  );
  `,
  `
  CREATE TABLE passes (
    id text NOT NULL PRIMARY KEY,
    kind text NOT NULL,
    hash text NOT NULL UNIQUE,
    principal text NOT NULL,
    role text NOT NULL,
    person text,
    "createdAt" text NOT NULL,
    "expiresAt" text NOT NULL,
    "endedAt" text
  );
  `,
  `
  CREATE INDEX "plansByRun" ON plans ("runId");
  CREATE INDEX "runsByPlan" ON runs ("planId");
  CREATE INDEX "challengesByPlan" ON challenges ("planId");
  CREATE INDEX "auditCuts" ON audit (seq) WHERE type = 'audit_cut';
  CREATE FUNCTION "auditKeepsUncut"() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF EXISTS (SELECT 1 FROM ${SCHEMA}.audit
                 WHERE type = 'audit_cut' AND OLD.seq <= (data::jsonb ->> 'through')::bigint) THEN
        RETURN OLD;
      END IF;
      RAISE EXCEPTION 'the audit is append-only: no row is deleted' USING ERRCODE = 'restrict_violation';
    END $$;
  DROP TRIGGER "auditKeepsRows" ON audit;
  CREATE TRIGGER "auditKeepsRows" BEFORE DELETE ON audit FOR EACH ROW EXECUTE FUNCTION "auditKeepsUncut"();
  `,
  `
  CREATE INDEX "plansByEnd" ON plans (state, "expiresAt");
  CREATE INDEX "runsByGold" ON runs ("goldId", "rowNumber");
  CREATE INDEX "runsByClient" ON runs ("clientId", "rowNumber");
  `,
];

/** The oldest server whose session settings the locks need. */
const OLDEST_SERVER = 140_000;

/** Whoever is first makes or completes the tables; the others wait for it. Errors: `STORE_UNUSABLE`. */
export async function readySchema(client: Client, place: string): Promise<void> {
  await requireServer(client, place);
  if ((await versionOf(client, place)) === MIGRATIONS.length) return;
  await client.query("BEGIN");
  try {
    await client.query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [`${SCHEMA} migrations`]);
    const from = await versionOf(client, place);
    if (from === undefined) await makeSchema(client);
    for (const step of MIGRATIONS.slice(from)) await client.query(step);
    await client.query("UPDATE meta SET value = $1 WHERE key = 'schemaVersion'", [String(MIGRATIONS.length)]);
    await client.query("COMMIT");
  } catch (thrown) {
    await client.query("ROLLBACK");
    throw thrown;
  }
}

async function requireServer(client: Client, place: string): Promise<void> {
  const { rows } = await client.query<{ number: number; version: string }>(
    "SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version",
  );
  const [{ number, version } = { number: 0, version: "unknown" }] = rows;
  if (number >= OLDEST_SERVER) return;
  throw unusable(
    place,
    `its server is PostgreSQL ${version}, and the oldest that will do is 14`,
    "Name a newer server in store.postgres.",
  );
}

/** The database's account may be one that makes no schemas, where its owner has made this one for it. */
async function makeSchema(client: Client): Promise<void> {
  const { rows } = await client.query("SELECT 1 FROM pg_namespace WHERE nspname = $1", [SCHEMA]);
  if (rows.length === 0) await client.query(`CREATE SCHEMA ${SCHEMA}`);
}

/** How far the tables are; undefined where there are none. */
async function versionOf(client: Client, place: string): Promise<number | undefined> {
  const { rows: tables } = await client.query<{ relname: string }>(
    "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace($1) AND relkind = 'r'",
    [SCHEMA],
  );
  if (tables.length === 0) return undefined;
  if (!tables.some(({ relname }) => relname === "meta")) {
    throw unusable(
      place,
      `its schema ${SCHEMA} is another program's`,
      "Name another database in store.postgres; a new store is made there.",
    );
  }
  const { rows } = await client.query<{ value: string }>("SELECT value FROM meta WHERE key = 'schemaVersion'");
  const version = Number(rows[0]?.value);
  if (version > MIGRATIONS.length) {
    throw unusable(
      place,
      `it was made by a newer atvm_prep (schema ${version}, this one knows ${MIGRATIONS.length})`,
      "Use that version of atvm_prep, or name another database in store.postgres.",
    );
  }
  return version;
}

/** The id that was made with the store. */
export async function storeId(client: Client, place: string): Promise<string> {
  const { rows } = await client.query<{ value: string }>("SELECT value FROM meta WHERE key = 'storeId'");
  const [row] = rows;
  if (row === undefined)
    throw unusable(place, "its id is missing", "Restore it from a backup; it was changed by hand.");
  return row.value;
}

/** Makes this store the one with that id: for the move of one. */
export async function setStoreId(client: Client, id: string): Promise<void> {
  await client.query("UPDATE meta SET value = $1 WHERE key = 'storeId'", [id]);
}
