/** How a run ends whose steps, or whose beginning, failed. */
import { asPrepError, PrepError } from "../domain/errors.ts";
import type { FinishedRunState } from "../domain/states.ts";
import type { StepFailure } from "./graph.ts";

export interface Ending {
  readonly state: FinishedRunState;
  readonly error?: PrepError;
}

const stateFor = (error: PrepError): FinishedRunState =>
  error.code === "OUTCOME_UNKNOWN" || error.code === "GUEST_STILL_RUNNING" ? "needs_operator" : "failed";

export const endingFor = (error: PrepError): Required<Ending> => ({ state: stateFor(error), error });

/**
 * As the failed step that needs a person, else as the first that failed: its code, its hint. Where several failed side by
 * side, the error names each of them. Undefined where none did.
 */
export function endingOf(failures: readonly StepFailure[]): Ending | undefined {
  const endings = failures.map(({ step, thrown }) => ({ step, ...endingFor(asPrepError(thrown)) }));
  const worst = endings.find(({ state }) => state === "needs_operator") ?? endings[0];
  if (worst === undefined) return undefined;
  const { state, error } = worst;
  const others = endings.filter((one) => one !== worst);
  if (others.length === 0) return { state, error };
  const named = [worst, ...others].map(({ step: { id, kind }, error: { code, message, found } }) => ({
    step: id,
    kind,
    code,
    message,
    ...(found === undefined ? {} : { found }),
  }));
  const sentences = named.map(({ step, kind, message }) => `${step} ${kind}: ${message}`);
  return {
    state,
    error: new PrepError(error.code, `${named.length} steps failed. ${sentences.join(" ")}`, {
      found: { failed: named },
      hint: error.hint,
      next: error.next,
      retryable: error.retryable,
      cause: error,
      extra: error.extra,
    }),
  };
}
