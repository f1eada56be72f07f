/** What was found, as text: the target, the LUNs, their snapshots, the VMs. */

import { safeText } from "../core/domain/safe-text.ts";
import { bullets, count, page, personText, quoted, section, sentence, timeBetween } from "./lines.ts";
import { modeWords } from "./plan.ts";
import type { InspectView, LunsView, SnapshotsView, TargetsView, VmsView, VmView } from "./views.ts";

type Assigned = InspectView["assigned"][number];

const POWER = { poweredOn: "on", poweredOff: "off", suspended: "suspended" } as const;

function assignedLines(assigned: Assigned, now: string): string[] {
  const { volume, fromSnapshot, datastore, vms } = assigned;
  const total = vms.poweredOn + vms.poweredOff + vms.suspended + vms.templates;
  const states = `${vms.poweredOn} on, ${vms.poweredOff} off, ${vms.suspended} suspended${vms.templates === 0 ? "" : `, ${count(vms.templates, "template")}`}`;
  return [
    "",
    `${safeText(assigned.lun)}: the ${volume.kind} volume ${quoted(volume.name)} is assigned (${safeText(volume.id)}, ${safeText(volume.naa)}, made ${timeBetween(volume.createdAt, now)} ago).`,
    ...(fromSnapshot === undefined
      ? []
      : [`- From snapshot ${quoted(fromSnapshot.name)} (${safeText(fromSnapshot.id)})`]),
    datastore === undefined
      ? "- No datastore is known for it"
      : `- Datastore ${quoted(datastore.name)} (${safeText(datastore.id)}), ${assigned.mounted ? "mounted" : "not mounted"}${datastore.accessible ? "" : ", INACCESSIBLE"}`,
    `- ${count(total, "registered VM")}${total === 0 ? "" : `: ${states}`}`,
    ...bullets(
      vms.machines,
      (vm) => `${quoted(vm.name)}: ${vm.template === true ? "template" : POWER[vm.powerState]}`,
      "  ",
    ),
    ...(vms.unregistered.length === 0
      ? []
      : [`- Not registered (${vms.unregistered.length}): ${vms.unregistered.map(quoted).join(", ")}`]),
  ];
}

/** What is assigned to the client now, and what is under way. */
export function inspectText(view: InspectView): string {
  const { client, host } = view;
  return page([
    `Client ${safeText(client.name)} (${safeText(client.id)}), host ${safeText(host.address)} (${safeText(host.name)}), ${safeText(host.connectionState)}.`,
    ...(view.assigned.length === 0
      ? ["", "Nothing is assigned to it."]
      : view.assigned.flatMap((one) => assignedLines(one, view.at))),
    ...(view.openPlans.length + view.runningRuns.length === 0 ? ["", "No open plans, no runs under way."] : []),
    ...section(
      "Open plans",
      view.openPlans,
      (plan) =>
        `${safeText(plan.planId)}: ${modeWords(plan.mode)}, until ${safeText(plan.expiresAt)}: ${safeText(plan.command, 4_000)}`,
    ),
    ...section(
      "Runs under way",
      view.runningRuns,
      (run) => `${safeText(run.runId)}: ${modeWords(run.mode)}, ${run.state}`,
    ),
    ...section("Notes", view.notes, sentence),
  ]);
}

type TargetRow = TargetsView["targets"][number];

function targetLines(target: TargetRow, now: string): string[] {
  const marks = [
    ...(target.isDefault ? ["the default"] : []),
    ...(target.paired ? [] : ["not in the configured pairs"]),
  ];
  return [
    "",
    `${safeText(target.client)} / ${safeText(target.host)}${marks.length === 0 ? "" : ` (${marks.join(", ")})`}: ${target.runs.length > 0 ? "BUSY" : target.holds.length === 0 ? "holds nothing" : "in use"}`,
    ...target.holds.map(
      (one) =>
        `- ${one.kind} of ${quoted(one.lun)}: ${quoted(one.volume.name)} (${safeText(one.volume.id)})${one.since === undefined ? "" : `, for ${timeBetween(one.since, now)}`}${one.by === undefined ? "" : `, by ${personText(one.by.principal)} (run ${safeText(one.by.runId)})`}`,
    ),
    ...target.runs.map((run) => `- run ${safeText(run.runId)}: ${modeWords(run.mode)}, ${run.state}`),
    ...(target.openPlans.length === 0
      ? []
      : [`- open plans: ${target.openPlans.map((id) => safeText(id)).join(", ")}`]),
    ...target.notes.map((note) => `- ${sentence(note)}`),
  ];
}

