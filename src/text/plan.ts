/** Plans as text: from these alone an operator can decide. */

import { type Mode, traitsOf } from "../core/domain/modes.ts";
import { type SafeText, safeText } from "../core/domain/safe-text.ts";
import { askedBy, bullets, count, page, personText, quoted, section, sentence, timeBetween } from "./lines.ts";
import type { PlanView } from "./views.ts";

export const modeWords = (mode: Mode): string => traitsOf(mode).name;

interface Aged {
  readonly name: SafeText;
  readonly id: string;
  readonly createdAt: string;
}

const snapshotLine = (snapshot: Aged, now: string): string =>
  `${quoted(snapshot.name)} (${safeText(snapshot.id)}), ${timeBetween(snapshot.createdAt, now)} old`;

/** Each VM once, by what happens to it. */
function vmLines({ impact, steps }: PlanView): string[] {
  const off = new Set(impact.vmsToPowerOff.map((vm) => vm.moref ?? vm.path));
  const both = impact.vmsToUnregister.filter((vm) => off.has(vm.moref ?? vm.path));
  const unregistered = impact.vmsToUnregister.filter((vm) => !off.has(vm.moref ?? vm.path));
  const gone = new Set(impact.vmsToUnregister.map((vm) => vm.moref ?? vm.path));
  const onlyOff = impact.vmsToPowerOff.filter((vm) => !gone.has(vm.moref ?? vm.path));
  const how = steps.some((step) => step.kind === "shut_down_guest")
    ? "Shut down through the guest"
    : "Powered off HARD";
  const line = (what: string, items: readonly { readonly name: SafeText }[]): string[] =>
    items.length === 0 ? [] : [`- ${what}: ${names(items)}`];
  return [
    ...line(`${how}, then unregistered (${both.length})`, both),
    ...line(`${how} (${onlyOff.length})`, onlyOff),
    ...line(`Unregistered, files stay (${unregistered.length})`, unregistered),
    ...line(`Registered (${impact.vmsToRegister.length})`, impact.vmsToRegister),
  ];
}

/** Each datastore, volume and snapshot once. */
function storageLines({ impact, createdAt }: PlanView): string[] {
  const { datastoresToUnmount, volumesToUnassign, clonesToDelete, clonesKeptHours, snapshotsLost } = impact;
  const howLong = clonesKeptHours === undefined ? "for good" : `(the array keeps it for ${clonesKeptHours} h)`;
  const assigned = new Set(volumesToUnassign.map((volume) => volume.id));
  const deleted = new Set(clonesToDelete.map((clone) => clone.id));
  const volume = (one: { readonly name: SafeText; readonly id: string }): string =>
    `${quoted(one.name)} (${safeText(one.id)})`;
  return [
    ...datastoresToUnmount.map((one) => `- Unmounted: datastore ${quoted(one.name)}`),
    ...volumesToUnassign.filter((one) => !deleted.has(one.id)).map((one) => `- Unassigned: ${volume(one)}`),
    ...clonesToDelete.map(
      (one) => `- ${assigned.has(one.id) ? "Unassigned and DELETED" : "DELETED"} ${howLong}: clone ${volume(one)}`,
    ),
    ...(snapshotsLost.length === 0 ? [] : [`- Snapshots LOST for good (${snapshotsLost.length}):`]),
    ...bullets(snapshotsLost, (lost) => snapshotLine(lost, createdAt), "  "),
  ];
}

/** How many names one line takes: of a page, and of a question in a small window. */
const NAMED = { page: 20, question: 5 };

const names = (items: readonly { readonly name: SafeText }[], most = NAMED.page): string => {
  const shown = items.slice(0, most).map((item) => quoted(item.name));
  const rest = items.length - shown.length;
  return rest > 0 ? `${shown.join(", ")} and ${rest} more` : shown.join(", ");
};

