/**
 * What a configuration may say (SURFACE: Configuration). One schema checks the file, is published as JSON schema and
 * knows the keys that a typo is compared with. References (secrets, paths) are resolved after it, in `config.ts`.
 */
import { z } from "zod";
import { normalThumbprint } from "../net/tls.ts";
import { parseDuration } from "./duration.ts";
import { Secret } from "./secrets.ts";

const text = z.string().trim().min(1, { error: "must not be empty" });

const duration = (fallback: string) =>
  z
    .string()
    .transform((raw, context) => {
      const ms = parseDuration(raw);
      if (ms !== undefined) return ms;
      context.issues.push({
        code: "custom",
        input: raw,
        message: "must be a duration such as 500ms, 20s, 5m or 1h (a day at most)",
      });
      return z.NEVER;
    })
    .prefault(fallback);

const count = (fallback: number, most: number) => z.int().min(1).max(most).default(fallback);

const envReference = z.strictObject({
  env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, { error: "must be a variable's name" }),
});
const fileReference = z.strictObject({ file: text });

const SECRET_RULE =
  "must be {env: NAME} or {file: PATH}, never the value itself: put the value into a file that only this account can read, and name the file here";

/** `inMemory`: also a `Secret` object, for configurations that a program builds. */
const secret = (inMemory: boolean) =>
  inMemory
    ? z.union([z.custom<Secret>((value) => value instanceof Secret), envReference, fileReference], {
        error: SECRET_RULE,
      })
    : z.union([envReference, fileReference], { error: SECRET_RULE });

const tls = z
  .union(
    [
      z.strictObject({ ca: text }),
      z.strictObject({
        thumbprint: z.string().refine((raw) => /^[0-9A-F]{64}$/.test(normalThumbprint(raw)), {
          error: "must be a SHA-256 thumbprint: 64 hex digits, colons optional",
        }),
      }),
      z.strictObject({ insecure: z.literal(true) }),
    ],
    { error: "must be one of {ca: FILE}, {thumbprint: SHA256 (64 hex digits)} and {insecure: true}" },
  )
  .optional();

const httpUrl = z.string().refine(
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
);

const hostAndPort = z.string().regex(/^(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:\d{1,5})?$/, {
  error: "must be HOST or HOST:PORT, without a scheme or a path",
});

const policy = z.enum(["token", "prompt", "human"]);

const pair = z.strictObject({ client: text, host: text });

const PAIRS = [
  { client: "CDS1-ESX165", host: "192.168.1.165" },
  { client: "CDS1-ESX166", host: "192.168.1.166" },
];

const LUNS = {
  Gold: "AutomatedTest-VMBootImg-Gold",
  Gold2: "AutomatedTest-VMBootImg-Gold-2",
  ComputeMigration: "AutomatedTest-VMBootImgComputeMigration-Gold",
};

function buildSchema(inMemory: boolean) {
  return z.strictObject({
    dgs: z.strictObject({
      url: httpUrl,
      username: text,
      password: secret(inMemory),
      tls,
      driver: text.optional(),
    }),
    vcenter: z.strictObject({
      address: hostAndPort.default("192.168.0.201"),
      username: text.optional(),
      password: secret(inMemory).optional(),
      tls,
    }),
    controller: z.strictObject({ hostname: text, address: text }).optional(),
    luns: z.record(text, text).default(LUNS),
    pairs: z.array(pair).default(PAIRS),
    defaults: pair.default({ client: "CDS1-ESX165", host: "192.168.1.165" }),
    approval: z
      .strictObject({
        default: policy.default("prompt"),
        automated_testing: policy.optional(),
        maintenance: policy.optional(),
        register: policy.optional(),
        unregister: policy.optional(),
        rollback: policy.default("human"),
        cli: z.enum(["allow", "deny"]).default("deny"),
        planTtl: duration("10m"),
        requesterIsNotApprover: z.boolean().default(false),
      })
      .prefault({}),
    register: z.strictObject({ folder: text.optional(), pool: text.optional() }).prefault({}),
    store: z
      .union([z.strictObject({ sqlite: text }), z.strictObject({ postgres: secret(inMemory) })], {
        error:
          "must be one of {sqlite: PATH} and {postgres: {env: NAME}} or {postgres: {file: PATH}}, where the secret is the whole URL",
      })
      .optional(),
    log: z
      .strictObject({ dir: text.optional(), level: z.enum(["debug", "info", "warn", "error"]).default("info") })
      .prefault({}),
    limits: z
      .strictObject({
        powerOff: count(16, 64),
        unregister: count(8, 64),
        register: count(8, 64),
        openPlans: count(20, 1000),
        guestShutdown: duration("5m"),
        copyWait: duration("2m"),
        connect: duration("10s"),
        dgsCall: duration("30s"),
        dgsJob: duration("30m"),
        vcenterCall: duration("2m"),
        vcenterTask: duration("15m"),
        rescan: duration("15m"),
      })
      .prefault({}),
    http: z.looseObject({ listen: text.optional(), allowedHosts: z.array(text).optional() }).prefault({}),
  });
}

/** For what a person wrote. */
export const fileSchema = buildSchema(false);
/** For what a program built: secrets may be `Secret` objects. */
export const objectSchema = buildSchema(true);

/** A configuration that has the right form: durations in milliseconds, defaults filled in, references as they stand. */
export type RawConfig = z.output<typeof objectSchema>;

/** The JSON Schema (draft 2020-12) of a configuration file, for editors and `config schema`. */
export function configJsonSchema(): Record<string, unknown> {
  return { ...z.toJSONSchema(fileSchema, { io: "input" }), title: "atvm_prep configuration" };
}
