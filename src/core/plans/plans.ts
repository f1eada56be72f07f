/** Open plans: issued with a token, found again by it, and every reason why one cannot be confirmed any more. */
import { createHmac, timingSafeEqual } from "node:crypto";
import * as z from "zod";
import { type Append, auditedWrite, latestTime } from "../audit.ts";
import { canonicalJson, sha256 } from "../domain/canonical.ts";
import { PrepError } from "../domain/errors.ts";
import type { ApprovalPolicy, Mode } from "../domain/modes.ts";
import { safeText } from "../domain/safe-text.ts";
import { readStored } from "../domain/stored-json.ts";
import type { Actor } from "../engine.ts";
import { type EngineDeps, newId, newSecret } from "../engine-options.ts";
import type { PlanRow, StoreWriter } from "../ports/store.ts";
import type { PlanRecord } from "../records.ts";
import { buildPlan, diffOf, type PlanParts, readStoredPlan, type StoredPlan, unknownPlan, viewPlan } from "./plan.ts";
import { StalePlan } from "./stale.ts";

export type NewPlan = Omit<PlanParts, "id" | "now" | "ttlMs" | "askedWith">;

const bindingOf = (token: string, row: Pick<PlanRow, "id" | "digest" | "principal" | "expiresAt">): string =>
  createHmac("sha256", token)
    .update(canonicalJson([row.id, row.digest, row.principal, row.expiresAt]))
    .digest("hex");

const isToken = (text: string): boolean => /^pt_[A-Za-z0-9_-]{43}$/.test(text);

export class Plans {
  readonly #deps: EngineDeps;

  constructor(deps: EngineDeps) {
    this.#deps = deps;
  }

  policyOf(mode: Mode): ApprovalPolicy {
    return this.#deps.settings.approval.policies[mode];
  }

  view(stored: StoredPlan, now: string, token?: string): PlanRecord {
    return viewPlan(stored, this.policyOf(stored.plan.mode), now, token);
  }

  /** For lists: one record that was altered must not hide all the others. It is in the log, and cannot be run. */
  readable(row: PlanRow): StoredPlan | undefined {
    try {
      return readStoredPlan(row);
    } catch (thrown) {
      this.#deps.log.warn({ plan: row.id, err: thrown }, "a plan's record was altered");
      return undefined;
    }
  }

