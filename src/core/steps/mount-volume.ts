/** What `mount` and `mount_copy` share: whatever the host shows for this very NAA, end with it mounted. */
import { PrepError } from "../domain/errors.ts";
import type { Naa, VmfsUuid } from "../domain/ids.ts";
import { safeText } from "../domain/safe-text.ts";
import type { Datastore, HostDevices, UnresolvedCopy } from "../ports/hypervisor.ts";
import { datastoreOf, isMounted, mountOf, RAISE_DEVICE_WAIT, resolve, verify, waitFor, whileBusy } from "./shared.ts";
import type { Act, Done, Result, StepOf, World, WritableWorld } from "./types.ts";

type MountingStep = StepOf<"mount"> | StepOf<"mount_copy">;

type Found =
  | { readonly kind: "mounted" }
  | { readonly kind: "unmounted"; readonly vmfsUuid: VmfsUuid }
  | { readonly kind: "copy"; readonly copy: UnresolvedCopy; readonly devicePath: string };

function checkSignature(naa: Naa, vmfsUuid: VmfsUuid, expected: VmfsUuid | undefined): void {
  if (expected === undefined || vmfsUuid === expected) return;
  throw new PrepError(
    "COPY_AMBIGUOUS",
    `Disk ${naa} carries the VMFS signature ${vmfsUuid}, not the family's ${expected}.`,
    {
      found: { naa, vmfsUuid, expected },
      hint: "Check what is on this disk before anything is mounted.",
    },
  );
}

function findMount(devices: HostDevices, naa: Naa, expected: VmfsUuid | undefined): Found | undefined {
  const mount = mountOf(devices, naa);
  if (mount === undefined) return undefined;
  checkSignature(naa, mount.vmfsUuid, expected);
  if (isMounted(mount)) return { kind: "mounted" };
  return mount.mounted ? undefined : { kind: "unmounted", vmfsUuid: mount.vmfsUuid };
}

/**
 * The copy on this very disk. The host lists one unresolved volume a signature, and every disk that carries it is an
 * extent of that one: to mount the first would mount whatever disk comes first.
 */
function findCopy(unresolved: readonly UnresolvedCopy[], naa: Naa, expected: VmfsUuid | undefined): Found | undefined {
  const copies = unresolved.filter((copy) => copy.extents.some((extent) => extent.naa === naa));
  const [copy] = copies;
  if (copy === undefined) return undefined;
  if (copies.length > 1) {
    throw new PrepError("COPY_AMBIGUOUS", `The host shows ${copies.length} unresolved VMFS copies on ${naa}.`, {
      found: { naa, copies: copies.map(({ vmfsUuid }) => vmfsUuid) },
      hint: "Check the partitions of this disk; only a disk with one VMFS volume is mounted.",
    });
  }
  checkSignature(naa, copy.vmfsUuid, expected);
  const own = copy.extents.filter((extent) => extent.naa === naa);
  const head = own.find((extent) => extent.isHead) ?? own[0];
  return head === undefined ? undefined : { kind: "copy", copy, devicePath: head.devicePath };
}

async function find(step: MountingStep, naa: Naa, { hypervisor, host }: World): Promise<Found | undefined> {
  const mount = findMount(await hypervisor.hostDevices(host), naa, step.vmfsUuid);
  return mount ?? findCopy(await hypervisor.unresolvedCopies(host), naa, step.vmfsUuid);
}

/** What this volume is in vCenter, which may list it a while after the host has mounted it. */
async function mountedResult(naa: Naa, world: World, detail: string): Promise<Result> {
  const listed = await verify(world.clock, world.limits.deviceWaitMs, () => datastoreOf(naa, world));
  switch (listed.kind) {
    case "seen":
      return { detail: `${detail} as ${listed.value.name}`, outputs: { datastore: outputOf(listed.value) } };
    case "unseen":
      return { detail: `${detail}; vCenter does not list its datastore yet` };
    case "unverified":
      return { detail: `${detail}; its datastore could not be read in vCenter (${listed.error.message})` };
  }
}

const outputOf = ({ id, name, vmfsUuid }: Datastore): NonNullable<NonNullable<Result["outputs"]>["datastore"]> => ({
  id,
  name,
  vmfsUuid,
});

/**
 * Mounted → done; unmounted by hand → `MountVmfsVolume`; unresolved copy of this NAA → forced, its device path given
 * (`ResolveMultipleUnresolvedVmfsVolumes`, `forceMount`). Ends only when the host itself lists it mounted.
 */
