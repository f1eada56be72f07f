/**
 * Calls to DGS with everything around them: the session, what is repeated and what is not, what an answer must look like.
 */
import type { z } from "zod";
import { PrepError } from "../../core/domain/errors.ts";
import type { Clock, Logger } from "../../core/ports/runtime.ts";
import { isConnectionReset, networkReason, translateNetworkError, wasNeverSent } from "../../net/errors.ts";
import { parsedJson } from "../../net/json.ts";
import { AnswerTooLarge, type Outgoing, type Reply, type Transport } from "../transport.ts";
import { pageOf } from "./answers.ts";
import {
  garbage,
  isProblem,
  misfit,
  outcomeUnknown,
  refusal,
  sessionRefused,
  type Told,
  unavailable,
} from "./faults.ts";
import type { Sessions } from "./session.ts";

interface Call extends Told {
  readonly path: string;
}

export interface Change extends Call {
  readonly method: "POST" | "DELETE";
  readonly body?: unknown;
  /** Idempotency key: a repeat with it is answered with the first job. */
  readonly key: string;
}

export interface Api {
  read<T>(call: Call, schema: z.ZodType<T>): Promise<T>;
  /** As `read`, but undefined when the array says that there is no such thing. */
  find<T>(call: Call, schema: z.ZodType<T>): Promise<T | undefined>;
  /** Every page of a list, each id once. */
  list<T extends { readonly id: string }>(
    call: Call,
    query: Readonly<Record<string, string | undefined>>,
    schema: z.ZodType<T>,
  ): Promise<T[]>;
  change<T>(change: Change, schema: z.ZodType<T>): Promise<T>;
}

