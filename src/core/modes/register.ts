import { PrepError } from "../domain/errors.ts";
import { type SafeText, safeText } from "../domain/safe-text.ts";
import { fileOn } from "../domain/vm-path.ts";
import type { LunVolume } from "../observe/kinds.ts";
import type { Observation } from "../observe/observe.ts";
import type { Datastore, Vm } from "../ports/hypervisor.ts";
import { refuseMaintenanceMode } from "./blockers.ts";
import { datastoreOn, oneAssigned, vmsHomedOn, vmsOn } from "./checks.ts";
import { isDead, isRunning, knownVolume, unregisterVms, vmFact } from "./cleanup.ts";
import { assignedFact, baseFacts, type ModeInput, registerStep } from "./common.ts";
import { type Draft, DraftBuilder } from "./draft.ts";

/** The assigned volume and its accessible datastore, which `-R` and `-U` work on and never change. */
export function assignedDatastore(observation: Observation): { volume: LunVolume; datastore: Datastore } {
  const assigned = oneAssigned(observation);
  if (assigned === undefined) {
    throw new PrepError(
      "NOTHING_ASSIGNED",
      `Nothing of ${observation.gold.name} is assigned to ${observation.client.name}.`,
      {
        found: { client: observation.client.id, volumeId: observation.gold.id },
        hint: "Prepare it first, for automated testing or for maintenance.",
        next: [{ kind: "prepare" }],
      },
    );
  }
  const datastore = datastoreOn(assigned.volume.naa, observation);
  if (datastore !== undefined) return { volume: assigned.volume, datastore };
  throw new PrepError("DATASTORE_NOT_FOUND", `No datastore lies on the assigned volume ${assigned.volume.name}.`, {
    found: { volumeId: assigned.volume.id, naa: assigned.volume.naa },
    hint: "It may be unmounted: prepare it again.",
    next: [{ kind: "prepare" }],
  });
}

/** VMX files that no VM is registered from; they become facts and impact of the plan. */
function missingFiles(
  draft: DraftBuilder,
  observation: Observation,
  datastore: Datastore,
  registered: ReadonlySet<string | undefined>,
): string[] {
  const files = (observation.files?.files ?? []).flatMap((file) => fileOn(datastore, file.path) ?? []);
  const missing = files.filter((file) => !registered.has(file)).toSorted();
  draft.fact("files", `VMX files on ${datastore.name}`, { missing: missing.join("\n") });
  for (const folder of observation.files?.unreadable ?? []) {
    draft.warnings.push(`Folder ${safeText(folder)} could not be read; VMs in it are not registered.`);
  }
  const nameOf = (file: string): SafeText =>
    safeText(file.slice(file.lastIndexOf("/") + 1).replace(/\.(vmx|vmtx)$/i, ""));
  draft.impact.vmsToRegister.push(
    ...missing.map((file) => ({ name: nameOf(file), path: safeText(`[${datastore.name}] ${file}`, 400) })),
  );
  return missing;
}

/** Whether the VM's folder could not be read: once unregistered, it could not be found again. */
function inUnreadable(datastore: Datastore, vm: Vm, observation: Observation): boolean {
  const file = fileOn(datastore, vm.path) ?? "";
  const folders = (observation.files?.unreadable ?? []).flatMap((folder) => fileOn(datastore, folder) ?? []);
  return folders.some((folder) => file.startsWith(`${folder.replace(/\/$/, "")}/`));
}

/**
 * Registers every VMX on the volume's datastore that is not registered. A dead registration, those of `leftBehind` too,
 * counts as missing: it is unregistered first.
 */
export function registerMissing(
  draft: DraftBuilder,
  input: ModeInput,
  on: { readonly volume: LunVolume; readonly datastore: Datastore },
  leftBehind: readonly Vm[] = [],
): void {
  const { observation } = input;
  const { volume, datastore } = on;
  const vms = vmsOn(datastore, observation, draft.warnings);
  const others = leftBehind.filter((vm) => !vms.includes(vm));
  for (const vm of [...vms, ...others]) vmFact(draft, vm, false);
  // What runs cannot be unregistered, and powering off is not what was asked for.
  const dead = [...vms.filter((vm) => isDead(vm) && !inUnreadable(datastore, vm, observation)), ...others].filter(
    (vm) => !isRunning(vm),
  );
  unregisterVms(draft, dead, { dead: true });
  const alive = vms.filter((vm) => !dead.includes(vm));
  const missing = missingFiles(draft, observation, datastore, new Set(alive.map((vm) => fileOn(datastore, vm.path))));
  if (missing.length === 0) return;
  registerStep(draft, input, knownVolume(volume), missing);
  draft.warnings.push(
    "A VM's first power-on on another host may ask whether it was moved or copied; answer it in vCenter.",
  );
}

/** `-R`: register every VMX on the assigned LUN's datastore that is not registered. A dead registration counts as missing. */
export function register(input: ModeInput): Draft {
  const { observation } = input;
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  refuseMaintenanceMode(observation);
  const assigned = oneAssigned(observation);
  assignedFact(draft, observation, assigned === undefined ? [] : [assigned]);
  const { volume, datastore } = assignedDatastore(observation);
  if (!datastore.accessible) {
    throw new PrepError("DATASTORE_NOT_FOUND", `Datastore ${datastore.name} is there, but not accessible.`, {
      found: { datastore: datastore.id, naa: volume.naa },
      hint: "Its disk may be gone from the host: prepare it again.",
      next: [{ kind: "prepare" }],
    });
  }
  draft.fact(`datastore:${datastore.id}`, `Datastore ${datastore.name}`, {
    signature: datastore.vmfsUuid,
    name: datastore.name,
  });
  const leftoverDatastores = observation.leftoverDatastores.filter((one) => one.stillListedDisks.length === 0);
  registerMissing(
    draft,
    input,
    { volume, datastore },
    leftoverDatastores.flatMap((one) => vmsHomedOn(one.datastore, observation)),
  );
  return draft.finish(undefined, volume);
}
