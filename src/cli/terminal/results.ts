/** How commands say what came of them: text for people, or one JSON document. */
import { asPrepError, PrepError } from "../../core/domain/errors.ts";
import type { PlanView } from "../../core/views.ts";
import { errorText } from "../../text/index.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { type Io, say, tell } from "./io.ts";

/** Prints `document` as JSON, or else `text`, on standard output. */
export function answer({ io, json }: { io: Io; json: boolean }, document: unknown, text: () => string): void {
  say(io, json ? JSON.stringify(document, undefined, 2) : text());
}

/** Prints an error, without a stack, and returns the exit code for it. */
export function refuse({ io, json }: { io: Io; json: boolean }, thrown: unknown): number {
  const error = asPrepError(thrown);
  const view = withoutTokens(error.toView());
  if (json) say(io, JSON.stringify({ error: view }, undefined, 2));
  else tell(io, errorText(view));
  return exitCodeOf(error.code);
}

/** Ctrl-C at a question: no error to a person, who knows; a script still gets its one document. */
export function interrupted(to: { io: Io; json: boolean }): number {
  if (to.json) {
    const hint = "Run it again and answer.";
    refuse(
      to,
      new PrepError("NOT_APPROVED", "The question was interrupted. Nothing was changed.", { hint, retryable: false }),
    );
  }
  return 130;
}

/** A stale plan's error carries a fresh plan with its token, which is for assistants; a terminal has no use for it. */
function withoutTokens<View extends { readonly [member: string]: unknown }>(view: View): View {
  const plan = view["plan"];
  if (typeof plan !== "object" || plan === null || !("planToken" in plan)) return view;
  const { planToken: _, ...rest } = plan;
  return { ...view, plan: rest };
}

export function withoutToken(plan: PlanView): PlanView {
  const { planToken: _, ...rest } = plan;
  return rest;
}
