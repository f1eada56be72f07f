/** Checks rows that were exported: without the store that they came from, or against it. */
import * as z from "zod";
import { ChainCheck } from "./audit-chain.ts";
import { PrepError } from "./domain/errors.ts";
import type { AuditRowRecord, ChainRecord } from "./records.ts";

const text = z.string();

/** A line of the export: a row with its data unpacked. */
const exported = z.strictObject({
  seq: z.int().positive(),
  at: text,
  type: text,
  actor: text,
  channel: text,
  client: text.exactOptional(),
  planId: text.exactOptional(),
  runId: text.exactOptional(),
  data: z.record(text, z.unknown()),
  prev: text,
  hash: text,
});

export interface FileCheck extends ChainRecord {
  /** The rows' numbers, first and last. */
  readonly first: number;
  readonly last: number;
  /** Of the store that they were compared with, where that has rows. */
  readonly storeBegins?: number;
}

function rowOf(line: string, number: number): z.infer<typeof exported> {
  try {
    return exported.parse(JSON.parse(line));
  } catch (cause) {
    throw new PrepError("BAD_REQUEST", `Line ${number} of the file is not an exported row.`, {
      hint: "The file is to be as the export wrote it, in JSON Lines.",
      cause,
    });
  }
}

/**
 * Whether the file's rows follow each other unchanged and, where the store they came from is at hand, still stand in it.
 * Rows that retention has removed from the store since cannot; of these, the last must be the one that the store's first
 * row follows. Errors: `BAD_REQUEST` for a file that is no export.
 */
export function checkExport(contents: string, stored?: readonly AuditRowRecord[]): FileCheck {
  const rows = contents.split("\n").flatMap((line, index) => (line.trim() === "" ? [] : [rowOf(line, index + 1)]));
  const [first] = rows;
  const last = rows.at(-1);
  if (first === undefined || last === undefined) {
    throw new PrepError("BAD_REQUEST", "The file holds no rows.", { hint: "Export the audit again." });
  }
  const check = new ChainCheck();
  // The rows' data was hashed as text, and JSON that was parsed is written as it was.
  for (const row of rows) check.add({ ...row, data: JSON.stringify(row.data) });
  const begins = stored?.reduce<AuditRowRecord | undefined>(
    (a, b) => (a === undefined || b.seq < a.seq ? b : a),
    undefined,
  );
  const differing = stored === undefined ? [] : rows.filter(differsFrom(stored, begins));
  const [differs] = differing;
  const more =
    differs === undefined
      ? []
      : [`${differing.length} of the file's rows, from row ${differs.seq} on, do not stand in the store`];
  return {
    ...check.result(more),
    first: first.seq,
    last: last.seq,
    ...(begins === undefined ? {} : { storeBegins: begins.seq }),
  };
}

/** Whether a row of the file is not what the store has, or had right before its first row. */
function differsFrom(
  stored: readonly AuditRowRecord[],
  begins: AuditRowRecord | undefined,
): (row: z.infer<typeof exported>) => boolean {
  const hashes = new Map(stored.map(({ seq, hash }) => [seq, hash]));
  if (begins !== undefined) hashes.set(begins.seq - 1, begins.prev);
  return ({ seq, hash }) => (begins === undefined || seq >= begins.seq - 1) && hashes.get(seq) !== hash;
}
