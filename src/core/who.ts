/** Who had what done to a volume, to a VM or in a run: the question that an audit is asked most. */
import { hasAuditEvent } from "./audit.ts";
import { verifyChain } from "./audit-chain.ts";
import { PrepError } from "./domain/errors.ts";
import { safeText } from "./domain/safe-text.ts";
import type { StepKindName } from "./domain/states.ts";
import { planIfReadable } from "./plans/plan.ts";
import type { RunRow, Store } from "./ports/store.ts";
import type { Impact, RunRecord, WhoRecord } from "./records.ts";

/** How far back it is searched. */
const NEWEST_RUNS = 1_000;

type Members = Readonly<Record<string, unknown>>;

type ImpactList = {
  [Member in keyof Impact]-?: Impact[Member] extends readonly unknown[] ? Member : never;
}[keyof Impact];

/** What a run may do to a thing, the impact that says so, and the steps that do it. */
const DEEDS: readonly (readonly [ImpactList, string, readonly StepKindName[]])[] = [
  ["vmsToPowerOff", "powered off", ["power_off", "shut_down_guest"]],
  ["vmsToUnregister", "unregistered", ["unregister"]],
  ["vmsToRegister", "registered", ["register"]],
  ["datastoresToUnmount", "datastore unmounted", ["unmount"]],
  ["volumesToUnassign", "unassigned", ["unassign"]],
  ["clonesToDelete", "deleted", ["delete_clone"]],
  ["snapshotsLost", "lost by a rollback", ["rollback_volume"]],
];

/** Whether a thing's name, path or one of its ids is what was asked for. A datastore's disk is not its own name. */
const isNamed = (thing: Members, asked: string, besides?: string): boolean =>
  Object.entries(thing).some(
    ([key, value]) => key !== besides && typeof value === "string" && value.toLowerCase() === asked,
  );

/** `deleted`, or how far the steps that would have done it came. */
function deed(words: string, kinds: readonly StepKindName[], run: RunRecord): string[] {
  const steps = run.steps.filter((step) => kinds.includes(step.kind));
  if (steps.length === 0) return [];
  const open = steps.filter(({ state }) => state !== "done" && state !== "skipped");
  const [first] = open;
  return [first === undefined ? words : `${words}: ${first.state === "pending" ? "not begun" : first.state}`];
}

function deedsOn(asked: string, run: RunRecord, impact: Impact): string[] {
  const { report, target } = run;
  const planned = DEEDS.flatMap(([member, words, kinds]) =>
    impact[member].some((thing: Members) => isNamed(thing, asked, member === "datastoresToUnmount" ? "naa" : undefined))
      ? deed(words, kinds, run)
      : [],
  );
  const isLeft = report?.volume !== undefined && isNamed(report.volume, asked);
  const isGold = isNamed(target.lun, asked);
  const registered = (report?.vms ?? []).some((vm) => vm.registered && isNamed(vm, asked));
  const known = planned.length > 0;
  return [
    ...planned,
    ...(isLeft ? [...deed("cloned", ["create_clone"], run), ...deed("assigned", ["assign"], run)] : []),
    ...(isGold ? deed("rolled back", ["rollback_volume"], run) : []),
    ...(isGold && !isLeft && run.steps.some(({ kind }) => kind === "create_clone") ? ["read, for a clone"] : []),
    ...(registered && !known ? ["registered when it ended"] : []),
  ];
}

/** Errors: `BAD_REQUEST` where no run was about anything of this name. */
export async function whoTouched(
  store: Store,
  viewRun: (row: RunRow) => Promise<RunRecord | undefined>,
  name: string,
): Promise<WhoRecord> {
  const asked = name.trim().toLowerCase();
  const rows = await store.read((tx) => tx.runs({ limit: NEWEST_RUNS }));
  const found: WhoRecord["runs"][number][] = [];
  for (const row of rows) {
    const planRow = await store.read((tx) => tx.plan(row.planId));
    const isRun = row.id === asked || row.planId === asked;
    // A plan is parsed, and its run's steps are read, only where they may be about the thing: most are not.
    const hint = `${planRow?.body ?? ""}${row.report ?? ""}`.toLowerCase();
    if (!isRun && !hint.includes(JSON.stringify(asked).slice(1, -1))) continue;
    const plan = planIfReadable(planRow);
    if (plan === undefined) continue;
    const run = await viewRun(row);
    if (run === undefined) continue;
    const done = isRun ? ["this run"] : deedsOn(asked, run, plan.draft.impact);
    if (done.length === 0) continue;
    // An approval counts as the chain has it.
    const approved =
      planRow?.approvedAt !== undefined && (await store.read((tx) => hasAuditEvent(tx, row.planId, "plan_approved")));
    found.push({ run, done, ...(approved && planRow?.approvedAt ? { approvedAt: planRow.approvedAt } : {}) });
  }
  if (found.length === 0) {
    throw new PrepError("BAD_REQUEST", `No run was about anything called ${safeText(name, 80)}.`, {
      hint: "Name a volume or a VM by its full name or id, or a run.",
      next: [{ kind: "see_runs" }],
    });
  }
  return { about: safeText(name.trim()), runs: found, chain: await verifyChain(store) };
}
