/** The console's one script: it follows what a page shows. Without it, all that is missing is that pages change by themselves. */
import { createHash } from "node:crypto";

/** How long a page waits before it connects again. */
export const RETRY_MS = 3_000;

/**
 * A connection is closed while nobody looks at the page: a browser opens six of them to one server, and the seventh window
 * would hang. What comes is HTML that the server has escaped.
 *
 * A browser connects again by itself where a connection broke. Where anything but an event stream answers (a proxy whose
 * server is away, the page to sign in on) it gives up for good, and what is shown would grow old looking like the present.
 */
export const SCRIPT = `"use strict";
const RETRY_MS = ${RETRY_MS};
for (const region of document.querySelectorAll("[data-live]")) {
  const notice = region.nextElementSibling;
  let source, over = false, announced = "";
  const announce = (text) => {
    if (text === announced) return;
    if (announced !== "") document.getElementById("announce").textContent = text;
    announced = text;
  };
  const close = () => { source?.close(); source = undefined; };
  const open = () => {
    if (over || source || document.hidden) return;
    source = new EventSource(region.dataset.live);
    source.addEventListener("open", () => { notice.hidden = true; });
    source.addEventListener("error", () => {
      notice.hidden = false;
      if (source?.readyState !== EventSource.CLOSED) return;
      close();
      setTimeout(open, RETRY_MS);
    });
    source.addEventListener("state", ({ data }) => {
      const { html, status } = JSON.parse(data);
      if (!region.contains(document.activeElement)) region.innerHTML = html;
      started(region);
      announce(status);
    });
    source.addEventListener("over", () => {
      over = true;
      close();
      for (const form of document.querySelectorAll("[data-while-open]")) form.hidden = true;
    });
  };
  document.addEventListener("visibilitychange", () => document.hidden ? close() : open());
  open();
}
const words = (ms) => {
  const s = Math.floor(ms / 1000);
  return s < 60 ? s + " s" : Math.floor(s / 60) + " min " + (s % 60) + " s";
};
function started(within) {
  for (const one of within.querySelectorAll("[data-elapsed]")) one.since = performance.now() - Number(one.dataset.elapsed);
}
started(document);
setInterval(() => {
  for (const one of document.querySelectorAll("[data-elapsed]")) {
    one.textContent = words(performance.now() - one.since);
  }
}, 1000);
`;

const version = createHash("sha256").update(SCRIPT).digest("hex").slice(0, 12);
export const SCRIPT_PATH = `/console/live.js?v=${version}`;
