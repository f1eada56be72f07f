/** One plan: everything that a person decides by, and the forms to decide with. */
import { html } from "hono/html";
import { traitsOf } from "../../../core/domain/modes.ts";
import type { ErrorView, PlanView } from "../../../text/index.ts";
import { duration, timeBetween } from "../../../text/lines.ts";
import type { UsualTimes } from "../../../text/usual-times.ts";
import { ago, ahead, type Html, heading, hidden, inline, listed, mayApprove, type Viewer, who } from "../layout.ts";
import { directlyAfter, stepGraph } from "../step-graph.ts";

/** Who asked, with which program, and why. */
export const asked = ({ requestedBy: { principal, client, reason } }: Pick<PlanView, "requestedBy">): Html =>
  html`${who(principal)}${client === undefined ? "" : html`<small>with ${client}</small>`}${reason === undefined ? "" : html`<small>“${reason}”</small>`}`;

export const stateOfPlan = ({ state, approval }: Pick<PlanView, "state" | "approval">): Html => {
  switch (state) {
    case "open":
      if (approval.approvedBy !== undefined) return html`<span class="tag good">approved</span>`;
      return approval.policy === "token"
        ? html`<span class="tag">needs none</span>`
        : html`<span class="tag now">waits</span>`;
    case "redeemed":
      return html`<span class="tag good">carried out</span>`;
    case "stale":
      return html`<span class="tag warn">stale</span>`;
    case "obsolete":
      return html`<span class="tag warn">obsolete</span>`;
    case "discarded":
      return html`<span class="tag bad">dropped</span>`;
    case "expired":
      return html`<span class="tag warn">expired</span>`;
  }
};

/** What became of it so far: the part of the page that changes by itself. */
export function planState(plan: PlanView, now: string): Html {
  const { approval, declined } = plan;
  switch (plan.state) {
    case "open":
      if (approval.approvedBy === undefined)
        return html`<p>${stateOfPlan(plan)} Expires ${ahead(plan.expiresAt, now)}.</p>`;
      return html`<div class="box good"><h2>Approved</h2><p>By ${who(approval.approvedBy)}${approval.channel === undefined ? "" : ` (${approval.channel})`}. It runs once whoever asked confirms it; the run then appears here. It expires ${ahead(plan.expiresAt, now)}.</p></div>`;
    case "redeemed":
      return html`<div class="box good"><h2>Carried out</h2><p>${approval.approvedBy === undefined ? "No approval was asked for." : html`Approved by ${who(approval.approvedBy)}.`} ${plan.runId === undefined ? "" : html`<a href="/console/runs/${plan.runId}">Its run</a> says what was done.`}</p></div>`;
    case "stale":
      return html`<div class="box warn"><h2>Stale: the state changed since it was made</h2><ul>${(plan.diff ?? []).map((said) => html`<li>${said}</li>`)}</ul>${plan.freshPlanId === undefined ? "" : html`<p><a href="/console/plans/${plan.freshPlanId}">Plan ${plan.freshPlanId}</a> took its place. It needs an approval of its own.</p>`}</div>`;
    case "obsolete":
      return html`<div class="box warn"><h2>Obsolete</h2><p>Another plan for this LUN or client was carried out since.</p></div>`;
    case "expired":
      return html`<div class="box warn"><h2>Expired</h2><p>It ${ahead(plan.expiresAt, now)} and cannot be approved or run any more.</p></div>`;
    case "discarded":
      return declined === undefined
        ? html`<div class="box warn"><h2>Discarded</h2><p>It will not run.</p></div>`
        : html`<div class="box lost"><h2>Declined</h2><p>By ${who(declined.who)}${declined.reason === undefined ? ", without a reason." : html`: “${declined.reason}”`}</p></div>`;
  }
}

/** In a sentence, for who cannot see the page change. */
export const spokenState = ({ state, approval }: PlanView): string =>
  state === "open"
    ? approval.approvedBy === undefined
      ? "The plan waits."
      : "The plan is approved."
    : `The plan is ${state}.`;

const named = (one: { readonly name: string }): Html => html`<span class="mono">${one.name}</span>`;
const volume = ({ name, id }: { readonly name: string; readonly id: string }): Html =>
  html`<span class="mono">${name}</span> <span class="dim">${id}</span>`;

function impact({ impact, steps, createdAt }: PlanView): Html {
  const { clonesToDelete, snapshotsLost } = impact;
  const deleted = new Set(clonesToDelete.map(({ id }) => id));
  const lost = [
    ...clonesToDelete.map((clone) => html`Clone ${volume(clone)} is deleted.`),
    ...snapshotsLost.map(
      (one) => html`Snapshot ${volume(one)}, ${timeBetween(one.createdAt, createdAt)} old, is lost.`,
    ),
  ];
  const rolledBack = steps.filter(({ kind }) => kind === "rollback_volume").map(({ text }) => html`${text}`);
  const off = steps.some(({ kind }) => kind === "shut_down_guest") ? "Shut down through the guest" : "Powered off hard";
  const parts: readonly (readonly [string, readonly Html[]])[] = [
    [off, impact.vmsToPowerOff.map(named)],
    ["Unregistered, files stay", impact.vmsToUnregister.map(named)],
    ["Registered", impact.vmsToRegister.map(named)],
    ["Datastores unmounted", impact.datastoresToUnmount.map(named)],
    ["Unassigned", impact.volumesToUnassign.filter(({ id }) => !deleted.has(id)).map(volume)],
  ];
  const touched = parts.filter(([, items]) => items.length > 0);
  return html`${listed("Lost for good", [...rolledBack, ...lost], "box lost")}
<h2>Touched</h2>
${touched.length === 0 ? html`<p>${lost.length === 0 ? "Nothing that exists now." : "Nothing else that exists now."}</p>` : html`<dl class="facts">${touched.map(([what, items]) => html`<dt>${what} (${items.length})</dt><dd>${items.slice(0, 60).map((item, index) => html`${index === 0 ? "" : ", "}${item}`)}${items.length > 60 ? ` and ${items.length - 60} more` : ""}</dd>`)}</dl>`}`;
}

