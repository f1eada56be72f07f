/**
 * What Prometheus reads. Plans, approvals, runs and steps are counted from the audit, since their processes are many:
 * whoever did it, on whatever door, each server on the store counts it from its own start on.
 */
import { subscribe, unsubscribe } from "node:diagnostics_channel";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import * as z from "zod";
import type { Engine } from "../core/engine.ts";
import type { Logger } from "../core/ports/runtime.ts";
import type { AuditRowRecord } from "../core/records.ts";

export interface MetricsOptions {
  readonly engine: Pick<Engine, "auditAfter" | "getRun">;
  readonly log: Logger;
  /** Origin of each system → its name. */
  readonly systems: ReadonlyMap<string, string>;
  readonly sessions: () => number;
}

export interface Metrics {
  readonly requests: Histogram<"route" | "method" | "status">;
  readonly refusals: Counter<"reason">;
  readonly contentType: string;
  text(): Promise<string>;
  close(): void;
}

const STEP_SECONDS = [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 120, 300, 900];
const REQUEST_SECONDS = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 30];

export function metrics(options: MetricsOptions): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: "atvm_" });
  const registers = [registry];
  const follower = auditFollower(options, registers);
  const stopCounting = countCalls(options.systems, registers);
  new Gauge({
    name: "atvm_http_sessions",
    help: "Open sessions of clients that speak protocols before 2026-07-28",
    registers,
    collect() {
      this.set(options.sessions());
    },
  });
  return {
    requests: new Histogram({
      name: "atvm_http_request_duration_seconds",
      help: "Requests until the headers of their answer",
      labelNames: ["route", "method", "status"],
      buckets: REQUEST_SECONDS,
      registers,
    }),
    refusals: new Counter({
      name: "atvm_http_refused_total",
      help: "Requests refused before MCP saw them, and calls whose caller lacks the role",
      labelNames: ["reason"],
      registers,
    }),
    contentType: registry.contentType,
    text: async () => {
      await follower.catchUp();
      return registry.metrics();
    },
    close: stopCounting,
  };
}

/** What a row's data may say. */
const data = z
  .object({
    request: z.object({ mode: z.string() }),
    code: z.string(),
    kind: z.string(),
    step: z.string(),
    state: z.string(),
    verdict: z.string(),
  })
  .partial()
  .catch({});

function auditFollower({ engine, log }: MetricsOptions, registers: Registry[]): { catchUp(): Promise<void> } {
  const counter = <L extends string>(name: string, help: string, ...labelNames: L[]): Counter<L> =>
    new Counter({ name, help, labelNames, registers });
  const plans = counter("atvm_plans_total", "Plans made, by mode", "mode");
  const approvals = counter("atvm_approvals_total", "Answers to the question for approval", "channel", "outcome");
  const runs = counter("atvm_runs_total", "Runs that ended", "mode", "outcome");
  const refusals = counter("atvm_refusals_total", "Refused calls, by the refusal's code", "call", "code");
  const steps = new Histogram({
    name: "atvm_step_duration_seconds",
    help: "Steps of runs",
    labelNames: ["kind", "outcome"],
    buckets: STEP_SECONDS,
    registers,
  });
  /** `RUN STEP` → when it began. */
  const begun = new Map<string, number>();
  let seq: number | undefined;

  const count = async ({ type, channel, at, runId = "", data: said }: AuditRowRecord): Promise<void> => {
    const { request, code, kind = "", step = "", state = "", verdict } = data.parse(said);
    const key = `${runId} ${step}`;
    switch (type) {
      case "plan_made":
        plans.inc({ mode: request?.mode ?? "unknown" });
        return;
      case "plan_approved":
        approvals.inc({ channel, outcome: "approved" });
        return;
      case "plan_not_approved":
        approvals.inc({ channel, outcome: verdict ?? "not approved" });
        return;
      case "step_begin":
        begun.set(key, Date.parse(at));
        return;
      case "step_end": {
        const since = begun.get(key);
        begun.delete(key);
        if (since !== undefined) steps.observe({ kind, outcome: state }, (Date.parse(at) - since) / 1_000);
        return;
      }
      case "run_succeeded":
      case "run_failed":
      case "run_cancelled":
      case "run_interrupted":
      case "run_needs_operator": {
        const run = await engine.getRun(runId).catch(() => undefined);
        runs.inc({ mode: run?.mode ?? "unknown", outcome: type.slice("run_".length) });
        for (const other of begun.keys()) if (other.startsWith(`${runId} `)) begun.delete(other);
        return;
      }
      default:
        if (type.endsWith("_refused") && code !== undefined)
          refusals.inc({ call: type.slice(0, -"_refused".length), code });
    }
  };

  const follow = async (): Promise<void> => {
    if (seq === undefined) {
      seq = (await engine.auditAfter(undefined))[0]?.seq ?? 0;
      return;
    }
    for (;;) {
      const rows = await engine.auditAfter(seq);
      for (const row of rows) {
        await count(row);
        seq = row.seq;
      }
      if (rows.length === 0) return;
    }
  };
  const warn = (cause: unknown): void => log.warn({ err: cause }, "the audit could not be read for the metrics");
  // One after the other: two readers at once would count rows twice.
  let last: Promise<void> = follow().catch(warn);
  return {
    catchUp: () => {
      last = last.then(follow).catch(warn);
      return last;
    },
  };
}

const created = z.object({ request: z.object({ origin: z.union([z.string(), z.instanceof(URL)]) }) });
const answered = created.extend({ response: z.object({ statusCode: z.number() }) });

/** By undici's own announcements, so that no adapter knows of it. */
function countCalls(systems: ReadonlyMap<string, string>, registers: Registry[]): () => void {
  const calls = new Counter({
    name: "atvm_system_calls_total",
    help: "Calls of this process to the array and to vCenter, by the status of their answer",
    labelNames: ["system", "status"],
    registers,
  });
  const note = (message: unknown, status: string): void => {
    const origin = created.safeParse(message).data?.request.origin;
    const system = origin === undefined ? undefined : systems.get(new URL(origin).origin);
    if (system !== undefined) calls.inc({ system, status });
  };
  const onAnswer = (message: unknown): void =>
    note(message, String(answered.safeParse(message).data?.response.statusCode ?? "unknown"));
  const onError = (message: unknown): void => note(message, "none");
  subscribe("undici:request:headers", onAnswer);
  subscribe("undici:request:error", onError);
  return () => {
    unsubscribe("undici:request:headers", onAnswer);
    unsubscribe("undici:request:error", onError);
  };
}
