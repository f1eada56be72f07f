/** Plans as text: from these alone an operator can decide. */

import { type Mode, traitsOf } from "../core/domain/modes.ts";
import { safeText } from "../core/domain/safe-text.ts";
import { bullets, commandLines, count, page, quoted, section, sentence, timeBetween, vmLine } from "./lines.ts";
import type { PlanView } from "./views.ts";

export const modeWords = (mode: Mode): string => traitsOf(mode).name;

interface Aged {
  readonly name: string;
  readonly id: string;
  readonly createdAt: string;
}

const snapshotLine = (snapshot: Aged, now: string): string =>
  `${quoted(snapshot.name)} of ${safeText(snapshot.createdAt)}, ${timeBetween(snapshot.createdAt, now)} old (${safeText(snapshot.id)})`;

const volumeLine = (volume: { name: string; id: string; naa: string }): string =>
  `${quoted(volume.name)} (${safeText(volume.id)}, ${safeText(volume.naa)})`;

function impactLines(impact: PlanView["impact"], now: string): string[] {
  const lines = [
    ...section(`VMs to power off (${impact.vmsToPowerOff.length})`, impact.vmsToPowerOff, vmLine),
    ...section(`VMs to unregister (${impact.vmsToUnregister.length})`, impact.vmsToUnregister, vmLine),
    ...section(`VMs to register (${impact.vmsToRegister.length})`, impact.vmsToRegister, vmLine),
    ...section("Datastores to unmount", impact.datastoresToUnmount, volumeLine),
    ...section("Volumes to unassign from the client", impact.volumesToUnassign, volumeLine),
    ...section("Clones to DELETE for good", impact.clonesToDelete, volumeLine),
    ...section(`Snapshots that will be LOST (${impact.snapshotsLost.length})`, impact.snapshotsLost, (lost) =>
      snapshotLine(lost, now),
    ),
  ];
  return lines.length === 0 ? ["", "No VM, datastore, volume or snapshot that exists now is touched."] : lines;
}

function targetLines({ target, snapshot, createdAt }: PlanView): string[] {
  return [
    "Target:",
    `- LUN: ${safeText(target.lun.name)} (${safeText(target.lun.volumeId)}, ${safeText(target.lun.naa)})`,
    `- Client: ${safeText(target.client.name)} (${safeText(target.client.id)})`,
    `- Host: ${safeText(target.host.address)} (${safeText(target.host.name)})`,
    `- vCenter: ${safeText(target.vcenter)}`,
    ...(snapshot === undefined
      ? []
      : [
          `- Snapshot: ${snapshotLine(snapshot, createdAt)}, ${snapshot.chosenBy === "latest" ? "chosen as the latest" : "chosen by name"}`,
        ]),
  ];
}

function stepLines({ steps }: PlanView): string[] {
  if (steps.length === 0)
    return ["", "There is nothing to do: the goal is already reached. No step would be carried out."];
  const final = steps.filter((step) => step.irreversible).length;
  return [
    "",
    `Steps (${steps.length}${final === 0 ? "" : `, ${final} of them cannot be undone`}):`,
    ...steps.map(
      (step, index) => `${index + 1}. ${sentence(step.text)}${step.irreversible ? "  [CANNOT BE UNDONE]" : ""}`,
    ),
  ];
}

/** What has to happen before the plan may run, and the call that runs it. The token appears here and nowhere else. */
function approvalLines(plan: PlanView): string[] {
  const { approval, planId, planToken } = plan;
  const lines = [
    "",
    `Approval (${approval.policy}): ${sentence(approval.how)}`,
    ...(approval.approvedBy === undefined ? [] : [`Approved by: ${safeText(approval.approvedBy)}`]),
    `Expires: ${safeText(plan.expiresAt)} (${timeBetween(plan.createdAt, plan.expiresAt)} after it was made)`,
  ];
  if (plan.state !== "open") {
    return [
      ...lines,
      `State: ${plan.state}; it can no longer be confirmed.${plan.runId === undefined ? "" : ` Its run is ${safeText(plan.runId)}.`}`,
    ];
  }
  if (planToken === undefined) return lines;
  const call = `confirm_plan {"planToken": "${safeText(planToken)}"}`;
  const first = "Next: show the operator the command above, word for word, and what it touches, and ask.";
  return approval.policy === "human" && approval.approvedBy === undefined
    ? [...lines, "", first, `Once a person has approved plan ${safeText(planId)} (see Approval): ${call}`]
    : [...lines, "", first, `Only after they said yes: ${call}`];
}

/** One plan in full. With `planToken` in it, also the next call; a plan read back later has none. */
export function planText(plan: PlanView): string {
  return page([
    `PLAN ${safeText(plan.planId)}: ${modeWords(plan.mode)}${plan.resumes === undefined ? "" : `, the rest of run ${safeText(plan.resumes)}`}. ${plan.state === "open" ? "Nothing has been changed yet." : ""}`.trimEnd(),
    "",
    ...commandLines(plan.command),
    ...targetLines(plan),
    ...stepLines(plan),
    ...(plan.steps.length === 0 ? [] : impactLines(plan.impact, plan.createdAt)),
    ...section("WARNINGS", plan.warnings, sentence),
    ...section("Seen, and left as it is", plan.leftovers, sentence),
    ...approvalLines(plan),
  ]);
}

/** The impact in one sentence each, for a question in a small window. */
function impactInShort({ impact, createdAt }: PlanView): string[] {
  const names = (items: readonly { name: string }[]): string => {
    const shown = items.slice(0, 5).map((item) => quoted(item.name));
    return [...shown, ...(items.length > 5 ? [`and ${items.length - 5} more`] : [])].join(", ");
  };
  const line = (what: string, items: readonly { name: string }[]): string[] =>
    items.length === 0 ? [] : [`${what}: ${names(items)}`];
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
    `Run this on ${safeText(target.client.name)} / ${safeText(target.host.address)}?`,
    "",
    safeText(plan.command, 4_000),
    "",
    ...(plan.mode === "rollback" && snapshot !== undefined
      ? [
          `Everything written to ${safeText(target.lun.name)} since snapshot ${quoted(snapshot.name)} (${timeBetween(snapshot.createdAt, plan.createdAt)} old) will be destroyed.`,
        ]
      : []),
    ...impactInShort(plan),
    ...bullets(plan.warnings.slice(0, 5), (warning) => `Warning: ${sentence(warning)}`),
    "",
    traitsOf(plan.mode).typedName
      ? `To approve, type the LUN's full name: ${safeText(target.lun.name)}`
      : `Plan ${safeText(plan.planId)}, ${count(plan.steps.length, "step")}, valid until ${safeText(plan.expiresAt)}.`,
  ]);
}

/** Several plans, one line each with its command below. */
export function plansText(plans: readonly PlanView[]): string {
  if (plans.length === 0) return "There are no open plans.";
  return page([
    `${count(plans.length, "plan")}:`,
    ...bullets(
      plans,
      (plan) =>
        `${safeText(plan.planId)}: ${modeWords(plan.mode)}, ${plan.state}, approval ${plan.approval.policy}${plan.approval.approvedBy === undefined ? "" : ` (approved by ${safeText(plan.approval.approvedBy)})`}, expires ${safeText(plan.expiresAt)}\n    ${safeText(plan.command, 4_000)}`,
    ),
  ]);
}
