/** Refuse rather than guess: each check finds one unsafe or ambiguous state, and names what it found by id. */
import { PrepError } from "../errors.ts";
import type { Naa } from "../ids.ts";
import { assignedHere, datastoresOf, type Observation } from "../observe.ts";
import type { Assignment, Datastore, Snapshot, Vm, Volume } from "../ports.ts";
import { nearest, type Request } from "../request.ts";
import { safeText } from "../text.ts";
import { livesOn } from "../vm-path.ts";
import type { ChosenSnapshot } from "./draft.ts";

const clientName = (observation: Observation, assignment: Assignment): string =>
  safeText(observation.array.clients.find((client) => client.id === assignment.clientId)?.name ?? assignment.clientId);

/** The snapshot that the request means: by name, else the latest by creation time; its name must be its own. */
export function chooseSnapshot(request: Request, observation: Observation): ChosenSnapshot {
  const { gold, snapshots } = observation;
  const name = safeText(gold.name);
  const [latest] = snapshots;
  if (latest === undefined) {
    throw new PrepError("NO_SNAPSHOTS", `${name} has no snapshots.`, {
      found: { volumeId: gold.id, policyId: gold.policyId },
      hint: "Take a snapshot of the gold volume first.",
    });
  }
  const wanted = request.snapshot;
  const chosen = wanted === undefined ? latest : snapshots.find((snapshot) => snapshot.name === wanted);
  if (chosen === undefined) {
    const closest = nearest(
      wanted ?? "",
      snapshots.map((snapshot) => snapshot.name),
    );
    throw new PrepError("SNAPSHOT_NOT_FOUND", `${name} has no snapshot named ${safeText(wanted ?? "")}.`, {
      found: { closest, volumeId: gold.id },
      hint: `Did you mean ${closest.join(", or ")}? Without a name the latest is taken: ${safeText(latest.name)}.`,
    });
  }
  const twins = snapshots.filter((snapshot) => snapshot.name === chosen.name);
  if (twins.length > 1) {
    throw new PrepError("SNAPSHOT_AMBIGUOUS", `${name} has ${twins.length} snapshots named ${safeText(chosen.name)}.`, {
      found: { snapshots: twins.map(({ id, createdAt }) => ({ id, createdAt })) },
      hint: "Rename one of them on the array, or name another snapshot: a command must mean one snapshot only.",
    });
  }
  return { snapshot: chosen, chosenBy: wanted === undefined ? "latest" : "name" };
}

/** What of the family this client has: nothing, or one volume. */
export function oneAssigned(observation: Observation): { assignment: Assignment; volume: Volume } | undefined {
  const assigned = assignedHere(observation);
  if (assigned.length > 1) {
    throw new PrepError(
      "SEVERAL_ASSIGNED",
      `${safeText(observation.client.name)} has ${assigned.length} volumes of ${safeText(observation.gold.name)}'s family assigned.`,
      {
        found: {
          assigned: assigned.map(({ assignment, volume }) => ({
            assignmentId: assignment.id,
            volumeId: volume.id,
            name: safeText(volume.name),
            kind: volume.kind,
          })),
        },
        hint: "Unassign all but one of them on the array (unmount and detach it on the host first), then plan again.",
      },
    );
  }
  return assigned[0];
}

