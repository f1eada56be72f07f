/** The kinds of value that a configuration is made of, each with the rule that a wrong one is told. */
import * as z from "zod";
import { normalThumbprint } from "../net/tls.ts";
import { DURATION_FORM, parseDuration } from "./duration.ts";
import { Secret } from "./secrets.ts";
import type { TlsReference } from "./trust.ts";

/** What references in a file are resolved with. */
export interface References {
  /** A path as it is written → an absolute one. */
  path(written: string): string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export const text = z.string().trim().min(1, { error: "must not be empty" });

const someDuration = () =>
  z
    .string()
    .regex(DURATION_FORM, { error: DURATION_RULE, abort: true })
    .transform((raw, context) => {
      const ms = parseDuration(raw);
      if (ms !== undefined) return ms;
      context.issues.push({ code: "custom", input: raw, message: DURATION_RULE });
      return z.NEVER;
    });

/** Milliseconds in the end. `title` is what docs and editors call the type. */
export const duration = (fallback: string) => someDuration().prefault(fallback).meta({ title: "duration" });

export const optionalDuration = () => someDuration().optional().meta({ title: "duration" });

const DURATION_RULE = "must be a duration such as 500ms, 20s, 5m or 1h (a day at most)";

/** Days, as a number in the end. */
export const days = () =>
  z
    .string()
    .regex(/^([7-9]|[1-9]\d{1,4})d$/, { error: "must be a number of days such as 90d, 7d at least" })
    .transform((raw) => Number.parseInt(raw, 10))
    .optional()
    .meta({ title: "days" });

export const optionalCount = (most: number) => z.int().min(1).max(most).optional();

export const count = (fallback: number, most: number) => z.int().min(1).max(most).default(fallback);

export const path = ({ path: absolute }: References) => text.transform(absolute).meta({ title: "path" });

const SECRET_RULE =
  "must be {env: NAME} or {file: PATH}, never the value itself: put the value into a file that only this account can read, and name the file here";

export const secret = ({ path: absolute, env }: References) =>
  z
    .union(
      [
        z.strictObject({
          env: z
            .string()
            .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: "must be a variable's name" })
            .describe("Name of the environment variable that holds the value."),
        }),
        z.strictObject({
          file: text.describe("File that holds the value and nothing else; its last line end is ignored."),
        }),
      ],
      { error: SECRET_RULE },
    )
    .transform((given) => ("env" in given ? Secret.fromEnv(given.env, env) : Secret.fromFile(absolute(given.file))))
    .meta({ title: "secret" });

export const tls = ({ path: absolute }: References) =>
  z
    .union(
      [
        z.strictObject({ ca: text.describe("PEM file with the certificates of the authorities that are trusted.") }),
        z.strictObject({
          thumbprint: z
            .string()
            .refine((raw) => /^[0-9A-F]{64}$/.test(normalThumbprint(raw)), {
              error: "must be a SHA-256 thumbprint: 64 hex digits, colons optional",
            })
            .describe("SHA-256 of the one certificate that is accepted: 64 hex digits, colons optional."),
        }),
        z.strictObject({
          insecure: z.literal(true).describe("Accept any certificate. It is a warning on every start."),
        }),
      ],
      { error: "must be one of {ca: FILE}, {thumbprint: SHA256 (64 hex digits)} and {insecure: true}" },
    )
    .optional()
    .transform((given): TlsReference => {
      if (given === undefined) return { system: true };
      return "ca" in given ? { caFile: absolute(given.ca) } : given;
    })
    .meta({ title: "trust" });

export const httpUrl = z
  .string()
  .refine(
    (raw) => {
      const url = URL.canParse(raw) ? new URL(raw) : undefined;
      return (
        url !== undefined &&
        /^https?:$/.test(url.protocol) &&
        url.username === "" &&
        url.password === "" &&
        url.search + url.hash === ""
      );
    },
    { error: "must be a http(s) URL without user, password, query and fragment" },
  )
  .transform((raw) => raw.replace(/\/+$/, ""))
  .meta({ title: "URL" });

export const hostAndPort = z
  .string()
  .regex(/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/, {
    error: "must be HOST or HOST:PORT, without a scheme or a path",
  })
  .meta({ title: "HOST or HOST:PORT" });
