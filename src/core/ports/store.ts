/**
 * The store as the engine needs it: rows and transactions, no SQL. Bodies are JSON text that the engine made; a store
 * never looks into them. Implementations: SQLite (embedded default) and PostgreSQL.
 *
 * Errors: `STORE_UNUSABLE` (cannot be opened, read or written, wrong schema), `AUDIT_UNWRITABLE` where a write failed.
 */

import type { Mode } from "../domain/modes.ts";
import type { Role } from "../domain/roles.ts";
import type { PlanState, RunState, StepState } from "../domain/states.ts";

export interface PlanRow {
  readonly id: string;
  readonly tokenHash: string;
  /** HMAC-SHA-256, keyed by the token, over digest, principal and deadline: proves the row is the one the token was made for. */
  readonly binding: string;
  /** SHA-256 of the canonical JSON of the body. */
  readonly digest: string;
  readonly principal: string;
  readonly goldId: string;
  readonly clientId: string;
  readonly mode: Mode;
  /** The stored plan (`core/plan.ts`), JSON. */
  readonly body: string;
  readonly state: PlanState;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly runId?: string;
  /** Of a stale plan: its diff (JSON list) and the fresh plan's id. */
  readonly diff?: string;
  readonly freshPlanId?: string;
  readonly approvedBy?: string;
  readonly approvedChannel?: string;
  readonly approvedAt?: string;
}

export interface RunRow {
  readonly id: string;
  readonly planId: string;
  readonly mode: Mode;
  readonly principal: string;
  readonly goldId: string;
  readonly clientId: string;
  readonly lunName: string;
  readonly clientName: string;
  readonly state: RunState;
  readonly createdAt: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  /** JSON of ErrorRecord. */
  readonly error?: string;
  /** JSON of the report. */
  readonly report?: string;
  /** JSON list of NextAction. */
  readonly next?: string;
  readonly resumes?: string;
  readonly resumedBy?: string;
  /** First run of a chain of resumes; its own id for a first run. */
  readonly originId: string;
  readonly originCreatedAt: string;
  readonly cancelRequested: boolean;
}

export interface StepRow {
  readonly runId: string;
  readonly seq: number;
  readonly stepId: string;
  readonly state: StepState;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly detail?: string;
  /** JSON of ErrorRecord. */
  readonly error?: string;
  /** JSON of Outputs. */
  readonly outputs?: string;
}

export interface AuditRow {
  readonly seq: number;
  readonly at: string;
  /** An `AuditEvent` where this program wrote it; any text in a row that somebody changed, which the chain then shows. */
  readonly type: string;
  readonly actor: string;
  readonly channel: string;
  readonly client?: string;
  readonly planId?: string;
  readonly runId?: string;
  /** JSON object. */
  readonly data: string;
  readonly prev: string;
  readonly hash: string;
}

/** What the end of the chain was: the row's time, number and hash. */
export type AuditHead = Pick<AuditRow, "at" | "seq" | "hash">;

export interface ChallengeRow {
  readonly id: string;
  readonly planId: string;
  readonly principal: string;
  readonly expiresAt: string;
  readonly used: boolean;
}

/** A redeemed run that waits for a worker, or waited: it is handed out once, and never again by itself. */
export interface QueueRow {
  readonly runId: string;
  readonly queuedAt: string;
  /** The worker that took it, as it names itself. */
  readonly claimedBy?: string;
  readonly claimedAt?: string;
}

/** A bearer token for the HTTP door. The token itself is nowhere. */
export interface AccessTokenRow {
  readonly id: string;
  /** Whom it was made for; the principal is made of it, so that a new token continues an old one's plans. */
  readonly name: string;
  readonly role: Role;
  /** SHA-256 of the token. */
  readonly hash: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly revokedAt?: string;
}

/** Somebody's way into the console: a link until it is used, once; a session afterwards. The secret itself is nowhere. */
export interface ConsolePassRow {
  readonly id: string;
  readonly kind: "link" | "session";
  /** SHA-256 of the secret. */
  readonly hash: string;
  readonly principal: string;
  readonly role: Role;
  /** The person's name, as the provider has it. */
  readonly person?: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  /** Used, or signed out. */
  readonly endedAt?: string;
}

