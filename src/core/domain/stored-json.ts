/** JSON in a row of the store. This program wrote it; whoever has the file's rights can have changed it since. */
import type * as z from "zod";
import { PrepError } from "./errors.ts";

/** The value as its schema has it; `STORE_UNUSABLE` where it is not one. `what` names the record to a person. */
export function readStored<T>(schema: z.ZodType<T>, json: string, what: string): T {
  let cause: unknown;
  try {
    const parsed = schema.safeParse(JSON.parse(json));
    if (parsed.success) return parsed.data;
    cause = parsed.error;
  } catch (thrown) {
    cause = thrown;
  }
  throw new PrepError("STORE_UNUSABLE", `The record of ${what} is not what was stored.`, {
    hint: "Somebody or something changed the store.",
    next: [{ kind: "verify_audit" }, { kind: "plan_again" }],
    cause,
  });
}
