/**
 * What is left of an unfinished run, as a plan of its own. The steps stay those that were approved once, less what the
 * journal has as finished; each looks before it acts, so that one whose outcome was lost is settled by what is there.
 */

import { vmFact } from "./modes/cleanup.ts";
import { baseFacts, type ModeInput } from "./modes/common.ts";
import { type ChosenSnapshot, type Draft, DraftBuilder } from "./modes/draft.ts";
import { assignedHere } from "./observe.ts";
import { diskOf, mountOf } from "./steps/shared.ts";
import type { Outputs, Step, VolumeRef } from "./steps/types.ts";
import { safeText } from "./text.ts";
import type { ImpactView } from "./views.ts";

export interface Rest {
  readonly steps: readonly Step[];
  readonly impact: ImpactView;
  readonly carried: Readonly<Record<string, Outputs>>;
  readonly snapshot: ChosenSnapshot | undefined;
}

const volumesIn = (step: Step, carried: Rest["carried"]): { naa: string }[] => {
  const ref: VolumeRef | undefined = "volume" in step ? step.volume : undefined;
  if (ref === undefined) return "naa" in step ? [{ naa: step.naa }] : [];
  if (!("from" in ref)) return [{ naa: ref.naa }];
  const made = carried[ref.from]?.volume;
  return made === undefined ? [] : [{ naa: made.naa }];
};

/** The draft of the rest: its facts are what its steps touch, as they are now. */
export function draftOfRest(input: ModeInput, rest: Rest): Draft {
  const { observation } = input;
  const draft = new DraftBuilder();
  baseFacts(draft, observation);
  const assigned = assignedHere(observation).map(({ volume, assignment }) => `${volume.id} (${assignment.id})`);
  draft.fact("assigned", `What ${safeText(observation.client.name)} has of this LUN`, {
    "the assigned volumes": assigned.toSorted().join(", "),
  });
  const touched = new Set(rest.steps.flatMap((step) => ("vms" in step ? step.vms.map((vm) => vm.id) : [])));
  for (const vm of observation.vms) if (touched.has(vm.id)) vmFact(draft, vm, false);
  const naas = new Set(rest.steps.flatMap((step) => volumesIn(step, rest.carried).map((volume) => volume.naa)));
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
  draft.fact("family", "The volumes of this LUN", {
    ids: observation.family
      .map((volume) => volume.id)
      .toSorted()
      .join(" "),
  });
  return { ...draft.finish(rest.snapshot), steps: rest.steps, impact: impactLeft(rest) };
}

/** The approved impact, less what belongs to steps that are finished. */
function impactLeft(rest: Rest): ImpactView {
  const has = (...kinds: Step["kind"][]): boolean => rest.steps.some((step) => kinds.includes(step.kind));
  const { impact } = rest;
  return {
    vmsToPowerOff: has("power_off", "shut_down_guest") ? impact.vmsToPowerOff : [],
    vmsToUnregister: has("unregister") ? impact.vmsToUnregister : [],
    vmsToRegister: has("register") ? impact.vmsToRegister : [],
    datastoresToUnmount: has("unmount") ? impact.datastoresToUnmount : [],
    volumesToUnassign: has("unassign") ? impact.volumesToUnassign : [],
    clonesToDelete: impact.clonesToDelete.filter((clone) =>
      rest.steps.some((step) => step.kind === "delete_clone" && step.volume.id === clone.id),
    ),
    snapshotsLost: has("rollback_volume") ? impact.snapshotsLost : [],
  };
}
