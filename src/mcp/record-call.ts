/** A tool's call as the audit keeps it: what was asked, by data that is safe to keep, and what came of it. */
import type { PrepError } from "../core/domain/errors.ts";
import { safeText } from "../core/domain/safe-text.ts";
import type { Actor, Engine, ToolCallRecord } from "../core/engine.ts";
import type { Logger } from "../core/ports/runtime.ts";

const MOST_ARGUMENTS = 20;

/** Names and values, shortened; of a token only its hash. */
async function safeArguments(raw: unknown): Promise<Record<string, unknown>> {
  if (raw === undefined || raw === null) return {};
  if (typeof raw !== "object" || Array.isArray(raw))
    return { "(not an object)": Array.isArray(raw) ? "array" : typeof raw };
  // Loaded with the first call: a start has no use for Node's cryptography, which is 1 MiB.
  const { sha256 } = await import("../core/domain/canonical.ts");
  return Object.fromEntries(
    Object.entries(raw)
      .slice(0, MOST_ARGUMENTS)
      .map(([name, value]: [string, unknown]) =>
        name === "planToken" && typeof value === "string"
          ? ["planTokenHash", sha256(value)]
          : [safeText(name, 40), safeValue(value)],
      ),
  );
}

function safeValue(value: unknown): unknown {
  switch (typeof value) {
    case "string":
      return safeText(value);
    case "number":
    case "boolean":
      return value;
    default:
      return value === null ? null : Array.isArray(value) ? "(array)" : `(${typeof value})`;
  }
}

export interface CallLog {
  /** `data`: where the ids of the plan and the run are, that the call was about. */
  answered(data: object): Promise<string | undefined>;
  /** The operator is asked first, and the client calls again with the answer. */
  asked(): Promise<string | undefined>;
  refused(error: PrepError): Promise<string | undefined>;
}

const idIn = (data: unknown, name: "planId" | "runId"): Partial<Record<typeof name, string>> => {
  const value: unknown =
    typeof data === "object" && data !== null ? Object.entries(data).find(([key]) => key === name)?.[1] : undefined;
  return typeof value === "string" ? { [name]: safeText(value, 60) } : {};
};

/**
 * Begins to time a call. Its end is kept, or the sentence is returned that says that it could not be: a look is answered
 * all the same, and whatever changes anything has rows of its own without which it does not happen.
 */
export function beginCall(
  tool: string,
  args: unknown,
  opened: () => { engine: Engine; actor: Actor } | undefined,
  log: Logger,
): CallLog {
  const began = performance.now();
  const keep = async (outcome: Omit<ToolCallRecord, "tool" | "arguments" | "ms">): Promise<string | undefined> => {
    const to = opened();
    if (to === undefined) return NOT_OPEN;
    const ms = Math.round(performance.now() - began);
    try {
      await to.engine.recordCall({ tool, arguments: await safeArguments(args), ...outcome, ms }, to.actor);
      return undefined;
    } catch (cause) {
      log.warn({ err: cause, tool }, "a call could not be audited");
      return NOT_WRITTEN;
    }
  };
  return {
    answered: (data) => keep({ outcome: "answered", ...idIn(data, "planId"), ...idIn(data, "runId") }),
    asked: () => keep({ outcome: "asked" }),
    refused: ({ code, message, found }) =>
      keep({ outcome: "refused", code, message, ...idIn(found, "planId"), ...idIn(found, "runId") }),
  };
}

const NOT_OPEN = "This call is not in the audit: its store is not open.";
const NOT_WRITTEN = "This call is not in the audit: its store could not be written.";
