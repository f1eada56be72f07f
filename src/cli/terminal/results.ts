/** How commands say what came of them: text for people, or one JSON document. */
import { asPrepError, PrepError } from "../../core/domain/errors.ts";
import { errorText, presentError, type Wording } from "../../text/index.ts";
import { exitCodeOf } from "./exit-codes.ts";
import { fitted } from "./fit.ts";
import { type Io, printErr, printOut } from "./io.ts";

/** Where results go, and how they are worded. */
export interface Output {
  readonly io: Io;
  readonly json: boolean;
  readonly wording: Wording;
}

/** Prints `document` as JSON, or else `text`, on standard output. */
export function printResult({ io, json }: Pick<Output, "io" | "json">, document: unknown, text: () => string): void {
  printOut(io, json ? JSON.stringify(document, undefined, 2) : fitted(text(), io.stdout, io.env));
}

/** Prints an error, without a stack, and returns the exit code for it. */
export function printError({ io, json, wording }: Output, thrown: unknown): number {
  const error = asPrepError(thrown);
  const view = withoutTokens(presentError(error, wording));
  if (json) printOut(io, JSON.stringify({ error: view }, undefined, 2));
  else printErr(io, errorText(view));
  return exitCodeOf(error.code);
}

/** Ctrl-C at a question: no error to a person, who knows; a script still gets its one document. */
export function interrupted(to: Output): number {
  if (to.json) {
    const hint = "Run it again, and let it come to its end.";
    printError(
      to,
      new PrepError("NOT_APPROVED", "The command was interrupted. Nothing was changed.", { hint, retryable: false }),
    );
  }
  return 130;
}

/** A stale plan's error carries a fresh plan with its token, which is for assistants; a terminal has no use for it. */
function withoutTokens<View extends { readonly [member: string]: unknown }>(view: View): View {
  const plan = view["plan"];
  if (typeof plan !== "object" || plan === null || !("planToken" in plan)) return view;
  return { ...view, plan: withoutToken(plan) };
}

export function withoutToken<Plan extends { readonly planToken?: unknown }>(plan: Plan): Omit<Plan, "planToken"> {
  const { planToken: _, ...rest } = plan;
  return rest;
}
