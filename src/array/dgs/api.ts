/**
 * Calls to DGS with everything around them: the session, what is repeated and what is not, what an answer must look like.
 */
import type * as z from "zod";
import type { PrepError } from "../../core/domain/errors.ts";
import type { Clock, Logger } from "../../core/ports/runtime.ts";
import { translateNetworkError, wasNeverSent } from "../../net/errors.ts";
import { type Attempt, aboutCall, bodyOf, CALL_LIMIT, createCalls, noAnswer } from "../calls.ts";
import { AnswerTooLarge, type HttpReply, type Outgoing, type Transport } from "../transport.ts";
import {
  type CallSummary,
  garbage,
  isNoRoom,
  isProblem,
  outcomeUnknown,
  problemWords,
  refusal,
  sessionRefused,
  unavailable,
} from "./errors.ts";
import { pageOf } from "./schemas.ts";
import type { Sessions } from "./session.ts";

interface DgsCall extends CallSummary {
  readonly path: string;
}

export interface Change extends DgsCall {
  readonly method: "POST" | "DELETE";
  readonly body?: unknown;
  /** Idempotency key: a repeat with it is answered with the first job. */
  readonly key: string;
}

export interface Api {
  read<T>(call: DgsCall, schema: z.ZodType<T>): Promise<T>;
  /** As `read`, but undefined when the array says that there is no such thing. */
  find<T>(call: DgsCall, schema: z.ZodType<T>): Promise<T | undefined>;
  /** Every page of a list, each id once. */
  list<T extends { readonly id: string }>(
    call: DgsCall,
    query: Readonly<Record<string, string | undefined>>,
    schema: z.ZodType<T>,
  ): Promise<T[]>;
  change<T>(change: Change, schema: z.ZodType<T>): Promise<T>;
}

export interface ApiOptions {
  readonly transport: Transport;
  readonly sessions: Sessions;
  readonly section: string;
  readonly url: string;
  readonly callMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

const PAGE = "1000";
/** A million items: a list that goes on beyond has gone wrong. */
const MOST_PAGES = 1_000;

export function createApi(options: ApiOptions): Api {
  const { transport, sessions, section, url, clock, log } = options;

  const calls = createCalls({ transport, system: "DGS", callMs: options.callMs, clock, log });

  const send = async (
    call: CallSummary,
    outgoing: Omit<Outgoing, "within" | "headers">,
    key?: string,
  ): Promise<Attempt> => {
    const once = (token: string): Promise<Attempt> => {
      const headers = { authorization: `Bearer ${token}`, ...(key === undefined ? {} : { "idempotency-key": key }) };
      return calls.send({ ...outgoing, headers }, call);
    };
    const token = await sessions.token();
    const attempt = await once(token);
    if (!("reply" in attempt) || attempt.reply.status !== 401) return attempt;
    // Refused before anything was done, so that a change can be sent again as well.
    const again = await once(await sessions.token(token));
    if ("reply" in again && again.reply.status === 401) throw sessionRefused(call, url);
    return again;
  };

  const translated = (lost: unknown, call: CallSummary): PrepError => {
    if (lost instanceof AnswerTooLarge) return garbage(call, "an answer of more than 32 MiB");
    const error = translateNetworkError(lost, { system: "DGS", address: url, section, callLimit: CALL_LIMIT });
    return aboutCall(error, { operationId: call.operationId, ...call.ids });
  };

  const get = async (call: DgsCall): Promise<HttpReply> => {
    const attempt = await calls.reading(() => send(call, { method: "GET", path: call.path }));
    if ("lost" in attempt) throw translated(attempt.lost, call);
    if (attempt.reply.status === 503) throw unavailable(call);
    return attempt.reply;
  };

  const read = async <T>(call: DgsCall, schema: z.ZodType<T>): Promise<T> => parse(call, await get(call), schema);

  return {
    read,
    find: async (call, schema) => {
      const reply = await get(call);
      if (reply.status === 404 && isProblem(reply)) return undefined;
      return parse(call, reply, schema);
    },
    list: async <T extends { readonly id: string }>(
      call: DgsCall,
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
        await calls.pause(verdict.reply);
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
  | { readonly kind: "refused"; readonly reply: HttpReply }
  | { readonly kind: "unavailable"; readonly reply: HttpReply }
  | { readonly kind: "not-sent"; readonly lost: unknown }
  | { readonly kind: "lost"; readonly why: string; readonly cause?: unknown };

function judge<T>(attempt: Attempt, schema: z.ZodType<T>): Verdict<T> {
  if ("lost" in attempt) {
    const { lost } = attempt;
    return wasNeverSent(lost) ? { kind: "not-sent", lost } : { kind: "lost", why: noAnswer(lost), cause: lost };
  }
  const { reply } = attempt;
  if (reply.status === 503) return { kind: "unavailable", reply };
  // An array that failed in the middle, or a gateway before it, does not say how far the change had come.
  if (reply.status >= 500 && !isNoRoom(reply)) {
    const words = problemWords(reply);
    return { kind: "lost", why: `the answer was status ${reply.status}${words === "" ? "" : ` (${words})`}` };
  }
  if (reply.status >= 300) return { kind: "refused", reply };
  const body = bodyOf(reply, schema);
  return "value" in body
    ? { kind: "done", value: body.value }
    : { kind: "lost", why: "the answer cannot be read", cause: body.cause };
}

function parse<T>(call: DgsCall, reply: HttpReply, schema: z.ZodType<T>): T {
  if (reply.status >= 300) throw refusal(call, reply);
  const body = bodyOf(reply, schema);
  if ("problem" in body) throw garbage(call, body.problem);
  return body.value;
}

function queryString(query: Readonly<Record<string, string | undefined>>): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query)) {
    if (value !== undefined) search.set(key, value);
  }
  return search.toString();
}
