/** Before anybody is signed in. */
import { html } from "hono/html";
import type { ConsoleLinkRecord } from "../../../core/records.ts";
import { type Html, who } from "../layout.ts";

export const signInPage = (hasProvider: boolean, notice: string | undefined): Html => html`<div class="enter">
<h1>Sign in</h1>
${notice === undefined ? "" : html`<p class="box warn" role="alert">${notice}</p>`}
${hasProvider ? html`<p><a class="button" href="/console/sign-in/provider">Sign in with your provider</a></p><p class="dim">Or, on the controller:</p>` : html`<p>On the controller, this prints a link that signs you in:</p>`}
<pre><code>atvm_prep console</code></pre></div>`;

/** A link is used by a form: whatever previews or prefetches it does not use it up. */
export const enterPage = ({ principal, role }: ConsoleLinkRecord, secret: string): Html => html`<div class="enter">
<h1>Sign in</h1>
<p>As ${who(principal)}, with the role <span class="tag">${role}</span>.</p>
<form method="post" action="/console/sign-in"><input type="hidden" name="link" value="${secret}"><button>Sign in</button></form></div>`;
