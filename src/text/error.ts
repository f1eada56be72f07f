/** Refusals as text: what is wrong, what was found, what the operator can do. */
import { safeText } from "../core/domain/safe-text.ts";
import { bullets, page, section, sentence } from "./lines.ts";
import { planText } from "./plan.ts";
import { type ErrorView, planView } from "./views.ts";

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** One value on one line: words as they are, the rest as compact JSON. */
function inline(value: unknown): string {
  if (typeof value === "string") return sentence(value);
  if (isRecord(value)) {
    return Object.entries(value)
      .map(([key, item]) => `${safeText(key)} ${inline(item)}`)
      .join(", ");
  }
  return sentence(JSON.stringify(value) ?? "");
}

/** What was found, as bullets: a list's members, an object's members with their names. */
export function foundLines(found: unknown): string[] {
  if (found === undefined || found === null) return [];
  if (Array.isArray(found)) return section("Found", found, inline);
  if (!isRecord(found)) return ["", `Found: ${inline(found)}`];
  const lines = Object.entries(found).flatMap(([key, value]) => {
    if (!Array.isArray(value)) return [`- ${safeText(key)}: ${inline(value)}`];
    return [`- ${safeText(key)}:${value.length === 0 ? " none" : ""}`, ...bullets(value, inline, "  ")];
  });
  return lines.length === 0 ? [] : ["", "Found:", ...lines];
}

/** A refusal. That of a stale plan goes on with what changed and with the fresh plan. */
export function errorText(error: ErrorView, confirm?: string): string {
  const diff = error["diff"];
  const fresh = planView.safeParse(error["plan"]);
  return page([
    `${error.code}: ${sentence(error.message)}`,
    ...foundLines(error.found),
    ...(Array.isArray(diff) ? section("What changed since the plan was made", diff, inline) : []),
    "",
    `What you can do: ${sentence(error.hint)}`,
    ...(error.retryable ? ["The same call may succeed if it is made again."] : []),
    ...(fresh.success ? ["", "The fresh plan:", "", planText(fresh.data, undefined, confirm)] : []),
  ]);
}
