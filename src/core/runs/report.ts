/** What a run leaves, looked up afterwards, and what the operator may do next. */

import * as z from "zod";
import type { PrepError } from "../domain/errors.ts";
import { asClientId, asVolumeId, naaOf } from "../domain/ids.ts";
import { traitsOf } from "../domain/modes.ts";
import type { NextAction } from "../domain/next-action.ts";
import { safeText } from "../domain/safe-text.ts";
import type { RunState } from "../domain/states.ts";
import { fileOn, livesOn } from "../domain/vm-path.ts";
import { alikeOf, byNewest, familyOf } from "../observe/observe.ts";
import type { Plan } from "../plans/plan-schema.ts";
import type { ArrayReader } from "../ports/array.ts";
import type { Datastore, HypervisorReader } from "../ports/hypervisor.ts";
import type { Clock, Connection } from "../ports/runtime.ts";
import type { RunRow, StepRow } from "../ports/store.ts";
import { type Report, scriptReportSchema } from "../records.ts";
import { cloneName } from "../steps/create-clone.ts";
import { datastoreOf, waitFor } from "../steps/shared.ts";
import { type KnownVolume, type Outputs, outputsOf } from "../steps/types.ts";

/**
 * The volume that the client ends up with: the new clone, or the one that the plan's last assign or mount names. What is left of
 * a run may have none of these steps any more: then it is the clone that was made before, or gold, as the mode has it.
 */
function finalVolume(plan: Plan, outputs: ReadonlyMap<string, Outputs>): KnownVolume | undefined {
  for (const step of plan.draft.steps.toReversed()) {
    if (step.kind !== "assign" && step.kind !== "mount" && step.kind !== "mount_copy" && step.kind !== "register")
      continue;
    return "from" in step.volume ? outputs.get(step.volume.from)?.volume : step.volume;
  }
  switch (traitsOf(plan.mode).leaves) {
    case "new clone":
      return [...outputs.values()].find(({ volume }) => volume !== undefined)?.volume;
    case "gold":
      return { id: asVolumeId(plan.target.lun.volumeId), naa: naaOf(plan.target.lun.naa), name: plan.target.lun.name };
    case "assigned":
    case "nothing":
      return undefined;
  }
}

/** What of the family the client has: `-R` and `-U` leave it as it is, and their steps do not all name it. */
async function assignedVolume(plan: Plan, array: ArrayReader): Promise<KnownVolume | undefined> {
  const [volumes, assignments] = await Promise.all([
    array.volumes(),
    array.assignments({ clientId: asClientId(plan.target.client.id) }),
  ]);
  const gold = volumes.find((volume) => volume.id === plan.target.lun.volumeId);
  const held = new Set<string>(assignments.map((assignment) => assignment.volumeId));
  return gold && familyOf(gold, volumes).find((volume) => held.has(volume.id));
}

async function latestSnapshot(plan: Plan, array: ArrayReader): Promise<Pick<Report, "latest">> {
  const own = await array.snapshots({ volumeId: asVolumeId(plan.target.lun.volumeId) });
  const [newest] = own.toSorted(byNewest);
  return newest === undefined || alikeOf(newest, own, true).length > 0
    ? {}
    : { latest: { name: newest.name, id: newest.id, createdAt: newest.createdAt } };
}

/** `listedMs`: how long vCenter may take to list a datastore that the run has mounted. */
export async function reportOf(
  plan: Plan,
  outputs: ReadonlyMap<string, Outputs>,
  systems: Connection<ArrayReader, HypervisorReader>,
  { clock, listedMs }: { readonly clock: Clock; readonly listedMs: number },
): Promise<Report> {
  const leftovers = [...plan.draft.leftovers, ...[...outputs.values()].flatMap((left) => left.leftovers ?? [])];
  const scripted = [...outputs.values()].find((left) => left.script !== undefined);
  if (scripted !== undefined) return scriptReport(scripted, systems.hypervisor, leftovers);
  if (plan.request.keepClone) {
    const deleted = new Set(plan.draft.impact.clonesToDelete.map((clone) => clone.id));
    for (const volume of plan.draft.impact.volumesToUnassign.filter(({ id }) => !deleted.has(id)))
      leftovers.push(`Kept as asked: ${volume.name} (${volume.id}).`);
  }
  const latest = traitsOf(plan.mode).takesSnapshot ? await latestSnapshot(plan, systems.array) : {};
  const volume = finalVolume(plan, outputs) ?? (await assignedVolume(plan, systems.array));
  if (volume === undefined) return { vms: [], leftovers, ...latest };
  // The step that mounted it knew the datastore by then: its VMs are read beside the inventory.
  const mounted = [...outputs.values()].findLast(({ datastore }) => datastore !== undefined)?.datastore?.id;
  const listed = (): Promise<Datastore | undefined> => datastoreOf(volume.naa, { ...systems, host: plan.host });
  const isMounting = plan.draft.steps.some(({ kind }) => kind === "mount" || kind === "mount_copy");
  const [datastore, early] = await Promise.all([
    isMounting ? waitFor(clock, listedMs, listed) : listed(),
    mounted === undefined ? [] : systems.hypervisor.vmsOn([mounted]),
  ]);
  const vms =
    datastore === undefined || datastore.id === mounted ? early : await systems.hypervisor.vmsOn([datastore.id]);
  const own = datastore === undefined ? [] : vms.filter((vm) => livesOn(vm, datastore));
  const registered = new Set(own.map((vm) => datastore && fileOn(datastore, vm.path)));
  const impact = plan.draft.impact.vmsToRegister.filter(
    (vm) => datastore !== undefined && !registered.has(fileOn(datastore, vm.path)),
  );
  return {
    volume: { name: volume.name, id: volume.id, naa: volume.naa },
    naa: volume.naa,
    ...(datastore === undefined
      ? {}
      : { datastore: { name: datastore.name, id: datastore.id, vmfsUuid: datastore.vmfsUuid } }),
    vms: [
      ...own.map((vm) => ({ name: vm.name, path: safeText(vm.path, 400), moref: vm.id, registered: true })),
      ...impact.map((vm) => ({ ...vm, registered: false })),
    ],
    leftovers,
    ...latest,
  };
}

