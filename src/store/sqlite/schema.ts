/** The embedded store's tables, and how an older file is brought up to them. */

import { unusable } from "../errors.ts";
import type { Connection } from "./connection.ts";

/** `PRAGMA application_id`: "ATVM" in ASCII; tells a store from another program's database. */
const APPLICATION_ID = 0x4154564d;

/**
 * The n-th entry takes a file from `user_version` n to n + 1. An entry that was released is never changed. Columns bear
 * the names of the members of `core/ports/store.ts`, so that rows need no translation.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE meta (key TEXT NOT NULL PRIMARY KEY, value TEXT NOT NULL) STRICT;
  INSERT INTO meta VALUES ('storeId', lower(hex(randomblob(16))));

  CREATE TABLE plans (
    id TEXT NOT NULL PRIMARY KEY,
    tokenHash TEXT NOT NULL UNIQUE,
    binding TEXT NOT NULL,
    digest TEXT NOT NULL,
    principal TEXT NOT NULL,
    goldId TEXT NOT NULL,
    clientId TEXT NOT NULL,
    mode TEXT NOT NULL,
    body TEXT NOT NULL,
    state TEXT NOT NULL,
    createdAt TEXT NOT NULL,
    expiresAt TEXT NOT NULL,
    runId TEXT REFERENCES runs (id) DEFERRABLE INITIALLY DEFERRED,
    diff TEXT,
    freshPlanId TEXT,
    approvedBy TEXT,
    approvedChannel TEXT,
    approvedAt TEXT
  ) STRICT;
  CREATE INDEX plansByState ON plans (state, createdAt);
  CREATE INDEX plansByAge ON plans (createdAt);

  CREATE TABLE runs (
    id TEXT NOT NULL PRIMARY KEY,
    planId TEXT NOT NULL REFERENCES plans (id) DEFERRABLE INITIALLY DEFERRED,
    mode TEXT NOT NULL,
    principal TEXT NOT NULL,
    goldId TEXT NOT NULL,
    clientId TEXT NOT NULL,
    lunName TEXT NOT NULL,
    clientName TEXT NOT NULL,
    state TEXT NOT NULL,
    createdAt TEXT NOT NULL,
    startedAt TEXT,
    endedAt TEXT,
    error TEXT,
    report TEXT,
    next TEXT,
    resumes TEXT,
    resumedBy TEXT,
    originId TEXT NOT NULL,
    originCreatedAt TEXT NOT NULL,
    cancelRequested INTEGER NOT NULL CHECK (cancelRequested IN (0, 1))
  ) STRICT;
  CREATE INDEX runsByAge ON runs (createdAt);
  CREATE INDEX runsByState ON runs (state, createdAt);

  CREATE TABLE steps (
    runId TEXT NOT NULL REFERENCES runs (id) DEFERRABLE INITIALLY DEFERRED,
    seq INTEGER NOT NULL,
    stepId TEXT NOT NULL,
    state TEXT NOT NULL,
    startedAt TEXT,
    endedAt TEXT,
    detail TEXT,
    error TEXT,
    outputs TEXT,
    PRIMARY KEY (runId, stepId)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE challenges (
    id TEXT NOT NULL PRIMARY KEY,
    planId TEXT NOT NULL REFERENCES plans (id) DEFERRABLE INITIALLY DEFERRED,
    principal TEXT NOT NULL,
    expiresAt TEXT NOT NULL,
    used INTEGER NOT NULL CHECK (used IN (0, 1))
  ) STRICT;

  CREATE TABLE signatures (
    goldId TEXT NOT NULL,
    vmfsUuid TEXT NOT NULL,
    at TEXT NOT NULL,
    PRIMARY KEY (goldId, vmfsUuid)
  ) STRICT;

  CREATE TABLE audit (
    seq INTEGER NOT NULL PRIMARY KEY,
    at TEXT NOT NULL,
    type TEXT NOT NULL,
    actor TEXT NOT NULL,
    channel TEXT NOT NULL,
    client TEXT,
    planId TEXT,
    runId TEXT,
    data TEXT NOT NULL,
    prev TEXT NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  CREATE INDEX auditByTime ON audit (at);
  CREATE INDEX auditByPlan ON audit (planId) WHERE planId IS NOT NULL;
  CREATE INDEX auditByRun ON audit (runId) WHERE runId IS NOT NULL;
  CREATE TRIGGER auditKeepsRows BEFORE DELETE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only: no row is deleted'); END;
  CREATE TRIGGER auditKeepsContents BEFORE UPDATE ON audit
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only: no row is changed'); END;
  CREATE TRIGGER auditHasNoGap BEFORE INSERT ON audit WHEN NEW.seq <> (SELECT max(seq) + 1 FROM audit)
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only: a row follows the newest'); END;
  `,
  `
  CREATE TABLE queue (
    runId TEXT NOT NULL PRIMARY KEY REFERENCES runs (id) DEFERRABLE INITIALLY DEFERRED,
    queuedAt TEXT NOT NULL,
    claimedBy TEXT,
    claimedAt TEXT
  ) STRICT;
  CREATE INDEX queueUnclaimed ON queue (queuedAt) WHERE claimedBy IS NULL;
  `,
  `
  CREATE TABLE tokens (
    id TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL,
    role TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    createdBy TEXT NOT NULL,
    createdAt TEXT NOT NULL,
    expiresAt TEXT NOT NULL,
    revokedAt TEXT
  ) STRICT;
  `,
  `
  CREATE TABLE passes (
    id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    hash TEXT NOT NULL UNIQUE,
    principal TEXT NOT NULL,
    role TEXT NOT NULL,
    person TEXT,
    createdAt TEXT NOT NULL,
    expiresAt TEXT NOT NULL,
    endedAt TEXT
  ) STRICT;
  `,
  `
  CREATE INDEX plansByRun ON plans (runId);
  CREATE INDEX runsByPlan ON runs (planId);
  CREATE INDEX challengesByPlan ON challenges (planId);
  CREATE INDEX auditCuts ON audit (seq) WHERE type = 'audit_cut';
  DROP TRIGGER auditKeepsRows;
  CREATE TRIGGER auditKeepsRows BEFORE DELETE ON audit
    WHEN NOT EXISTS (SELECT 1 FROM audit WHERE type = 'audit_cut' AND OLD.seq <= json_extract(data, '$.through'))
    BEGIN SELECT RAISE(ABORT, 'the audit is append-only: no row is deleted'); END;
  `,
  `
  CREATE INDEX plansByEnd ON plans (state, expiresAt);
  CREATE INDEX runsByGold ON runs (goldId);
  CREATE INDEX runsByClient ON runs (clientId);
  `,
];

/**
 * Whether the file has today's tables; false when it is empty or older. Throws `STORE_UNUSABLE` when it is from a newer
 * version of this program or from another one.
 */
