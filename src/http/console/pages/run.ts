/** One run, live; and those that there were. */
import { html } from "hono/html";
import { traitsOf } from "../../../core/domain/modes.ts";
import { isFinished, type RunState, type StepState } from "../../../core/domain/states.ts";
import type { RunRecord } from "../../../core/records.ts";
import { finishedSteps, presentRun, type RunView } from "../../../text/index.ts";
import { duration } from "../../../text/lines.ts";
import type { UsualTimes } from "../../../text/usual-times.ts";
import type { Wording } from "../../../text/wording.ts";
import { type Html, heading, hidden, inline, instant, listed, live, type Viewer, who } from "../layout.ts";
import { refusalBox } from "./plan.ts";

const STATES: Readonly<Record<RunState, readonly [string, string]>> = {
  queued: ["now", "queued"],
  running: ["now", "running"],
  succeeded: ["good", "succeeded"],
  failed: ["bad", "failed"],
  cancelled: ["warn", "cancelled"],
  interrupted: ["warn", "interrupted"],
  needs_operator: ["bad", "needs an operator"],
};
const STEP_WORDS: Readonly<Record<StepState, readonly [string, string]>> = {
  pending: ["", "to come"],
  running: ["now", "running"],
  done: ["good", "done"],
  skipped: ["", "not needed"],
  failed: ["bad", "failed"],
  unknown: ["bad", "outcome unknown"],
};

const tag = ([className, words]: readonly [string, string]): Html =>
  html`<span class="tag ${className}">${words}</span>`;
const stateOfRun = (state: RunState): Html => tag(STATES[state]);

const between = (from: string, to: string): number => Math.max(Date.parse(to) - Date.parse(from), 0);

/** How far it is, by its steps and by the clock. */
export function going(
  run: Pick<RunRecord, "state" | "steps" | "createdAt" | "endedAt">,
  usual: UsualTimes,
  now: string,
): Html {
  const finished = finishedSteps(run);
  const elapsed = between(run.createdAt, run.endedAt ?? now);
  const isLive = !isFinished(run.state);
  const expected = usual.run === undefined ? "" : html` <span class="dim">of usually ${duration(usual.run)}</span>`;
  const time = isLive
    ? html`<span data-elapsed="${elapsed}">${duration(elapsed)}</span>`
    : html`<span>${duration(elapsed)}</span>`;
  const bar = !isLive
    ? ""
    : html`<progress aria-label="Steps finished" max="${Math.max(run.steps.length, 1)}" value="${finished}"></progress>`;
  return html`<div class="going"><span>${stateOfRun(run.state)} ${finished} of ${run.steps.length} steps</span><span class="clock">${time}${expected}</span>${bar}</div>`;
}

/** The part of a run's page that changes. */
export function runState(run: RunRecord, usual: UsualTimes, now: string, wording: Wording): Html {
  const view = presentRun(run, wording);
  return html`${going(run, usual, now)}
${view.error === undefined ? "" : refusalBox(view.error)}
${listed("Next", isFinished(run.state) ? view.next.map((said) => html`${inline(said)}`) : [])}
${report(view)}
<h2>Steps</h2>
<ol class="steps">${view.steps.map((step, index) => stepRow(step, index, usual, now))}</ol>`;
}

function stepRow(step: RunView["steps"][number], index: number, usual: UsualTimes, now: string): Html {
  const { startedAt, endedAt } = step;
  const expected = usual.steps.get(step.kind);
  const took =
    startedAt === undefined
      ? ""
      : step.state === "running"
        ? html`<span data-elapsed="${between(startedAt, now)}">${duration(between(startedAt, now))}</span>`
        : duration(between(startedAt, endedAt ?? startedAt));
  return html`<li><span class="n" aria-hidden="true">${index + 1}</span><span>${step.text}${step.detail === undefined ? "" : html`<br><span class="dim">${step.detail}</span>`}${step.error === undefined ? "" : html`<br><span class="final">${step.error.code}: ${step.error.message}</span>`}</span><span class="clock dim">${took}${expected === undefined || step.state === "done" || step.state === "skipped" ? "" : html` <span>usually ${duration(expected)}</span>`} ${tag(STEP_WORDS[step.state])}</span></li>`;
}

