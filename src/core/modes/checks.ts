/** Refuse rather than guess: each check finds one unsafe or ambiguous state, and names what it found by id. */
import { PrepError } from "../domain/errors.ts";
import type { Naa } from "../domain/ids.ts";
import { safeText } from "../domain/safe-text.ts";
import { livesOn } from "../domain/vm-path.ts";
import type { LunVolume } from "../observe/kinds.ts";
import { assignedHere, checkUsable, datastoresOf, type Observation } from "../observe/observe.ts";
import type { Assignment, Volume } from "../ports/array.ts";
import type { Datastore, Vm } from "../ports/hypervisor.ts";
import { isMounted, mountOf, nameVms } from "../steps/shared.ts";
import { isUnfinishedClone, type UnfinishedWork } from "./common.ts";

const clientName = (observation: Observation, assignment: Assignment): string =>
  safeText(observation.array.clients.find((client) => client.id === assignment.clientId)?.name ?? assignment.clientId);

export interface AssignedVolume {
  readonly assignment: Assignment;
  readonly volume: LunVolume;
}

function severalAssigned(observation: Observation, assigned: readonly AssignedVolume[], hint: string): PrepError {
  return new PrepError(
    "SEVERAL_ASSIGNED",
    `${observation.client.name} has ${assigned.length} volumes of ${observation.gold.name}'s family assigned.`,
    {
      found: {
        assigned: assigned.map(({ assignment, volume }) => ({
          assignmentId: assignment.id,
          volumeId: volume.id,
          name: volume.name,
          kind: volume.kind,
        })),
      },
      hint,
    },
  );
}

/** What of the family this client has: nothing, or one volume. */
export function oneAssigned(observation: Observation): AssignedVolume | undefined {
  const assigned = assignedHere(observation);
  if (assigned.length > 1) {
    throw severalAssigned(
      observation,
      assigned,
      "Where a run stopped in the middle, resume it. Else unassign all but one of them on the array (unmount and detach it on the host first), then plan again.",
    );
  }
  const [only] = assigned;
  if (only !== undefined) checkUsable(only.volume);
  return only;
}

/** What is assigned to a group of clients cannot be taken from one of them. */
export function checkDirect(assignment: Assignment, volume: Volume): void {
  if (assignment.via === "direct") return;
  throw new PrepError(
    "ASSIGNED_THROUGH_GROUP",
    `${volume.name} is assigned to a group of clients: unassigning it would take it from other hosts too.`,
    {
      found: { assignmentId: assignment.id, volumeId: volume.id, naa: volume.naa },
      hint: "Unassign it from the group on the array (unmount and detach it on each host first), then plan again.",
    },
  );
}

/**
 * What of the family this client has, the one that is in use first. Between the assigning of the new volume and the
 * unassigning of the old one a client has two; beyond one, each has to be what the journal says an unfinished run left.
 */
export function assignedVolumes(observation: Observation, unfinished: UnfinishedWork): AssignedVolume[] {
  const assigned = assignedHere(observation);
  const isUnfinished = ({ volume }: AssignedVolume): boolean =>
    isUnfinishedClone(volume, unfinished) || (volume.id === observation.gold.id && unfinished.assignsGold);
  const unknown = assigned.filter((one) => !isUnfinished(one));
  if (unknown.length > 1) {
    throw severalAssigned(
      observation,
      assigned,
      "Unassign all but one of them on the array (unmount and detach it on the host first), then plan again.",
    );
  }
  for (const { volume } of assigned) checkUsable(volume);
  const isInUse = ({ volume }: AssignedVolume): boolean => isMounted(mountOf(observation.storage, volume.naa));
  const [inUse] = [...unknown, ...assigned.filter(isInUse), ...assigned];
  return inUse === undefined ? [] : [inUse, ...assigned.filter((one) => one !== inUse)];
}

/** Gold must be nobody else's: two hosts writing one VMFS volume that each believes its own would destroy it. */
export function checkGoldFree(
  observation: Observation,
  hint = "Finish the maintenance there first: gold can be on one host at a time.",
): void {
  const others = observation.array.assignments.filter(
    (assignment) => assignment.volumeId === observation.gold.id && assignment.clientId !== observation.client.id,
  );
  if (others.length === 0) return;
  const names = others.map((assignment) => clientName(observation, assignment));
  throw new PrepError("VOLUME_IN_USE", `${observation.gold.name} itself is assigned to ${names.join(", ")}.`, {
    found: { volumeId: observation.gold.id, assignments: others.map(({ id, clientId }) => ({ id, clientId })) },
    hint,
  });
}

/** Whether anything hangs on the clone; what was not looked at counts as if something did. */
export function hasDependents(clone: Volume, { dependents, family }: Observation): boolean {
  const own = dependents.get(clone.id);
  return (
    own === undefined ||
    own.snapshots > 0 ||
    own.clones.length > 0 ||
    family.some((member) => member.parent?.volumeId === clone.id)
  );
}

/** A clone that is to be deleted: assigned here at most, and with nothing made from it. */
export function checkDeletable(clone: Volume, observation: Observation): void {
  const elsewhere = observation.array.assignments.filter(
    (assignment) => assignment.volumeId === clone.id && assignment.clientId !== observation.client.id,
  );
  if (elsewhere.length > 0) {
    throw new PrepError(
      "VOLUME_IN_USE",
      `Clone ${clone.name} (${clone.id}) is also assigned to ${elsewhere.map((one) => clientName(observation, one)).join(", ")}.`,
      {
        found: { volumeId: clone.id, assignments: elsewhere.map(({ id, clientId }) => ({ id, clientId })) },
        hint: "Unassign it there first, or keep the clone.",
        next: [{ kind: "plan_with", option: "keepClone" }],
      },
    );
  }
  if (!hasDependents(clone, observation)) return;
  const dependents = observation.dependents.get(clone.id);
  throw new PrepError("CLONE_HAS_CHILDREN", `Clone ${clone.name} (${clone.id}) has snapshots or clones of its own.`, {
    found: { volumeId: clone.id, children: dependents?.clones ?? [], snapshotCount: dependents?.snapshots ?? 0 },
    hint: "Delete those on the array first, or keep the clone.",
    next: [{ kind: "plan_with", option: "keepClone" }],
  });
}

