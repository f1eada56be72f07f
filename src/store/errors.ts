/** What a store says when it cannot be used, and the file system's refusals as its errors: path, code, and what to do. */
import { PrepError } from "../core/domain/errors.ts";

/** A store that its database would open, but that this program cannot use. */
export function unusable(place: string, why: string, hint: string, retryable = false): PrepError {
  return new PrepError("STORE_UNUSABLE", `The store ${place} cannot be used: ${why}.`, {
    found: { path: place },
    hint,
    retryable,
  });
}

/** What to do about a row that this program cannot have written. */
export const CHANGED_BY_HAND = "It was changed by hand: restore it from a backup, then run `atvm_prep audit verify`.";

/** A file that could not be read or made, as `STORE_UNUSABLE`. What is not the file system's comes back as it is. */
export function fileReadFailure(path: string, thrown: unknown): unknown {
  const code = fileErrorCode(thrown);
  if (code === undefined) return thrown;
  return new PrepError("STORE_UNUSABLE", `The store ${path} cannot be used: ${code}.`, {
    found: { path, code },
    hint: hintFor(code),
    cause: thrown,
  });
}

/** A file that could not be written, as `AUDIT_UNWRITABLE`. What is not the file system's comes back as it is. */
export function fileWriteFailure(path: string, thrown: unknown): unknown {
  const code = fileErrorCode(thrown);
  if (code === undefined) return thrown;
  return new PrepError("AUDIT_UNWRITABLE", `${path} cannot be written: ${code}.`, {
    found: { path, code },
    hint: `${hintFor(code)} ${NOT_RECORDED}`,
    cause: thrown,
  });
}

/** Ends the hint of every write that failed. */
export const NOT_RECORDED = "Nothing is done that cannot be recorded.";
export const MAKE_ROOM = "Make room on the file system that it lies on, then ask again.";

function fileErrorCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("syscall" in thrown) || !("code" in thrown)) return undefined;
  return typeof thrown.code === "string" ? thrown.code : undefined;
}

const hintFor = (code: string): string =>
  code === "ENOSPC" || code === "EDQUOT"
    ? MAKE_ROOM
    : "Make sure that its directory can be made and written by the account that atvm_prep runs under, or name another path as store.sqlite.";
