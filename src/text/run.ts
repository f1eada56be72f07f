/** Runs as text: what was done, what is going on, what is left. */

import { safeText } from "../core/domain/safe-text.ts";
import type { RunState, StepState } from "../core/domain/states.ts";
import type { RunRecord } from "../core/records.ts";
import { foundLines } from "./error.ts";
import { bullets, commandLines, count, page, quoted, section, sentence } from "./lines.ts";
import { modeWords } from "./plan.ts";
import type { RunView } from "./views.ts";

const STATE_WORDS: Readonly<Record<RunState, string>> = {
  queued: "queued",
  running: "running",
  succeeded: "succeeded",
  failed: "FAILED",
  cancelled: "cancelled",
  interrupted: "INTERRUPTED",
  needs_operator: "NEEDS AN OPERATOR",
};

const STEP_MARKS: Readonly<Record<StepState, string>> = {
  pending: "[ ]",
  running: "[>]",
  done: "[x]",
  skipped: "[-]",
  failed: "[!]",
  unknown: "[?]",
};

type Step = RunView["steps"][number];

/** Steps that need no more work, or never will get any. */
export const finishedSteps = (run: { readonly steps: readonly { readonly state: StepState }[] }): number =>
  run.steps.filter((step) => step.state === "done" || step.state === "skipped" || step.state === "failed").length;

const isLive = (run: Pick<RunRecord, "state">): boolean => run.state === "queued" || run.state === "running";

function stepLine(step: Step, index: number): string {
  const word = step.state === "pending" || step.state === "done" ? "" : ` (${step.state})`;
  const detail = step.detail === undefined ? "" : `: ${sentence(step.detail)}`;
  const error = step.error === undefined ? "" : `\n    ${step.error.code}: ${sentence(step.error.message)}`;
  return `${index + 1}. ${STEP_MARKS[step.state]} ${sentence(step.text)}${word}${detail}${error}`;
}

function reportLines({ report }: RunView): string[] {
  if (report === undefined) return [];
  const { volume, datastore, vms, leftovers } = report;
  const facts = [
    ...(volume === undefined
      ? []
      : [`Volume: ${safeText(volume.name)} (${safeText(volume.id)}, ${safeText(volume.naa)})`]),
    ...(datastore === undefined ? [] : [`Datastore: ${safeText(datastore.name)} (${safeText(datastore.vmfsUuid)})`]),
  ];
  const registered = vms.filter((vm) => vm.registered).length;
  return [
    ...section("Report", facts, (fact) => fact),
    ...section(
      `VMs on it (${vms.length}, ${registered} registered)`,
      vms,
      (vm) => `${quoted(vm.name)} ${sentence(vm.path)}${vm.registered ? "" : " (not registered)"}`,
    ),
    ...section("Left over", leftovers, sentence),
  ];
}

function errorLines({ error }: RunView): string[] {
  if (error === undefined) return [];
  return [
    "",
    `Stopped by ${error.code}: ${sentence(error.message)}`,
    ...foundLines(error.found),
    `What you can do: ${sentence(error.hint)}`,
  ];
}

/** One run in full. */
export function runText(run: RunView): string {
  const progress = isLive(run) ? `, ${finishedSteps(run)} of ${count(run.steps.length, "step")} finished` : "";
  return page([
    `RUN ${safeText(run.runId)}: ${modeWords(run.mode)}, ${STATE_WORDS[run.state]}${progress}.`,
    ...(run.resumes === undefined ? [] : [`It carries on what ${safeText(run.resumes)} left.`]),
    ...(run.resumedBy === undefined ? [] : [`What it left was carried on by run ${safeText(run.resumedBy)}.`]),
    "",
    ...commandLines(run.command),
    ...(run.steps.length === 0 ? ["No steps were needed: the goal was already reached."] : ["Steps:"]),
    ...run.steps.map(stepLine),
    ...errorLines(run),
    ...reportLines(run),
    ...section("Next", run.next, sentence),
  ]);
}

/** Several runs, newest first as given, one line each with its command below. */
export function runsText(runs: readonly RunView[]): string {
  if (runs.length === 0) return "There are no runs.";
  return page([
    `${count(runs.length, "run")}, newest first:`,
    ...bullets(
      runs,
      (run) =>
        `${safeText(run.runId)}: ${modeWords(run.mode)}, ${STATE_WORDS[run.state]}, begun ${safeText(run.createdAt)}, ${finishedSteps(run)} of ${count(run.steps.length, "step")} finished${run.error === undefined ? "" : `, ${run.error.code}`}\n    ${safeText(run.command, 4_000)}`,
    ),
  ]);
}
