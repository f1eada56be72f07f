/** SQLite's refusals as the store's errors: path, code and words of who refused, and what to do. */
import { PrepError } from "../../core/domain/errors.ts";
import { CHANGED_BY_HAND, fileReadFailure, fileWriteFailure, MAKE_ROOM, NOT_RECORDED, unusable } from "../errors.ts";

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

/** Node's word for an integer of the database that no number holds exactly. */
const isTooLarge = (thrown: unknown): boolean =>
  thrown instanceof RangeError && "code" in thrown && thrown.code === "ERR_OUT_OF_RANGE";

/** A failed read or opening, as `STORE_UNUSABLE`. What is neither SQLite's nor the file system's comes back as it is. */
export function readFailure(path: string, thrown: unknown): unknown {
  if (isTooLarge(thrown)) return unusable(path, "it holds a number that is too large", CHANGED_BY_HAND);
  if (!isSqliteError(thrown)) return fileReadFailure(path, thrown);
  if (primaryCode(thrown) === CONSTRAINT) return thrown;
  return new PrepError("STORE_UNUSABLE", `The store ${path} cannot be used: ${wordsOf(thrown)}.`, {
    found: { path, ...foundIn(thrown) },
    hint: hintFor(thrown),
    cause: thrown,
  });
}

/** A failed write: `AUDIT_UNWRITABLE` where the file takes none, else as a failed read. */
export function writeFailure(path: string, thrown: unknown): unknown {
  if (!isSqliteError(thrown)) return fileWriteFailure(path, thrown);
  const code = primaryCode(thrown);
  if (code === undefined || !WRITE_FAILURES.has(code)) return readFailure(path, thrown);
  return new PrepError("AUDIT_UNWRITABLE", `${path} cannot be written: ${wordsOf(thrown)}.`, {
    found: { path, ...foundIn(thrown) },
    hint: `${hintFor(thrown)} ${NOT_RECORDED}`,
    cause: thrown,
  });
}

/** A write where SQLite need not be asked, since not even the WAL's index can be made. */
export function readOnlyPlace(path: string): PrepError {
  return new PrepError("AUDIT_UNWRITABLE", `${path} cannot be written: this account may only read it.`, {
    found: { path },
    hint: `${PERMISSIONS} ${NOT_RECORDED}`,
  });
}

const wordsOf = ({ message, errcode }: SqliteError): string => `SQLite says "${message}" (${errcode})`;
const foundIn = ({ message, errcode }: SqliteError): object => ({ sqlite: { errcode, message } });

function hintFor(thrown: SqliteError): string {
  switch (primaryCode(thrown)) {
    case FULL:
      return MAKE_ROOM;
    case IOERR:
      return "Check the disk and the file system that it lies on: free space, quota, the kernel's log.";
    case CORRUPT:
    case NOTADB:
      return "Restore it from a backup, together with audit-heads.log; or move it away, with its -wal and -shm files and audit-heads.log, so that a new one is made.";
    case READONLY:
    case CANTOPEN:
      return PERMISSIONS;
    default:
      return "Check atvm_prep.log; when the file was changed by hand, restore it from a backup.";
  }
}
