/** SQLite's and the file system's refusals as the store's errors: path, code and words of who refused, and what to do. */
import { PrepError } from "../../core/domain/errors.ts";

/** Primary result codes (sqlite.org/rescode.html); extended ones carry them in their low byte. */
const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const PROTOCOL = 15;
const CONSTRAINT = 19;
const NOTADB = 26;

const WRITE_FAILURES: ReadonlySet<number> = new Set([READONLY, IOERR, FULL, CANTOPEN]);

const PERMISSIONS =
  "Make the file (0600) and its directory (0700) readable and writable for the account that atvm_prep runs under.";

interface SqliteError extends Error {
  readonly errcode: number;
}

function isSqliteError(thrown: unknown): thrown is SqliteError {
  return thrown instanceof Error && "errcode" in thrown && typeof thrown.errcode === "number";
}

function primaryCode(thrown: unknown): number | undefined {
  return isSqliteError(thrown) ? thrown.errcode & 0xff : undefined;
}

/** Another connection is in the way and will be gone; `SQLITE_PROTOCOL` is the same for the start of a WAL read. */
export function isBusy(thrown: unknown): boolean {
  const code = primaryCode(thrown);
  return code === BUSY || code === PROTOCOL;
}

/** SQLite lacks the right to write the file, its directory, or the WAL beside it. */
export function isReadOnly(thrown: unknown): boolean {
  const code = primaryCode(thrown);
  return code === READONLY || code === CANTOPEN;
}

/** A failed read or opening, as `STORE_UNUSABLE`. What is neither SQLite's nor the file system's comes back as it is. */
export function readFailure(path: string, thrown: unknown): unknown {
  const said = whatWasSaid(thrown);
  if (said === undefined || primaryCode(thrown) === CONSTRAINT) return thrown;
  return new PrepError("STORE_UNUSABLE", `The store ${path} cannot be used: ${said.text}.`, {
    found: { path, ...said.found },
    hint: hintFor(thrown),
    cause: thrown,
  });
}

/** A failed write: `AUDIT_UNWRITABLE` where the file takes none, else as a failed read. */
export function writeFailure(path: string, thrown: unknown): unknown {
  const code = primaryCode(thrown);
  if (isSqliteError(thrown) && (code === undefined || !WRITE_FAILURES.has(code))) return readFailure(path, thrown);
  const said = whatWasSaid(thrown);
  if (said === undefined) return thrown;
  return new PrepError("AUDIT_UNWRITABLE", `${path} cannot be written: ${said.text}.`, {
    found: { path, ...said.found },
    hint: `${hintFor(thrown)} Nothing is done that cannot be recorded.`,
    cause: thrown,
  });
}

/** A write where SQLite need not be asked, since not even the WAL's index can be made. */
export function readOnlyPlace(path: string): PrepError {
  return new PrepError("AUDIT_UNWRITABLE", `${path} cannot be written: this account may only read it.`, {
    found: { path },
    hint: `${PERMISSIONS} Nothing is done that cannot be recorded.`,
  });
}

/** A store that is sound for SQLite, but not one that this program can use. */
export function unusable(path: string, why: string, hint: string, retryable = false): PrepError {
  return new PrepError("STORE_UNUSABLE", `The store ${path} cannot be used: ${why}.`, {
    found: { path },
    hint,
    retryable,
  });
}

function whatWasSaid(thrown: unknown): { text: string; found: object } | undefined {
  if (isSqliteError(thrown)) {
    return {
      text: `SQLite says "${thrown.message}" (${thrown.errcode})`,
      found: { sqlite: { errcode: thrown.errcode, message: thrown.message } },
    };
  }
  if (thrown instanceof Error && "syscall" in thrown && "code" in thrown && typeof thrown.code === "string") {
    return { text: thrown.code, found: { code: thrown.code } };
  }
  return undefined;
}

function hintFor(thrown: unknown): string {
  const osCode = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
  switch (primaryCode(thrown)) {
    case FULL:
      return "Make room on the file system that it lies on, then ask again.";
    case IOERR:
      return "Check the disk and the file system that it lies on: free space, quota, the kernel's log.";
    case CORRUPT:
    case NOTADB:
      return "Restore it from a backup, together with audit-heads.log; or move it away, with its -wal and -shm files and audit-heads.log, so that a new one is made.";
    case READONLY:
    case CANTOPEN:
      return PERMISSIONS;
    case undefined:
      return osCode === "ENOSPC" || osCode === "EDQUOT"
        ? "Make room on the file system that it lies on, then ask again."
        : "Make sure that its directory can be made and written by the account that atvm_prep runs under, or name another path as store.sqlite.";
    default:
      return "Check atvm_prep.log; when the file was changed by hand, restore it from a backup.";
  }
}
