import * as z from "zod";

const either = <const A extends readonly [string, string]>(answers: A) => z.enum(answers).default(answers[0]);

/**
 * What no public source settles about ONTAP, each with both answers: the driver must be right either way. The first
 * answer is the default (docs/lab.md names them all).
 */
const DoubtsSchema = z.strictObject({
  /** A list ends after `return_timeout` with what it has so far: possibly nothing, and a next link. */
  "first-page": either(["full", "empty"]),
  /** Whether the answer to a clone names the new volume, where it was asked to. NetApp's own Ansible module relies on it. */
  records: either(["present", "absent"]),
  /** The clone's LUN is listed as soon as the job is over, or some reads later. */
  "clone-lun": either(["at-once", "late"]),
  /** A job that is over can be read, or is forgotten (code 4). */
  "ended-jobs": either(["kept", "forgotten"]),
  /** The code in a failed job's error. */
  "job-code": either(["string", "integer"]),
  /** A restored volume's LUN keeps uuid, serial and maps, or is another one then. */
  restore: either(["keeps", "renews"]),
  /** Where a restore past a snapshot with clones fails. */
  "blocked-restore": either(["job", "call"]),
  /** Whether a fresh clone lists its parent's snapshot as its own. */
  "base-snapshot": either(["listed", "absent"]),
  /** Delete of a volume whose LUN is mapped. */
  "delete-mapped": either(["refused", "allowed"]),
  /** Whether this account may read the cluster's version. */
  version: either(["readable", "forbidden"]),
  /** HTTP status of code 4. */
  "not-found": either(["404", "405"]),
});

export type Doubts = z.output<typeof DoubtsSchema>;

/** Each doubt's default, with those of `text` (`restore=renews,records=absent`). Throws `RangeError` with what is wrong. */
export function parseDoubts(text = ""): Doubts {
  const parts = text.split(",").filter((part) => part.trim() !== "");
  const read = DoubtsSchema.safeParse(
    Object.fromEntries(parts.map((part) => part.split("=").map((piece) => piece.trim()))),
  );
  if (read.success) return read.data;
  throw new RangeError(`"${text}" is not usable as doubts: ${z.prettifyError(read.error)}`);
}