function report({ report }: RunView): Html | "" {
  if (report === undefined) return "";
  const { volume, datastore, vms, leftovers } = report;
  const unregistered = vms.filter(({ registered }) => !registered);
  return html`<h2>Report</h2><dl class="facts">
${volume === undefined ? "" : html`<dt>Volume</dt><dd><span class="mono">${volume.name}</span> <span class="dim">${volume.id} · ${volume.naa}</span></dd>`}
${datastore === undefined ? "" : html`<dt>Datastore</dt><dd class="mono">${datastore.name}</dd>`}
<dt>VMs</dt><dd>${vms.length} on it, ${vms.length - unregistered.length} registered</dd></dl>
${listed("Left over", leftovers, "box warn")}`;
}

export interface RunPage {
  readonly run: RunRecord;
  readonly usual: UsualTimes;
  readonly viewer: Viewer;
  readonly now: string;
  readonly wording: Wording;
}

export function runPage({ run, usual, viewer, now, wording }: RunPage): Html {
  const { command, requestedBy, approvedBy, resumes, resumedBy } = presentRun(run, wording);
  const mayStop = !isFinished(run.state) && (viewer.role === "admin" || viewer.principal === run.requestedBy.principal);
  const state = runState(run, usual, now, wording);
  return html`<h1>${modeOf(run)}</h1>
<pre><code>${command}</code></pre>
<dl class="facts">
<dt>Asked by</dt><dd>${who(requestedBy.principal)}</dd>
<dt>Approved by</dt><dd>${approvedBy === undefined ? "nobody: its policy asks for none" : html`${who(approvedBy.who)} (${approvedBy.channel})`}</dd>
<dt>Plan</dt><dd class="mono"><a href="/console/plans/${run.planId}">${run.planId}</a></dd>
<dt>Run</dt><dd><span class="mono">${run.runId}</span>, begun ${instant(run.createdAt)} UTC</dd>
${resumes === undefined ? "" : html`<dt>Carries on</dt><dd><a href="/console/runs/${resumes}">${resumes}</a></dd>`}
${resumedBy === undefined ? "" : html`<dt>Carried on by</dt><dd><a href="/console/runs/${resumedBy}">${resumedBy}</a></dd>`}
<dt>Records</dt><dd><a href="/console/audit?run=${run.runId}">what the audit has of it</a></dd>
</dl>
${mayStop ? html`<form method="post" action="/console/runs/${run.runId}/cancel" data-while-open>${hidden(viewer)}<button class="no">Stop before the next step</button></form>` : ""}
${isFinished(run.state) ? state : live(`/console/runs/${run.runId}/events`, state)}`;
}

const modeOf = ({ target, mode }: Pick<RunRecord, "target" | "mode">): string =>
  `${heading(traitsOf(mode).name)}, ${target.lun.name} on ${target.client.name}`;

export function runsPage(runs: readonly RunRecord[], filter: { readonly lun: string; readonly client: string }): Html {
  return html`<h1>Runs</h1>
<form class="filters" method="get" action="/console/runs">
<div><label for="lun">LUN</label><input id="lun" name="lun" value="${filter.lun}"></div>
<div><label for="client">Client</label><input id="client" name="client" value="${filter.client}"></div>
<button>Show</button></form>
${
  runs.length === 0
    ? html`<p class="box">No run matches.</p>`
    : html`<table class="cards"><caption class="unseen">Runs, newest first</caption><thead><tr><th scope="col">Run</th><th scope="col">State</th><th scope="col">Asked by</th><th scope="col">Approved by</th><th scope="col">Begun, UTC</th><th scope="col" class="num">Took</th></tr></thead><tbody>${runs.map(
        (run) =>
          html`<tr><td><a href="/console/runs/${run.runId}">${modeOf(run)}</a><small class="mono">${run.runId}</small></td><td data-name="State">${stateOfRun(run.state)}</td><td data-name="Asked by">${who(run.requestedBy.principal)}</td><td data-name="Approved by">${run.approvedBy === undefined ? html`<span class="dim">none needed</span>` : who(run.approvedBy.who)}</td><td data-name="Begun">${instant(run.createdAt)}</td><td class="num" data-name="Took">${run.endedAt === undefined ? "" : duration(between(run.createdAt, run.endedAt))}</td></tr>`,
      )}</tbody></table>`
}`;
}

/** In a sentence, for who cannot see the page change. */
export const spokenRun = (run: RunRecord): string =>
  isFinished(run.state)
    ? `The run ${STATES[run.state][1]}.`
    : `The run is ${STATES[run.state][1]}, ${finishedSteps(run)} of ${run.steps.length} steps finished.`;
