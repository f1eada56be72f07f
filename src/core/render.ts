/**
 * The text twin of every result (SURFACE: a contract that each has one). Plain text that reads well in a chat and on a
 * terminal; everything from outside has gone through `safeText`, long lists name their first 20.
 */
export { auditText } from "./render-audit.ts";
export { errorText } from "./render-error.ts";
export { inspectText, lunsText, snapshotsText, vmsText } from "./render-look.ts";
export { plansText, planText, questionText } from "./render-plan.ts";
export { finishedSteps, runsText, runText } from "./render-run.ts";