/** Gold must be nobody else's: two hosts writing one VMFS volume that each believes its own would destroy it. */
export function checkGoldFree(observation: Observation): void {
  const others = observation.array.assignments.filter(
    (assignment) => assignment.volumeId === observation.gold.id && assignment.clientId !== observation.client.id,
  );
  if (others.length === 0) return;
  const names = others.map((assignment) => clientName(observation, assignment));
  throw new PrepError(
    "VOLUME_IN_USE",
    `${safeText(observation.gold.name)} itself is assigned to ${names.join(", ")}.`,
    {
      found: { volumeId: observation.gold.id, assignments: others.map(({ id, clientId }) => ({ id, clientId })) },
      hint: "Finish the maintenance there first: gold can be on one host at a time.",
    },
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
      `Clone ${safeText(clone.name)} (${clone.id}) is also assigned to ${elsewhere.map((one) => clientName(observation, one)).join(", ")}.`,
      {
        found: { volumeId: clone.id, assignments: elsewhere.map(({ id, clientId }) => ({ id, clientId })) },
        hint: "Unassign it there first, or plan with keep_clone.",
      },
    );
  }
  const children = observation.family.filter((member) => member.parentVolumeId === clone.id);
  if (children.length === 0 && clone.snapshotCount === 0) return;
  throw new PrepError(
    "CLONE_HAS_CHILDREN",
    `Clone ${safeText(clone.name)} (${clone.id}) has snapshots or clones of its own.`,
    {
      found: { volumeId: clone.id, children: children.map((child) => child.id), snapshotCount: clone.snapshotCount },
      hint: "Delete those on the array first, or plan with keep_clone.",
    },
  );
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
      hint: "Look at both in vCenter and remove the one that does not belong; atvm_prep does not choose.",
    });
  }
  if (datastore.extents.length > 1) {
    throw new PrepError(
      "DATASTORE_SPANNED",
      `Datastore ${safeText(datastore.name)} spans ${datastore.extents.length} disks.`,
      {
        found: { ...found, extents: datastore.extents },
        hint: "A datastore for tests must lie on its one LUN; remove the added extent's data by hand.",
      },
    );
  }
  const sharing = datastore.mounts.filter((mount) => mount.hostId !== observation.host.id && mount.mounted);
  if (sharing.length > 0) {
    throw new PrepError("DATASTORE_SHARED", `Datastore ${safeText(datastore.name)} is mounted on other hosts too.`, {
      found: { ...found, hosts: sharing.map((mount) => mount.hostId) },
      hint: "Unmount it on the other hosts first.",
    });
  }
  return datastore;
}

/** The VMs that live on the datastore. Refuses those that run elsewhere, and strangers that use a disk or an ISO on it. */
export function vmsOn(datastore: Datastore, observation: Observation, warnings: string[]): Vm[] {
  const users = observation.vms.filter((vm) => vm.datastoreIds.includes(datastore.id) || livesOn(vm, datastore));
  const own = users.filter((vm) => livesOn(vm, datastore));
  const strangers = users.filter((vm) => !own.includes(vm));
  const [stranger] = strangers;
  if (stranger !== undefined) {
    const devices = observation.devices.filter(
      (device) => strangers.some((vm) => vm.id === device.vmId) && device.datastoreId === datastore.id,
    );
    throw new PrepError(
      "VM_SPANS_DATASTORES",
      `VM ${safeText(stranger.name)} (${stranger.id}) lives elsewhere, but uses ${safeText(devices[0]?.label ?? "a device")} on ${safeText(datastore.name)}.`,
      {
        found: {
          vms: strangers.map((vm) => ({ id: vm.id, name: safeText(vm.name), path: safeText(vm.path, 400) })),
          devices: devices.map(({ vmId, label, fileName }) => ({
            vm: vmId,
            label: safeText(label),
            file: safeText(fileName, 400),
          })),
        },
        hint: "Detach that disk or ISO from the VM first; atvm_prep does not touch VMs that live elsewhere.",
      },
    );
  }
  const elsewhere = own.filter((vm) => vm.hostId !== undefined && vm.hostId !== observation.host.id);
  if (elsewhere.length > 0) {
    throw new PrepError(
      "VM_ELSEWHERE",
      `${elsewhere.length} VM(s) on ${safeText(datastore.name)} are on another host.`,
      {
        found: { vms: elsewhere.map((vm) => ({ id: vm.id, name: safeText(vm.name), host: vm.hostId })) },
        hint: "Move them back to the target host, or unregister them there.",
      },
    );
  }
  for (const vm of own) {
    const outside = observation.devices.filter(
      (device) => device.vmId === vm.id && device.datastoreId !== undefined && device.datastoreId !== datastore.id,
    );
    for (const device of outside) {
      warnings.push(
        `VM ${safeText(vm.name)} uses ${safeText(device.label)} elsewhere (${safeText(device.fileName)}); that stays as it is.`,
      );
    }
  }
  return own;
}

