/** A plan as it is stored: data, complete in itself. Carrying it out looks at nothing else of the request. */
import * as z from "zod";
import { sha256 } from "../domain/canonical.ts";
import { PrepError } from "../domain/errors.ts";
import type { ApprovalPolicy } from "../domain/modes.ts";

import { plainName } from "../domain/safe-text.ts";
import { readStored } from "../domain/stored-json.ts";
import type { Draft } from "../modes/draft.ts";
import type { Observation } from "../observe/observe.ts";
import type { PlanRow } from "../ports/store.ts";
import type { PlanRecord } from "../records.ts";
import type { PrepInputs, Request } from "../request/request.ts";
import { describeStep, isIrreversible } from "../steps/catalog.ts";
import type { Outputs } from "../steps/types.ts";
import { PLAN_VERSION, type Plan, planSchema } from "./plan-schema.ts";

/**
 * A step's idempotency key: the same over resumes, so that a repeat after a lost reply has no second effect. A step whose job
 * definitely failed gets a new one (the resuming plan has it), since the array answers a repeat of the old key with the failed job.
 */
export const keyOf = (plan: Pick<Plan, "keys">, originId: string, stepId: string): string =>
  plan.keys?.[stepId] ?? `${originId}.${stepId}`;

const versioned = z.looseObject({ version: z.number().default(1) });

/**
 * The stored plan of a row; `STORE_UNUSABLE` when the row was altered since it was written, `PLAN_OBSOLETE` for a plan that
 * another version of this program made.
 */
export function readPlan(row: PlanRow): Plan {
  const damaged = (cause?: unknown): PrepError =>
    new PrepError("STORE_UNUSABLE", `The record of plan ${row.id} is not what was stored; nothing is run from it.`, {
      found: { planId: row.id },
      hint: "Somebody or something changed the store.",
      next: [{ kind: "verify_audit" }, { kind: "plan_again" }],
      cause,
    });
  // The digest is over the canonical JSON, and that is what a body is stored as.
  if (sha256(row.body) !== row.digest) throw damaged();
  let plan: Plan;
  try {
    const body: unknown = JSON.parse(row.body);
    const { version } = versioned.parse(body);
    if (version !== PLAN_VERSION) throw otherVersion(row, version);
    plan = planSchema.parse(body);
  } catch (cause) {
    if (cause instanceof PrepError) throw cause;
    throw damaged(cause);
  }
  if (plan.id !== row.id) throw damaged();
  return plan;
}

const otherVersion = (row: PlanRow, version: number): PrepError =>
  new PrepError("PLAN_OBSOLETE", `Another version of atvm_prep made plan ${row.id}.`, {
    found: { planId: row.id, version, now: PLAN_VERSION },
    hint: "What an unfinished run of that version left is found and cleaned up by a new plan.",
    next: [{ kind: "plan_again" }],
  });

/** A plan's row and what it was read as: a record is parsed once, where it is looked up, and travels as this. */
export interface StoredPlan {
  readonly row: PlanRow;
  readonly plan: Plan;
}

/** Errors: as `readPlan`. */
export const readStoredPlan = (row: PlanRow): StoredPlan => ({ row, plan: readPlan(row) });

/** For reading many plans: one record that was altered, or that another version made, must not stand in the way of all the others. */
export function planIfReadable(row: PlanRow | undefined): Plan | undefined {
  if (row === undefined) return undefined;
  try {
    return readPlan(row);
  } catch {
    return undefined;
  }
}

/** What a plan is about, as it was found. */
export interface PlanSubject extends Pick<Observation, "host" | "signatures"> {
  readonly gold: Pick<Observation["gold"], "id" | "name"> & { readonly naa: string };
  readonly client: Pick<Observation["client"], "id" | "name">;
}

export interface PlanParts {
  readonly id: string;
  readonly inputs: PrepInputs;
  readonly askedWith?: string | undefined;
  readonly request: Request;
  readonly observation: PlanSubject;
  readonly draft: Draft;
  readonly endpoints: { readonly array: string; readonly vcenter: string };
  readonly now: Date;
  readonly ttlMs: number;
  readonly resumes?: {
    readonly runId: string;
    readonly origin: { readonly runId: string; readonly createdAt: string };
    readonly inheritedOutputs: Readonly<Record<string, Outputs>>;
    readonly keys: Readonly<Record<string, string>>;
  };
}

/** A reason is what somebody wrote: data, made safe before it is kept. */
function withReason({ reason, ...inputs }: PrepInputs): PrepInputs {
  const said = plainName((reason ?? "").trim());
  return said === "" ? inputs : { ...inputs, reason: said };
}

