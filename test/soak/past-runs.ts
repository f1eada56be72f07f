/** A store with many runs behind it, each as an ended one is: plan, journal and rows of the audit. */
import { auditedWrite } from "../../src/core/audit.ts";
import { canonicalJson, sha256 } from "../../src/core/domain/canonical.ts";
import type { Clock } from "../../src/core/ports/runtime.ts";
import type { RunRow, Store } from "../../src/core/ports/store.ts";

const AT_ONCE = 500;
const ACTOR = { principal: "soak", channel: "runner" } as const;

/** So many copies of the store's newest run, spread over the clients; each has a plan of its own that can be read. */
export async function addPastRuns(
  store: Store,
  clock: Clock,
  runs: number,
  clients: readonly { readonly id: string; readonly name: string }[],
): Promise<void> {
  const { run, plan, steps } = await store.read(async (tx) => {
    const [run] = await tx.runs({ limit: 1 });
    const plan = run && (await tx.plan(run.planId));
    if (run === undefined || plan === undefined) throw new Error("there is a run to copy");
    return { run, plan, steps: await tx.steps(run.id) };
  });
  const { approvedBy: _by, approvedAt: _at, approvedChannel: _channel, ...row } = plan;
  for (let made = 0; made < runs; made += AT_ONCE) {
    await auditedWrite(store, clock, async (tx, append) => {
      for (let at = made; at < Math.min(made + AT_ONCE, runs); at += 1) {
        const client = clients[at % clients.length];
        if (client === undefined) throw new Error("there are clients");
        const [id, planId] = [`run_past${at}`, `plan_past${at}`];
        const body = canonicalJson({ ...JSON.parse(plan.body), id: planId });
        const of = { clientId: client.id, principal: ACTOR.principal };
        await tx.insertPlan({ ...row, ...of, id: planId, tokenHash: planId, body, digest: sha256(body), runId: id });
        const ended: RunRow = { ...run, ...of, id, planId, originId: id, clientName: client.name };
        await tx.insertRun(ended);
        for (const step of steps) await tx.putStep({ ...step, runId: id });
        await append({ type: "plan_made", actor: ACTOR, planId });
        await append({ type: "run_succeeded", actor: ACTOR, planId, runId: id });
      }
    });
  }
}
