import { PrepError } from "../domain/errors.ts";
import type { Naa, VolumeId } from "../domain/ids.ts";

import type { Vm } from "../ports/hypervisor.ts";
import { diskOf, labelOf, nameVms, RAISE_DEVICE_WAIT, resolve, waitFor, whileBusy } from "./shared.ts";
import { type StepOf, stepKind, type World, type WritableWorld } from "./types.ts";

const PATHS = "the host's paths to the array (zoning, initiators)";

/** What a person checks, the likeliest first: a disk stays for what refers to it; one that is missing lacks a path. */
function hintFor(stays: boolean, holders: readonly Vm[]): string {
  if (!stays) return `Check ${PATHS} in vCenter, then resume the run.`;
  if (holders.length > 0) {
    return "Power off and unregister the VMs and templates that hold on to the disk, or take their devices on it away; where a power-off fails, end the VM's process on the host (esxcli vm process kill), or reboot the host. Then resume the run.";
  }
  return `Check what on the host still refers to the disk (running VMs, templates, ISO files, raw device mappings), then whether the array still presents it, and ${PATHS} last. Then resume the run.`;
}

/** The host's VMs that hold on to the disks. Nobody where that cannot be read: it explains an error, and must not hide it. */
async function holdersOf(disks: readonly Naa[], { hypervisor, host }: World): Promise<Vm[]> {
  try {
    const { datastores } = await hypervisor.inventory();
    const on = datastores.filter(({ extents }) => extents.some((naa) => disks.includes(naa)));
    const vms = on.length === 0 ? [] : await hypervisor.vmsOn(on.map(({ id }) => id));
    return vms.filter((vm) => vm.hostId === host.id && (vm.template || vm.powerState === "poweredOn"));
  } catch (thrown) {
    if (thrown instanceof PrepError) return [];
    throw thrown;
  }
}

/** Rescans until the host's disks are as expected, or the time is over. */
async function rescanUntil(
  expected: { readonly gone: readonly Naa[]; readonly present: Naa | undefined },
  world: WritableWorld,
): Promise<void> {
  const { gone, present } = expected;
  let staying: readonly Naa[] = [];
  let unmet: string[] = [];
  const settled = await waitFor(world.clock, world.limits.deviceWaitMs, async () => {
    await whileBusy(world, () => world.hypervisor.rescan(world.host));
    const storage = await world.hypervisor.hostDevices(world.host);
    const isThere = (naa: Naa): boolean => diskOf(storage, naa) !== undefined;
    staying = gone.filter(isThere);
    unmet = staying.map((naa) => `${naa} is still there`);
    if (present !== undefined && !isThere(present)) unmet.push(`${present} is not there`);
    return unmet.length === 0 || undefined;
  });
  if (settled !== undefined) return;
  const holders = staying.length === 0 ? [] : await holdersOf(staying, world);
  const held = holders.length === 0 ? "" : ` It is held by ${nameVms(holders)}.`;
  throw new PrepError("TIMED_OUT", `After repeated rescans: ${unmet.join("; ")}.${held}`, {
    found: {
      host: world.host.id,
      gone,
      present,
      holders: holders.map((vm) => ({ id: vm.id, name: vm.name, template: vm.template })),
    },
    hint: `${hintFor(staying.length > 0, holders)} ${RAISE_DEVICE_WAIT}`,
  });
}

/**
 * Whether the volume came under the LUN number of a disk that goes. It is assigned before that one is unassigned, so that an
 * array gives it another; where somebody else unassigned it in between, it need not. The host would then find another disk
 * at a path that it knows.
 */
async function hasFreedNumber(
  { freedNumbers = [] }: StepOf<"rescan">,
  volumeId: VolumeId,
  { array }: World,
): Promise<boolean> {
  if (freedNumbers.length === 0) return false;
  const assignments = await array.assignments({ volumeId });
  return assignments.some(({ lunNumber }) => freedNumbers.some((freed) => freed === lunNumber));
}

/** `RescanAllHba` (disks come and go), then `RescanVmfs` (volumes and copies). Harmless to repeat. */
export const rescan = stepKind<StepOf<"rescan">>({
  kind: "rescan",
  irreversible: false,
  describe(step) {
    const gone = step.expectGone.length > 0 ? ` and see ${step.expectGone.join(", ")} gone` : "";
    const present = step.expectPresent === undefined ? "" : ` and see the disk of ${labelOf(step.expectPresent)}`;
    return `Rescan the host${gone}${present}${step.onlyIfChanged === undefined ? "" : ", if a disk was attached"}`;
  },
  async check(step, { changed, outputs }) {
    if (step.onlyIfChanged !== undefined && !changed(step.onlyIfChanged)) return { detail: "not needed" };
    const gone = step.expectGone;
    const present = step.expectPresent === undefined ? undefined : resolve(step.expectPresent, { outputs });
    return async (world) => {
      if (present === undefined) {
        await rescanUntil({ gone, present }, world);
        return { detail: "rescanned" };
      }
      const isReused = await hasFreedNumber(step, present.id, world);
      if (isReused) await rescanUntil({ gone, present: undefined }, world);
      await rescanUntil({ gone, present: present.naa }, world);
      const twice = isReused ? " twice, since its LUN number was that of a removed disk" : "";
      return { detail: `rescanned${twice}, ${present.naa} is there` };
    };
  },
});
