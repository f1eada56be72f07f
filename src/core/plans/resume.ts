/**
 * What is left of an unfinished run, as a plan of its own. The steps stay those that were approved once, less what the
 * journal has as finished; each looks before it acts, so that one whose outcome was lost is settled by what is there.
 */

import { errorRecord, PrepError } from "../domain/errors.ts";

import { readStored } from "../domain/stored-json.ts";
import {
  refuseBlockedUnmount,
  refuseDisabled,
  refuseMaintenanceMode,
  refuseManaged,
  refuseQuestions,
} from "../modes/blockers.ts";
import { isRunning, vmFact } from "../modes/cleanup.ts";
import { baseFacts, type ModeInput } from "../modes/common.ts";
import { type ChosenSnapshot, type Draft, DraftBuilder } from "../modes/draft.ts";
import { assignedHere, datastoresOf, type Observation } from "../observe/observe.ts";
import type { ArrayTraits } from "../ports/array.ts";
import type { Vm } from "../ports/hypervisor.ts";
import type { RunRow, StepRow } from "../ports/store.ts";
import type { Impact } from "../records.ts";
import { diskOf, isMounted, mountOf, nameVms } from "../steps/shared.ts";
import { type Outputs, outputsOf, type Step, type VolumeRef } from "../steps/types.ts";
import type { PlanParts } from "./plan.ts";
import type { Plan } from "./plan-schema.ts";

/** What an unfinished run has left to do. */
export interface RemainingWork {
  readonly steps: readonly Step[];
  readonly impact: Impact;
  readonly inheritedOutputs: Readonly<Record<string, Outputs>>;
  readonly snapshot: ChosenSnapshot | undefined;
}

/** The array has said that the act is over and was not done: a repeat under its key would be answered with that same job. */
const isSettled = (step: StepRow): boolean =>
  step.state === "failed" &&
  step.error !== undefined &&
  readStored(errorRecord, step.error, `step ${step.stepId} of run ${step.runId}`)["settled"] === true;

/** `OUTCOME_UNKNOWN` where a rollback was begun, nobody knows how it ended, and the array does not bear it twice. */
export function checkRepeatable(plan: Plan, journal: readonly StepRow[], traits: ArrayTraits): void {
  if (traits.rollback.repeatSafe || traits.repeats === "key") return;
  const begun = plan.draft.steps.find(
    ({ id, kind }) =>
      kind === "rollback_volume" &&
      journal.some(
        (step) => step.stepId === id && step.state !== "done" && step.state !== "skipped" && !isSettled(step),
      ),
  );
  if (begun === undefined) return;
  throw new PrepError("OUTCOME_UNKNOWN", "The rollback was begun, and how it ended cannot be determined.", {
    found: { planId: plan.id, step: begun.id },
    hint: "Check the gold volume on the array with the storage administrator; then make a new plan.",
  });
}

/** `OUTCOME_UNKNOWN` where the site's script was begun: whatever it did, it is not done once more on the journal's word. */
export function refuseBegunScript(run: RunRow, plan: Plan, journal: readonly StepRow[]): void {
  const begun = plan.draft.steps.find(({ id, kind }) => kind === "script" && journal.some((row) => row.stepId === id));
  if (begun?.kind !== "script") return;
  const state = journal.find((row) => row.stepId === begun.id)?.state;
  // An error of its own says that it was never started.
  if (state === "failed") return;
  throw new PrepError(
    "OUTCOME_UNKNOWN",
    "The site's script was begun, and it is never run a second time by a resume.",
    {
      found: { runId: run.id, step: begun.id },
      hint: `See ${begun.where} whether it still runs, and in its log and on the array what it did. Then make a new plan: it shows what there is now.`,
      next: [{ kind: "plan_again" }],
    },
  );
}

/**
 * The last rescan before each mount that is left. What an earlier run's rescan has shown may have come later, or be gone: the
 * host booted, a disk was late.
 */
function rescansBeforeMounts(steps: readonly Step[], isFinished: (id: string) => boolean): ReadonlySet<string> {
  return new Set(
    steps.flatMap((mount, index) => {
      if ((mount.kind !== "mount" && mount.kind !== "mount_copy") || isFinished(mount.id)) return [];
      return steps.slice(0, index).findLast(({ kind }) => kind === "rescan")?.id ?? [];
    }),
  );
}

/** What the journal of an ended run leaves to do, and what the resuming run takes over from it. */
export function remainingAfter(
  run: RunRow,
  plan: Plan,
  journal: readonly StepRow[],
): { remaining: RemainingWork; resumes: NonNullable<PlanParts["resumes"]> } {
  const states = new Map(journal.map((step) => [step.stepId, step.state]));
  const isFinished = (id: string): boolean => states.get(id) === "done" || states.get(id) === "skipped";
  const inheritedOutputs: Record<string, Outputs> = { ...plan.inheritedOutputs };
  const keys: Record<string, string> = { ...plan.keys };
  for (const step of journal) {
    const outputs = outputsOf(step);
    if (outputs !== undefined) inheritedOutputs[step.stepId] = outputs;
    if (isSettled(step)) keys[step.stepId] = `${run.id}.${step.stepId}.again`;
  }
  const rescans = rescansBeforeMounts(plan.draft.steps, isFinished);
  const steps = plan.draft.steps
    .filter((step) => !isFinished(step.id) || rescans.has(step.id))
    .map((step) => {
      // A new run cannot know whether an attach that was begun in an old one did anything, and a rescan is harmless.
      if (step.kind !== "rescan" || step.onlyIfChanged === undefined || !states.has(step.onlyIfChanged)) return step;
      const { onlyIfChanged: _condition, ...unconditional } = step;
      return unconditional;
    });
  return {
    remaining: { steps, impact: plan.draft.impact, inheritedOutputs, snapshot: plan.draft.snapshot },
    resumes: {
      runId: run.id,
      origin: { runId: run.originId, createdAt: run.originCreatedAt },
      inheritedOutputs,
      keys,
    },
  };
}

