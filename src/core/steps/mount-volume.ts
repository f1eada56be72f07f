/** What `mount` and `mount_copy` share: whatever the host shows for this very NAA, end with it mounted. */
import { PrepError } from "../domain/errors.ts";
import type { Naa, VmfsUuid } from "../domain/ids.ts";
import type { HostStorage, UnresolvedCopy } from "../ports/hypervisor.ts";
import { isMounted, mountOf, resolve, waitFor } from "./shared.ts";
import type { Act, Done, Result, StepOf, World, WritableWorld } from "./types.ts";

type Found =
  | { readonly kind: "mounted" }
  | { readonly kind: "unmounted"; readonly vmfsUuid: VmfsUuid }
  | { readonly kind: "copy"; readonly copy: UnresolvedCopy; readonly devicePath: string };

function findVolume(storage: HostStorage, naa: Naa, expected: VmfsUuid | undefined): Found | undefined {
  const mount = mountOf(storage, naa);
  const copies = storage.unresolved.filter((copy) => copy.extents.some((extent) => extent.naa === naa));
  const [copy] = copies;
  const vmfsUuid = mount?.vmfsUuid ?? copy?.vmfsUuid;
  if (vmfsUuid !== undefined && expected !== undefined && vmfsUuid !== expected) {
    throw new PrepError(
      "COPY_AMBIGUOUS",
      `Disk ${naa} carries the VMFS signature ${vmfsUuid}, not the family's ${expected}.`,
      {
        found: { naa, vmfsUuid, expected },
        hint: "Check what is on this disk before anything is mounted.",
      },
    );
  }
  if (isMounted(mount)) return { kind: "mounted" };
  if (mount !== undefined && !mount.mounted) return { kind: "unmounted", vmfsUuid: mount.vmfsUuid };
  if (copies.length > 1) {
    throw new PrepError("COPY_AMBIGUOUS", `The host shows ${copies.length} unresolved VMFS copies on ${naa}.`, {
      found: { naa, copies: copies.map((one) => one.vmfsUuid) },
      hint: "Check the partitions of this disk; atvm_prep mounts a disk with one VMFS volume only.",
    });
  }
  const head = copy?.extents.find((extent) => extent.isHead) ?? copy?.extents[0];
  return copy === undefined || head === undefined ? undefined : { kind: "copy", copy, devicePath: head.devicePath };
}

async function mountedResult(naa: Naa, world: World, detail: string): Promise<Result> {
  const { datastores } = await world.hypervisor.inventory();
  const datastore = datastores.find(
    (one) => one.datacenterId === world.host.datacenter.id && one.extents.includes(naa),
  );
  if (datastore === undefined) return { detail };
  const { id, name, vmfsUuid } = datastore;
  return { detail: `${detail} as ${name}`, outputs: { datastore: { id, name, vmfsUuid } } };
}

/**
 * Mounted → done; unmounted by hand → `MountVmfsVolume`; unresolved copy of this NAA → forced, its device path given
 * (`ResolveMultipleUnresolvedVmfsVolumes`, `forceMount`). Ends only when the host itself lists it mounted.
 */
export async function mountVolume(step: StepOf<"mount"> | StepOf<"mount_copy">, reading: World): Promise<Done | Act> {
  const { naa } = resolve(step.volume, reading);
  const find = async (): Promise<Found | undefined> =>
    findVolume(await reading.hypervisor.hostStorage(reading.host), naa, step.vmfsUuid);
  const seen = await find();
  if (seen?.kind === "mounted") return mountedResult(naa, reading, "mounted by itself");
  return async (world) => {
    const found = seen ?? (await waitFor(world.clock, world.limits.deviceWaitMs, find));
    if (found === undefined) {
      throw new PrepError("COPY_NOT_FOUND", `The host shows no VMFS volume on ${naa}, mounted or not.`, {
        found: { naa, host: world.host.id },
        hint: "Check whether the disk carries a VMFS volume and whether the host's device is on; then resume the run.",
      });
    }
    if (found.kind === "mounted") return mountedResult(naa, world, "mounted by itself");
    await mountFound(found, naa, world);
    const isVolumeMounted = async (): Promise<true | undefined> =>
      (await find())?.kind === "mounted" ? true : undefined;
    if ((await waitFor(world.clock, world.limits.deviceWaitMs, isVolumeMounted)) === undefined) {
      throw new PrepError("TIMED_OUT", `The VMFS volume on ${naa} did not come up after the mount.`, {
        found: { naa, host: world.host.id },
        hint: "Check the datastore in vCenter, then resume the run.",
      });
    }
    return mountedResult(naa, world, found.kind === "copy" ? "force-mounted" : "mounted");
  };
}

async function mountFound(found: Exclude<Found, { kind: "mounted" }>, naa: Naa, world: WritableWorld): Promise<void> {
  if (found.kind === "unmounted") {
    await world.hypervisor.mount(world.host, found.vmfsUuid);
    return;
  }
  const { copy, devicePath } = found;
  if (!copy.resolvable) {
    const why = copy.incompleteExtents
      ? "extents are missing"
      : copy.multipleCopies
        ? "there are several copies"
        : "the host gives no reason";
    throw new PrepError("REMOTE_FAULT", `The host says that the copy on ${naa} cannot be resolved: ${why}.`, {
      found: { naa, vmfsUuid: copy.vmfsUuid },
      hint: "See the unresolved volumes in vCenter's Mount VMFS dialogue.",
    });
  }
  await world.hypervisor.forceMount(world.host, devicePath);
}
