/** A plan in one line, and what will be true once it was carried out. */
import { traitsOf } from "../core/domain/modes.ts";
import { safeText } from "../core/domain/safe-text.ts";
import type { RunState } from "../core/domain/states.ts";
import type { PlanRecord, RunRecord } from "../core/records.ts";
import { count, duration, quoted } from "./lines.ts";

type Planned = Pick<
  PlanRecord,
  "mode" | "request" | "target" | "snapshot" | "steps" | "impact" | "leftovers" | "resumes" | "worksOn"
>;

const wherePart = ({ target, worksOn }: Pick<Planned, "target" | "worksOn">): string =>
  `${worksOn?.kind === "clone" ? "the clone of " : ""}${quoted(target.lun.name)} on ${safeText(target.client.name)} / ${safeText(target.host.address)}`;

/** `1 clone to make, 1 to delete, 2 VMs off, 5 unregistered`. */
function counts({ request, steps, impact, snapshot }: Planned): string[] {
  const makes = steps.filter((step) => step.kind === "create_clone").length;
  const takes = steps.filter((step) => step.kind === "take_snapshot").length;
  const rollsBack = steps.some((step) => step.kind === "rollback_volume");
  const { vmsToPowerOff, vmsToUnregister, vmsToRegister, clonesToDelete, volumesToUnassign, snapshotsLost } = impact;
  const today = impact.vmxFilesToday?.count ?? 0;
  const onlyUnassigned = volumesToUnassign.filter((volume) => !clonesToDelete.some((clone) => clone.id === volume.id));
  return [
    ...(rollsBack && snapshot !== undefined ? [`GOLD rolled back to ${quoted(snapshot.name)}`] : []),
    ...(snapshotsLost.length > 0 ? [`${count(snapshotsLost.length, "newer snapshot")} LOST`] : []),
    ...(takes > 0 && request.newSnapshot !== undefined ? [`${quoted(safeText(request.newSnapshot))} to take`] : []),
    ...(makes > 0 ? [`${count(makes, "clone")} to make`] : []),
    ...(clonesToDelete.length > 0 ? [`${count(clonesToDelete.length, "clone")} to DELETE`] : []),
    ...(onlyUnassigned.length > 0 ? [`${count(onlyUnassigned.length, "volume")} to unassign`] : []),
    ...(vmsToPowerOff.length > 0 ? [`${count(vmsToPowerOff.length, "VM")} off`] : []),
    ...(vmsToUnregister.length > 0 ? [`${count(vmsToUnregister.length, "VM")} unregistered`] : []),
    ...(vmsToRegister.length > 0 ? [`${count(vmsToRegister.length, "VM")} registered`] : []),
    ...(today > 0 ? [`about ${count(today, "VM")} to register`] : []),
  ];
}

export const STATE_WORDS: Readonly<Record<RunState, string>> = {
  queued: "queued",
  running: "running",
  succeeded: "succeeded",
  failed: "FAILED",
  cancelled: "cancelled",
  interrupted: "INTERRUPTED",
  needs_operator: "NEEDS AN OPERATOR",
};

/** A run in one line. */
export function runSummaryOf(run: RunRecord): string {
  const took =
    run.endedAt === undefined ? "" : ` after ${duration(Date.parse(run.endedAt) - Date.parse(run.createdAt))}`;
  return `${traitsOf(run.mode).name}, ${wherePart(run)}: ${STATE_WORDS[run.state]}${took}.`;
}

/** One line: what, where, and how much of it. */
export function summaryOf(plan: Planned): string {
  const what = `${traitsOf(plan.mode).name}${plan.resumes === undefined ? "" : `, the rest of ${safeText(plan.resumes)}`}, ${wherePart(plan)}`;
  if (plan.steps.length === 0) return `${what}: nothing to do, the goal is already reached.`;
  const parts = counts(plan);
  return `${what}: ${parts.length === 0 ? count(plan.steps.length, "step") : parts.join(", ")}.`;
}

/** How many that may be, and how that is known. */
const todayOf = ({ vmxFilesToday }: Planned["impact"]): string =>
  vmxFilesToday === undefined
    ? ""
    : ` Today ${quoted(vmxFilesToday.volume.name)} has ${count(vmxFilesToday.count, "VMX file")}; what is mounted then may have others.`;

/** What will be true afterwards, a sentence each. */
export function afterwardsOf(plan: Planned): string[] {
  const { request, target, impact } = plan;
  const client = safeText(target.client.name);
  const kept = request.keepClone ? impact.volumesToUnassign : [];
  return [...endState(plan, client), ...kept.map((volume) => `${quoted(volume.name)} stays on the array, unassigned.`)];
}

function endState({ mode, request, impact, steps, worksOn, target }: Planned, client: string): string[] {
  const { leaves, registers, takesSnapshot } = traitsOf(mode);
  if (takesSnapshot) {
    return [
      `The gold volume has the snapshot ${quoted(safeText(request.newSnapshot ?? ""))}, its latest: a clone is made of it unless another is named.`,
      `What ${client} has of this LUN stays as it is.`,
    ];
  }
  if (leaves === "assigned") {
    const volume = worksOn === undefined ? "The volume" : `The ${worksOn.kind} ${quoted(worksOn.name)}`;
    const stays = `${volume} stays assigned to ${client} and mounted`;
    return [
      registers
        ? `${stays}; all VMs found on it are registered, none is powered on.`
        : `${stays}; no VM on it is registered.`,
    ];
  }
  if (leaves === "nothing") return [`${client} holds nothing of ${quoted(target.lun.name)} any more.`];
  const volume = leaves === "gold" ? "The gold volume itself" : "The new clone";
  const registered = impact.vmsToRegister.length;
  const willRegister = request.registerVms && (registered > 0 || steps.some((step) => step.kind === "register"));
  return [
    `${volume} is assigned to ${client} and its datastore mounted.`,
    willRegister
      ? `${registered > 0 ? count(registered, "VM") : "The VMs found on it"} will be registered; none is powered on.${todayOf(impact)}`
      : request.registerVms
        ? "No VM on it is left to register."
        : leaves === "gold" && steps.length === 0
          ? "VMs stay registered as they are."
          : "VMs on it are not registered.",
  ];
}
