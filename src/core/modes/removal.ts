/**
 * What a prep takes away: the volumes of the family that the client has, what earlier failures left, clones that nobody
 * needs any more. `findRemoval` finds and checks it; in which order its steps stand is the mode's.
 */
import { PrepError } from "../domain/errors.ts";
import type { Naa, VmfsUuid } from "../domain/ids.ts";
import type { LunVolume } from "../observe/kinds.ts";
import type { LeftoverDatastore } from "../observe/leftover-datastores.ts";
import type { Observation } from "../observe/observe.ts";
import type { Datastore, Vm } from "../ports/hypervisor.ts";
import type { Request } from "../request/request.ts";
import { diskOf, isMounted, mountOf } from "../steps/shared.ts";
import { refuseBlockedUnmount, refuseManaged, refuseQuestions } from "./blockers.ts";
import {
  type AssignedVolume,
  checkDeletable,
  checkDirect,
  datastoreOn,
  hasDependents,
  vmsHomedOn,
  vmsOn,
} from "./checks.ts";
import { isRunning, knownVolume, powerOffHard, stopAndUnregister, unregisterVms, vmFact } from "./cleanup.ts";
import { isUnfinishedClone, type UnfinishedWork } from "./common.ts";
import { type DraftBuilder, refOf, viewOf } from "./draft.ts";

interface HeldVolume extends AssignedVolume {
  readonly vms: readonly Vm[];
  /** What the host has mounted from it. */
  readonly mounted: { readonly vmfsUuid: VmfsUuid; readonly datastore: Datastore } | undefined;
}

export interface Removal {
  readonly held: readonly HeldVolume[];
  /** Datastores whose disk is gone, and what is registered on them. */
  readonly leftoverDatastores: readonly LeftoverDatastore[];
  /** Disks that the host still lists although the array does not present them: their LUN numbers are free. */
  readonly stillListedDisks: readonly Naa[];
  readonly deletes: readonly LunVolume[];
  /** All disks that leave the host. */
  readonly removed: ReadonlySet<Naa>;
}

export interface RemovalOptions {
  readonly request: Request;
  readonly observation: Observation;
  /** What the client has of the family that is to go, the one that is in use first. */
  readonly assigned: readonly AssignedVolume[];
  readonly unfinished: UnfinishedWork;
  /** Whether unassigned clones that unfinished runs made are deleted, which only `-A` does. */
  readonly deletesOrphans: boolean;
}

/** Finds what goes, checks that it can, and puts both into the draft's facts and impact. Adds no step. */
export function findRemoval(draft: DraftBuilder, options: RemovalOptions): Removal {
  const { request, observation, assigned, unfinished, deletesOrphans } = options;
  const deletes: LunVolume[] = [];
  const held = assigned.map(({ volume, assignment }, index): HeldVolume => {
    // What was asked to be kept is the clone in use; beside it stands what a run left in the middle of its work.
    const kept = request.keepClone && index === 0;
    checkDirect(assignment, volume);
    if (volume.kind === "clone" && !kept) {
      checkDeletable(volume, observation);
      deletes.push(volume);
    }
    const datastore = datastoreOn(volume.naa, observation);
    const vms = datastore === undefined ? [] : vmsOn(datastore, observation, draft.warnings);
    const mounted = mountedFrom(draft, volume, datastore, observation);
    mountFact(draft, volume, datastore, observation);
    if (volume.kind === "other") {
      draft.leftovers.push(
        `Unassigned, and kept: ${volume.name} (${volume.id}) is neither gold nor a clone that this program made.`,
      );
    }
    if (volume.kind !== "gold") cloneFact(draft, volume, observation);
    draft.impact.volumesToUnassign.push(knownVolume(volume));
    return { volume, assignment, vms, mounted };
  });
  const leftoverDatastores = leftoverFacts(draft, observation);
  const orphans = unassignedClones(draft, observation, deletesOrphans ? unfinished : { clones: [] });
  for (const orphan of orphans) cloneFact(draft, orphan, observation);
  deletes.push(...orphans);
  draft.impact.clonesToDelete.push(...deletes.map(knownVolume));
  const { keptHours } = observation.array.traits.deletion;
  if (deletes.length > 0 && keptHours !== undefined) draft.impact.clonesKeptHours = keptHours;
  const orphanDisks = orphans.map((one) => one.naa).filter((naa) => diskOf(observation.storage, naa) !== undefined);
  return {
    held,
    leftoverDatastores,
    stillListedDisks: [...new Set([...leftoverDatastores.flatMap((one) => one.stillListedDisks), ...orphanDisks])],
    deletes,
    removed: new Set([
      ...held.map(({ volume }) => volume.naa),
      ...orphanDisks,
      ...leftoverDatastores.flatMap((one) => one.datastore.extents),
    ]),
  };
}

