/** Canonical JSON (RFC 8785) and SHA-256 over it: what plans, fingerprints and audit rows are identified by. */
import { hash } from "node:crypto";
import canonicalize from "canonicalize";

/** Canonical JSON of a plain value; members that are undefined are left out. */
export function canonicalJson(value: unknown): string {
  const text = canonicalize(value);
  if (text === undefined) throw new TypeError("only JSON values have a canonical form");
  return text;
}

export const sha256 = (text: string): string => hash("sha256", text);

/** Hex SHA-256 of the canonical JSON of `value`. */
export const digestOf = (value: unknown): string => sha256(canonicalJson(value));