  /** Stores an open plan and gives its token, once. */
  async issue(parts: NewPlan, actor: Actor): Promise<PlanRecord> {
    return auditedWrite(this.#deps.store, this.#deps.clock, (tx, append) => this.issueIn(tx, append, parts, actor));
  }

  /** The same within a transaction. */
  async issueIn(tx: StoreWriter, append: Append, parts: NewPlan, actor: Actor): Promise<PlanRecord> {
    const { clock, entropy, settings } = this.#deps;
    const nowText = await latestTime(tx, clock);
    const open = await tx.plans({ state: "open", endsAfter: nowText, principal: actor.principal });
    if (open.length >= settings.limits.openPlans) {
      throw new PrepError("TOO_MANY_PLANS", `You have ${open.length} open plans, which is the limit.`, {
        found: { openPlans: open.map((row) => row.id) },
        hint: "Discard those that nobody needs, or wait until they expire.",
        next: [{ kind: "discard_plans" }],
      });
    }
    const plan = buildPlan({
      ...parts,
      askedWith: actor.client,
      id: newId("plan", entropy),
      now: new Date(nowText),
      ttlMs: settings.approval.planTtlMs,
    });
    const body = canonicalJson(plan);
    const token = `pt_${newSecret(entropy)}`;
    const bare = {
      id: plan.id,
      digest: sha256(body),
      principal: actor.principal,
      expiresAt: plan.expiresAt,
    };
    const row: PlanRow = {
      ...bare,
      tokenHash: sha256(token),
      binding: bindingOf(token, bare),
      goldId: parts.observation.gold.id,
      clientId: parts.observation.client.id,
      mode: plan.mode,
      body,
      state: "open",
      createdAt: plan.createdAt,
    };
    await tx.insertPlan(row);
    const [signature] = parts.observation.signatures;
    if (signature !== undefined && parts.observation.signatures.size === 1) {
      await tx.rememberSignature(row.goldId, signature, nowText);
    }
    await append({
      type: "plan_made",
      actor,
      planId: plan.id,
      data: {
        request: plan.request,
        ...(plan.inputs.reason === undefined ? {} : { reason: plan.inputs.reason }),
        digest: row.digest,
        fingerprint: plan.draft.fingerprint,
        tokenHash: row.tokenHash,
        expiresAt: plan.expiresAt,
        ...(plan.resumes === undefined ? {} : { resumes: plan.resumes }),
      },
    });
    // Read as it will be when it is confirmed: a record that could not be read then is refused now, and not stored.
    const onClient = await tx.plans({ state: "open", endsAfter: nowText, clientId: row.clientId });
    const others = onClient.filter(({ id }) => id !== row.id);
    const view = this.view(readStoredPlan(row), nowText, token);
    return others.length === 0 ? view : { ...view, otherPlans: others.map(({ id }) => id) };
  }

  /** The plan, and the store's time as it was read. Errors: `PLAN_UNKNOWN`, and as `readPlan`. */
  async byId(planId: string): Promise<StoredPlan & { readonly now: string }> {
    const { row, now } = await this.#deps.store.read(async (tx) => ({
      row: await tx.plan(planId),
      now: await latestTime(tx, this.#deps.clock),
    }));
    if (row === undefined) throw unknownPlan(`There is no plan ${safeText(planId, 60)}.`);
    return { ...readStoredPlan(row), now };
  }

  /** The plan that a token stands for, if it is this principal's and unaltered. */
  async lookUp(token: string, actor: Actor): Promise<StoredPlan> {
    const row = isToken(token) ? await this.#deps.store.read((tx) => tx.planByTokenHash(sha256(token))) : undefined;
    if (row === undefined) {
      throw unknownPlan("No plan has this token.", "A token has to be passed exactly as the plan gave it.");
    }
    if (row.principal !== actor.principal) {
      throw new PrepError("WRONG_PRINCIPAL", "This plan was made for someone else.", {
        found: { planId: row.id },
        hint: "A plan can be confirmed only by whom it was made for; plan again as yourself.",
      });
    }
    const stored = readStoredPlan(row);
    const binding = Buffer.from(bindingOf(token, row));
    const recorded = Buffer.from(row.binding);
    if (binding.length !== recorded.length || !timingSafeEqual(binding, recorded)) {
      throw new PrepError(
        "STORE_UNUSABLE",
        `The record of plan ${row.id} is not the one that this token was made for.`,
        {
          found: { planId: row.id },
          hint: "Somebody or something changed the store.",
          next: [{ kind: "verify_audit" }, { kind: "plan_again" }],
        },
      );
    }
    return stored;
  }

  /** Refuses a plan that cannot be confirmed any more; passes an open one. */
  async checkOpen(row: PlanRow): Promise<void> {
    const { store, clock } = this.#deps;
    const found = { planId: row.id };
    switch (row.state) {
      case "redeemed":
        return;
      case "stale":
        throw new StalePlan(
          "The state changed since this plan was made; it was refused before.",
          {
            found: { ...found, freshPlanId: row.freshPlanId },
            hint:
              row.freshPlanId === undefined
                ? "Nothing was changed."
                : `Plan ${row.freshPlanId} took its place; its token was given then.`,
            next: [{ kind: "plan_again" }],
          },
          diffOf(row),
        );
      case "obsolete":
        throw new PrepError("PLAN_OBSOLETE", "Another plan for this LUN family or client was carried out since.", {
          found,
          hint: "The state has changed since.",
          next: [{ kind: "plan_again" }],
        });
      case "discarded": {
        const declined = await this.declinedBy(row.id);
        if (declined !== undefined) {
          const why = declined.reason === undefined ? "without a reason" : declined.reason;
          throw new PrepError("DECLINED", `${safeText(declined.who)} declined this plan: ${why}`, {
            found: { ...found, declinedBy: declined.who },
            hint: "Nothing was changed. Plan again only if what they object to is no longer so.",
            next: [],
          });
        }
        throw new PrepError("PLAN_OBSOLETE", "This plan was discarded.", {
          found,
          hint: "Nothing was changed.",
          next: [{ kind: "plan_again" }],
        });
      }
      case "open": {
        const now = await store.read((tx) => latestTime(tx, clock));
        if (row.expiresAt > now) return;
        throw new PrepError("PLAN_EXPIRED", `This plan expired at ${row.expiresAt}.`, {
          found: { ...found, expiresAt: row.expiresAt, now },
          hint: "Nothing was changed.",
          next: [{ kind: "plan_again" }],
        });
      }
    }
  }

  /** The person who declined it, by the audit; undefined when nobody did. */
  async declinedBy(planId: string): Promise<{ readonly who: string; readonly reason?: string } | undefined> {
    const rows = await this.#deps.store.read((tx) => tx.audit({ planId }));
    const row = rows.findLast(({ type }) => type === "plan_declined");
    if (row === undefined) return undefined;
    const { reason } = readStored(declinedData, row.data, `the audit of plan ${planId}`);
    return { who: row.actor, ...(reason === undefined ? {} : { reason: safeText(reason, 500) }) };
  }
}

const declinedData = z.object({ reason: z.string().optional() });