/** What would have to be unmounted. Refuses where it cannot be. */
function mountedFrom(
  draft: DraftBuilder,
  volume: LunVolume,
  datastore: Datastore | undefined,
  observation: Observation,
): HeldVolume["mounted"] {
  const mount = mountOf(observation.storage, volume.naa);
  if (!mount?.mounted || !mount.accessible) return undefined;
  const { vmfsUuid } = mount;
  if (datastore === undefined) {
    throw new PrepError(
      "DATASTORE_NOT_FOUND",
      `The host has a VMFS volume mounted from ${volume.name}, but vCenter lists no datastore on it.`,
      {
        found: { volumeId: volume.id, naa: volume.naa, vmfsUuid },
        hint: "Refresh the host's storage in vCenter, so that the VMs on it can be seen; then plan again.",
      },
    );
  }
  refuseBlockedUnmount(datastore, observation, draft.warnings);
  return { vmfsUuid, datastore };
}

function mountFact(
  draft: DraftBuilder,
  volume: LunVolume,
  datastore: Datastore | undefined,
  observation: Observation,
): void {
  const mount = mountOf(observation.storage, volume.naa);
  const disk = diskOf(observation.storage, volume.naa);
  draft.fact(`mount:${volume.naa}`, `The VMFS volume on ${volume.naa}`, {
    signature: mount?.vmfsUuid ?? "",
    mounted: String(mount?.mounted === true),
    accessible: String(mount?.accessible === true),
    disk: disk?.state ?? "not on the host",
    datastore: datastore?.id ?? "",
    sharing: (datastore?.mounts ?? [])
      .filter((one) => one.mounted)
      .map((one) => one.hostId)
      .join(" "),
  });
}

/**
 * What earlier failures left: registrations on datastores of this family whose disk is gone. Mounting the signature
 * again would bring them back to life on other data.
 */
export function leftoverFacts(draft: DraftBuilder, observation: Observation): readonly LeftoverDatastore[] {
  const { leftoverDatastores } = observation;
  for (const { datastore, proof } of leftoverDatastores) {
    const vms = vmsHomedOn(datastore, observation);
    const running = vms.filter(isRunning);
    refuseManaged(running);
    refuseQuestions(running);
    for (const vm of vms) vmFact(draft, vm, false);
    draft.impact.vmsToPowerOff.push(...running.map((vm) => viewOf(refOf(vm))));
    draft.fact(`stale:${datastore.id}`, `Datastore ${datastore.name}`, {
      signature: datastore.vmfsUuid,
      disks: datastore.extents.join(" "),
      accessible: String(datastore.accessible),
    });
    draft.warnings.push(
      `Datastore ${datastore.name} (${datastore.id}) is left from an earlier failure: its disk is not assigned to the client any more. Its ${vms.length} registration${vms.length === 1 ? " is" : "s are"} removed${running.length === 0 ? "" : `, after a hard power-off of the ${running.length} that still run${running.length === 1 ? "s" : ""}`}; the dead mount goes with a rescan.${proof === "label" ? " That it belongs to this LUN is concluded from its label: its signature could not be compared." : ""}`,
    );
  }
  return leftoverDatastores;
}

/** Unassigned clones of the family: those that an unfinished run of this client made can go, all others are only named. */
function unassignedClones(
  draft: DraftBuilder,
  observation: Observation,
  unfinished: Pick<UnfinishedWork, "clones">,
): LunVolume[] {
  const { family, array } = observation;
  const idle = family.filter(
    (member) => member.kind === "clone" && !array.assignments.some((assignment) => assignment.volumeId === member.id),
  );
  const ours = idle.filter(
    (clone) =>
      isUnfinishedClone(clone, unfinished) && clone.unusable === undefined && !hasDependents(clone, observation),
  );
  for (const clone of idle.filter((one) => !ours.includes(one))) {
    draft.leftovers.push(`Unassigned clone ${clone.name} (${clone.id}, ${clone.naa}) of this LUN; not touched.`);
  }
  return ours;
}