const volumesIn = (step: Step, inheritedOutputs: RemainingWork["inheritedOutputs"]): { naa: string }[] => {
  const ref: VolumeRef | undefined = "volume" in step ? step.volume : undefined;
  if (ref === undefined) return "naa" in step ? [{ naa: step.naa }] : [];
  if (!("from" in ref)) return [{ naa: ref.naa }];
  const made = inheritedOutputs[ref.from]?.volume;
  return made === undefined ? [] : [{ naa: made.naa }];
};

/** The steps power off what ran when they were planned; what runs now beside that could not be unregistered. */
function refuseStarted(vms: readonly Vm[]): void {
  if (vms.length === 0) return;
  throw new PrepError(
    "VOLUME_IN_USE",
    `Running, and powered off by none of the steps that are left: ${nameVms(vms)}.`,
    {
      found: { vms: vms.map(({ id, name }) => ({ id, name })) },
      hint: "Power them off in vCenter, then resume the run; or make a new plan: it powers off what runs now.",
      next: [{ kind: "plan_again" }],
    },
  );
}

/** What came in the way since the first plan: what is left must not stop half-way either. */
function refuseBlockers(steps: readonly Step[], observation: Observation, warnings: string[]): void {
  const isIn = (id: string, ...kinds: Step["kind"][]): boolean =>
    steps.some((step) => "vms" in step && kinds.includes(step.kind) && step.vms.some((vm) => vm.id === id));
  const touched = observation.vms.filter(({ id }) => isIn(id, "power_off", "shut_down_guest", "unregister"));
  const running = touched.filter(isRunning);
  const stopped = running.filter(({ id }) => isIn(id, "power_off", "shut_down_guest"));
  refuseManaged(touched);
  refuseStarted(running.filter((vm) => !stopped.includes(vm)));
  refuseQuestions(stopped);
  refuseDisabled(stopped, ({ id, toolsRunning }) =>
    toolsRunning && isIn(id, "shut_down_guest") ? "shutDownGuest" : "powerOff",
  );
  refuseDisabled(
    touched.filter((vm) => !isRunning(vm)),
    () => "unregister",
  );
  for (const step of steps) {
    if (step.kind !== "unmount" || !isMounted(mountOf(observation.storage, step.naa))) continue;
    for (const datastore of datastoresOf(observation, step.naa)) refuseBlockedUnmount(datastore, observation, warnings);
  }
  if (steps.some(({ kind }) => ["mount", "mount_copy", "register"].includes(kind))) refuseMaintenanceMode(observation);
}

/** The draft of what remains: its facts are what its steps touch, as they are now. */
export function draftOfRemaining(input: ModeInput, remaining: RemainingWork): Draft {
  const { observation } = input;
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  refuseBlockers(remaining.steps, observation, draft.warnings);
  const assigned = assignedHere(observation).map(({ volume, assignment }) => `${volume.id} (${assignment.id})`);
  draft.fact("assigned", `What ${observation.client.name} has of this LUN`, {
    "the assigned volumes": assigned.toSorted().join(", "),
  });
  const touched = new Set(remaining.steps.flatMap((step) => ("vms" in step ? step.vms.map((vm) => vm.id) : [])));
  for (const vm of observation.vms) if (touched.has(vm.id)) vmFact(draft, vm, false);
  const naas = new Set(
    remaining.steps.flatMap((step) => volumesIn(step, remaining.inheritedOutputs).map((volume) => volume.naa)),
  );
  for (const naa of naas) {
    const member = observation.family.find((volume) => volume.naa === naa);
    const mount = member && mountOf(observation.storage, member.naa);
    const disk = member && diskOf(observation.storage, member.naa);
    draft.fact(`volume:${naa}`, `Volume ${naa}`, {
      id: member?.id ?? "gone",
      disk: disk?.state ?? "not on the host",
      mounted: String(mount?.mounted === true),
    });
  }
  return { ...draft.finish(remaining.snapshot), steps: remaining.steps, impact: remainingImpact(remaining) };
}

/** The approved impact, less what belongs to steps that are finished. */
function remainingImpact(remaining: RemainingWork): Impact {
  const has = (...kinds: Step["kind"][]): boolean => remaining.steps.some((step) => kinds.includes(step.kind));
  const { impact } = remaining;
  return {
    vmsToPowerOff: has("power_off", "shut_down_guest") ? impact.vmsToPowerOff : [],
    vmsToUnregister: has("unregister") ? impact.vmsToUnregister : [],
    vmsToRegister: has("register") ? impact.vmsToRegister : [],
    ...(impact.vmxFilesToday === undefined || !has("register") ? {} : { vmxFilesToday: impact.vmxFilesToday }),
    datastoresToUnmount: has("unmount") ? impact.datastoresToUnmount : [],
    volumesToUnassign: has("unassign") ? impact.volumesToUnassign : [],
    clonesToDelete: impact.clonesToDelete.filter((clone) =>
      remaining.steps.some((step) => step.kind === "delete_clone" && step.volume.id === clone.id),
    ),
    ...(impact.clonesKeptHours === undefined ? {} : { clonesKeptHours: impact.clonesKeptHours }),
    snapshotsLost: has("rollback_volume") ? impact.snapshotsLost : [],
  };
}
