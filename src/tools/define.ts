/**
 * How a tool is written. Each constructor is a typed identity function around one tool's parts, and the engine that its
 * handler is given is all it can reach: a planning tool has no way to change the array or the hypervisor, by type.
 */

import { type InputRequiredResult, isInputRequiredResult, type ToolAnnotations } from "@modelcontextprotocol/server";
import * as z from "zod";
import { PrepError } from "../core/domain/errors.ts";
import type { Immutable } from "../core/domain/immutable.ts";
import { safeText } from "../core/domain/safe-text.ts";
import type { Actor, Answered, Engine, PlanningEngine, ReadingEngine } from "../core/engine.ts";
import type { PlanRecord, RunRecord } from "../core/records.ts";
import { nearest } from "../core/request/request.ts";
import { type GivenApproval, type Operator, withApproval } from "../mcp/operator.ts";
import { capped, planText, presentPlan, type Wording } from "../text/index.ts";
import { type PlanView, planView } from "../text/views.ts";

/** What one call brings along. */
export interface ToolCall {
  readonly actor: Actor;
  /** Ends the waiting, never a run. */
  readonly signal: AbortSignal;
  readonly onUpdate: (run: RunRecord) => Promise<void>;
  /** Whom to ask, where a policy wants a person's yes. */
  readonly operator: Operator;
  readonly wording: Wording;
}

export interface ToolResult {
  readonly structured: Record<string, unknown>;
  readonly text: string;
}

export type ToolKind = "read" | "plan" | "confirm" | "write";

/** Made when a result is first checked: a start needs the arguments' schemas only. */
export type ResultSchema = z.ZodLazy<z.ZodObject>;

/** A tool as the catalog holds it; `call` checks the arguments, then the result. */
export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly kind: ToolKind;
  readonly annotations: ToolAnnotations;
  readonly input: z.ZodObject;
  readonly result: ResultSchema;
  /** Errors: `BAD_REQUEST` for arguments that do not fit; what the engine throws. */
  call(args: unknown, engine: Engine, call: ToolCall): Promise<ToolResult | InputRequiredResult>;
}

/** How what the engine answers is shown. `R` is the engine's answer, `O` the schema of what goes out. */
interface Shown<R, O extends ResultSchema> {
  /** The result is checked against it before it goes out; members that it does not name are dropped. */
  readonly result: O;
  readonly present: (record: R, wording: Wording) => Immutable<z.input<O>>;
  readonly text: (result: z.output<O>, args: Readonly<Record<string, unknown>>, wording: Wording) => string;
}

interface Parts<I extends z.ZodObject, R, O extends ResultSchema> extends Shown<R, O> {
  /** snake_case; the file has the same name in kebab-case. */
  readonly name: string;
  readonly title: string;
  /** Read by the assistant, in every conversation: short. */
  readonly description: string;
  readonly input: I;
}

interface Spec<I extends z.ZodObject, R, O extends ResultSchema, E> extends Parts<I, R, O> {
  readonly run: (args: z.output<I>, engine: E, call: ToolCall) => Promise<R>;
}

const READS = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false } as const;
const PLANS = { ...READS, idempotentHint: false } as const;
const WRITES = { ...READS, readOnlyHint: false } as const;
const CONFIRMS = { ...WRITES, destructiveHint: true } as const;

/** Looks. */
export function readTool<I extends z.ZodObject, R extends object, O extends ResultSchema>(
  spec: Spec<I, R, O, ReadingEngine>,
): Tool {
  return assemble(spec, "read", READS, (args, engine, call) => spec.run(args, engine, call));
}

/** Makes a plan, and changes nothing but the list of open plans. Every one is shown in the same way. */
export function planTool<I extends z.ZodObject>(
  spec: Omit<Spec<I, PlanRecord, typeof planView, PlanningEngine>, keyof Shown<PlanRecord, typeof planView>>,
): Tool {
  const shown = {
    result: planView,
    present: presentPlan,
    text: (plan: PlanView, _args: unknown, { tool }: Wording) => planText(plan, undefined, tool("confirm_plan")),
  };
  return assemble({ ...spec, ...shown }, "plan", PLANS, (args, engine, call) => spec.run(args, engine, call));
}

/** Takes something back that has not begun: harmless, and repeating it is as well. */
export function writeTool<I extends z.ZodObject, R extends object, O extends ResultSchema>(
  spec: Spec<I, R, O, Pick<Engine, "discardPlan" | "discardPlans" | "cancelRun">>,
): Tool {
  return assemble(spec, "write", WRITES, (args, engine, call) => spec.run(args, engine, call));
}

