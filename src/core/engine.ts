/** The engine as the doors see it: observe → plan → approve → run → report. */

import type { Mode } from "./domain/modes.ts";
import type { Role } from "./domain/roles.ts";
import type { RunState } from "./domain/states.ts";
import type { VcenterOverride } from "./ports/runtime.ts";
import type {
  AccessTokenRecord,
  AuditFilter,
  AuditPage,
  AuditRowRecord,
  ChainRecord,
  ConsoleLinkRecord,
  ConsoleSessionRecord,
  Inspection,
  LunInventory,
  PlanRecord,
  Removed,
  RunRecord,
  SnapshotInventory,
  TargetInventory,
  VmInventory,
  WhoRecord,
} from "./records.ts";
import type { PrepInputs, TargetInputs } from "./request/request.ts";

export type Channel = "mcp" | "http" | "cli" | "cli-unattended" | "console" | "runner";

/** Who asks, through which door. `client` is what a program calls itself: recorded, never trusted. */
export interface Actor {
  /** On stdio and the CLI the OS user and the store; over HTTP issuer and subject. */
  readonly principal: string;
  readonly channel: Channel;
  readonly client?: string;
  /** The person's name where the principal does not say it, and who says so: recorded, and nothing is decided by it. */
  readonly login?: { readonly name: string; readonly by: "kernel" | "sudo" | "provider" };
  /** May take back what others asked for. */
  readonly admin?: boolean;
  /** The tool that it asks through: the call has a row of its own in the audit, and a look leaves no other. */
  readonly tool?: string;
}

/** A call of a tool as the audit keeps it. */
export interface ToolCallRecord {
  readonly tool: string;
  /** Safe to keep: no token, no secret, nothing long. */
  readonly arguments: Readonly<Record<string, unknown>>;
  /** `asked`: the operator is asked first, and the client calls again with the answer. */
  readonly outcome: "answered" | "asked" | "refused";
  readonly code?: string;
  readonly message?: string;
  readonly planId?: string;
  readonly runId?: string;
  readonly ms: number;
}

/** What a person answered. `typedLun` is wanted for a rollback, `approve` otherwise. */
export type ApprovalAnswer =
  | { readonly kind: "accept"; readonly approve?: boolean; readonly typedLun?: string }
  | { readonly kind: "decline" }
  | { readonly kind: "cancel" };

/** The person's answer to an earlier `ApprovalNeeded`. */
export interface Answered {
  readonly challenge: string;
  readonly answer: ApprovalAnswer;
}

/**
 * Policy `prompt`: the person behind the client has to be asked first, with the plan's command and impact. Thrown by
 * `confirm` when the client can ask; the answer comes back with the challenge in `answered`. Not an error to show.
 */
export class ApprovalNeeded extends Error {
  readonly plan: PlanRecord;
  /** Bound to plan, principal and deadline; a row in the store, used once. */
  readonly challenge: string;
  /** How long the answer counts. */
  readonly answerWithinMs: number;
  constructor(plan: PlanRecord, challenge: string, answerWithinMs: number) {
    super(`plan ${plan.planId} waits for the operator's answer`);
    this.plan = plan;
    this.challenge = challenge;
    this.answerWithinMs = answerWithinMs;
  }
}

export interface ConfirmOptions {
  /** The client can show a form. Without it policy `prompt` answers `NOT_APPROVED` and names the other way. */
  readonly canAsk?: boolean;
  readonly answered?: Answered;
  /** How long a plan that a person has to approve on another channel is waited for. */
  readonly awaitApprovalMs?: number;
  /** Aborts the waiting only; a run that was started goes on. */
  readonly signal?: AbortSignal;
  /** How long to wait for the run before answering with the run so far. Default 25 s. */
  readonly waitMs?: number;
  /** Called on each change of the run that was started. */
  readonly onUpdate?: (run: RunRecord) => void | Promise<void>;
  readonly vcenter?: VcenterOverride;
  /** Called with the plan before anything is done for it; it throws to refuse. */
  readonly check?: (plan: PlanRecord) => void;
}

export interface WaitOptions {
  readonly waitMs?: number;
  readonly signal?: AbortSignal;
  readonly onUpdate?: (run: RunRecord) => void | Promise<void>;
}

export interface RunFilter {
  readonly client?: string;
  readonly lun?: string;
  readonly states?: readonly RunState[];
  readonly limit?: number;
}

export interface WorkerOptions {
  /** What it calls itself in queue and audit, such as its machine and process. */
  readonly name: string;
  /** How many runs it carries out side by side. */
  readonly atOnce: number;
  readonly onClaim?: (runId: string) => void;
  /** Told to end, it takes no more, and ends when the runs that it took are over. */
  readonly drain?: boolean;
}

export interface PlanOptions {
  /** Of a resumed run: why, in place of the first run's reason. */
  readonly reason?: string;
  readonly vcenter?: VcenterOverride;
}

