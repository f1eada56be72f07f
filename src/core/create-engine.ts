/** The engine, put together: three services over one store, behind the interface that the doors know. */
import pLimit from "p-limit";
import { verifyChain } from "./audit-chain.ts";
import type { Engine } from "./engine.ts";
import type { EngineDeps } from "./engine-options.ts";
import { Plans } from "./plans/plans.ts";
import { auditAfter, readAudit } from "./read-audit.ts";
import { removeOld } from "./retention.ts";
import { Runs } from "./runs/runs.ts";
import { Worker } from "./runs/worker.ts";
import { AuditedCalls } from "./services/audited-calls.ts";
import { ConsoleService } from "./services/console-service.ts";
import { InventoryService } from "./services/inventory-service.ts";
import { PlanService } from "./services/plan-service.ts";
import { RunService } from "./services/run-service.ts";
import { TokenService } from "./services/token-service.ts";
import { whoTouched } from "./who.ts";

/** Each opens connections to both systems. */
const READS_AT_ONCE = 48;

export function createEngine(deps: EngineDeps): Engine {
  const calls = new AuditedCalls(deps);
  const plans = new Plans(deps);
  const runs = new Runs(deps);
  const inventory = new InventoryService(deps, calls, plans, runs);
  const planning = new PlanService(deps, calls, plans, runs);
  const running = new RunService(deps, calls, runs);
  const tokens = new TokenService(deps, calls);
  const consolePasses = new ConsoleService(deps, calls);
  const limited = pLimit(READS_AT_ONCE);
  return {
    listTargets: (actor) => limited(() => inventory.listTargets(actor)),
    inspect: (inputs, actor) => limited(() => inventory.inspect(inputs, actor)),
    listLuns: (actor) => limited(() => inventory.listLuns(actor)),
    listSnapshots: (lun, actor) => limited(() => inventory.listSnapshots(lun, actor)),
    listVms: (inputs, actor) => limited(() => inventory.listVms(inputs, actor)),
    completions: (what, prefix, context) => limited(() => inventory.completions(what, prefix, context)),
    plan: (mode, inputs, actor, options) => limited(() => planning.plan(mode, inputs, actor, options)),
    resumePlan: (runId, actor, options) => limited(() => planning.resumePlan(runId, actor, options)),
    getPlan: (planId) => planning.getPlan(planId),
    listPlans: (filter) => planning.listPlans(filter),
    discardPlan: (which, actor) => planning.discardPlan(which, actor),
    discardPlans: (actor) => planning.discardPlans(actor),
    planByToken: (planToken, actor) => planning.planByToken(planToken, actor),
    approve: (planId, actor, typedLun) => planning.approve(planId, actor, typedLun),
    decline: (planId, actor, reason) => planning.decline(planId, actor, reason),
    confirm: (planToken, actor, options) => planning.confirm(planToken, actor, options),
    takeAnswer: (planToken, actor, answered) => planning.takeAnswer(planToken, actor, answered),
    work: (options, signal) => new Worker(deps, runs).work(options, signal),
    executeRun: (runId, signal) => running.executeRun(runId, signal),
    getRun: (runId, options) => running.getRun(runId, options),
    listRuns: (filter) => running.listRuns(filter),
    cancelRun: (runId, actor) => running.cancelRun(runId, actor),
    createToken: (asked, actor) => tokens.create(asked, actor),
    listTokens: () => tokens.list(),
    revokeToken: (tokenId, actor) => tokens.revoke(tokenId, actor),
    makeConsoleLink: (asked, actor) => consolePasses.link(asked, actor),
    consoleLinkHolder: (secret) => consolePasses.linkHolder(secret),
    redeemConsoleLink: (secret) => consolePasses.redeemLink(secret),
    signInToConsole: (identity) => consolePasses.signIn(identity),
    consoleSession: (secret) => consolePasses.session(secret),
    signOutOfConsole: (secret) => consolePasses.signOut(secret),
    tokenHolder: (token) => tokens.holder(token),
    recordRefusal: (call, needs, actor) => calls.refused(call, needs, actor),
    auditAfter: (seq) => auditAfter(deps.store, seq),
    readAudit: (filter) => readAudit(deps.store, filter, deps.settings.naming.luns),
    whoTouched: (name) => whoTouched(deps.store, (row) => runs.viewIfReadable(row), name),
    recordCall: (call, actor) => calls.record(call, actor),
    verifyAudit: () => verifyChain(deps.store),
    removeOld: (actor) => removeOld(deps, actor),
    close: async () => {
      await runs.close();
      await deps.store.close();
    },
  };
}