interface ConfirmSpec<I extends z.ZodObject, R, O extends ResultSchema> extends Parts<I, R, O> {
  readonly run: (
    args: z.output<I>,
    engine: Pick<Engine, "confirm">,
    call: ToolCall,
    given: GivenApproval,
  ) => Promise<R>;
  /** Takes a person's answer that comes when the call is over. */
  readonly late: (
    args: z.output<I>,
    engine: Pick<Engine, "takeAnswer">,
    call: ToolCall,
    answered: Answered,
  ) => Promise<void>;
}

/** The only door to a change. `run` is carried out again with the person's answer where one is wanted. */
export function confirmTool<I extends z.ZodObject, R extends object, O extends ResultSchema>(
  spec: ConfirmSpec<I, R, O>,
): Tool {
  return assemble(spec, "confirm", CONFIRMS, (args, engine, call) =>
    withApproval(
      call.operator,
      (given) => spec.run(args, engine, call, given),
      (answered) => spec.late(args, engine, call, answered),
    ),
  );
}

function assemble<I extends z.ZodObject, R extends object, O extends ResultSchema>(
  parts: Parts<I, R, O>,
  kind: ToolKind,
  annotations: ToolAnnotations,
  run: (args: z.output<I>, engine: Engine, call: ToolCall) => Promise<R | InputRequiredResult>,
): Tool {
  const { name, title, description, input, result } = parts;
  return {
    name,
    title,
    description,
    kind,
    annotations,
    input,
    result,
    async call(raw, engine, call) {
      const args = input.safeParse(given(raw, input), { reportInput: true });
      if (!args.success) throw badArguments(call.wording.tool(name), input, args.error);
      const outcome = await run(args.data, engine, call);
      if (isInputRequiredResult(outcome)) return outcome;
      const view = result.parse(parts.present(outcome, call.wording));
      return { structured: capped(view, MOST_BYTES), text: parts.text(view, args.data, call.wording) };
    },
  };
}

/** Beyond this a client's assistant is shown a stub of a result's data, or none of it. */
const MOST_BYTES = 20_000;

/** Arguments that clients add to every tool's for purposes of their own. */
const INJECTED: ReadonlySet<string> = new Set(["wait_for_previous"]);

/** What was given: clients pass null or "" for what their assistant left out. */
function given(raw: unknown, input: z.ZodObject): unknown {
  if (raw === undefined || raw === null) return {};
  if (typeof raw !== "object" || Array.isArray(raw)) return raw;
  return Object.fromEntries(
    Object.entries(raw).filter(
      ([key, value]) => value !== null && value !== "" && !(INJECTED.has(key) && !(key in input.shape)),
    ),
  );
}

/** One problem in words: `lun is missing`. */
function problemOf(issue: z.core.$ZodIssue, tool: string, known: readonly string[]): string {
  const at = issue.path.map(String).join(".");
  switch (issue.code) {
    case "invalid_type":
      return issue.input === undefined
        ? `${at || "the object of arguments"} is missing`
        : `${at || "the arguments"} must be ${article(issue.expected)}`;
    case "unrecognized_keys":
      return issue.keys
        .map((key) => {
          const [closest] = nearest(key, known);
          return `${tool} has no argument ${safeText(key, 60)}${closest === undefined ? "" : ` (did you mean ${closest}?)`}`;
        })
        .join("; ");
    default:
      return safeText(at === "" ? issue.message : `${at}: ${issue.message}`);
  }
}

const article = (type: string): string =>
  `${/^[aeiou]/.test(type) ? "an" : "a"} ${type === "boolean" ? "boolean (true or false)" : type}`;

function badArguments(tool: string, input: z.ZodObject, error: z.ZodError): PrepError {
  const names = Object.keys(input.shape);
  const problems = error.issues.map((issue) => problemOf(issue, tool, names));
  const known = Object.entries(input.shape).map(([key, schema]) =>
    schema instanceof z.ZodExactOptional ? key : `${key} (required)`,
  );
  return new PrepError("BAD_REQUEST", `Invalid arguments for ${tool}: ${problems.join("; ")}.`, {
    found: { problems },
    hint: known.length === 0 ? `${tool} takes no arguments.` : `${tool} takes: ${known.join(", ")}.`,
  });
}