/** The datastore on a disk: one, on this disk alone, mounted on this host alone. Undefined where there is none. */
export function datastoreOn(naa: Naa, observation: Observation): Datastore | undefined {
  const stores = datastoresOf(observation, naa);
  const [datastore] = stores;
  if (datastore === undefined) return undefined;
  const found = { naa, datastores: stores.map(({ id, name }) => ({ id, name: safeText(name) })) };
  if (stores.length > 1) {
    throw new PrepError("DATASTORE_AMBIGUOUS", `${stores.length} datastores lie on disk ${naa}.`, {
      found,
      hint: "Check both in vCenter and remove the one that does not belong; atvm_prep does not choose.",
    });
  }
  if (datastore.extents.length > 1) {
    throw new PrepError("DATASTORE_SPANNED", `Datastore ${datastore.name} spans ${datastore.extents.length} disks.`, {
      found: { ...found, extents: datastore.extents },
      hint: "A datastore for tests must lie on its one LUN; remove the added extent's data by hand.",
    });
  }
  const sharing = datastore.mounts.filter((mount) => mount.hostId !== observation.host.id && mount.mounted);
  if (sharing.length > 0) {
    throw new PrepError("DATASTORE_SHARED", `Datastore ${datastore.name} is mounted on other hosts too.`, {
      found: { ...found, hosts: sharing.map((mount) => mount.hostId) },
      hint: "Unmount it on the other hosts first.",
    });
  }
  return datastore;
}

type Residents = Pick<Observation, "vms" | "devices" | "host">;

/** vCenter may tell no path of an orphaned VM. One that uses nothing but this datastore has its home there all the same. */
const isAllOn = (vm: Vm, { id }: Datastore): boolean => vm.path === "" && vm.datastoreIds.every((one) => one === id);

/**
 * The VMs that live on the datastore. Refuses those that are on another host, and VMs from elsewhere that use a disk or an ISO
 * on it.
 */
export function vmsHomedOn(datastore: Datastore, observation: Residents): Vm[] {
  const users = observation.vms.filter((vm) => vm.datastoreIds.includes(datastore.id) || livesOn(vm, datastore));
  const own = users.filter((vm) => livesOn(vm, datastore) || isAllOn(vm, datastore));
  const foreignUsers = users.filter((vm) => !own.includes(vm));
  const [foreignUser] = foreignUsers;
  if (foreignUser !== undefined) {
    const devices = observation.devices.filter(
      (device) => foreignUsers.some((vm) => vm.id === device.vmId) && device.datastoreId === datastore.id,
    );
    const device = devices.find((one) => one.vmId === foreignUser.id);
    throw new PrepError(
      "VM_SPANS_DATASTORES",
      `VM ${foreignUser.name} (${foreignUser.id}) ${foreignUser.path === "" ? "has its home nobody knows where (vCenter does not tell its path), and" : "lives elsewhere, but"} uses ${device === undefined ? "a snapshot, working or other directory" : safeText(device.label)} on ${datastore.name}.`,
      {
        found: {
          datastore: datastore.id,
          vms: foreignUsers.map((vm) => ({ id: vm.id, name: vm.name, path: safeText(vm.path, 400) })),
          devices: devices.map(({ vmId, label, fileName }) => ({
            vm: vmId,
            label: safeText(label),
            file: safeText(fileName, 400),
          })),
        },
        hint:
          device === undefined
            ? "Give the VM another working directory (workingDir in its VMX file) and consolidate its snapshots first; atvm_prep does not touch VMs that live elsewhere."
            : "Detach that disk or ISO from the VM first; atvm_prep does not touch VMs that live elsewhere.",
      },
    );
  }
  const elsewhere = own.filter((vm) => vm.hostId !== undefined && vm.hostId !== observation.host.id);
  if (elsewhere.length > 0) {
    throw new PrepError(
      "VM_ELSEWHERE",
      `${elsewhere.length} VM${elsewhere.length === 1 ? "" : "s"} on ${datastore.name} ${elsewhere.length === 1 ? "is" : "are"} on another host: ${nameVms(elsewhere)}.`,
      {
        found: {
          datastore: datastore.id,
          vms: elsewhere.map((vm) => ({ id: vm.id, name: vm.name, host: vm.hostId })),
        },
        hint: "Move them back to the target host, or unregister them there.",
      },
    );
  }
  return own;
}

/** The same, with a warning of each disk or ISO that these VMs have elsewhere. */
export function vmsOn(datastore: Datastore, observation: Residents, warnings: string[]): Vm[] {
  const own = vmsHomedOn(datastore, observation);
  for (const vm of own) {
    const outside = observation.devices.filter(
      (device) => device.vmId === vm.id && device.datastoreId !== undefined && device.datastoreId !== datastore.id,
    );
    for (const device of outside) {
      warnings.push(
        `VM ${vm.name} uses ${safeText(device.label)} elsewhere (${safeText(device.fileName)}); that stays as it is.`,
      );
    }
  }
  return own;
}
