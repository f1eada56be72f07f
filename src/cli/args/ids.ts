/** Ids as a person types them: by a beginning that only one has, with or without what all of them begin with. */
import { PrepError } from "../../core/domain/errors.ts";

/**
 * The one of `ids` that `typed` means; `typed` itself where none does, so that the engine says that there is none.
 * Errors: `BAD_REQUEST` where several do.
 */
export function idOf(kind: "plan" | "run" | "tok", typed: string, ids: readonly string[]): string {
  if (ids.includes(typed)) return typed;
  const wanted = typed.startsWith(`${kind}_`) ? typed : `${kind}_${typed}`;
  const found = ids.filter((id) => id.startsWith(wanted));
  const [only] = found;
  if (found.length <= 1) return only ?? typed;
  throw new PrepError("BAD_REQUEST", `${found.length} ${kind === "tok" ? "token" : kind}s begin like that.`, {
    found: { ids: found.slice(0, 10) },
    hint: "Type one more character of the id.",
  });
}
