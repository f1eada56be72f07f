/** The audit: whether its chain holds, and the rows that are asked for. */
import { html } from "hono/html";
import { safeText } from "../../../core/domain/safe-text.ts";
import { AUDIT_EVENTS } from "../../../core/domain/states.ts";
import type { AuditPage, AuditRowRecord } from "../../../core/records.ts";
import { cutText } from "../../../text/index.ts";
import { type Html, instant, who } from "../layout.ts";

/** As the form sends it; "" for what is not asked for. */
export interface AuditQuery {
  readonly type: string;
  readonly actor: string;
  readonly plan: string;
  readonly run: string;
  readonly since: string;
  readonly until: string;
  readonly steps: boolean;
}

const DATA_LENGTH = 1_000;

export function auditPage({ rows, chain }: AuditPage, query: AuditQuery, notice: string | undefined): Html {
  const newestFirst = rows.toReversed();
  return html`<h1>Audit</h1>
${
  chain.holds
    ? html`<p class="box good"><strong>The chain holds:</strong> ${chain.rows} rows${chain.head === undefined ? "" : html`, head <span class="mono">${chain.head.slice(0, 16)}</span>`}.</p>`
    : html`<div class="box lost" role="alert"><h2>The chain is broken</h2><ul>${chain.problems.map((problem) => html`<li>${problem}</li>`)}</ul></div>`
}
${chain.cut === undefined ? "" : html`<p>${cutText(chain.cut)}</p>`}
<form class="filters" method="get" action="/console/audit">
<div><label for="type">Type</label><select id="type" name="type"><option value="">any</option>${AUDIT_EVENTS.map(
    (type) =>
      html`<option value="${type}"${type === query.type ? html` selected` : ""}>${type.replaceAll("_", " ")}</option>`,
  )}</select></div>
${field("actor", "Actor has", query.actor)}${field("plan", "Plan", query.plan)}${field("run", "Run", query.run)}
${field("since", "Since, UTC", query.since, "2026-11-28T09:00")}${field("until", "Until, UTC", query.until, "2026-11-28T18:00")}
<div><label for="steps">Single steps</label><select id="steps" name="steps"><option value="">left out</option><option value="1"${query.steps ? html` selected` : ""}>shown</option></select></div>
<button>Show</button></form>
${notice === undefined ? "" : html`<p class="box warn" role="alert">${notice}</p>`}
${
  newestFirst.length === 0
    ? html`<p class="box">No row matches.</p>`
    : html`<table class="cards"><caption class="unseen">Rows of the audit, newest first</caption><thead><tr><th scope="col" class="num">Row</th><th scope="col">At, UTC</th><th scope="col">What</th><th scope="col">Who</th><th scope="col">About</th></tr></thead><tbody>${newestFirst.map(row)}</tbody></table>`
}`;
}

const field = (name: string, label: string, value: string, example = ""): Html =>
  html`<div><label for="${name}">${label}</label><input id="${name}" name="${name}" value="${value}" placeholder="${example}"></div>`;

function row({ seq, at, type, actor, channel, client, planId, runId, data, hash }: AuditRowRecord): Html {
  const said = Object.keys(data).length === 0 ? "" : safeText(JSON.stringify(data), DATA_LENGTH);
  return html`<tr><td class="num" data-name="Row" title="${hash}">${seq}</td><td data-name="At">${instant(at)}</td><td data-name="What">${safeText(type).replaceAll("_", " ")}</td><td data-name="Who">${who(safeText(actor))}<small>${safeText(channel)}${client === undefined ? "" : `, ${safeText(client)}`}</small></td><td data-name="About" class="free">${planId === undefined ? "" : html`<a class="mono" href="/console/plans/${encodeURIComponent(planId)}">${safeText(planId)}</a> `}${runId === undefined ? "" : html`<a class="mono" href="/console/runs/${encodeURIComponent(runId)}">${safeText(runId)}</a>`}${said === "" ? "" : html`<small class="mono">${said}</small>`}</td></tr>`;
}