/** What the hypervisor shows after the site's script, and what the script itself said. */
async function scriptReport(
  { script, datastore }: Outputs,
  hypervisor: HypervisorReader,
  leftovers: readonly string[],
): Promise<Report> {
  const seen =
    datastore === undefined
      ? undefined
      : (await hypervisor.inventory()).datastores.find(({ id }) => id === datastore.id);
  const vms = seen === undefined ? [] : await hypervisor.vmsOn([seen.id]);
  const [naa] = seen?.extents ?? [];
  return {
    ...(naa === undefined ? {} : { naa }),
    ...(seen === undefined ? {} : { datastore: { name: safeText(seen.name), id: seen.id, vmfsUuid: seen.vmfsUuid } }),
    vms: vms.map((vm) => ({ name: safeText(vm.name), path: safeText(vm.path, 400), moref: vm.id, registered: true })),
    leftovers: [...leftovers],
    script: scriptReportSchema.parse(script),
  };
}

const withScript = z.looseObject({ found: z.looseObject({ script: scriptReportSchema }) });

/** What an unfinished run leaves, as far as its journal tells. */
export function partReport(
  plan: Plan,
  row: Pick<RunRow, "originId" | "originCreatedAt">,
  steps: readonly StepRow[],
): Report {
  const leftovers = [...plan.draft.leftovers];
  const journal = new Map(steps.map((step) => [step.stepId, step]));
  const outputs: Outputs[] = Object.values(plan.inheritedOutputs ?? {});
  let script: Report["script"];
  for (const step of plan.draft.steps) {
    const entry = journal.get(step.id);
    if (entry === undefined) continue;
    if (step.kind === "script" && entry.error !== undefined) {
      script = withScript.safeParse(JSON.parse(entry.error)).data?.found.script;
    }
    const left = outputsOf(entry);
    if (left !== undefined) outputs.push(left);
    else if (step.kind === "create_clone" && entry.state !== "failed") {
      const name = cloneName(step, { runId: row.originId, createdAt: row.originCreatedAt });
      leftovers.push(`A clone named ${safeText(name)} may have been made: that step's end was not seen.`);
    }
  }
  const made = outputs.find((left) => left.volume !== undefined)?.volume;
  if (made === undefined) return { vms: [], leftovers, ...(script === undefined ? {} : { script }) };
  const volume = { name: made.name, id: made.id, naa: made.naa };
  leftovers.push(
    `Clone ${volume.name} (${made.id}, ${made.naa}) was made by this run; resuming it goes on with this clone.`,
  );
  return { volume, naa: made.naa, vms: [], leftovers };
}

/** Of a run that was cut off while the site's script ran. */
export const SCRIPT_BEGUN =
  "Whether the script still runs, and what it has done, has to be seen on its machine, in its log and on the array. It is not resumed: plan again afterwards.";

const note = (text: string): NextAction => ({ kind: "note", text });

/** What the operator may do next, for each way a run can end. What an error's own hint says is not repeated. */
export function nextActions(
  row: RunRow,
  plan: Plan | undefined,
  state: RunState,
  error: PrepError | undefined,
): NextAction[] {
  const resume: NextAction = { kind: "resume", runId: row.id };
  switch (state) {
    case "succeeded": {
      if (plan === undefined) return [];
      const register: NextAction = { kind: "register", lun: plan.request.lun, client: plan.request.client };
      if (traitsOf(plan.mode).leaves === "nothing") {
        return [note("The client has nothing of this LUN any more."), { kind: "prepare" }];
      }
      if (traitsOf(plan.mode).takesSnapshot) return [{ kind: "prepare" }];
      if (plan.mode === "unregister") return [note("The volume stays assigned and mounted."), register];
      if (plan.draft.steps.some((step) => step.kind === "register")) {
        return [
          note(
            "Power the VMs on in vCenter; the first power-on on another host may ask whether a VM was moved or copied.",
          ),
        ];
      }
      return plan.mode === "register" ? [] : [note("Its VMs are not registered."), register];
    }
    case "failed":
      return [note(error?.hint ?? "Check the failed step."), ...(error?.next ?? []), resume];
    case "needs_operator":
      if (plan?.draft.steps.some(({ kind }) => kind === "script"))
        return [note(error?.hint ?? SCRIPT_BEGUN), ...(error?.next ?? [])];
      return [note(error?.hint ?? "Check the step that stopped the run."), ...(error?.next ?? []), resume];
    case "cancelled":
    case "interrupted":
      return [note("It stopped between two steps; what was done is done."), resume];
    case "queued":
    case "running":
      return [];
  }
}
