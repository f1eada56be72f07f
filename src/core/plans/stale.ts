import { PrepError, type PrepErrorOptions } from "../domain/errors.ts";
import type { PlanRecord } from "../records.ts";

/** What a plan relied on has changed: with what differs, and with the fresh plan that takes its place, where there can be one. */
export class StalePlan extends PrepError {
  readonly diff: readonly string[];
  readonly plan: PlanRecord | undefined;

  constructor(message: string, options: Omit<PrepErrorOptions, "extra">, diff: readonly string[], plan?: PlanRecord) {
    super("STALE_PLAN", message, { ...options, extra: { diff } });
    this.diff = diff;
    this.plan = plan;
  }
}
