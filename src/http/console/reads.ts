/** What the pages show, read together. */

import { isoTime } from "../../core/domain/iso-time.ts";
import { AUDIT_EVENTS, isFinished, LIVE_RUN_STATES } from "../../core/domain/states.ts";
import type { Actor, Engine } from "../../core/engine.ts";
import type { AuditPage, Inspection, RunRecord } from "../../core/records.ts";
import { usualOf } from "../../text/index.ts";
import type { UsualTimes } from "../../text/usual-times.ts";
import type { AuditQuery } from "./pages/audit.ts";
import type { Overview } from "./pages/plans.ts";
import type { Family } from "./picture.ts";

const MOST_RUNNING = 50;
const AUDIT_ROWS = 200;

/** What runs usually take, asked for once a run: it does not change while the run goes on. */
export function usualTimesIn(engine: Engine): (run: RunRecord) => Promise<UsualTimes> {
  const known = new Map<string, UsualTimes>();
  return async (run) => {
    const usual = known.get(run.runId) ?? (await usualOf(engine, run));
    known.set(run.runId, usual);
    return usual;
  };
}

export async function overviewOf(
  engine: Engine,
  now: string,
  usualTimes: ReturnType<typeof usualTimesIn>,
): Promise<Overview> {
  const [plans, live] = await Promise.all([
    engine.listPlans(),
    engine.listRuns({ states: LIVE_RUN_STATES, limit: MOST_RUNNING }),
  ]);
  // One whose runner is gone is found out by being read.
  const running = live.filter(({ state }) => !isFinished(state));
  return {
    plans,
    running: await Promise.all(running.map(async (run) => ({ run, usual: await usualTimes(run) }))),
    now,
  };
}

/** For each volume that a target holds, the rest of its family. */
export async function familiesOf(engine: Engine, found: Inspection, actor: Actor): Promise<Family[]> {
  const { luns } = found.assigned.length === 0 ? { luns: [] } : await engine.listLuns(actor);
  return Promise.all(
    found.assigned.map(async (held) => {
      const gold = luns.find(({ name }) => name === held.lun);
      // What is no LUN of the array's golden ones has no snapshots to show.
      const snapshots = gold === undefined ? [] : (await engine.listSnapshots(gold.name, actor)).snapshots;
      return { held, snapshots, clones: gold?.clones ?? [], goldAssignedTo: gold?.assignedTo ?? [] };
    }),
  );
}

/** The rows that a query asks for; where an instant cannot be read, none, and what is wrong. */
export async function auditOf(
  engine: Engine,
  asked: Readonly<Record<string, string>>,
): Promise<{ readonly page: AuditPage; readonly query: AuditQuery; readonly notice?: string }> {
  const { type = "", actor = "", plan = "", run = "", since = "", until = "", steps = "" } = asked;
  const query: AuditQuery = { type, actor, plan, run, since, until, steps: steps !== "" };
  const wrong = [since, until].find((written) => written !== "" && instantOf(written) === undefined);
  if (wrong !== undefined) {
    const page = { rows: [], chain: await engine.verifyAudit() };
    return { page, query, notice: `${wrong} is no time; write it as 2026-11-28T09:00.` };
  }
  const known: readonly string[] = AUDIT_EVENTS;
  const wanted = {
    type: known.includes(type) ? type : undefined,
    ...{ actor: actor || undefined, planId: plan || undefined, runId: run || undefined },
    ...{ since: instantOf(since), until: instantOf(until) },
  };
  const given = Object.fromEntries(Object.entries(wanted).filter(([, value]) => value !== undefined));
  return { page: await engine.readAudit({ ...given, steps: query.steps, limit: AUDIT_ROWS }), query };
}

/** In UTC where no zone is written. */
function instantOf(written: string): string | undefined {
  if (written === "") return undefined;
  const time = isoTime.safeParse(written.replace(" ", "T"));
  if (!time.success) return undefined;
  const hasZone = !time.data.includes("T") || /(Z|[+-]\d\d:\d\d)$/.test(time.data);
  return new Date(hasZone ? time.data : `${time.data}Z`).toISOString();
}