function cloneFact(draft: DraftBuilder, clone: LunVolume, observation: Observation): void {
  draft.fact(`clone:${clone.id}`, `Clone ${clone.name}`, {
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

const isListed = (one: LeftoverDatastore): boolean => one.stillListedDisks.length > 0;

/**
 * The host rescans for disks that the array took away: until then it takes them for alive, and another disk under one of
 * their LUN numbers would stand at a path that it knows. A disk stays listed for as long as a running VM or a template holds
 * on to it, so that what is left on it goes first. Returns what is to be waited for.
 */
export function dropLingering(
  draft: DraftBuilder,
  { leftoverDatastores, stillListedDisks }: Removal,
  observation: Observation,
  after: readonly string[],
): readonly string[] {
  if (stillListedDisks.length === 0) return after;
  const cleared = clearLeftovers(draft, observation, leftoverDatastores.filter(isListed), after);
  return [draft.add("rescan", { expectGone: stillListedDisks }, orElse(cleared, after))];
}

/** Whether dead mounts are left after `dropLingering`, which only another rescan drops. */
export const leavesDeadMounts = ({ leftoverDatastores }: Removal): boolean => !leftoverDatastores.every(isListed);

/** Powers off what still runs from a disk that is gone, and takes the registrations out of the inventory. Returns the steps that do. */
export function clearLeftovers(
  draft: DraftBuilder,
  observation: Observation,
  leftoverDatastores: readonly LeftoverDatastore[],
  after: readonly string[],
): string[] {
  return leftoverDatastores.flatMap(({ datastore }) => {
    const vms = vmsHomedOn(datastore, observation);
    const stops = powerOffHard(draft, vms, { diskLost: true }, after);
    return unregisterVms(draft, vms, { dead: true }, orElse(stops, after));
  });
}

/** Takes everything off the host: VMs off and out of the inventory, volumes unmounted, disks detached. Nothing of it is on the array's side. */
export function releaseOnHost(
  draft: DraftBuilder,
  { held, leftoverDatastores }: Removal,
  { request, observation }: { readonly request: Request; readonly observation: Observation },
  after: readonly string[],
): readonly string[] {
  const ends: string[] = [];
  for (const { volume, vms, mounted } of held) {
    let chain = orElse(stopAndUnregister(draft, vms, volume.kind, request, after), after);
    const disk = diskOf(observation.storage, volume.naa);
    if (mounted !== undefined) {
      const { id, name } = mounted.datastore;
      draft.impact.datastoresToUnmount.push({ name, id, naa: volume.naa });
      const step = { vmfsUuid: mounted.vmfsUuid, naa: volume.naa, datastore: { id, name } };
      chain = [draft.add("unmount", step, chain)];
    }
    if (disk !== undefined && disk.state !== "off") chain = [draft.add("detach", { naa: volume.naa }, chain)];
    ends.push(...chain);
  }
  const unlisted = leftoverDatastores.filter((one) => !isListed(one));
  ends.push(...clearLeftovers(draft, observation, unlisted, after));
  return orElse(ends, after);
}

const orElse = (steps: readonly string[], after: readonly string[]): readonly string[] =>
  steps.length === 0 ? after : steps;

/** The array takes the volumes away from the client. */
export function unassignHeld(
  draft: DraftBuilder,
  { held }: Removal,
  { client }: Observation,
  after: readonly string[],
): readonly string[] {
  return orElse(
    held.map(({ volume, assignment }) =>
      draft.add(
        "unassign",
        { assignmentId: assignment.id, volume: knownVolume(volume), client: { id: client.id, name: client.name } },
        after,
      ),
    ),
    after,
  );
}

/** The disks of what is unassigned: the rescan that follows has to see them gone. */
export const heldDisks = ({ held }: Removal): Naa[] => held.map(({ volume }) => volume.naa);

/** The LUN numbers that they have, as far as the array tells. */
export const heldNumbers = ({ held }: Removal): number[] =>
  held.flatMap(({ assignment }) => (assignment.lunNumber === undefined ? [] : [assignment.lunNumber]));

/** The array deletes the clones; the host, which saw them detached, forgets their devices. */
export function deleteClones(draft: DraftBuilder, { deletes }: Removal, after: readonly string[]): readonly string[] {
  return orElse(
    deletes.map((clone) => {
      const declared = clone.declaredKind !== undefined;
      const parent = declared || clone.parent === undefined ? {} : { parent: clone.parent.volumeId };
      const deleted = draft.add("delete_clone", { volume: knownVolume(clone), ...parent }, after);
      return draft.add("forget_device", { naa: clone.naa }, [deleted]);
    }),
    after,
  );
}

/** Everything of it, down to the deletion, before anything new is made: for arrays without the room for both. */
export function releaseFirst(
  draft: DraftBuilder,
  removal: Removal,
  input: { readonly request: Request; readonly observation: Observation },
): readonly string[] {
  const { observation } = input;
  const cleared = clearLeftovers(draft, observation, removal.leftoverDatastores.filter(isListed), []);
  const released = releaseOnHost(draft, removal, input, []);
  const unassigned = unassignHeld(draft, removal, observation, released);
  const gone = [...new Set([...heldDisks(removal), ...removal.stillListedDisks])];
  const changed = gone.length > 0 || removal.leftoverDatastores.length > 0;
  const before = [...cleared, ...unassigned];
  return deleteClones(draft, removal, changed ? [draft.add("rescan", { expectGone: gone }, before)] : before);
}

/**
 * Whether everything goes first unasked: a rescan for disks that linger could bring up a held volume that the plan found
 * unmounted, and nothing would unmount it again.
 */
export const mayComeUp = ({ held, stillListedDisks }: Removal, { storage }: Observation): boolean =>
  stillListedDisks.length > 0 && held.some(({ volume }) => !isMounted(mountOf(storage, volume.naa)));