function stepList(plan: PlanView, usual: UsualTimes): Html {
  const { steps } = plan;
  if (steps.length === 0) return html`<h2>Steps</h2><p>None: the goal is already reached.</p>`;
  const before = directlyAfter(steps);
  return html`<h2 id="steps">Steps${usual.run === undefined ? "" : html` <span class="dim">usually ${duration(usual.run)} in all</span>`}</h2>
<div class="wide" tabindex="0" role="region" aria-labelledby="steps">${stepGraph(steps)}</div>
<ol class="steps">${steps.map((step, index) => {
    const earlier = (before[index] ?? []).map((at) => at + 1);
    const time = usual.steps.get(step.kind);
    return html`<li><span class="n" aria-hidden="true">${index + 1}</span><span>${step.text}${step.irreversible ? html` <span class="final">cannot be undone</span>` : ""}</span><span class="dim">${earlier.length === 0 ? "at once" : `after ${earlier.join(", ")}`}${time === undefined ? "" : ` · ${duration(time)}`}</span></li>`;
  })}</ol>`;
}

function answerForms(plan: PlanView, viewer: Viewer, typed: string | undefined): Html | "" {
  if (plan.state !== "open") return "";
  if (!mayApprove(viewer))
    return html`<p class="box" data-while-open>Your role is ${viewer.role}: it sees plans, and an approver answers them.</p>`;
  const { planId } = plan;
  const isApproved = plan.approval.approvedBy !== undefined;
  const approve = isApproved
    ? ""
    : html`<form method="post" action="/console/plans/${planId}/approve">${hidden(viewer)}
${
  traitsOf(plan.mode).typedName
    ? html`<label for="lun">To approve, type the LUN's full name</label><input id="lun" name="lun" value="${typed ?? ""}" autocomplete="off" spellcheck="false" required aria-describedby="lun-hint"><p id="lun-hint" class="dim">It cannot be undone. The name: <span class="mono">${plan.target.lun.name}</span></p>`
    : html`<p>You approve exactly this command, with these steps, until it expires. It runs when whoever asked confirms it.</p>`
}<button>Approve</button></form>`;
  return html`<h2>Your answer</h2><div class="answer" data-while-open>${approve}
<form method="post" action="/console/plans/${planId}/decline">${hidden(viewer)}
<label for="reason">To decline, say why</label><textarea id="reason" name="reason" rows="2" maxlength="500" required></textarea><button class="no">Decline</button></form></div>`;
}

export interface PlanPage {
  readonly plan: PlanView;
  readonly usual: UsualTimes;
  readonly viewer: Viewer;
  readonly now: string;
  /** What an answer was refused with. */
  readonly refused?: ErrorView;
  readonly typed?: string;
  /** The part that changes by itself. */
  readonly state: Html;
}

export function planPage({ plan, usual, viewer, now, refused, typed, state }: PlanPage): Html {
  const { target, snapshot } = plan;
  return html`<h1>${heading(plan.summary)}</h1>
${refused === undefined ? "" : refusalBox(refused)}
${state}
<pre><code>${plan.command}</code></pre>
<dl class="facts">
<dt>Asked by</dt><dd>${asked(plan)}</dd>
<dt>Made</dt><dd>${ago(plan.createdAt, now)}</dd>
<dt>Target</dt><dd><a href="/console/targets/${encodeURIComponent(target.client.name)}">${target.client.name}</a> · ${target.host.address} · vCenter ${target.vcenter}</dd>
${snapshot === undefined ? "" : html`<dt>Snapshot</dt><dd><span class="mono">${snapshot.name}</span> <span class="dim">${snapshot.id}</span>, ${timeBetween(snapshot.createdAt, plan.createdAt)} old, ${snapshot.chosenBy === "latest" ? "chosen as the latest" : "as named"}</dd>`}
<dt>Policy</dt><dd>${POLICY_WORDS[plan.approval.policy]}</dd>
<dt>Plan</dt><dd class="mono">${plan.planId}</dd>
</dl>
${listed("Warnings", plan.warnings, "box warn")}
${impact(plan)}
${stepList(plan, usual)}
${listed("Afterwards", plan.afterwards)}
${listed("Left unchanged", plan.leftovers)}
${answerForms(plan, viewer, typed)}`;
}

const POLICY_WORDS: Readonly<Record<PlanView["approval"]["policy"], string>> = {
  token: "whoever asked may confirm it by themselves",
  prompt: "whoever asked is asked through their program, or a person approves it here",
  human: "a person approves it here or on the controller",
};

export const refusalBox = ({ code, message, hint }: ErrorView): Html =>
  html`<div class="box lost" role="alert"><h2>${code}</h2><p>${message}</p><p class="dim">${inline(hint)}</p></div>`;

/** The same as a page of its own. */
export const refusalPage = (error: ErrorView): Html => html`<h1>Refused</h1>${refusalBox(error)}`;