export interface StoreReader {
  plan(id: string): Promise<PlanRow | undefined>;
  planByTokenHash(hash: string): Promise<PlanRow | undefined>;
  /** Newest first, as `runs`. A plan that nobody confirmed stays `open`: those that still can be end after now. */
  plans(filter: {
    state?: PlanState;
    endsAfter?: string;
    principal?: string;
    goldId?: string;
    clientId?: string;
    limit?: number;
  }): Promise<PlanRow[]>;
  run(id: string): Promise<RunRow | undefined>;
  /** Newest first, by the order in which they were inserted: clocks can be wrong. */
  runs(filter: {
    goldId?: string;
    clientId?: string;
    lunName?: string;
    clientName?: string;
    states?: readonly RunState[];
    limit?: number;
  }): Promise<RunRow[]>;
  steps(runId: string): Promise<StepRow[]>;
  challenge(id: string): Promise<ChallengeRow | undefined>;
  /** A run's place in the queue for workers; undefined for one that was never in it. */
  queued(runId: string): Promise<QueueRow | undefined>;
  /** In order of seq. `date` is `YYYY-MM-DD`; with `last`, the newest so many. */
  audit(filter: {
    afterSeq?: number;
    since?: string;
    date?: string;
    planId?: string;
    runId?: string;
    limit?: number;
    last?: number;
  }): Promise<AuditRow[]>;
  auditHead(): Promise<AuditRow | undefined>;
  accessToken(hash: string): Promise<AccessTokenRow | undefined>;
  /** Newest first. */
  accessTokens(): Promise<AccessTokenRow[]>;
  consolePass(hash: string): Promise<ConsolePassRow | undefined>;
  /** VMFS signatures seen on a gold volume's family. */
  signatures(goldId: string): Promise<string[]>;
}

export interface StoreWriter extends StoreReader {
  insertPlan(row: PlanRow): Promise<void>;
  updatePlan(id: string, change: Partial<Omit<PlanRow, "id">>): Promise<void>;
  insertRun(row: RunRow): Promise<void>;
  updateRun(id: string, change: Partial<Omit<RunRow, "id">>): Promise<void>;
  putStep(row: StepRow): Promise<void>;
  appendAudit(row: AuditRow): Promise<void>;
  insertChallenge(row: ChallengeRow): Promise<void>;
  /** Marks it used; false when it was used already or is not there. */
  useChallenge(id: string): Promise<boolean>;
  enqueueRun(runId: string, at: string): Promise<void>;
  /** Marks the oldest run that no worker has taken, of those queued at that time or later; undefined when there is none. */
  claimRun(claim: { by: string; at: string; queuedSince: string }): Promise<string | undefined>;
  insertAccessToken(row: AccessTokenRow): Promise<void>;
  updateAccessToken(id: string, change: Pick<AccessTokenRow, "revokedAt">): Promise<void>;
  insertConsolePass(row: ConsolePassRow): Promise<void>;
  updateConsolePass(id: string, change: Pick<ConsolePassRow, "endedAt">): Promise<void>;
  rememberSignature(goldId: string, vmfsUuid: string, at: string): Promise<void>;
  /** Refused by the store itself for rows of the audit that no `audit_cut` row covers. Gives how many rows went, by table. */
  removeOld(which: Removal): Promise<Readonly<Record<string, number>>>;
}

export interface Removal {
  /** Runs that ended before, with plans and journal; plans that could be confirmed until before; tokens and passes that held until then. */
  readonly before: string;
  /** So many of the newest runs of each gold volume and of each client stay, and with a run those that it resumed. */
  readonly newestRuns: number;
  /** Rows of the audit up to this one. */
  readonly throughSeq: number;
}

/** Names to lock: `exclusive` against every other holder, `shared` against exclusive ones only. */
export interface LockNames {
  readonly exclusive: readonly string[];
  readonly shared?: readonly string[];
}

/** A lock that is held as long as the process lives. */
export interface HeldLock {
  /** Whether it is still held: a store over a network can lose it with its connection. */
  stillHeld(): Promise<boolean>;
  release(): Promise<void>;
}

/** What can be watched: a run, by its id, or the queue. */
export type Topic = { readonly runId: string } | "queue";

export interface Store {
  /** Random, made with the store: tokens, principals and locks belong to one store. */
  readonly id: string;
  /** Where it is, to be shown: a path or a database name, no secrets. */
  readonly place: string;
  /** What the server says of itself and of the way to it; absent where there is none. */
  server?(): Promise<{ readonly version: string; readonly encrypted: boolean; readonly local: boolean }>;
  read<T>(work: (tx: StoreReader) => Promise<T>): Promise<T>;
  /**
   * One transaction, serialised with every other writer of the store; all of `work` or nothing of it takes effect. `work`
   * does no I/O of its own. Retried while the store is busy.
   */
  write<T>(work: (tx: StoreWriter) => Promise<T>): Promise<T>;
  /**
   * Calls `changed` after each commit, by whatever process, that touched the run or its steps; of the topic `queue`, one
   * that enqueued a run. A call can come for nothing or be missed while a connection is lost: the rows are what counts.
   * Absent where the store cannot tell: whoever follows a run looks at its rows again and again. Returns how to end it.
   */
  watch?(topic: Topic, changed: () => void): Promise<() => void>;
  /** All the named locks, or none: undefined when one is held by another holder in a way that excludes this one. */
  tryLock(names: LockNames): Promise<HeldLock | undefined>;
  /** Appends to the file of audit heads, outside the store; does nothing for a head that is there already. */
  recordHead(head: AuditHead): Promise<void>;
  /** The heads recorded so far. */
  recordedHeads(): Promise<AuditHead[]>;
  /** Whose heads are recorded: of whoever writes into the store, or only of those on this machine. */
  readonly headsOf: "every writer" | "this machine";
  close(): Promise<void>;
}