/** Every client with its host, what it holds, and whether something goes on there. */
export function targetsText({ targets, at }: TargetsView): string {
  if (targets.length === 0) return "The array has no clients, and the configuration names no pairs.";
  return page([`${count(targets.length, "target")}:`, ...targets.flatMap((target) => targetLines(target, at))]);
}

const gibibytes = (bytes: number): string => `${Math.round(bytes / 2 ** 30)} GiB`;

const holders = (names: readonly string[]): string =>
  names.length === 0 ? "assigned to nobody" : `assigned to ${names.map((name) => safeText(name)).join(", ")}`;

/** The gold LUNs with their clones, and who holds each. */
export function lunsText({ luns }: LunsView): string {
  if (luns.length === 0) return "There are no gold LUNs on the array.";
  return page([
    `${count(luns.length, "gold LUN")}:`,
    ...luns.flatMap((lun) => [
      "",
      `${safeText(lun.name)}${lun.shorthand.length === 0 ? "" : ` (short: ${lun.shorthand.map((name) => safeText(name)).join(", ")})`}`,
      `- ${safeText(lun.volumeId)}, ${safeText(lun.naa)}, ${gibibytes(lun.sizeBytes)}, ${holders(lun.assignedTo)}`,
      ...(lun.clones.length === 0
        ? ["- no clones"]
        : [
            `- ${count(lun.clones.length, "clone")}:`,
            ...bullets(
              lun.clones,
              (clone) => `${quoted(clone.name)} (${safeText(clone.id)}), ${holders(clone.assignedTo)}`,
              "  ",
            ),
          ]),
    ]),
  ]);
}

/** A LUN's snapshots, in the order of the list: newest first. */
export function snapshotsText({ lun, snapshots }: SnapshotsView): string {
  if (snapshots.length === 0) return `${safeText(lun)} has no snapshots.`;
  return page([
    `${count(snapshots.length, "snapshot")} of ${safeText(lun)}, newest first:`,
    ...bullets(
      snapshots,
      (snapshot) =>
        `${quoted(snapshot.name)} (${safeText(snapshot.id)}), made ${safeText(snapshot.createdAt)}, ${safeText(snapshot.age)} ago${snapshot.clones === 0 ? "" : `, ${count(snapshot.clones, "clone")}`}${snapshot.latest ? ": the latest" : ""}`,
    ),
    ...(snapshots.some(({ latest }) => latest)
      ? []
      : ["", "None of them is the latest beyond doubt: the newest has a twin. Name a snapshot by its id."]),
  ]);
}

function vmStateLine(vm: VmView): string {
  const state = vm.registered
    ? [vm.powerState ?? "power state unknown", ...(vm.template === true ? ["template"] : [])].join(", ")
    : "not registered";
  const connection =
    vm.connectionState === undefined || vm.connectionState === "connected" ? "" : `, ${safeText(vm.connectionState)}`;
  const moref = vm.moref === undefined ? "" : ` (${safeText(vm.moref)})`;
  return `${quoted(vm.name)} ${sentence(vm.path)}${moref}: ${state}${connection}`;
}

/** The VMs on the assigned LUN's datastore. */
export function vmsText(view: VmsView): string {
  const where = `${safeText(view.client)} / ${safeText(view.host)}`;
  const registered = view.vms.filter((vm) => vm.registered).length;
  return page([
    view.datastore === undefined
      ? `No datastore of an assigned LUN on ${where}.`
      : `${count(view.vms.length, "VM")} on datastore ${quoted(view.datastore)} of ${where}, ${registered} registered:`,
    ...bullets(view.vms, vmStateLine),
    ...section("Notes", view.notes, sentence),
  ]);
}