function impactLines(plan: PlanView): string[] {
  if (plan.steps.length === 0) return [];
  const lines = [...vmLines(plan), ...storageLines(plan)];
  return ["", ...(lines.length === 0 ? ["Nothing that exists now is touched."] : ["What it touches:", ...lines])];
}

/** `1`, `1–3`, `1, 3–5`. */
function ranges(numbers: readonly number[]): string {
  const runs: [number, number][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}

/** Numbers of the steps above that a step does not wait for. */
function besideSteps({ steps }: PlanView): number[][] {
  const numbers = new Map(steps.map((step, index) => [step.id, index]));
  const awaited: Set<number>[] = [];
  return steps.map((step, index) => {
    const before = step.after.flatMap((id) => numbers.get(id) ?? []);
    const all = new Set(before.flatMap((at) => [at, ...(awaited[at] ?? [])]));
    awaited.push(all);
    return steps.slice(0, index).flatMap((_, at) => (all.has(at) ? [] : at + 1));
  });
}

/** The order of things, what goes side by side, and what cannot be undone; each step in full is in the plan's data. */
function stepLines(plan: PlanView): string[] {
  const { steps } = plan;
  if (steps.length === 0) return [];
  const final = steps.filter((step) => step.irreversible).length;
  const undone = final === 0 ? "" : `, ${final} of which (*) cannot be undone`;
  const beside = besideSteps(plan);
  const isNumbered = beside.some((numbers) => numbers.length > 0);
  const kinds = steps.map((step, index) => {
    const number = isNumbered ? `${index + 1} ` : "";
    const aside = beside[index]?.length ? ` (while ${ranges(beside[index])})` : "";
    return `${number}${step.kind.replaceAll("_", " ")}${step.irreversible ? "*" : ""}${aside}`;
  });
  return ["", `${count(steps.length, "step")}${undone}: ${kinds.join(", ")}.`];
}

/** Until when it can be confirmed. */
export const expiryText = ({ createdAt, expiresAt }: Pick<PlanView, "createdAt" | "expiresAt">): string =>
  `Expires ${safeText(expiresAt)}, ${timeBetween(createdAt, expiresAt)} after it was made.`;

/** What has to happen before the plan may run, and the call that runs it. The token appears here and nowhere else. */
function approvalLines(plan: PlanView, confirm: string): string[] {
  const { approval, planId, planToken } = plan;
  const approved = approval.approvedBy === undefined ? "" : ` Approved by ${personText(approval.approvedBy)}.`;
  const lines = ["", `Approval (${approval.policy}): ${sentence(approval.how)}${approved}`, expiryText(plan)];
  if (plan.state !== "open") {
    return [
      ...lines,
      `State: ${plan.state}; it can no longer be confirmed.${plan.runId === undefined ? "" : ` Its run is ${safeText(plan.runId)}.`}`,
    ];
  }
  if (planToken === undefined) return lines;
  const call = `${confirm} {"planToken": "${safeText(planToken)}"}`;
  return approval.policy === "human" && approval.approvedBy === undefined
    ? [...lines, `Once a person has approved plan ${safeText(planId)}: ${call}`]
    : [...lines, `Only after their yes: ${call}`];
}

/**
 * One plan, complete. With `planToken` in it, also the next call; a plan read back later has none. `closing` stands in place
 * of how it is approved, where the door sees to that itself; `confirm` is what the tool that confirms is called.
 */
export function planText(plan: PlanView, closing?: string, confirm = "confirm_plan"): string {
  return page([
    `PLAN ${safeText(plan.planId)}: ${sentence(plan.summary)}${plan.state === "open" ? " Nothing has been changed yet." : ""}`,
    "",
    `    ${safeText(plan.command, 4_000)}`,
    ...(plan.snapshot === undefined
      ? []
      : [
          "",
          `Snapshot ${snapshotLine(plan.snapshot, plan.createdAt)}, ${plan.snapshot.chosenBy === "latest" ? "chosen as the latest" : "as named"}.`,
        ]),
    ...(plan.snapshot === undefined ? [""] : []),
    [`${askedBy(plan.requestedBy)}.`, ...plan.notes.map(sentence)].join(" "),
    ...impactLines(plan),
    ...stepLines(plan),
    ...section("Afterwards", plan.afterwards, sentence),
    ...section("WARNINGS", plan.warnings, sentence),
    ...section("Left unchanged", plan.leftovers, sentence),
    ...(closing === undefined ? approvalLines(plan, confirm) : ["", closing]),
  ]);
}

/** The impact in one sentence each, for a question in a small window. */
function impactInShort({ impact, createdAt }: PlanView): string[] {
  const line = (what: string, items: readonly { readonly name: SafeText }[]): string[] =>
    items.length === 0 ? [] : [`${what}: ${names(items, NAMED.question)}`];
  const [oldest] = impact.snapshotsLost.toSorted((a, b) => a.createdAt.localeCompare(b.createdAt));
  return [
    ...line(`Powers off ${count(impact.vmsToPowerOff.length, "VM")}`, impact.vmsToPowerOff),
    ...line(`Unregisters ${count(impact.vmsToUnregister.length, "VM")}`, impact.vmsToUnregister),
    ...line(`Registers ${count(impact.vmsToRegister.length, "VM")}`, impact.vmsToRegister),
    ...line("Unmounts", impact.datastoresToUnmount),
    ...line("Unassigns", impact.volumesToUnassign),
    ...line("DELETES for good the clone", impact.clonesToDelete),
    ...line("LOSES for good the snapshots", impact.snapshotsLost),
    ...(oldest === undefined ? [] : [`The oldest of them is ${timeBetween(oldest.createdAt, createdAt)} old.`]),
  ];
}

/** The question that a client shows to the person: command, impact, warnings, and what a yes does. */
export function questionText(plan: PlanView): string {
  const { snapshot, target } = plan;
  return page([
    // Some clients show the first lines only.
    `Run this? ${sentence(plan.summary)}`,
    "",
    safeText(plan.command, 4_000),
    "",
    ...(plan.mode === "rollback" && snapshot !== undefined
      ? [
          `Everything written to ${safeText(target.lun.name)} since snapshot ${quoted(snapshot.name)} (${timeBetween(snapshot.createdAt, plan.createdAt)} old) will be destroyed.`,
        ]
      : []),
    ...impactInShort(plan),
    `${askedBy(plan.requestedBy)}.`,
    ...bullets(plan.warnings.slice(0, 5), (warning) => `Warning: ${sentence(warning)}`),
    "",
    traitsOf(plan.mode).typedName
      ? `To approve, type the LUN's full name: ${safeText(target.lun.name)}`
      : `Plan ${safeText(plan.planId)}, ${count(plan.steps.length, "step")}, valid until ${safeText(plan.expiresAt)}.`,
  ]);
}

/** What became of plans that were dropped. */
export const discardedText = (plans: readonly Pick<PlanView, "planId" | "state" | "command">[]): string =>
  plans.length === 0
    ? "You have no open plans."
    : page(
        plans.map(
          ({ planId, state, command }) =>
            `Plan ${safeText(planId)} is ${state} and will not run:\n    ${safeText(command, 4_000)}`,
        ),
      );

/** Several plans, one line each with its command below. */
export function plansText(plans: readonly PlanView[]): string {
  if (plans.length === 0) return "There are no open plans.";
  return page([
    `${count(plans.length, "plan")}:`,
    ...bullets(
      plans,
      (plan) =>
        `${safeText(plan.planId)}: ${modeWords(plan.mode)}, ${plan.state}, approval ${plan.approval.policy}${plan.approval.approvedBy === undefined ? "" : ` (approved by ${personText(plan.approval.approvedBy)})`}, expires ${safeText(plan.expiresAt)}\n    ${safeText(plan.command, 4_000)}`,
    ),
  ]);
}
