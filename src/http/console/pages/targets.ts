/** Who holds what: all targets in a table, and each by itself in a picture. */
import { html } from "hono/html";
import { traitsOf } from "../../../core/domain/modes.ts";
import type { Inspection, TargetInventory } from "../../../core/records.ts";
import { ago, type Html, instant, listed } from "../layout.ts";
import { type Family, picture } from "../picture.ts";

export function targetsPage({ targets }: TargetInventory): Html {
  return html`<h1>Targets</h1>
<table class="cards"><caption class="unseen">Clients with their hosts, the default first</caption><thead><tr><th scope="col">Client</th><th scope="col">Host</th><th scope="col">Holds</th><th scope="col">Under way</th></tr></thead><tbody>${targets.map(
    (target) => html`<tr>
<td><a href="/console/targets/${encodeURIComponent(target.client)}">${target.client}</a>${target.isDefault ? html` <span class="tag">default</span>` : ""}</td>
<td data-name="Host">${target.host}${target.paired ? "" : html`<small>as the array has it</small>`}</td>
<td data-name="Holds">${target.holds.length === 0 ? html`<span class="dim">nothing</span>` : target.holds.map((held) => html`${held.kind === "gold" ? "gold itself" : held.kind} of ${held.lun}<small>${held.volume.name}${held.since === undefined ? "" : html`, since ${instant(held.since)}`}</small>`)}${target.notes.map((note) => html`<small>${note}</small>`)}</td>
<td data-name="Under way">${target.runs.map(({ runId, state }) => html`<a href="/console/runs/${runId}">${state}</a> `)}${target.openPlans.length === 0 ? "" : html`<small>${target.openPlans.map((planId) => html`<a href="/console/plans/${planId}">open plan</a> `)}</small>`}</td></tr>`,
  )}</tbody></table>`;
}

export function targetPage(found: Inspection, families: readonly Family[], now: string): Html {
  return html`<h1 id="target">${found.client.name} on ${found.host.address}</h1>
<p class="dim">Read ${ago(found.at, now)}; the host is ${found.host.connectionState}.</p>
<div class="wide" tabindex="0" role="region" aria-labelledby="target">${picture(found, families)}</div>
${found.assigned.length === 0 ? "" : inWords(found)}
${listed("Notes", found.notes, "box warn")}
${listed(
  "Running",
  found.runningRuns.map(({ runId, state }) => html`<a href="/console/runs/${runId}">${runId}</a> ${state}`),
)}
${listed(
  "Open plans",
  found.openPlans.map(({ planId, mode }) => html`<a href="/console/plans/${planId}">${traitsOf(mode).name}</a>`),
)}`;
}

const inWords = ({ assigned }: Inspection): Html => html`<h2>The same in words</h2>
<table class="cards"><caption class="unseen">What is assigned</caption><thead><tr><th scope="col">Volume</th><th scope="col">Of</th><th scope="col">Datastore</th><th scope="col">VMs</th></tr></thead><tbody>${assigned.map(
  ({ lun, volume, fromSnapshot, datastore, mounted, vms }) => html`<tr>
<td data-name="Volume">${volume.name} <span class="tag">${volume.kind}</span><small class="mono">${volume.id} · ${volume.naa}</small></td>
<td data-name="Of">${lun}${fromSnapshot === undefined ? "" : html`<small>snapshot ${fromSnapshot.name}</small>`}</td>
<td data-name="Datastore">${datastore?.name ?? "none"}<small>${mounted ? "mounted" : "not mounted"}</small></td>
<td data-name="VMs">${vms.poweredOn} on, ${vms.poweredOff} off${vms.suspended > 0 ? `, ${vms.suspended} suspended` : ""}${vms.templates > 0 ? `, ${vms.templates} templates` : ""}<small>${vms.machines.map(({ name }) => name).join(", ")}</small></td></tr>`,
)}</tbody></table>`;
