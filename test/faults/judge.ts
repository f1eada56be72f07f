/** What must not be in anything that a person or an assistant gets to see. */
import { ERROR_CODES, type PrepError } from "../../src/core/domain/errors.ts";

export function wrongInGiven(given: unknown, secrets: readonly string[]): string[] {
  const text = JSON.stringify(given);
  const wrong: string[] = [];
  for (const secret of secrets) if (text.includes(secret)) wrong.push("a password is shown");
  if (/Bearer [\w.-]{16}|session [0-9a-f]{8}-[0-9a-f]{4}/.test(text)) wrong.push(`a session's key is shown: ${text}`);
  if (/\\n\s+at |node:internal|\.[tj]s:\d+/.test(text)) wrong.push(`a stack trace is shown: ${text}`);
  return wrong;
}

export function wrongInError({ code, message, hint }: Pick<PrepError, "code" | "message" | "hint">): string[] {
  const wrong: string[] = [];
  if (!ERROR_CODES.includes(code) || code === "INTERNAL") wrong.push(`the code is ${code}: ${message}`);
  if (hint.trim() === "") wrong.push(`${code} has no hint`);
  if (message.trim() === "") wrong.push(`${code} has no message`);
  return wrong;
}