export interface ApiOptions {
  readonly transport: Transport;
  readonly sessions: Sessions;
  readonly url: string;
  readonly callMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const PAGE = "1000";
/** A million items: a list that goes on beyond has gone wrong. */
const MOST_PAGES = 1_000;
const PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 5_000;

/** What came of one sending: an answer, or none (with what undici threw). */
type Attempt = { readonly reply: Reply } | { readonly lost: unknown };

export function createApi(options: ApiOptions): Api {
  const { transport, sessions, url, clock, log } = options;

  const send = async (call: Told, outgoing: Omit<Outgoing, "within" | "headers">, key?: string): Promise<Attempt> => {
    const once = async (token: string): Promise<Attempt> => {
      const headers = { authorization: `Bearer ${token}`, ...(key === undefined ? {} : { "idempotency-key": key }) };
      const began = clock.elapsed();
      try {
        const reply = await transport.exchange({ ...outgoing, headers, within: options.callMs });
        log.debug(
          { system: "DGS", ...call, status: reply.status, ms: Math.round(clock.elapsed() - began) },
          "DGS call",
        );
        return { reply };
      } catch (lost) {
        log.warn(
          { system: "DGS", ...call, ms: Math.round(clock.elapsed() - began), reason: networkReason(lost) },
          "DGS gave no answer",
        );
        return { lost };
      }
    };
    const token = await sessions.token();
    const attempt = await once(token);
    if (!("reply" in attempt) || attempt.reply.status !== 401) return attempt;
    // Refused before anything was done, so that a change can be sent again as well.
    const again = await once(await sessions.token(token));
    if ("reply" in again && again.reply.status === 401) throw sessionRefused(call, url);
    return again;
  };

  const translated = (lost: unknown, call: Told): PrepError => {
    if (lost instanceof AnswerTooLarge) return garbage(call, "an answer of more than 32 MiB");
    const error = translateNetworkError(lost, { system: "DGS", address: url, section: "dgs" });
    return new PrepError(error.code, error.message, {
      found: { ...(typeof error.found === "object" ? error.found : {}), operationId: call.operationId, ...call.ids },
      hint: error.hint,
      retryable: error.retryable,
      cause: error.cause,
    });
  };

  const pause = (reply: Reply): Promise<void> =>
    clock.sleep(Math.min((reply.retryAfter ?? 0) * 1_000 || PAUSE_MS, LONGEST_PAUSE_MS));

  const get = async (call: Call): Promise<Reply> => {
    const outgoing = { method: "GET", path: call.path } as const;
    let attempt = await send(call, outgoing);
    if ("lost" in attempt && isConnectionReset(attempt.lost)) {
      attempt = await send(call, outgoing);
    } else if ("reply" in attempt && attempt.reply.status === 503) {
      await pause(attempt.reply);
      attempt = await send(call, outgoing);
    }
    if ("lost" in attempt) throw translated(attempt.lost, call);
    if (attempt.reply.status === 503) throw unavailable(call);
    return attempt.reply;
  };

  const read = async <T>(call: Call, schema: z.ZodType<T>): Promise<T> => parse(call, await get(call), schema);

  return {
    read,
    find: async (call, schema) => {
      const reply = await get(call);
      if (reply.status === 404 && isProblem(reply)) return undefined;
      return parse(call, reply, schema);
    },
    list: async <T extends { readonly id: string }>(
      call: Call,
      query: Readonly<Record<string, string | undefined>>,
      schema: z.ZodType<T>,
    ): Promise<T[]> => {
      const page = pageOf(schema);
      // Something may be added or removed between two pages, and an item then be met twice.
      const byId = new Map<string, T>();
      const cursors = new Set<string>();
      let cursor: string | undefined;
      do {
        const path = `${call.path}?${queryString({ ...query, limit: PAGE, cursor })}`;
        const { items, nextCursor } = await read({ ...call, path }, page);
        for (const item of items) byId.set(item.id, item);
        cursor = nextCursor == null || nextCursor === "" ? undefined : nextCursor;
        if (cursor !== undefined && (cursors.has(cursor) || cursors.size >= MOST_PAGES)) {
          throw garbage(call, "nextCursor: leads in a circle");
        }
        if (cursor !== undefined) cursors.add(cursor);
      } while (cursor !== undefined);
      return [...byId.values()];
    },
    change: async (change, schema) => {
      const { method, path, body, key, operationId, ids } = change;
      const call = { operationId, ids };
      const outgoing = { method, path, ...(body === undefined ? {} : { body }) };
      let verdict = judge(await send(call, outgoing, key), schema);
      if (verdict.kind === "unavailable") {
        await pause(verdict.reply);
        log.warn({ system: "DGS", ...call }, "DGS was busy; the call is repeated");
        verdict = judge(await send(call, outgoing, key), schema);
      }
      switch (verdict.kind) {
        case "done":
          return verdict.value;
        case "refused":
          throw refusal(call, verdict.reply);
        case "not-sent":
          throw translated(verdict.lost, call);
        case "unavailable":
          throw unavailable(call);
        // The key would make a repeat harmless. But something went wrong in the middle of a change, and what goes on from
        // there is a resumed run, which looks first and sends the same key: not a call that nobody sees.
        case "lost":
          throw outcomeUnknown(call, key, verdict.why, { cause: verdict.cause });
        default:
          return verdict satisfies never;
      }
    },
  };
}

/** What an attempt at a change means for whether the change was made. */
type Verdict<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "refused"; readonly reply: Reply }
  | { readonly kind: "unavailable"; readonly reply: Reply }
  | { readonly kind: "not-sent"; readonly lost: unknown }
  | { readonly kind: "lost"; readonly why: string; readonly cause?: unknown };

function judge<T>(attempt: Attempt, schema: z.ZodType<T>): Verdict<T> {
  if ("lost" in attempt) {
    const { lost } = attempt;
    return wasNeverSent(lost) ? { kind: "not-sent", lost } : { kind: "lost", why: "no answer came", cause: lost };
  }
  const { reply } = attempt;
  if (reply.status === 503) return { kind: "unavailable", reply };
  // A gateway's words: it does not know what became of the call behind it.
  if (reply.status === 502 || reply.status === 504) return { kind: "lost", why: `a gateway answered ${reply.status}` };
  if (reply.status >= 300) return { kind: "refused", reply };
  const parsed = schema.safeParse(parsedJson(reply.text));
  return parsed.success
    ? { kind: "done", value: parsed.data }
    : { kind: "lost", why: "the answer cannot be read", cause: parsed.error };
}

function parse<T>(call: Call, reply: Reply, schema: z.ZodType<T>): T {
  if (reply.status >= 300) throw refusal(call, reply);
  const json = parsedJson(reply.text);
  if (json === undefined) throw garbage(call, `no JSON (content type ${reply.contentType.slice(0, 60) || "none"})`);
  const parsed = schema.safeParse(json);
  if (!parsed.success) throw garbage(call, misfit(parsed.error));
  return parsed.data;
}

function queryString(query: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) search.set(key, value);
  }
  return search.toString();
}
