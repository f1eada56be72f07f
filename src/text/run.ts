/** Runs as text: what was done, what is going on, what is left. */

import { safeText } from "../core/domain/safe-text.ts";
import type { StepState } from "../core/domain/states.ts";
import { foundLines } from "./error.ts";
import { askedBy, bullets, count, page, personText, quoted, section, sentence } from "./lines.ts";
import { modeWords } from "./plan.ts";
import { STATE_WORDS } from "./summary.ts";
import type { RunView } from "./views.ts";

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

function stepLine(step: Step, index: number): string {
  const word = step.state === "pending" || step.state === "done" ? "" : ` (${step.state})`;
  const detail = step.detail === undefined ? "" : `: ${sentence(step.detail)}`;
  const error = step.error === undefined ? "" : `\n    ${step.error.code}: ${sentence(step.error.message)}`;
  return `${index + 1}. ${STEP_MARKS[step.state]} ${sentence(step.text)}${word}${detail}${error}`;
}

const COUNTED: readonly (readonly [StepState, string])[] = [
  ["done", "done"],
  ["skipped", "not needed"],
  ["running", "running"],
  ["pending", "to come"],
  ["failed", "failed"],
  ["unknown", "with an unknown outcome"],
];

/** Steps that went well or were not needed are counted; the others are told of. */
function stepLines({ steps, counts }: RunView, every: boolean): string[] {
  if (steps.length === 0) return ["No steps were needed: the goal was already reached."];
  const parts = COUNTED.flatMap(([state, words]) => {
    const n = counts[state] ?? 0;
    return n === 0 ? [] : [`${n} ${words}`];
  });
  const shown = steps.flatMap((step, index) =>
    every || step.state === "running" || step.state === "failed" || step.state === "unknown"
      ? [stepLine(step, index)]
      : [],
  );
  return [`Steps: ${parts.join(", ")}.`, ...shown];
}

function reportLines({ report }: RunView): string[] {
  if (report === undefined) return [];
  const { volume, datastore, vms, leftovers, latest } = report;
  const unregistered = vms.filter((vm) => !vm.registered);
  const on = datastore === undefined ? "" : `, datastore ${quoted(datastore.name)}`;
  return [
    ...(volume === undefined
      ? []
      : [`Volume ${quoted(volume.name)} (${safeText(volume.id)}, ${safeText(volume.naa)})${on}.`]),
    ...(vms.length === 0 ? [] : [`${count(vms.length, "VM")} on it, ${vms.length - unregistered.length} registered.`]),
    ...(latest === undefined
      ? []
      : [`"Latest" means snapshot ${quoted(latest.name)} (${safeText(latest.id)}) of the gold volume now.`]),
    ...section("Not registered", unregistered, (vm) => `${quoted(vm.name)} ${sentence(vm.path)}`),
    ...section("Left over", leftovers, sentence),
  ];
}

function errorLines({ error }: RunView): string[] {
  if (error === undefined) return [];
  return ["", `Stopped by ${error.code}: ${sentence(error.message)}`, ...foundLines(error.found)];
}

/** Who approved a run, and by which door. */
export const approvedText = ({ approvedBy }: Pick<RunView, "approvedBy">): string =>
  `approved by ${approvedBy === undefined ? "nobody (policy token)" : `${personText(approvedBy.who)} (${safeText(approvedBy.channel)})`}`;

/** One run, complete; `every`: with each step. */
export function runText(run: RunView, every = false): string {
  return page([
    `RUN ${safeText(run.runId)}: ${sentence(run.summary)}`,
    ...(run.resumes === undefined ? [] : [`It carries on what ${safeText(run.resumes)} left.`]),
    `    ${safeText(run.command, 4_000)}`,
    `${askedBy(run.requestedBy)}; ${approvedText(run)}.`,
    ...stepLines(run, every),
    ...errorLines(run),
    ...reportLines(run),
    ...(run.next.length === 0 ? [] : [`Next: ${run.next.map(sentence).join(" ")}`]),
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
