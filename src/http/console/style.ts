/** The console's one style sheet. */
import { createHash } from "node:crypto";

export const STYLE = `:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f8, #14171a);
  --paper: light-dark(#ffffff, #1b1f23);
  --ink: light-dark(#1c2126, #e3e7ea);
  --dim: light-dark(#57606a, #9aa5af);
  --line: light-dark(#d9dee3, #30373d);
  --accent: light-dark(#0b5cad, #7ab7f5);
  --good: light-dark(#1a6b34, #74c98e);
  --warn: light-dark(#8a4b00, #e5b567);
  --bad: light-dark(#b3261e, #ff9a90);
  --bad-ground: light-dark(#fdf0ef, #2d1b1a);
  --warn-ground: light-dark(#fdf6e7, #2a2417);
  --good-ground: light-dark(#eef7f0, #17251b);
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); font: 14px/1.45 system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; overflow-wrap: break-word; }
a { color: var(--accent); text-decoration-thickness: 1px; text-underline-offset: 2px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
main:focus { outline: none; }
.skip { position: absolute; left: -999px; }
.skip:focus { left: 8px; top: 8px; background: var(--paper); padding: 6px 10px; z-index: 1; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; margin: 0; }
.top { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 24px; padding: 8px 24px; background: var(--paper); border-bottom: 1px solid var(--line); }
.brand { font: 600 15px var(--mono); color: var(--ink); text-decoration: none; }
.top ul { display: flex; gap: 4px; list-style: none; margin: 0; padding: 0; }
.top nav a { display: block; padding: 5px 10px; border-radius: 5px; color: var(--dim); text-decoration: none; }
.top nav a:hover { color: var(--ink); }
.top nav a[aria-current] { color: var(--ink); background: var(--ground); font-weight: 600; }
.who { margin-left: auto; display: flex; align-items: center; gap: 12px; color: var(--dim); }
.who form { margin: 0; }
main { max-width: 1160px; margin: 0 auto; padding: 20px 24px 48px; }
h1 { font-size: 20px; line-height: 1.25; margin: 4px 0 12px; }
h2 { font-size: 14px; margin: 24px 0 8px; }
p { margin: 6px 0; }
ul, ol { margin: 4px 0; padding-left: 20px; }
code, pre, .mono { font-family: var(--mono); font-size: 12.5px; }
pre { margin: 8px 0; padding: 10px 12px; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; white-space: pre-wrap; }
.dim { color: var(--dim); }
.clock { font-variant-numeric: tabular-nums; }
.tag { display: inline-block; padding: 0 7px; border: 1px solid currentColor; border-radius: 9px; font-size: 12px; line-height: 17px; white-space: nowrap; color: var(--dim); }
.tag.good { color: var(--good); } .tag.warn { color: var(--warn); } .tag.bad { color: var(--bad); } .tag.now { color: var(--accent); }
table { width: 100%; border-collapse: collapse; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; }
th { text-align: left; font-weight: 600; font-size: 12px; color: var(--dim); padding: 7px 12px; border-bottom: 1px solid var(--line); white-space: nowrap; }
td { padding: 8px 12px; border-bottom: 1px solid var(--line); vertical-align: top; }
tr:last-child td { border-bottom: 0; }
td.num, th.num { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.free { overflow-wrap: anywhere; }
time, .who { white-space: nowrap; }
td small, dd small { display: block; color: var(--dim); font-size: 12.5px; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: 4px 16px; margin: 12px 0; }
dt { color: var(--dim); } dd { margin: 0; }
.box { padding: 10px 14px; border: 1px solid var(--line); border-left-width: 4px; border-radius: 6px; background: var(--paper); margin: 12px 0; }
.box h2 { margin: 0 0 4px; }
.box.lost { border-left-color: var(--bad); background: var(--bad-ground); }
.box.lost h2 { color: var(--bad); }
.box.warn { border-left-color: var(--warn); background: var(--warn-ground); }
.box.good { border-left-color: var(--good); background: var(--good-ground); }
.answer { display: grid; grid-template-columns: repeat(auto-fit, minmax(260px, 1fr)); gap: 12px; }
.answer[hidden] { display: none; }
.answer form { padding: 14px; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; margin: 0; }
label { display: block; font-weight: 600; margin-bottom: 4px; }
input, select, textarea { width: 100%; font: inherit; color: inherit; background: var(--ground); border: 1px solid light-dark(#8a939b, #6b757e); border-radius: 5px; padding: 6px 9px; }
textarea { min-height: 34px; resize: vertical; }
button, .button { font: inherit; font-weight: 600; display: inline-block; margin-top: 10px; padding: 6px 16px; border: 1px solid var(--accent); border-radius: 5px; background: var(--accent); color: var(--paper); cursor: pointer; text-decoration: none; }
button.no { background: transparent; color: var(--bad); border-color: var(--bad); }
button.quiet { margin: 0; padding: 3px 10px; background: transparent; color: var(--dim); border-color: var(--line); font-weight: 400; }
.filters { display: flex; flex-wrap: wrap; gap: 8px 12px; align-items: end; margin: 12px 0; }
.filters div { flex: 1 1 130px; } .filters label { font-weight: 400; color: var(--dim); font-size: 12px; margin: 0; }
.steps { list-style: none; padding: 0; margin: 0; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; }
.steps span, dd, pre, .box li { overflow-wrap: anywhere; }
.steps li { display: grid; grid-template-columns: 28px 1fr max-content; gap: 0 8px; padding: 7px 12px; border-bottom: 1px solid var(--line); }
.steps li:last-child { border-bottom: 0; }
.steps .n { color: var(--dim); font-variant-numeric: tabular-nums; text-align: right; }
.steps .final { color: var(--bad); font-weight: 600; }
.wide { overflow-x: auto; background: var(--paper); border: 1px solid var(--line); border-radius: 6px; padding: 12px; margin: 8px 0; }
svg { display: block; max-width: none; }
svg text { font: 12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; fill: var(--ink); }
svg .label { fill: var(--dim); font-size: 11px; }
svg .shape { fill: var(--ground); stroke: var(--line); }
svg .shape.held { stroke: var(--accent); stroke-width: 1.5; }
svg .shape.final { stroke: var(--bad); stroke-width: 1.5; }
svg .edge { fill: none; stroke: var(--dim); stroke-width: 1.2; }
svg .edge.off { stroke-dasharray: 4 4; }
svg .on { fill: var(--good); } svg .rest { fill: none; stroke: var(--dim); }
progress { width: 100%; height: 8px; accent-color: var(--accent); }
.going { display: grid; grid-template-columns: 1fr max-content; gap: 2px 16px; align-items: center; margin: 8px 0 12px; }
.going progress { grid-column: 1 / -1; }
.enter { max-width: 460px; margin: 8vh auto 0; padding: 20px 24px; background: var(--paper); border: 1px solid var(--line); border-radius: 8px; }
@media (max-width: 720px) {
  .top, main { padding-left: 14px; padding-right: 14px; }
  .who { margin-left: 0; }
  table.cards, .cards tbody, .cards tr, .cards td { display: block; }
  .cards thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .cards tr { border-bottom: 1px solid var(--line); padding: 6px 0; } .cards tr:last-child { border: 0; }
  .cards td { border: 0; padding: 3px 12px; text-align: left; }
  .cards td[data-name]::before { content: attr(data-name) ": "; color: var(--dim); }
  dl.facts { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 6px; }
}
@media (prefers-reduced-motion: no-preference) { .tag.now { animation: pulse 2s ease-in-out infinite; } @keyframes pulse { 50% { border-color: transparent; } } }
`;

const version = createHash("sha256").update(STYLE).digest("hex").slice(0, 12);
export const STYLE_PATH = `/console/style.css?v=${version}`;

/** A disk, and what becomes of it. */
export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3" fill="#0b5cad"/><path d="M4 5.5h8M4 8h8M4 10.5h5" stroke="#fff" stroke-width="1.5" stroke-linecap="round"/></svg>`;
