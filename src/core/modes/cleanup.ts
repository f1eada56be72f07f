/**
 * Cleanup, common to `-A`, `-M` and `-rvgd`: power off → unregister → unmount → detach → unassign → rescan → delete the
 * clone → forget its device; and what an earlier failure left. Only what is there gets a step.
 */
import { PrepError } from "../domain/errors.ts";
import type { Naa } from "../domain/ids.ts";
import { safeText } from "../domain/safe-text.ts";
import type { LunVolume } from "../observe/kinds.ts";
import type { Observation } from "../observe/observe.ts";
import type { Assignment, Volume } from "../ports/array.ts";
import type { Datastore, Vm } from "../ports/hypervisor.ts";
import type { Request } from "../request/request.ts";
import { diskOf, isMounted, mountOf } from "../steps/shared.ts";
import type { KnownVolume } from "../steps/types.ts";
import { checkDeletable, checkDirect, datastoreOn, hasDependents, residentsOf, vmsOn } from "./checks.ts";
import type { OrphanClone } from "./common.ts";
import { type DraftBuilder, refOf, viewOf } from "./draft.ts";

export const knownVolume = (volume: Volume): KnownVolume => ({ id: volume.id, naa: volume.naa, name: volume.name });

const volumeView = (volume: Volume): { name: string; id: string; naa: string } => ({
  name: safeText(volume.name),
  id: volume.id,
  naa: volume.naa,
});

/** A VM's state as the plan rests on it. Whether tools run counts only where the guest is to be asked. */
export function vmFact(draft: DraftBuilder, vm: Vm, withTools: boolean): void {
  draft.fact(`vm:${vm.id}`, `VM ${safeText(vm.name, 80)}`, {
    path: vm.path,
    power: vm.powerState,
    connection: vm.connectionState,
    host: vm.hostId ?? "",
    template: String(vm.template),
    datastores: vm.datastoreIds.toSorted().join(" "),
    ...(withTools && vm.powerState === "poweredOn" ? { tools: vm.toolsRunning ? "running" : "not running" } : {}),
  });
}

/** The VM's files cannot be reached: only its registration is left. */
export const isDead = (vm: Vm): boolean => ["orphaned", "inaccessible", "invalid"].includes(vm.connectionState);

/** Gets the VMs on a datastore off: hard on a clone, through the guest on gold and on what is neither. */
export function stopVms(draft: DraftBuilder, vms: readonly Vm[], kind: LunVolume["kind"], request: Request): void {
  // What vCenter says of a dead VM's power is old news, and it cannot be powered off.
  const running = vms.filter((vm) => vm.powerState === "poweredOn" && !vm.template && !isDead(vm));
  for (const vm of vms) vmFact(draft, vm, kind !== "clone");
  draft.impact.vmsToPowerOff.push(...running.map((vm) => viewOf(refOf(vm))));
  if (kind === "clone") {
    if (running.length > 0) draft.add("power_off", { vms: running.map(refOf) });
    return;
  }
  for (const vm of vms.filter((one) => one.powerState === "suspended")) {
    draft.warnings.push(`VM ${safeText(vm.name)} is suspended; its suspended state stays in the gold image.`);
  }
  const mute = running.filter((vm) => !vm.toolsRunning);
  const [first] = mute;
  if (first !== undefined && !request.forcePowerOff) {
    throw new PrepError(
      "TOOLS_MISSING",
      `VM ${safeText(first.name)} (${first.id}) runs on the gold volume without guest tools, so it cannot be shut down cleanly.`,
      {
        found: { vms: mute.map((vm) => ({ id: vm.id, name: safeText(vm.name) })) },
        hint: "Shut it down from its console, or have it powered off hard, which can damage the image that every later clone comes from.",
        next: [{ kind: "plan_with", option: "forcePowerOff" }],
      },
    );
  }
  const asked = running.filter((vm) => vm.toolsRunning);
  if (asked.length > 0) draft.add("shut_down_guest", { vms: asked.map(refOf), thenForce: request.forcePowerOff });
  if (request.forcePowerOff && running.length > 0) {
    draft.warnings.push(
      "VMs on the gold volume may be powered off hard: what their guests have not written is lost in the image.",
    );
    draft.add("power_off", { vms: running.map(refOf) });
  }
}

