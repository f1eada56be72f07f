/** The part of a configuration that is about the storage array: `array`, or `dgs` as it was called when there was one kind. */
import * as z from "zod";
import { ARRAY_KINDS, NO_ARRAY } from "../array/kinds.ts";
import type { Secret } from "./secrets.ts";
import type { TlsReference } from "./trust.ts";
import { httpUrl, type References, secret, text, tls } from "./values.ts";

/** How the array is reached, whichever key said it. */
export interface ArrayReference {
  /** The key that said it: what errors name. */
  readonly section: "array" | "dgs";
  /** One of `ARRAY_KINDS`, or a module: an absolute path, or a package's name. */
  readonly kind: string;
  readonly url: string;
  readonly username?: string | undefined;
  readonly password?: Secret | undefined;
  readonly token?: Secret | undefined;
  readonly tls: TlsReference;
  readonly settings?: unknown;
}

const KINDS = ARRAY_KINDS.map((kind) => `\`${kind}\``).join(", ");

const driver = (references: References) =>
  text.transform((given) => (given.startsWith(".") ? references.path(given) : given));

const account = (references: References) => ({
  url: httpUrl.describe("Base address of the array's interface."),
  username: text.optional().describe("Account on the array. Not needed with a token."),
  password: secret(references).optional().describe("Password of that account."),
  token: secret(references)
    .optional()
    .describe("A bearer token (OAuth 2.0) instead of account and password, where the array takes one."),
  tls: tls(references).describe(
    "How the array's certificate is judged; without it, by the authorities that Node trusts.",
  ),
  settings: z
    .record(text, z.unknown())
    .optional()
    .describe("What this kind needs besides; its page (docs/arrays) names it."),
});

/** Told also where something else is wrong: all that is to be mended is mended in one go. */
export const ALSO_THEN = { when: ({ value }: { value: unknown }) => typeof value === "object" && value !== null };

/** One way to sign in: a token, or account and password. */
function checkSignIn({ username, password, token }: Partial<ArrayReference>, context: z.core.$RefinementCtx): void {
  const issue = (member: string, message: string) => context.addIssue({ code: "custom", path: [member], message });
  if (token !== undefined && password !== undefined) issue("token", "is given beside a password: give one of both");
  if (token !== undefined) return;
  if (username === undefined) issue("username", "is missing");
  if (password === undefined) issue("password", "is missing");
}

export const arraySection = (references: References) =>
  z
    .strictObject({
      kind: driver(references).describe(
        `Which array it is: ${KINDS}, or a driver of your own (docs/driver.md): a module's path, or a package's name.`,
      ),
      ...account(references),
    })
    .superRefine(checkSignIn, ALSO_THEN)
    .optional()
    .describe("The storage array. Required, but for `engine: script`.");

export const dgsSection = (references: References) =>
  z
    .strictObject({
      ...account(references),
      driver: driver(references).optional().describe("What `array.kind` says; without it, `dgs`."),
    })
    .superRefine(checkSignIn, ALSO_THEN)
    .optional()
    .describe(
      "`array` under the name that it had when there was one kind, with `driver` in place of `kind`. One of both.",
    );

type Sections = {
  readonly array?: z.output<ReturnType<typeof arraySection>>;
  readonly dgs?: z.output<ReturnType<typeof dgsSection>>;
};

/** Exactly one of both has to be there; with the site's script as the engine, none is needed. */
export function checkArraySections(
  { array, dgs, engine }: Sections & { readonly engine: "steps" | "script" },
  context: z.core.$RefinementCtx,
): void {
  if (array === undefined && dgs === undefined && engine !== "script") {
    context.addIssue({ code: "custom", path: ["array"], message: "is missing" });
  }
  if (array !== undefined && dgs !== undefined) {
    context.addIssue({
      code: "custom",
      path: ["dgs"],
      message: "is another name of array: give one of both",
      params: { key: true },
    });
  }
}

/** The one of both that is there, or what stands for none: a driver that refuses whatever is asked of it. */
export function arrayOf({ array, dgs }: Sections): ArrayReference {
  if (array !== undefined) return { section: "array", ...array };
  if (dgs === undefined) return { section: "array", kind: NO_ARRAY, url: "none", tls: { system: true } };
  const { driver: kind = "dgs", ...rest } = dgs;
  return { section: "dgs", kind, ...rest };
}

interface Limits {
  readonly arrayCall: number;
  readonly arrayJob: number;
  readonly powerOffs: number;
  readonly unregistrations: number;
  readonly registrations: number;
}

type FormerLimits = Readonly<
  Partial<Record<"dgsCall" | "dgsJob" | "powerOff" | "unregister" | "register", number | undefined>>
>;

/** What a limit's former name says counts. */
export function withFormerLimits<T extends Limits>({
  dgsCall,
  dgsJob,
  powerOff,
  unregister,
  register,
  ...limits
}: T & FormerLimits) {
  return {
    ...limits,
    arrayCall: dgsCall ?? limits.arrayCall,
    arrayJob: dgsJob ?? limits.arrayJob,
    powerOffs: powerOff ?? limits.powerOffs,
    unregistrations: unregister ?? limits.unregistrations,
    registrations: register ?? limits.registrations,
  };
}