export function hasSchema(connection: Connection): boolean {
  const version = connection.number("PRAGMA user_version");
  const ours = connection.number("PRAGMA application_id") === APPLICATION_ID;
  if (!ours && (version !== 0 || connection.number("SELECT count(*) FROM sqlite_schema") > 0)) {
    throw unusable(
      connection.path,
      "it is a database of another program",
      "Name another path as store.sqlite; a new store is made there.",
    );
  }
  if (version > MIGRATIONS.length) {
    throw unusable(
      connection.path,
      `it was made by a newer atvm_prep (schema ${version}, this one knows ${MIGRATIONS.length})`,
      "Use that version of atvm_prep, or name another path as store.sqlite.",
    );
  }
  return version === MIGRATIONS.length;
}

/** Makes or completes the tables, inside the caller's transaction; does nothing when another process was faster. */
export function migrate(connection: Connection): void {
  if (hasSchema(connection)) return;
  for (const step of MIGRATIONS.slice(connection.number("PRAGMA user_version"))) connection.exec(step);
  connection.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${MIGRATIONS.length}`);
}

/** The id that was made with the store. */
export function storeId(connection: Connection): string {
  const [row] = connection.all("SELECT value FROM meta WHERE key = 'storeId'");
  if (typeof row?.["value"] !== "string") {
    throw unusable(connection.path, "its id is missing", "Restore it from a backup; it was changed by hand.");
  }
  return row["value"];
}

/** From now on the store is at `place`; see `refuseMoved`. */
export function markMoved(connection: Connection, place: string): void {
  connection.run("INSERT INTO meta VALUES ('movedTo', :place)", { place });
}

/** Two stores with one identity would have neither locks nor an audit in common. Errors: `STORE_UNUSABLE`. */
export function refuseMoved(connection: Connection): void {
  const [row] = connection.all("SELECT value FROM meta WHERE key = 'movedTo'");
  if (row === undefined) return;
  throw unusable(
    connection.path,
    `it was moved to ${String(row["value"])}`,
    "Name that database as store.postgres (docs/deploy.md).",
  );
}