export function unregisterVms(draft: DraftBuilder, vms: readonly Vm[], dead: boolean): void {
  if (vms.length === 0) return;
  draft.impact.vmsToUnregister.push(...vms.map((vm) => viewOf(refOf(vm))));
  draft.add("unregister", { vms: vms.map(refOf), dead });
}

function unmountAndDetach(
  draft: DraftBuilder,
  volume: Volume,
  datastore: Datastore | undefined,
  observation: Observation,
): void {
  const mount = mountOf(observation.storage, volume.naa);
  const disk = diskOf(observation.storage, volume.naa);
  if (datastore === undefined && isMounted(mount)) {
    throw new PrepError(
      "DATASTORE_NOT_FOUND",
      `The host has a VMFS volume mounted from ${safeText(volume.name)}, but vCenter lists no datastore on it.`,
      {
        found: { volumeId: volume.id, naa: volume.naa, vmfsUuid: mount?.vmfsUuid },
        hint: "Refresh the host's storage in vCenter, so that the VMs on it can be seen; then plan again.",
      },
    );
  }
  draft.fact(`mount:${volume.naa}`, `The VMFS volume on ${volume.naa}`, {
    signature: mount?.vmfsUuid ?? "",
    mounted: String(mount?.mounted === true),
    accessible: String(mount?.accessible === true),
    disk: disk?.state ?? "not on the host",
    datastore: datastore?.id ?? "",
    sharing: (datastore?.mounts ?? [])
      .filter((one) => one.mounted)
      .map((one) => one.hostId)
      .toSorted()
      .join(" "),
  });
  if (mount?.mounted && mount.accessible) {
    const label = { id: datastore?.id ?? "", name: datastore?.name ?? mount.label };
    draft.impact.datastoresToUnmount.push({ name: safeText(label.name), id: label.id, naa: volume.naa });
    draft.add("unmount", { vmfsUuid: mount.vmfsUuid, naa: volume.naa, datastore: label });
  }
  if (disk !== undefined && disk.state !== "off") draft.add("detach", { naa: volume.naa });
}

/**
 * What earlier failures left: registrations on datastores of this family whose disk is gone. Mounting the signature
 * again would bring them back to life on other data. Returns the disks that leave the host with it.
 */
export function clearStale(draft: DraftBuilder, observation: Observation): Naa[] {
  const { stale } = observation;
  const lingering = [...new Set(stale.flatMap((one) => one.lingering))];
  // The host still takes such a disk for alive, and its VMs for running, until it has looked again.
  if (lingering.length > 0) draft.add("rescan", { expectGone: lingering });
  for (const { datastore, proof } of stale) {
    const vms = residentsOf(datastore, observation);
    for (const vm of vms) vmFact(draft, vm, false);
    draft.fact(`stale:${datastore.id}`, `Datastore ${safeText(datastore.name)}`, {
      signature: datastore.vmfsUuid,
      disks: datastore.extents.join(" "),
      accessible: String(datastore.accessible),
    });
    unregisterVms(draft, vms, true);
    draft.warnings.push(
      `Datastore ${safeText(datastore.name)} (${datastore.id}) is left from an earlier failure: its disk is not assigned to the client any more. Its ${vms.length} registration${vms.length === 1 ? " is" : "s are"} removed without a power-off, the dead mount goes with a rescan.${proof === "label" ? " That it belongs to this LUN is concluded from its label: its signature could not be compared." : ""}`,
    );
  }
  return stale.flatMap((one) => one.datastore.extents);
}

