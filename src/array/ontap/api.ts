/** Calls to ONTAP with everything around them: who calls, what is repeated and what is not, what an answer must look like. */
import type * as z from "zod";
import type { PrepError } from "../../core/domain/errors.ts";
import type { Clock, Logger } from "../../core/ports/runtime.ts";
import { translateNetworkError, wasNeverSent } from "../../net/errors.ts";
import { parsedJson } from "../../net/json.ts";
import { type Attempt, aboutCall, bodyOf, CALL_LIMIT, createCalls, noAnswer } from "../calls.ts";
import { AnswerTooLarge, type HttpReply, type Outgoing, type Transport } from "../transport.ts";
import {
  type CallSummary,
  faultOf,
  faultWords,
  garbage,
  isCode,
  OntapError,
  type OntapFault,
  outcomeUnknown,
  refusal,
  unavailable,
} from "./errors.ts";
import { acceptedSchema, pageOf } from "./schemas.ts";

export interface Read extends CallSummary {
  /** With its query. */
  readonly path: string;
}

export interface Change extends Read {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly body?: object;
  /** Whether a second sending does no harm, whatever became of the first. */
  readonly repeatable: boolean;
}

export interface Api {
  read<T>(call: Read, schema: z.ZodType<T>): Promise<T>;
  /** Every record of a collection, by its `next` links. */
  list<T>(call: Read, schema: z.ZodType<T>): Promise<T[]>;
  /** The uuid of the job that the change goes on in, undefined where it is done already. Errors: `OntapError` for refusals. */
  change(change: Change): Promise<string | undefined>;
}

export interface ApiOptions {
  readonly transport: Transport;
  readonly authorization: () => Promise<string>;
  readonly section: string;
  readonly url: string;
  readonly callMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Ten million records: a list that goes on beyond has gone wrong. */
const MOST_PAGES = 10_000;

export function createApi(options: ApiOptions): Api {
  const { transport, authorization, section, url, callMs, clock, log } = options;

  const calls = createCalls({ transport, system: "ONTAP", callMs, clock, log });

  const send = async ({ action, ids }: CallSummary, outgoing: Omit<Outgoing, "within" | "headers">): Promise<Attempt> =>
    calls.send({ ...outgoing, headers: { authorization: await authorization() } }, { action, ...ids });

  const translated = (lost: unknown, call: CallSummary): PrepError => {
    if (lost instanceof AnswerTooLarge) return garbage(call, "an answer of more than 32 MiB");
    const error = translateNetworkError(lost, { system: "ONTAP", address: url, section, callLimit: CALL_LIMIT });
    return aboutCall(error, { action: call.action, ...call.ids });
  };

  const get = async (call: Read): Promise<HttpReply> => {
    const attempt = await calls.reading(() => send(call, { method: "GET", path: call.path }));
    if ("lost" in attempt) throw translated(attempt.lost, call);
    if (attempt.reply.status === 503) throw unavailable(call);
    return attempt.reply;
  };

  const read = async <T>(call: Read, schema: z.ZodType<T>): Promise<T> => parse(call, await get(call), schema);

  return {
    read,
    list: async <T>(call: Read, schema: z.ZodType<T>): Promise<T[]> => {
      const page = pageOf(schema);
      const records: T[] = [];
      const seen = new Set<string>();
      // The link and not the count says whether there is more: a page may come empty when the array's time was up.
      for (let path: string | undefined = call.path; path !== undefined; ) {
        const answer: { records: T[]; next?: string | undefined } = await read({ ...call, path }, page);
        records.push(...answer.records);
        path = answer.next;
        if (path === undefined) break;
        if (!path.startsWith("/api/")) throw garbage(call, "_links.next: leads elsewhere");
        if (seen.has(path) || seen.size >= MOST_PAGES) throw garbage(call, "_links.next: leads in a circle");
        seen.add(path);
      }
      return records;
    },
    change: async (change) => {
      const { method, path, body, repeatable } = change;
      const outgoing = { method, path, ...(body === undefined ? {} : { body }) };
      let attempt = await send(change, outgoing);
      if ("reply" in attempt && attempt.reply.status === 503 && repeatable) {
        await calls.pause(attempt.reply);
        attempt = await send(change, outgoing);
      }
      if ("lost" in attempt) {
        if (wasNeverSent(attempt.lost)) throw translated(attempt.lost, change);
        throw outcomeUnknown(change, noAnswer(attempt.lost), { cause: attempt.lost });
      }
      const { reply } = attempt;
      if (reply.status === 503) throw unavailable(change);
      // ONTAP gives each refusal a code. Without one it is a gateway that speaks, or a node that failed in the middle.
      const fault = faultOf(reply);
      if (reply.status >= 500 && isUnclear(fault)) {
        const words = faultWords(fault);
        throw outcomeUnknown(change, `the answer was status ${reply.status}${words === "" ? "" : ` (${words})`}`);
      }
      if (reply.status >= 300) throw refusal(change, reply);
      const accepted = acceptedSchema.safeParse(parsedJson(reply.text === "" ? "{}" : reply.text));
      if (!accepted.success) throw outcomeUnknown(change, "the answer cannot be read", { cause: accepted.error });
      return accepted.data.job?.uuid;
    },
  };
}

/** Codes by which ONTAP says that a node or a service of it failed, and not what became of the call. */
const NODE_FAILURES: readonly string[] = ["", "393271"];

const isUnclear = ({ code }: OntapFault): boolean => NODE_FAILURES.includes(code);

/** Undefined where the array refuses with one of these codes. */
export async function unless<T>(codes: readonly string[], act: () => Promise<T>): Promise<T | undefined> {
  try {
    return await act();
  } catch (thrown) {
    if (thrown instanceof OntapError && isCode(thrown.fault, ...codes)) return undefined;
    throw thrown;
  }
}

function parse<T>(call: CallSummary, reply: HttpReply, schema: z.ZodType<T>): T {
  if (reply.status >= 300) throw refusal(call, reply);
  const body = bodyOf(reply, schema);
  if ("problem" in body) throw garbage(call, body.problem);
  return body.value;
}
