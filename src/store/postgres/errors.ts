/** PostgreSQL's and the network's refusals as the store's errors: where, the code and words of who refused, what to do. */
import { DatabaseError } from "pg";
import { PrepError } from "../../core/domain/errors.ts";
import { NOT_RECORDED } from "../errors.ts";

/** SQLSTATE codes (postgresql.org/docs/current/errcodes-appendix.html) of what goes by itself. */
const PASSING = new Set([
  "40001", // serialization_failure
  "40P01", // deadlock_detected
  "55P03", // lock_not_available: lock_timeout
  "25P03", // idle_in_transaction_session_timeout
  "53300", // too_many_connections
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
]);

/** No write is taken: read-only transaction (a standby), out of disk, quota, rights. */
const WRITE_FAILURES = new Set(["25006", "53100", "53400", "42501"]);

/** Constraints and the audit's own triggers: a defect, not the database's state. */
const DEFECTS = /^(22|23|42(?!501|P01)|P0001)/;

/** What the driver says of a connection that ended, or did not answer, without a code of its own. */
const LOST =
  /^(Connection terminated|Client has encountered a connection error|Query read timeout|timeout exc|Client was closed)/;
const NETWORK = new Set(["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ENOENT"]);

function codeOf(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error) || !("code" in thrown) || typeof thrown.code !== "string") return undefined;
  return thrown.code;
}

/** The connection is gone, and with it everything that was not committed. */
export function isLost(thrown: unknown): boolean {
  if (!(thrown instanceof Error) || thrown instanceof PrepError) return false;
  const code = codeOf(thrown);
  if (thrown instanceof DatabaseError) return code?.startsWith("08") === true || /^57P0|^25P03/.test(code ?? "");
  if (thrown instanceof AggregateError) return thrown.errors.some(isLost);
  return LOST.test(thrown.message) || (code !== undefined && NETWORK.has(code));
}

/** Nothing took effect, and the same may succeed later. */
export function isPassing(thrown: unknown): boolean {
  return isLost(thrown) || (thrown instanceof DatabaseError && PASSING.has(thrown.code ?? ""));
}

/** A failed read or opening, as `STORE_UNUSABLE`. What is neither the database's nor the network's comes back as it is. */
export function readFailure(place: string, thrown: unknown): unknown {
  const said = whatWasSaid(thrown);
  if (said === undefined) return thrown;
  return new PrepError("STORE_UNUSABLE", `The store ${place} cannot be used: ${said.text}.`, {
    found: { path: place, ...said.found },
    hint: hintFor(thrown),
    retryable: isPassing(thrown),
    cause: thrown,
  });
}

/** A failed write: `AUDIT_UNWRITABLE` where the database takes none, else as a failed read. */
export function writeFailure(place: string, thrown: unknown): unknown {
  const said = whatWasSaid(thrown);
  if (said === undefined || !WRITE_FAILURES.has(codeOf(thrown) ?? "")) return readFailure(place, thrown);
  return new PrepError("AUDIT_UNWRITABLE", `${place} cannot be written: ${said.text}.`, {
    found: { path: place, ...said.found },
    hint: `${hintFor(thrown)} ${NOT_RECORDED}`,
    cause: thrown,
  });
}

function whatWasSaid(thrown: unknown): { text: string; found: object } | undefined {
  if (thrown instanceof DatabaseError) {
    const { code = "", message } = thrown;
    if (DEFECTS.test(code)) return undefined;
    return { text: `PostgreSQL says "${message}" (${code})`, found: { postgres: { code, message } } };
  }
  if (!isLost(thrown) || !(thrown instanceof Error)) return networkWords(thrown);
  const code = codeOf(thrown);
  return { text: code ?? thrown.message, found: code === undefined ? {} : { code } };
}

/** Certificates, names that do not resolve: Node's codes, and what the driver says of TLS. */
function networkWords(thrown: unknown): { text: string; found: object } | undefined {
  const code = codeOf(thrown);
  if (thrown instanceof PrepError || !(thrown instanceof Error)) return undefined;
  if (code !== undefined) return { text: code, found: { code } };
  return /SSL|SASL|password/i.test(thrown.message) ? { text: thrown.message, found: {} } : undefined;
}

function hintFor(thrown: unknown): string {
  const code = codeOf(thrown) ?? "";
  if (code === "55P03")
    return "Ask again; when that keeps happening, search for a process that is stopped in the middle of a write.";
  if (code.startsWith("28") || /SASL|password/i.test(thrown instanceof Error ? thrown.message : ""))
    return "Check account and password in the URL that store.postgres names, and the server's pg_hba.conf.";
  if (code === "3D000") return "Make the database, owned by the account of the URL: CREATE DATABASE … OWNER ….";
  if (code === "42501") return "Give the account of the URL the rights that docs/deploy.md names, or the database.";
  if (code === "25006") return "Name the primary server in store.postgres: this one is a standby or read-only.";
  if (code === "53100") return "Make room on the database server, then ask again.";
  if (/SSL|CERT|SELF_SIGNED|UNABLE_TO/.test(`${code} ${thrown instanceof Error ? thrown.message : ""}`))
    return "Check sslmode and sslrootcert in the URL that store.postgres names.";
  return "Check that the server in store.postgres runs and can be reached from here, then ask again.";
}