/** Unassigned clones of the family: those that an unfinished run of this client made can go, all others are only named. */
function unassignedClones(draft: DraftBuilder, observation: Observation, orphans: readonly OrphanClone[]): LunVolume[] {
  const { family, array } = observation;
  const idle = family.filter(
    (member) => member.kind === "clone" && !array.assignments.some((assignment) => assignment.volumeId === member.id),
  );
  const ours = idle.filter(
    (clone) =>
      orphans.some(({ id, name }) => name === clone.name && (id ?? clone.id) === clone.id) &&
      clone.unusable === undefined &&
      !hasDependents(clone, observation),
  );
  for (const clone of idle.filter((one) => !ours.includes(one))) {
    draft.leftovers.push(
      `Unassigned clone ${safeText(clone.name)} (${clone.id}, ${clone.naa}) of this LUN; not touched.`,
    );
  }
  return ours;
}

/** The array deletes the clone; the host, which saw it detached, forgets its device. */
function deleteClone(draft: DraftBuilder, clone: LunVolume): void {
  draft.impact.clonesToDelete.push(volumeView(clone));
  const declared = clone.declaredKind !== undefined;
  const parent = declared || clone.parent === undefined ? {} : { parent: clone.parent.volumeId };
  draft.add("delete_clone", { volume: knownVolume(clone), ...parent });
  draft.add("forget_device", { naa: clone.naa });
}

function cloneFact(draft: DraftBuilder, clone: LunVolume, observation: Observation): void {
  draft.fact(`clone:${clone.id}`, `Clone ${safeText(clone.name)}`, {
    naa: clone.naa,
    kind: clone.kind,
    children: observation.family
      .filter((one) => one.parent?.volumeId === clone.id)
      .map((one) => one.id)
      .toSorted()
      .join(" "),
    snapshots: String(observation.dependents.get(clone.id)?.snapshots ?? "not read"),
    assignments: observation.array.assignments
      .filter((one) => one.volumeId === clone.id)
      .map((one) => one.id)
      .toSorted()
      .join(" "),
  });
}

export interface CleanupOptions {
  readonly request: Request;
  readonly observation: Observation;
  readonly assigned: { readonly assignment: Assignment; readonly volume: LunVolume } | undefined;
  /** Clones that unfinished runs of this family and client made; only `-A` deletes them. */
  readonly orphans: readonly OrphanClone[];
}

/** Adds the cleanup's steps. Returns the disks that leave the host and the clones that go. */
export function cleanUp(draft: DraftBuilder, options: CleanupOptions): { removed: Set<Naa>; deleted: Set<string> } {
  const { request, observation, assigned } = options;
  const doomed: LunVolume[] = [];
  const gone: Naa[] = [];
  if (assigned !== undefined) {
    const { volume, assignment } = assigned;
    const deletes = volume.kind === "clone" && !request.keepClone;
    checkDirect(assignment, volume);
    if (deletes) checkDeletable(volume, observation);
    const datastore = datastoreOn(volume.naa, observation);
    const vms = datastore === undefined ? [] : vmsOn(datastore, observation, draft.warnings);
    stopVms(draft, vms, volume.kind, request);
    unregisterVms(draft, vms, false);
    unmountAndDetach(draft, volume, datastore, observation);
    draft.impact.volumesToUnassign.push(volumeView(volume));
    draft.add("unassign", {
      assignmentId: assignment.id,
      volume: knownVolume(volume),
      client: { id: observation.client.id, name: observation.client.name },
    });
    if (volume.kind === "other") {
      draft.leftovers.push(
        `Unassigned, and kept: ${safeText(volume.name)} (${volume.id}) is neither gold nor a clone that this program made.`,
      );
    }
    if (volume.kind !== "gold") cloneFact(draft, volume, observation);
    if (deletes) doomed.push(volume);
    gone.push(volume.naa);
  }
  const stale = clearStale(draft, observation);
  const orphans = unassignedClones(draft, observation, options.orphans);
  for (const orphan of orphans) cloneFact(draft, orphan, observation);
  doomed.push(...orphans);
  gone.push(...orphans.filter((one) => diskOf(observation.storage, one.naa) !== undefined).map((one) => one.naa));
  if (gone.length > 0 || stale.length > 0) draft.add("rescan", { expectGone: gone });
  for (const clone of doomed) deleteClone(draft, clone);
  return { removed: new Set([...gone, ...stale]), deleted: new Set(doomed.map((one) => one.id)) };
}