/**
 * A signature can be mounted once per Datacenter object: a force mount would fail with `VmfsAlreadyMounted`, and gold
 * would be merged with the other into one datastore. What this plan unmounts does not count.
 */
export function checkSignature(observation: Observation, removed: ReadonlySet<Naa>, warnings: string[]): void {
  const { host, inventory, signatures } = observation;
  const mounted = inventory.datastores.flatMap((datastore) =>
    signatures.has(datastore.vmfsUuid)
      ? datastore.mounts
          .filter((mount) => mount.mounted && mount.accessible && mount.hostId !== host.id)
          .map((mount) => ({ datastore, hostId: mount.hostId }))
      : [],
  );
  const here = mounted.filter(({ datastore }) => datastore.datacenterId === host.datacenter.id);
  const nameOf = (hostId: string): string => safeText(inventory.hosts.find((one) => one.id === hostId)?.name ?? hostId);
  const [other] = here;
  if (other !== undefined) {
    throw new PrepError(
      "SIGNATURE_MOUNTED",
      `The VMFS signature of ${safeText(observation.gold.name)} is mounted on ${nameOf(other.hostId)} in the same Datacenter (${safeText(host.datacenter.name)}).`,
      {
        found: here.map(({ datastore, hostId }) => ({
          datastore: datastore.id,
          vmfsUuid: datastore.vmfsUuid,
          host: hostId,
        })),
        hint: "Clean up the other host first, or give each host a Datacenter of its own.",
      },
    );
  }
  const [far] = mounted;
  if (far !== undefined) {
    warnings.push(
      `The same VMFS signature is mounted on ${nameOf(far.hostId)} in another Datacenter: VM identities and MAC addresses will exist twice.`,
    );
  }
  const strays = observation.storage.unresolved.filter(
    (copy) =>
      (signatures.has(copy.vmfsUuid) ||
        copy.extents.some(({ naa }) => observation.family.some((one) => one.naa === naa))) &&
      !copy.extents.every(({ naa }) => removed.has(naa)),
  );
  if (strays.length > 0) {
    throw new PrepError("COPY_AMBIGUOUS", "The host shows another unresolved VMFS copy with this LUN's signature.", {
      found: strays.map((copy) => ({ vmfsUuid: copy.vmfsUuid, disks: copy.extents.map((extent) => extent.naa) })),
      hint: "Unassign that disk from the host on the array and rescan, then plan again.",
    });
  }
}

/** Snapshots newer than the chosen one go with a rollback; none of them may have clones that stay. */
export function checkRollback(chosen: Snapshot, observation: Observation, deleted: ReadonlySet<string>): Snapshot[] {
  const newer = observation.snapshots.filter((snapshot) => snapshot.createdAt > chosen.createdAt);
  const ids = new Set<string>(newer.map((snapshot) => snapshot.id));
  const clones = observation.family.filter(
    (member) => member.parentSnapshotId !== undefined && ids.has(member.parentSnapshotId) && !deleted.has(member.id),
  );
  if (clones.length > 0) {
    throw new PrepError(
      "VOLUME_IN_USE",
      `Snapshots newer than ${safeText(chosen.name)} have clones, so the gold volume cannot be rolled back past them.`,
      {
        found: {
          clones: clones.map(({ id, name, parentSnapshotId }) => ({ id, name: safeText(name), parentSnapshotId })),
        },
        hint: "Delete these clones first, or choose a newer snapshot.",
      },
    );
  }
  return newer;
}
