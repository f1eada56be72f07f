import * as z from "zod";
import { parseJson } from "../../http/json.ts";
import { ArrayProblem } from "../../world/model.ts";

export const Paging = {
  limit: z.coerce.number().int().min(1).max(1000).default(100),
  cursor: z.string().min(1).max(1024).optional(),
};

const Cursor = z.strictObject({ list: z.string(), after: z.string(), at: z.number().int().min(0) });

/**
 * One page of `items`, and the cursor of the next. A cursor says which list it belongs to and where the page before
 * ended: by id, or by position when that item is gone.
 */
export function page<T extends { id: string }>(
  list: string,
  items: readonly T[],
  { limit, cursor }: { limit: number; cursor?: string | undefined },
): { items: T[]; nextCursor?: string } {
  const start = cursor === undefined ? 0 : startOf(list, items, cursor);
  const slice = items.slice(start, start + limit);
  const last = slice.at(-1);
  if (last === undefined || start + limit >= items.length) return { items: slice };
  const next = JSON.stringify({ list, after: last.id, at: start + limit });
  return { items: slice, nextCursor: Buffer.from(next).toString("base64url") };
}

function startOf(list: string, items: readonly { id: string }[], cursor: string): number {
  const read = Cursor.safeParse(parseJson(Buffer.from(cursor, "base64url").toString()));
  if (!read.success || read.data.list !== list) {
    throw new ArrayProblem(422, "Unprocessable", "The cursor does not belong to this list.");
  }
  const index = items.findIndex(({ id }) => id === read.data.after);
  return index < 0 ? read.data.at : index + 1;
}
