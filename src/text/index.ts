/**
 * The text twin of every result (SURFACE: a contract that each has one). Plain text that reads well in a chat and on a
 * terminal; everything from outside has gone through `safeText`, long lists name their first 20.
 */
export { auditText, chainText, cutText, whoText } from "./audit.ts";
export { capped } from "./cap.ts";
export { errorText } from "./error.ts";
export { inspectText, lunsText, snapshotsText, targetsText, vmsText } from "./inventory.ts";
export { discardedText, expiryText, plansText, planText, questionText } from "./plan.ts";
export { commandOf, presentError, presentInspection, presentPlan, presentRun } from "./present.ts";
export { finishedSteps, runsText, runText } from "./run.ts";
export { tokensText } from "./tokens.ts";
export { usualOf } from "./usual-times.ts";
export type { ErrorView, PlanView, RunView } from "./views.ts";
export { type Wording, wordingFor } from "./wording.ts";
