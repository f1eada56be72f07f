/**
 * A plan for the site's own script: one step, and what is known of its effect. With an array driver it is what the mode's own
 * steps would touch; without one, what the hypervisor's side shows.
 */
import { commandLine } from "../domain/command-line.ts";
import { PrepError } from "../domain/errors.ts";
import type { VmfsUuid } from "../domain/ids.ts";
import { traitsOf } from "../domain/modes.ts";
import { safeText } from "../domain/safe-text.ts";
import { blindSpotWarnings } from "../observe/blind-spots.ts";
import type { HostObservation } from "../observe/observe-host.ts";
import { fingerprintOf } from "../plans/facts.ts";
import type { Datastore, Vm } from "../ports/hypervisor.ts";
import type { Request } from "../request/request.ts";
import type { ScriptSettings } from "../request/script.ts";
import type { StepOf } from "../steps/types.ts";
import { refuseManaged, refuseQuestions } from "./blockers.ts";
import { vmsOn } from "./checks.ts";
import { isRunning, vmFact } from "./cleanup.ts";
import { hostFact } from "./common.ts";
import { type Draft, DraftBuilder, refOf, viewOf } from "./draft.ts";

export interface ScriptInput {
  readonly script: ScriptSettings;
  readonly request: Request;
  readonly vcenter: string;
}

function stepFor(
  { script, request, vcenter }: ScriptInput,
  snapshot: string | undefined,
  signatures: ReadonlySet<VmfsUuid>,
): Omit<StepOf<"script">, "id" | "kind" | "after"> {
  return {
    words: script.words(request, snapshot, vcenter),
    withPassword: script.withPassword,
    where: script.where,
    goal: { mode: request.mode, lun: request.lun, signatures: [...signatures].toSorted() },
  };
}

/** What whoever approves has to know of any run of the script. */
function warningsOf({ words, withPassword, where }: Omit<StepOf<"script">, "id" | "kind" | "after">): string[] {
  return [
    `Runs the site's own script ${where}: ${safeText(commandLine(words), 1_000)}${withPassword ? " -vp, with the configured password" : ""}`,
    "What the script does is its own: it cannot be stopped half-way without an unknown outcome, and may power VMs off hard.",
  ];
}

/** The draft of the mode's own steps, carried out by the script instead. */
export function carriedOutByScript(draft: Draft, input: ScriptInput, signatures: ReadonlySet<VmfsUuid>): Draft {
  if (draft.steps.length === 0) return draft;
  const step = stepFor(input, draft.snapshot?.snapshot.name ?? input.request.snapshot, signatures);
  const facts = { ...draft.facts, engine: engineFact(step) };
  return {
    ...draft,
    steps: [{ id: "s1", kind: "script", after: [], ...step }],
    warnings: [...warningsOf(step), ...draft.warnings],
    facts,
    fingerprint: fingerprintOf(facts),
  };
}

const engineFact = ({ words, where }: Pick<StepOf<"script">, "words" | "where">) => ({
  label: "The script",
  fields: { command: commandLine(words), where },
});

/** What can be told without an array. */
export function scriptDraft(input: ScriptInput, observation: HostObservation): Draft {
  const { request } = input;
  const { host, datastores, others } = observation;
  const draft = new DraftBuilder();
  const step = stepFor(input, request.snapshot, observation.signatures);
  const engine = engineFact(step);
  draft.fact("engine", engine.label, engine.fields);
  hostFact(draft, host);
  draft.fact("mounts", `What ${safeText(host.name)} has mounted`, {
    signatures: [...datastores, ...others]
      .map(({ vmfsUuid }) => vmfsUuid)
      .toSorted()
      .join(" "),
    disks: [...datastores, ...others]
      .flatMap(({ extents }) => extents)
      .toSorted()
      .join(" "),
  });
  draft.warnings.push(
    ...warningsOf(step),
    "No array can be asked: the names of LUN, client and snapshot are passed through unchecked.",
    ...(traitsOf(request.mode).usesSnapshot && request.snapshot === undefined
      ? ["No snapshot is named: the script takes the one that it holds for the latest."]
      : []),
    ...(request.mode === "rollback"
      ? ["Which newer snapshots are lost with the rollback cannot be determined without the array."]
      : []),
    ...blindSpotWarnings(host, observation.inventory),
  );
  for (const datastore of datastores) effectOn(draft, datastore, request, observation);
  if (datastores.length === 0) {
    draft.warnings.push(
      `No datastore on ${safeText(host.name)} carries the LUN's name: if the array has something else assigned to ${safeText(request.client)}, the script may clean that up.`,
    );
  }
  if (others.length > 0) {
    const named = others.slice(0, 10).map(({ name }) => safeText(name, 80));
    draft.warnings.push(
      `${safeText(host.name)} also has ${named.join(", ")}${others.length > named.length ? ` and ${others.length - named.length} more` : ""} mounted; which of these are assigned by the array cannot be determined from here.`,
    );
  }
  draft.add("script", step);
  return draft.finish();
}

function effectOn(draft: DraftBuilder, datastore: Datastore, request: Request, observation: HostObservation): void {
  const { host } = observation;
  const name = safeText(datastore.name);
  draft.fact(`datastore:${datastore.id}`, `Datastore ${name}`, {
    signature: datastore.vmfsUuid,
    disks: datastore.extents.toSorted().join(" "),
    accessible: String(datastore.accessible),
  });
  const elsewhere = datastore.mounts.filter(({ hostId, mounted }) => mounted && hostId !== host.id);
  if (elsewhere.length > 0) {
    throw new PrepError("DATASTORE_SHARED", `Datastore ${name} is mounted on other hosts too.`, {
      found: { datastore: datastore.id, hosts: elsewhere.map(({ hostId }) => hostId) },
      hint: "Unmount it on the other hosts first.",
    });
  }
  const vms = vmsOn(datastore, observation, draft.warnings);
  for (const vm of vms) vmFact(draft, vm, false);
  if (request.mode === "register") return;
  takenAway(draft, vms);
  if (!traitsOf(request.mode).cleansUp) return;
  draft.impact.datastoresToUnmount.push({ name, id: datastore.id, naa: datastore.extents.join(", ") });
}

function takenAway(draft: DraftBuilder, vms: readonly Vm[]): void {
  refuseManaged(vms);
  refuseQuestions(vms.filter(isRunning));
  draft.impact.vmsToPowerOff.push(...vms.filter(isRunning).map((vm) => viewOf(refOf(vm))));
  draft.impact.vmsToUnregister.push(...vms.map((vm) => viewOf(refOf(vm))));
}