export function buildPlan(parts: PlanParts): Plan {
  const { observation, draft, now } = parts;
  const { gold, client, host } = observation;
  const chosen = draft.snapshot?.snapshot;
  // One that was named by its id stays so: its name may not be its own.
  const named = chosen === undefined || parts.request.snapshot === chosen.id;
  const snapshot = named ? parts.request.snapshot : chosen.name;
  const request: Request = snapshot === undefined ? parts.request : { ...parts.request, snapshot };
  return {
    version: PLAN_VERSION,
    id: parts.id,
    mode: request.mode,
    inputs: withReason(parts.inputs),
    ...(parts.askedWith === undefined ? {} : { askedWith: plainName(parts.askedWith) }),
    request,
    target: {
      lun: { name: gold.name, volumeId: gold.id, naa: gold.naa },
      client: { name: client.name, id: client.id },
      host: { address: request.host, name: host.name },
      vcenter: parts.endpoints.vcenter,
    },
    host,
    draft,
    endpoints: parts.endpoints,
    createdAt: now.toISOString(),
    expiresAt: new Date(now.getTime() + parts.ttlMs).toISOString(),
    ...(parts.resumes === undefined
      ? {}
      : {
          resumes: parts.resumes.runId,
          origin: parts.resumes.origin,
          inheritedOutputs: parts.resumes.inheritedOutputs,
          keys: parts.resumes.keys,
        }),
  };
}

/** Who asked for a plan, with which program, and why. */
export const requesterOf = ({ row, plan }: StoredPlan): PlanRecord["requestedBy"] => ({
  principal: row.principal,
  ...(plan.askedWith === undefined ? {} : { client: plainName(plan.askedWith) }),
  ...(plan.inputs.reason === undefined ? {} : { reason: plainName(plan.inputs.reason) }),
});

/** What had changed, of a plan that is stale. */
export const diffOf = ({ id, diff }: PlanRow): string[] =>
  diff === undefined ? [] : readStored(z.array(z.string()), diff, `plan ${id}`);

/** A row's plan and what became of it; `token` only in the answer that made it. */
export function viewPlan(stored: StoredPlan, policy: ApprovalPolicy, now: string, token?: string): PlanRecord {
  const { row, plan } = stored;
  const { draft } = plan;
  return {
    planId: row.id,
    ...(token === undefined ? {} : { planToken: token }),
    mode: plan.mode,
    request: plan.request,
    target: plan.target,
    ...(draft.snapshot === undefined
      ? {}
      : {
          snapshot: {
            name: draft.snapshot.snapshot.name,
            id: draft.snapshot.snapshot.id,
            createdAt: draft.snapshot.snapshot.createdAt,
            chosenBy: draft.snapshot.chosenBy,
          },
        }),
    steps: draft.steps.map((step) => ({
      id: step.id,
      kind: step.kind,
      text: describeStep(step),
      irreversible: isIrreversible(step),
      after: [...step.after],
    })),
    ...(draft.worksOn === undefined ? {} : { worksOn: draft.worksOn }),
    impact: draft.impact,
    warnings: [...draft.warnings],
    leftovers: [...draft.leftovers],
    requestedBy: requesterOf(stored),
    unnamed: (["client", "host"] as const).filter((side) => plan.inputs[side] === undefined),
    approval: {
      policy,
      ...(row.approvedBy === undefined ? {} : { approvedBy: row.approvedBy }),
      ...(row.approvedChannel === undefined ? {} : { channel: row.approvedChannel }),
    },
    state: row.state === "open" && row.expiresAt <= now ? "expired" : row.state,
    ...(row.runId === undefined ? {} : { runId: row.runId }),
    ...(plan.resumes === undefined ? {} : { resumes: plan.resumes }),
    ...(row.diff === undefined ? {} : { diff: diffOf(row) }),
    ...(row.freshPlanId === undefined ? {} : { freshPlanId: row.freshPlanId }),
    createdAt: row.createdAt,
    expiresAt: row.expiresAt,
    fingerprint: draft.fingerprint,
  };
}

/** `PLAN_UNKNOWN`, in words that fit what was asked with. */
export const unknownPlan = (
  message: string,
  hint = "It may have been typed wrong, or belong to another store.",
): PrepError => new PrepError("PLAN_UNKNOWN", message, { hint, next: [{ kind: "see_plans" }, { kind: "plan_again" }] });

/** A plan is carried out on the systems that it was made for. `PLAN_OBSOLETE` where the configuration names others now. */
export function requireSameSystems(plan: Plan, endpoints: Plan["endpoints"]): void {
  if (endpoints.array === plan.endpoints.array && endpoints.vcenter === plan.endpoints.vcenter) return;
  throw new PrepError(
    "PLAN_OBSOLETE",
    "The configuration names other systems now than those that this was planned on.",
    {
      found: { planned: plan.endpoints, now: endpoints },
      hint: "Use the configuration that it was made with, or plan anew.",
    },
  );
}
