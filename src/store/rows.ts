/** The tables as schemas, whatever database they are in: a row that is read is checked, since anyone with the rights can have changed it. */
import * as z from "zod";
import { PrepError } from "../core/domain/errors.ts";
import { MODES } from "../core/domain/modes.ts";
import { ROLES } from "../core/domain/roles.ts";
import { PLAN_STATES, RUN_STATES, STEP_STATES } from "../core/domain/states.ts";
import type {
  AccessTokenRow,
  AuditRow,
  ChallengeRow,
  ConsolePassRow,
  PlanRow,
  QueueRow,
  RunRow,
  StepRow,
} from "../core/ports/store.ts";
import { CHANGED_BY_HAND } from "./errors.ts";

/** What a statement is given for its `:names`. */
export type Params = Record<string, string | number | null>;
/** A row as the database gives it. */
export type RawRow = Readonly<Record<string, unknown>>;

const text = z.string();
const optional = z.string().exactOptional();
const flag = z.literal([0, 1]).transform((bit) => bit === 1);

export interface Columns {
  readonly name: string;
  readonly columns: readonly string[];
}

export interface Table<Row> extends Columns {
  readonly schema: z.ZodType<Row>;
}

const plan = z.object({
  id: text,
  tokenHash: text,
  binding: text,
  digest: text,
  principal: text,
  goldId: text,
  clientId: text,
  mode: z.enum(MODES),
  body: text,
  state: z.enum(PLAN_STATES),
  createdAt: text,
  expiresAt: text,
  runId: optional,
  diff: optional,
  freshPlanId: optional,
  approvedBy: optional,
  approvedChannel: optional,
  approvedAt: optional,
} satisfies Record<keyof PlanRow, z.ZodType>);
export const PLANS: Table<PlanRow> = { name: "plans", columns: Object.keys(plan.shape), schema: plan };

const run = z.object({
  id: text,
  planId: text,
  mode: z.enum(MODES),
  principal: text,
  goldId: text,
  clientId: text,
  lunName: text,
  clientName: text,
  state: z.enum(RUN_STATES),
  createdAt: text,
  startedAt: optional,
  endedAt: optional,
  error: optional,
  report: optional,
  next: optional,
  resumes: optional,
  resumedBy: optional,
  originId: text,
  originCreatedAt: text,
  cancelRequested: flag,
} satisfies Record<keyof RunRow, z.ZodType>);
export const RUNS: Table<RunRow> = { name: "runs", columns: Object.keys(run.shape), schema: run };

const step = z.object({
  runId: text,
  seq: z.int(),
  stepId: text,
  state: z.enum(STEP_STATES),
  startedAt: optional,
  endedAt: optional,
  detail: optional,
  error: optional,
  outputs: optional,
} satisfies Record<keyof StepRow, z.ZodType>);
export const STEPS: Table<StepRow> = { name: "steps", columns: Object.keys(step.shape), schema: step };

const challenge = z.object({
  id: text,
  planId: text,
  principal: text,
  expiresAt: text,
  used: flag,
} satisfies Record<keyof ChallengeRow, z.ZodType>);
export const CHALLENGES: Table<ChallengeRow> = {
  name: "challenges",
  columns: Object.keys(challenge.shape),
  schema: challenge,
};

const queue = z.object({
  runId: text,
  queuedAt: text,
  claimedBy: optional,
  claimedAt: optional,
} satisfies Record<keyof QueueRow, z.ZodType>);
export const QUEUE: Table<QueueRow> = { name: "queue", columns: Object.keys(queue.shape), schema: queue };

const audit = z.object({
  seq: z.int(),
  at: text,
  type: text,
  actor: text,
  channel: text,
  client: optional,
  planId: optional,
  runId: optional,
  data: text,
  prev: text,
  hash: text,
} satisfies Record<keyof AuditRow, z.ZodType>);
export const AUDIT: Table<AuditRow> = { name: "audit", columns: Object.keys(audit.shape), schema: audit };

const accessToken = z.object({
  id: text,
  name: text,
  role: z.enum(ROLES),
  hash: text,
  createdBy: text,
  createdAt: text,
  expiresAt: text,
  revokedAt: optional,
} satisfies Record<keyof AccessTokenRow, z.ZodType>);
export const TOKENS: Table<AccessTokenRow> = {
  name: "tokens",
  columns: Object.keys(accessToken.shape),
  schema: accessToken,
};

const consolePass = z.object({
  id: text,
  kind: z.enum(["link", "session"]),
  hash: text,
  principal: text,
  role: z.enum(ROLES),
  person: optional,
  createdAt: text,
  expiresAt: text,
  endedAt: optional,
} satisfies Record<keyof ConsolePassRow, z.ZodType>);
export const CONSOLE_PASSES: Table<ConsolePassRow> = {
  name: "passes",
  columns: Object.keys(consolePass.shape),
  schema: consolePass,
};

/** A row as its type; throws `STORE_UNUSABLE` when it is not one that this program wrote. */
export function decode<Row>(table: Table<Row>, raw: RawRow, path: string): Row {
  const present: Record<string, unknown> = {};
  for (const column of table.columns) {
    const value = raw[column];
    if (value !== null && value !== undefined) present[column] = value;
  }
  const parsed = table.schema.safeParse(present);
  if (parsed.success) return parsed.data;
  const columns = parsed.error.issues.map((issue) => issue.path.join("."));
  throw new PrepError("STORE_UNUSABLE", `The store ${path} holds a damaged row in ${table.name}.`, {
    found: { path, table: table.name, columns },
    hint: CHANGED_BY_HAND,
  });
}

/** Parameters for the members that the row has; one that the table has no column for is a defect. */
export function encode(table: Columns, row: object): Params {
  const params: Params = {};
  for (const [member, value] of Object.entries(row)) {
    if (!table.columns.includes(member)) throw new TypeError(`${table.name} has no column ${member}`);
    params[member] = toSql(value);
  }
  return params;
}

/** Parameters for every column, absent ones as NULL. */
export function encodeWhole(table: Columns, row: object): Params {
  return { ...Object.fromEntries(table.columns.map((column) => [column, null])), ...encode(table, row) };
}

function toSql(value: unknown): Params[string] {
  switch (typeof value) {
    case "string":
    case "number":
      return value;
    case "boolean":
      return value ? 1 : 0;
    case "undefined":
      return null;
    default:
      throw new TypeError(`A ${typeof value} is not stored as it is`);
  }
}