export async function mountVolume(step: MountingStep, reading: World): Promise<Done | Act> {
  const { naa } = resolve(step.volume, reading);
  const isVolumeMounted = async (world: World): Promise<true | undefined> =>
    findMount(await world.hypervisor.hostDevices(world.host), naa, step.vmfsUuid)?.kind === "mounted" || undefined;
  if (await isVolumeMounted(reading)) return mountedResult(naa, reading, "mounted by itself");
  return async (world) => {
    const found = await waitForVolume(step, naa, world);
    if (found.kind === "mounted") return mountedResult(naa, world, "mounted by itself");
    await mountFound(found, naa, world);
    const detail = found.kind === "copy" ? "force-mounted" : "mounted";
    const up = await verify(world.clock, world.limits.deviceWaitMs, () => isVolumeMounted(world));
    switch (up.kind) {
      case "seen":
        return mountedResult(naa, world, detail);
      case "unverified":
        return { detail: `${detail}, as vCenter says; the host could not be asked (${up.error.message})` };
      case "unseen":
        throw await notMounted(naa, world);
    }
  };
}

/** The host may list a volume seconds after the rescan that found its disk has returned: it is asked to look again. */
async function waitForVolume(step: MountingStep, naa: Naa, world: WritableWorld): Promise<Found> {
  let isFirst = true;
  const found = await waitFor(world.clock, world.limits.deviceWaitMs, async () => {
    if (!isFirst) {
      world.progress(`waiting for the VMFS volume on ${naa}`);
      await whileBusy(world, () => world.hypervisor.rescanVolumes(world.host));
    }
    isFirst = false;
    return find(step, naa, world);
  });
  if (found !== undefined) return found;
  throw new PrepError("COPY_NOT_FOUND", `The host shows no VMFS volume on ${naa}, mounted or not.`, {
    found: { naa, host: world.host.id },
    hint: `Check whether the disk carries a VMFS volume and whether the host's device is on; then resume the run. ${RAISE_DEVICE_WAIT}`,
  });
}

async function notMounted(naa: Naa, { hypervisor, host }: World): Promise<PrepError> {
  const { mounts } = await hypervisor.hostDevices(host);
  const mounted = mounts.filter((mount) => mount.mounted);
  const listed = mounted.map((mount) => `${safeText(mount.label)} (${mount.vmfsUuid} on ${mount.extents.join(", ")})`);
  return new PrepError(
    "TIMED_OUT",
    `The VMFS volume on ${naa} did not come up after the mount. Mounted on the host now: ${listed.join("; ") || "no VMFS volume"}.`,
    {
      found: { naa, host: host.id, mounted: mounted.map(({ vmfsUuid, extents }) => ({ vmfsUuid, disks: extents })) },
      hint: `Check the datastores in vCenter. If a foreign disk is mounted, unmount it there; then resume the run. ${RAISE_DEVICE_WAIT}`,
    },
  );
}

async function mountFound(found: Exclude<Found, { kind: "mounted" }>, naa: Naa, world: WritableWorld): Promise<void> {
  if (found.kind === "unmounted") {
    await whileBusy(world, () => world.hypervisor.mount(world.host, found.vmfsUuid));
    return;
  }
  const { copy, devicePath } = found;
  if (!copy.resolvable) throw unresolvable(copy, naa);
  await whileBusy(world, () => world.hypervisor.forceMount(world.host, devicePath));
}

function unresolvable(copy: UnresolvedCopy, naa: Naa): PrepError {
  const others = [...new Set(copy.extents.map((extent) => extent.naa))].filter((disk) => disk !== naa);
  const why = copy.incompleteExtents
    ? "extents are missing"
    : copy.multipleCopies || others.length > 0
      ? "there are several copies"
      : "the host gives no reason";
  const beside = others.length === 0 ? "" : ` Other disks with its signature: ${others.join(", ")}.`;
  return new PrepError("REMOTE_FAULT", `The host says that the copy on ${naa} cannot be resolved: ${why}.${beside}`, {
    found: { naa, vmfsUuid: copy.vmfsUuid, otherDisks: others },
    hint:
      others.length === 0
        ? "See the unresolved volumes in vCenter's Mount VMFS dialogue."
        : "Unassign the other disks from the host on the array and rescan; then resume the run.",
  });
}