/** What needs no approval: nothing behind this interface changes the array or the hypervisor, by type and by construction. */
export interface PlanningEngine {
  inspect(inputs: Partial<TargetInputs> & { lun?: string }, actor: Actor): Promise<Inspection>;
  listTargets(actor: Actor): Promise<TargetInventory>;
  listLuns(actor: Actor): Promise<LunInventory>;
  listSnapshots(lun: string, actor: Actor): Promise<SnapshotInventory>;
  listVms(inputs: Partial<TargetInputs> & { lun?: string }, actor: Actor): Promise<VmInventory>;
  /** A stored, open plan with its token. Refusals are PrepErrors and are audited. */
  plan(mode: Mode, inputs: PrepInputs, actor: Actor, options?: PlanOptions): Promise<PlanRecord>;
  /** A plan of what an ended, unfinished run left. */
  resumePlan(runId: string, actor: Actor, options?: PlanOptions): Promise<PlanRecord>;
  getPlan(planId: string): Promise<PlanRecord>;
  listPlans(filter?: { principal?: string }): Promise<PlanRecord[]>;
  discardPlan(which: { planToken?: string; planId?: string }, actor: Actor): Promise<PlanRecord>;
  /** All open plans of this principal. */
  discardPlans(actor: Actor): Promise<PlanRecord[]>;
  getRun(runId: string, options?: WaitOptions): Promise<RunRecord>;
  /** Newest first. `states`: of those that the store has in one of these, as they turn out to be now. */
  listRuns(filter: RunFilter): Promise<RunRecord[]>;
  readAudit(filter: AuditFilter): Promise<AuditPage>;
  /** What was done to a volume or a VM, or in a run: by whom, with whose approval. Errors: `BAD_REQUEST` where nothing has that name. */
  whoTouched(name: string): Promise<WhoRecord>;
  verifyAudit(): Promise<ChainRecord>;
  /** Names for completion; empty when the systems cannot be reached. */
  completions(
    what: "lun" | "client" | "host" | "snapshot",
    prefix: string,
    context?: { lun?: string },
  ): Promise<string[]>;
}

/** What looks and never leaves a trace but in the audit. */
export type ReadingEngine = Omit<PlanningEngine, "plan" | "resumePlan" | "discardPlan" | "discardPlans">;

export interface Engine extends PlanningEngine {
  confirm(planToken: string, actor: Actor, options?: ConfirmOptions): Promise<RunRecord>;
  /**
   * An answer that came when the call that asked for it was over. It is judged and kept like those that came in time, and a
   * yes approves the plan, which then runs when it is confirmed again. Errors: why it is no yes.
   */
  takeAnswer(planToken: string, actor: Actor, answered: Answered): Promise<void>;
  /** The plan that a token stands for. Errors: `PLAN_UNKNOWN`, `WRONG_PRINCIPAL`. */
  planByToken(planToken: string, actor: Actor): Promise<PlanRecord>;
  /** A person's approval on a channel that no assistant has: the CLI on a terminal, the console. */
  approve(planId: string, actor: Actor, typedLun?: string): Promise<PlanRecord>;
  /** A person's no, with their reason, on such a channel: the plan is over. */
  decline(planId: string, actor: Actor, reason: string): Promise<PlanRecord>;
  cancelRun(runId: string, actor: Actor): Promise<RunRecord>;
  createToken(
    asked: { name: string; role: Role; ttlMs: number },
    actor: Actor,
  ): Promise<AccessTokenRecord & { readonly token: string }>;
  listTokens(): Promise<AccessTokenRecord[]>;
  revokeToken(tokenId: string, actor: Actor): Promise<AccessTokenRecord>;
  /** Whose token it is, if it is one that holds now. */
  tokenHolder(token: string): Promise<AccessTokenRecord | undefined>;
  /** A link into the console that is used once; its secret is in this answer alone. */
  makeConsoleLink(
    asked: { role: Role; name?: string },
    actor: Actor,
  ): Promise<ConsoleLinkRecord & { readonly secret: string }>;
  /** Whom such a link is for, if it can still be used. */
  consoleLinkHolder(secret: string): Promise<ConsoleLinkRecord | undefined>;
  /** A session in place of the link, once. */
  redeemConsoleLink(secret: string): Promise<(ConsoleSessionRecord & { readonly secret: string }) | undefined>;
  /** A session for whom a provider has signed in. */
  signInToConsole(identity: {
    principal: string;
    role: Role;
    person?: string;
  }): Promise<ConsoleSessionRecord & { readonly secret: string }>;
  consoleSession(secret: string): Promise<ConsoleSessionRecord | undefined>;
  signOutOfConsole(secret: string): Promise<void>;
  /** Rows after this one, in order; the newest alone where no row is named. For who follows what goes on. */
  auditAfter(seq: number | undefined): Promise<AuditRowRecord[]>;
  /** Tells the chain of a call that a door refused by itself: the caller's role does not allow it. */
  recordRefusal(call: string, needs: Role, actor: Actor): Promise<void>;
  /** Keeps a row of a tool's call. Errors: `AUDIT_UNWRITABLE`, `STORE_UNUSABLE`. */
  recordCall(call: ToolCallRecord, actor: Actor): Promise<void>;
  /** The detached runner's entry: carries a redeemed run out to its end. */
  executeRun(runId: string, signal: AbortSignal): Promise<RunRecord>;
  /** Carries out what is queued for workers, until the signal aborts. */
  work(options: WorkerOptions, signal: AbortSignal): Promise<void>;
  /** Removes what is older than the site keeps it, as each run's end does too. Errors: those of `removeOld`. */
  removeOld(actor: Actor): Promise<Removed | undefined>;
  /** Waits for runs carried out in this process, then closes the store. */
  close(): Promise<void>;
}
