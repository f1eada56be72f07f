/** What waits for an answer, and what runs. */
import { html } from "hono/html";
import type { PlanRecord, RunRecord } from "../../../core/records.ts";
import { type PlanView, presentPlan } from "../../../text/index.ts";
import type { UsualTimes } from "../../../text/usual-times.ts";
import type { Wording } from "../../../text/wording.ts";
import { ago, ahead, type Html, heading } from "../layout.ts";
import { asked, stateOfPlan } from "./plan.ts";
import { going } from "./run.ts";

export interface Overview {
  readonly plans: readonly PlanRecord[];
  readonly running: readonly { readonly run: RunRecord; readonly usual: UsualTimes }[];
  readonly now: string;
}

export function overview({ plans, running, now }: Overview, wording: Wording): Html {
  return html`<h1>Plans</h1>
${
  plans.length === 0
    ? html`<p class="box">No plan is open. One that an assistant or an operator makes appears here.</p>`
    : html`<table class="cards"><caption class="unseen">Open plans, newest first</caption>
<thead><tr><th scope="col">Plan and what it touches</th><th scope="col">Asked by</th><th scope="col">Made</th><th scope="col">Expires</th><th scope="col">Approval</th></tr></thead>
<tbody>${plans.map((plan) => row(presentPlan(plan, wording), now))}</tbody></table>`
}
${running.length === 0 ? "" : html`<h2>Running now</h2>${running.map(({ run, usual }) => html`<div class="box"><a href="/console/runs/${run.runId}">${run.runId}</a>${going(run, usual, now)}</div>`)}`}`;
}

const row = (plan: PlanView, now: string): Html => html`<tr>
<td><a href="/console/plans/${plan.planId}">${heading(plan.summary)}</a><small><code>${plan.command}</code></small></td>
<td data-name="Asked by">${asked(plan)}</td>
<td data-name="Made">${ago(plan.createdAt, now)}</td>
<td data-name="Expires">${ahead(plan.expiresAt, now)}</td>
<td data-name="Approval">${stateOfPlan(plan)}</td></tr>`;
