/** What a request that failed is answered before anybody is known to have sent it: the code, and none of the error's words. */
import { asPrepError, type ErrorCode, type ErrorTraits, errorTraits } from "../core/domain/errors.ts";

/** Seconds after which what passes by itself may have passed. */
const AGAIN_AFTER = 5;

export interface Failure {
  readonly code: ErrorCode;
  readonly status: ErrorTraits["httpStatus"];
  readonly headers: Readonly<Record<string, string>>;
  /** What the code means. The error's own words can name hosts, accounts and paths. */
  readonly meaning: string;
}

export function failureOf(thrown: unknown): Failure {
  const { code, retryable } = asPrepError(thrown);
  const { httpStatus, meaning } = errorTraits(code);
  return { code, status: httpStatus, meaning, headers: retryable ? { "retry-after": String(AGAIN_AFTER) } : {} };
}

export function failureResponse(thrown: unknown): Response {
  const { code, status, meaning, headers } = failureOf(thrown);
  return Response.json({ error: code, error_description: meaning }, { status, headers });
}
