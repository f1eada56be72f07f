/** What every driver over HTTP does around a call: it is logged, repeated where that does no harm, its answer checked. */
import type * as z from "zod";
import { errorTraits, PrepError } from "../core/domain/errors.ts";
import type { Clock, Logger } from "../core/ports/runtime.ts";
import { isConnectionReset, isTimedOut, networkReason } from "../net/errors.ts";
import { parsedJson } from "../net/json.ts";
import { peerText } from "../net/peer-text.ts";
import type { HttpReply, Outgoing, Transport } from "./transport.ts";

/** What came of one sending: an answer, or none (with what undici threw). */
export type Attempt = { readonly reply: HttpReply } | { readonly lost: unknown };

export interface Calls {
  /** One sending; `about` is what the log says of it. Never rejects. */
  send(outgoing: Omit<Outgoing, "within">, about: object): Promise<Attempt>;
  /** A reading: sent once more after a lost connection, and after the pause that a 503 asks for. */
  reading(send: () => Promise<Attempt>): Promise<Attempt>;
  /** As long as a 503's `Retry-After` says, within reason. */
  pause(reply: HttpReply): Promise<void>;
}

/** The configuration's keys for the time that one call and one job may take. */
export const CALL_LIMIT = "limits.arrayCall";
export const JOB_LIMIT = "limits.arrayJob";

/** Why nobody knows what became of a call that was sent. */
export const noAnswer = (lost: unknown): string =>
  isTimedOut(lost) ? `no answer came in time (${CALL_LIMIT})` : "no answer came";

const PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

export function createCalls(options: {
  transport: Transport;
  /** Such as DGS, for the log. */
  system: string;
  callMs: number;
  clock: Clock;
  log: Logger;
}): Calls {
  const { transport, system, callMs, clock, log } = options;
  const pause = (reply: HttpReply): Promise<void> =>
    clock.sleep(Math.min((reply.retryAfter ?? 0) * 1_000 || PAUSE_MS, LONGEST_PAUSE_MS));
  return {
    pause,
    send: async (outgoing, about) => {
      const began = clock.elapsed();
      const ms = (): number => Math.round(clock.elapsed() - began);
      try {
        const reply = await transport.exchange({ ...outgoing, within: callMs });
        log.debug({ system, ...about, status: reply.status, ms: ms() }, `${system} call`);
        return { reply };
      } catch (lost) {
        log.warn({ system, ...about, ms: ms(), reason: networkReason(lost) }, `${system} gave no answer`);
        return { lost };
      }
    },
    reading: async (send) => {
      const first = await send();
      if ("lost" in first) return isConnectionReset(first.lost) ? send() : first;
      if (first.reply.status !== 503) return first;
      await pause(first.reply);
      return send();
    },
  };
}

/** A failure on the way, with the call that met it. */
export const aboutCall = (error: PrepError, call: object): PrepError =>
  new PrepError(error.code, error.message, {
    found: { ...(typeof error.found === "object" ? error.found : {}), ...call },
    hint: error.hint,
    retryable: error.retryable,
    cause: error.cause,
  });

/** The body as the schema has it, or what is wrong with it, without its values. */
export function bodyOf<T>(
  reply: HttpReply,
  schema: z.ZodType<T>,
): { readonly value: T } | { readonly problem: string; readonly cause?: unknown } {
  const json = parsedJson(reply.text);
  if (json === undefined) return { problem: `no JSON (content type ${peerText(reply.contentType, 60) || "none"})` };
  const parsed = schema.safeParse(json);
  return parsed.success ? { value: parsed.data } : { problem: firstIssue(parsed.error), cause: parsed.error };
}

/** The first field that does not fit, without its value. */
export function firstIssue(error: z.ZodError): string {
  const [issue] = error.issues;
  if (issue === undefined) return "a field";
  const path = issue.path.reduce<string>(
    (text, part) => (typeof part === "number" ? `${text}[${part}]` : `${text}.${String(part)}`),
    "",
  );
  return `${path === "" ? "the document" : path.replace(/^\./, "")}: ${peerText(issue.message)}`;
}

/** Readings of a job that may fail in a row: with the waits between them, an array has time to fail over. */
export const JOB_PATIENCE = 16;

const FIRST_WAIT_MS = 5;
const LONGEST_WAIT_MS = 1_000;
const GROWTH = 2;

/**
 * Reads what a change has brought about. A reading that fails says nothing of the change, and is repeated as often as a job's;
 * in the end it is `unclear`: a change that was made is not called failed because it could not be looked at.
 */
export async function readAfterChange<T>(
  clock: Clock,
  read: () => Promise<T>,
  unclear: (cause: unknown) => PrepError,
): Promise<T> {
  let wait = nextJobWait(undefined);
  for (let failures = 0; ; wait = nextJobWait(wait)) {
    try {
      return await read();
    } catch (thrown) {
      if (!(thrown instanceof PrepError) || errorTraits(thrown.code).aboutPlan) throw thrown;
      failures += 1;
      if (failures >= JOB_PATIENCE) throw unclear(thrown);
      await clock.sleep(wait);
    }
  }
}

/** How long to wait before the next reading of a job, in ms: not at all before the first, which a quick one is over by. */
export const nextJobWait = (wait: number | undefined): number =>
  wait === undefined ? 0 : Math.min(Math.max(wait * GROWTH, FIRST_WAIT_MS), LONGEST_WAIT_MS);
