/** What all pages of the console have in common: the frame, and how persons and times are shown. */
import { html } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";
import type { Role } from "../../core/domain/roles.ts";
import { timeBetween } from "../../text/lines.ts";
import { SCRIPT_PATH } from "./script.ts";
import { STYLE_PATH } from "./style.ts";

export type Html = HtmlEscapedString | Promise<HtmlEscapedString>;

/** Who looks at a page. */
export interface Viewer {
  readonly principal: string;
  readonly role: Role;
  readonly person?: string;
  /** What each form of theirs has to bring along. */
  readonly csrf: string;
}

export const mayApprove = ({ role }: Pick<Viewer, "role">): boolean => role === "approver" || role === "admin";

const SECTIONS = [
  ["/console", "Plans"],
  ["/console/runs", "Runs"],
  ["/console/targets", "Targets"],
  ["/console/audit", "Audit"],
] as const;
export type Section = (typeof SECTIONS)[number][1];

export interface PageOptions {
  readonly title: string;
  readonly section?: Section;
  readonly viewer?: Viewer;
}

/** A whole page. */
export const page = ({ title, section, viewer }: PageOptions, body: Html | Html[]): Html => html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title} · atvm_prep</title>
<link rel="stylesheet" href="${STYLE_PATH}">
<link rel="icon" href="/console/icon.svg" type="image/svg+xml">
<script src="${SCRIPT_PATH}" defer></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header class="top">
<a class="brand" href="/console">atvm_prep</a>
${viewer === undefined ? "" : navigation(viewer, section)}
</header>
<main id="main" tabindex="-1">
${body}
</main>
<p id="announce" class="unseen" role="status"></p>
</body>
</html>`;

const navigation = (
  viewer: Viewer,
  section: Section | undefined,
): Html => html`<nav aria-label="Pages"><ul>${SECTIONS.map(
  ([href, name]) => html`<li><a href="${href}"${name === section ? html` aria-current="page"` : ""}>${name}</a></li>`,
)}</ul></nav>
<div class="who"><span>${viewer.person ?? who(viewer.principal)} <span class="tag">${viewer.role}</span></span>
<form method="post" action="/console/sign-out">${hidden(viewer)}<button class="quiet">Sign out</button></form></div>`;

/** What proves that a form is from a page of this session. */
export const hidden = ({ csrf }: Viewer): Html => html`<input type="hidden" name="csrf" value="${csrf}">`;

/** A principal by its name, with all of it at hand. */
export function who(principal: string): Html {
  const [, kind = "", name = principal] = /^(os|token|oidc):(.*?)@/.exec(principal) ?? [];
  const by = kind === "oidc" || kind === "" ? "" : ` · ${kind}`;
  return html`<span title="${principal}">${name}${by}</span>`;
}

/** `3 minutes ago`, with the instant at hand. */
export const ago = (at: string, now: string): Html =>
  html`<time datetime="${at}" title="${at}">${timeBetween(at, now)} ago</time>`;

/** `in 12 minutes`. */
export const ahead = (at: string, now: string): Html =>
  at <= now
    ? html`<time datetime="${at}" title="${at}">expired ${timeBetween(at, now)} ago</time>`
    : html`in <time datetime="${at}" title="${at}">${timeBetween(now, at)}</time>`;

/** An instant as it stands in tables: the day, and the time in UTC. */
export const instant = (at: string): Html =>
  html`<time datetime="${at}" title="${at}">${at.slice(0, 10)} <span class="clock">${at.slice(11, 19)}</span></time>`;

/** Our own sentences, in which a command stands between backticks. */
export const inline = (sentence: string): Html[] =>
  sentence.split("`").map((part, index) => (index % 2 === 1 ? html`<code>${part}</code>` : html`${part}`));

/** With a capital, as a heading. */
export const heading = (text: string): string => text.replace(/^./u, (first) => first.toUpperCase());

/** A list with a heading of its own; nothing where there is nothing to say. */
export const listed = (heading: string, items: readonly (string | Html)[], className = ""): Html | "" =>
  items.length === 0
    ? ""
    : html`<section${className === "" ? "" : html` class="${className}"`}><h2>${heading}</h2><ul>${items.map((item) => html`<li>${item}</li>`)}</ul></section>`;

/** What the page follows while it is open. Its content comes with the page, and anew with each event. */
export const live = (events: string, content: Html): Html => html`<div data-live="${events}">${content}</div>
<p class="box warn" role="alert" hidden>Not connected: what stands here may be out of date. <a href="">Load the page anew</a></p>`;
