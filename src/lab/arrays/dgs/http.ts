import type { Context } from "hono";
import * as z from "zod";
import { parseJson } from "../../http/json.ts";
import type { Bindings } from "../../http/listen.ts";
import type { FaultAction } from "../../world/faults.ts";
import { ArrayProblem } from "../../world/model.ts";
import { problemBody } from "./jobs.ts";

export interface Env {
  Bindings: Bindings;
}
export type DgsCall = Context<Env>;

export interface HttpReply {
  status: 200 | 201 | 202 | 204;
  body?: object;
  location?: string;
  /** Job whose end a lost reply waits for, so that the change is made. */
  jobId?: string;
}

/** Who calls what, and what is to go wrong with the call. */
export interface Caller {
  /** operationId of the contract. */
  op: string;
  user: string;
  token: string | undefined;
  fault: FaultAction | undefined;
}

export interface Route {
  method: "GET" | "POST" | "DELETE";
  path: string;
  /** operationId of the contract. */
  op: string;
  handle(call: DgsCall, caller: Caller): HttpReply | Promise<HttpReply>;
}

export const Id = z.string().min(1).max(256);

export function problemResponse(refusal: ArrayProblem): Response {
  const headers: Record<string, string> = { "content-type": "application/problem+json" };
  if (refusal.status === 401) headers["www-authenticate"] = "Bearer";
  return new Response(JSON.stringify(problemBody(refusal)), { status: refusal.status, headers });
}

export const notFound = (detail: string): ArrayProblem => new ArrayProblem(404, "Not found", detail);

export const pathParam = (call: DgsCall, name: string): string => call.req.param(name) ?? "";

/** The query's parameters; one given twice is a list, which no schema takes. */
export function queryOf<S extends z.ZodType>(call: DgsCall, schema: S): z.infer<S> {
  const entries = Object.entries(call.req.queries()).map(([name, values]) => [
    name,
    values.length === 1 ? values[0] : values,
  ]);
  return parsed(schema, Object.fromEntries(entries), "query");
}

export async function bodyOf<S extends z.ZodType>(call: DgsCall, schema: S): Promise<z.infer<S>> {
  const body = parseJson(await call.req.text());
  if (body === undefined) throw new ArrayProblem(400, "Bad request", "The body is not JSON.");
  return parsed(schema, body, "body");
}

export function parsed<S extends z.ZodType>(schema: S, value: unknown, where: string): z.infer<S> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const path = [where, ...(issue?.path ?? [])].join(".");
  throw new ArrayProblem(422, "Unprocessable", `${path}: ${issue?.message ?? "not as documented"}`);
}
