/** An engine without a world behind it, for tests of the doors: it answers with samples, and tells what it was asked. */

import { PrepError } from "../../src/core/domain/errors.ts";
import { safeText } from "../../src/core/domain/safe-text.ts";
import { type Actor, ApprovalNeeded, type Engine } from "../../src/core/engine.ts";
import type { PlanRecord, RunRecord } from "../../src/core/records.ts";
import {
  rollbackPlan,
  sampleInspect,
  sampleLuns,
  samplePlan,
  sampleRun,
  sampleSnapshots,
  sampleTargets,
  sampleVms,
} from "./views.ts";

export interface FakeEngine extends Engine {
  readonly calls: { readonly name: string; readonly args: unknown; readonly actor?: Actor }[];
}

/** Tokens of plans with policy `token`, `prompt`, and of a rollback with policy `prompt`. */
export const TOKENS = { plain: "token-plain", prompt: "token-prompt", rollback: "token-rollback" } as const;

const refusal = (code: "DECLINED" | "NOT_APPROVED", message: string): PrepError =>
  new PrepError(code, message, {
    found: { planId: "plan-1" },
    hint: "The plan stays open.",
    next: [{ kind: "approve", planId: "plan-1" }],
  });

export function fakeEngine(changes: Partial<Engine> = {}): FakeEngine {
  const calls: FakeEngine["calls"] = [];
  let challenges = 0;
  const note = <T>(name: string, args: unknown, result: T, actor?: Actor): Promise<T> => {
    calls.push(actor === undefined ? { name, args } : { name, args, actor });
    return Promise.resolve(result);
  };
  const planOf = (token: string): PlanRecord =>
    token === TOKENS.rollback
      ? rollbackPlan()
      : samplePlan(token === TOKENS.prompt ? { approval: { policy: "prompt" } } : {});
  const engine: Engine = {
    removeOld: (actor) => note("removeOld", undefined, undefined, actor),
    inspect: (inputs, actor) => note("inspect", inputs, sampleInspect, actor),
    listTargets: (actor) => note("listTargets", undefined, sampleTargets, actor),
    listLuns: (actor) => note("listLuns", undefined, sampleLuns, actor),
    listSnapshots: (lun, actor) => note("listSnapshots", lun, sampleSnapshots, actor),
    listVms: (inputs, actor) => note("listVms", inputs, sampleVms, actor),
    plan: (mode, inputs, actor) =>
      note("plan", { mode, ...inputs }, { ...samplePlan({ mode }), planToken: TOKENS.plain }, actor),
    resumePlan: (runId, actor) =>
      note("resumePlan", runId, samplePlan({ resumes: runId, planToken: TOKENS.plain }), actor),
    getPlan: (planId) => {
      if (planId === "plan-1") return note("getPlan", planId, samplePlan({ planToken: "must never be shown" }));
      throw new PrepError("PLAN_UNKNOWN", "There is no such plan.", { hint: "List the open plans." });
    },
    listPlans: (filter) => note("listPlans", filter, [samplePlan()]),
    discardPlan: (which, actor) => note("discardPlan", which, samplePlan({ state: "discarded" }), actor),
    discardPlans: (actor) => note("discardPlans", undefined, [samplePlan({ state: "discarded" })], actor),
    getRun: async (runId, options) => {
      if (runId !== "run-1") throw new PrepError("RUN_UNKNOWN", "There is no such run.", { hint: "List the runs." });
      await options?.onUpdate?.(sampleRun(2));
      return note("getRun", { runId, waitMs: options?.waitMs }, sampleRun(3));
    },
    listRuns: (filter) => note("listRuns", filter, [sampleRun(3)]),
    readAudit: (filter) =>
      note("readAudit", filter, {
        rows: [
          {
            seq: 1,
            at: "2026-11-22T06:30:00.000Z",
            type: "plan_made",
            actor: "root",
            channel: "mcp",
            planId: "plan-1",
            data: { mode: "automated_testing" },
            prev: "0000",
            hash: "abcd",
          },
        ],
        chain: { holds: true, rows: 1, head: "abcd", problems: [] },
      }),
    auditAfter: (seq) => note("auditAfter", seq, []),
    whoTouched: (name) =>
      note("whoTouched", name, { about: safeText(name), runs: [], chain: { holds: true, rows: 1, problems: [] } }),
    recordCall: () => Promise.resolve(),
    verifyAudit: () => note("verifyAudit", undefined, { holds: true, rows: 1, problems: [] }),
    completions: (what, prefix, context) =>
      note(
        "completions",
        { what, prefix, context },
        { lun: ["Gold", "Gold2"], client: ["CDS1-ESX165"], host: ["192.168.1.165"], snapshot: ["nightly-2026-11-21"] }[
          what
        ].filter((name) => name.startsWith(prefix)),
      ),
    async confirm(token, actor, options = {}) {
      calls.push({ name: "confirm", args: { token, canAsk: options.canAsk, answered: options.answered }, actor });
      const plan = planOf(token);
      if (plan.approval.policy === "prompt") {
        if (options.answered === undefined) {
          if (options.canAsk !== true) throw refusal("NOT_APPROVED", "Your client cannot ask the operator.");
          challenges += 1;
          throw new ApprovalNeeded(plan, `ask-${challenges}`, 300_000);
        }
        const { answer, challenge } = options.answered;
        if (challenge !== `ask-${challenges}`) throw refusal("NOT_APPROVED", "This answers no open question.");
        if (answer.kind === "decline") throw refusal("DECLINED", "The operator said no.");
        const yes =
          plan.mode === "rollback"
            ? answer.kind === "accept" && answer.typedLun === plan.target.lun.name
            : answer.kind === "accept" && answer.approve === true;
        if (!yes) throw refusal("NOT_APPROVED", "There was no yes.");
      }
      // The third update says nothing new, and the fourth less than the one before.
      for (const done of [0, 1, 1, 0, 2, 3]) await options.onUpdate?.(sampleRun(done));
      return sampleRun(3);
    },
    takeAnswer: (token, actor, answered) => note("takeAnswer", { token, answered }, undefined, actor),
    planByToken: (token, actor) => note("planByToken", token, planOf(token), actor),
    approve: (planId, actor) => note("approve", planId, samplePlan(), actor),
    cancelRun: (runId, actor) => note<RunRecord>("cancelRun", runId, sampleRun(1, { state: "cancelled" }), actor),
    createToken: () => Promise.reject(new Error("this engine has no tokens")),
    listTokens: () => note("listTokens", undefined, []),
    revokeToken: () => Promise.reject(new Error("this engine has no tokens")),
    tokenHolder: (token) => note("tokenHolder", token, undefined),
    makeConsoleLink: () => Promise.reject(new Error("this engine has no console")),
    consoleLinkHolder: (secret) => note("consoleLinkHolder", secret, undefined),
    redeemConsoleLink: (secret) => note("redeemConsoleLink", secret, undefined),
    signInToConsole: () => Promise.reject(new Error("this engine has no console")),
    consoleSession: (secret) => note("consoleSession", secret, undefined),
    signOutOfConsole: (secret) => note("signOutOfConsole", secret, undefined),
    decline: (planId, actor, reason) => note("decline", { planId, reason }, samplePlan({ state: "discarded" }), actor),
    recordRefusal: (call, needs, actor) => note("recordRefusal", { call, needs }, undefined, actor),
    work: () => note("work", undefined, undefined),
    executeRun: (runId) => note("executeRun", runId, sampleRun(3)),
    close: () => note("close", undefined, undefined),
    ...changes,
  };
  return { ...engine, calls };
}
