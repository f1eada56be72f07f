/**
 * Retention (`store.keep`): ended runs, their plans and the beginning of the audit's chain are removed when they are older
 * than the site keeps them. The cut is a row of the chain itself, whose head is recorded before anything is removed: so a
 * beginning that somebody took away past the program is told from one that was cut (`audit-chain.ts`).
 */
import { auditedWrite, latestTime } from "./audit.ts";
import { type CutData, DAY_MS, verifyChain } from "./audit-chain.ts";
import { PrepError } from "./domain/errors.ts";
import type { Actor } from "./engine.ts";
import type { EngineDeps } from "./engine-options.ts";
import type { Store } from "./ports/store.ts";
import type { Removed } from "./records.ts";

/**
 * Plans go by these newest runs of a LUN family and of a client: what earlier ones left unfinished, when gold was last
 * away, which run came after which. They stay whatever their age, so that retention changes no plan.
 */
export const RUNS_THAT_PLANS_READ = 200;

/**
 * Undefined where nothing is old enough, or nothing is to be removed ever. By whole days (UTC), so that there is one cut a
 * day at most. Errors: `STORE_UNUSABLE` where the chain does not hold, which nothing is taken away from; `LOCKED` where
 * another process is at it.
 */
export async function removeOld(deps: EngineDeps, actor: Actor): Promise<Removed | undefined> {
  const { store, clock, settings } = deps;
  const { keepDays } = settings;
  if (keepDays === undefined) return undefined;
  const now = Date.parse(await store.read((tx) => latestTime(tx, clock)));
  const before = `${new Date(now - keepDays * DAY_MS).toISOString().slice(0, 10)}T00:00:00.000Z`;
  if ((await lastBefore(store, before)) === undefined) return undefined;
  const held = await store.tryLock({ exclusive: ["retention"] });
  if (held === undefined)
    throw new PrepError("LOCKED", "Another process removes what is old.", { hint: "Wait for it." });
  try {
    const { holds, problems } = await verifyChain(store);
    const last = await lastBefore(store, before);
    if (last === undefined) return undefined;
    if (!holds) {
      throw new PrepError("STORE_UNUSABLE", "Nothing is removed: the audit does not hold.", {
        found: { problems },
        hint: "Find out what changed it first.",
        next: [{ kind: "verify_audit" }],
      });
    }
    const { first, row } = last;
    const data: CutData = { first, through: row.seq, hash: row.hash, before, keepDays };
    await auditedWrite(store, clock, (_tx, append) => append({ type: "audit_cut", actor, data: { ...data } }));
    const which = { before, newestRuns: RUNS_THAT_PLANS_READ, throughSeq: row.seq };
    const removed = await store.write((tx) => tx.removeOld(which));
    deps.log.info({ before, ...removed }, "what was old was removed");
    return { rows: { first, last: row.seq }, removed };
  } finally {
    await held.release();
  }
}

/** The number of the chain's first row, and the last row before the first one that was written at `before` or later. */
function lastBefore(store: Store, before: string) {
  return store.read(async (tx) => {
    const [first] = await tx.audit({ limit: 1 });
    if (first === undefined || first.at >= before) return undefined;
    const [stays] = await tx.audit({ since: before, limit: 1 });
    const row = stays === undefined ? await tx.auditHead() : (await tx.audit({ afterSeq: stays.seq - 2, limit: 1 }))[0];
    return row === undefined ? undefined : { first: first.seq, row };
  });
}
