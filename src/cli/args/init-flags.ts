/** The answers that `atvm_prep init` takes as flags. */
import * as z from "zod";
import type { Flag } from "./flags.ts";

const SYSTEMS = [
  { name: "array", what: "the array", address: "URL" },
  { name: "vcenter", what: "vCenter", address: "HOST[:PORT]" },
] as const;

export const INIT_FLAGS: readonly Flag[] = [
  {
    long: "--yes",
    text: "ask nothing: every answer is a flag, and a certificate is trusted by authority or by its flag only",
  },
  ...SYSTEMS.flatMap(({ name, what, address }): Flag[] => [
    { long: `--${name}`, value: address, text: `address of ${what}` },
    { long: `--${name}-user`, value: "NAME", text: `account on ${what}` },
    { long: `--${name}-password-file`, value: "FILE", text: "file that holds its password" },
    { long: `--${name}-password-env`, value: "NAME", text: "or the variable that holds it" },
    { long: `--${name}-thumbprint`, value: "SHA256", text: `the one certificate of ${what} that is accepted` },
    { long: `--${name}-ca`, value: "FILE", text: "or the authority's certificates" },
  ]),
  { long: "--array-kind", value: "KIND", text: "which array it is (default: dgs); docs/driver.md lists the kinds" },
  { long: "--array-settings", value: "NAME=VALUE,…", text: "what that kind needs besides" },
  { long: "--proxy", value: "URL", text: "proxy on the way to both, or `none`" },
  { long: "--store", value: "FILE", text: "SQLite file for plans, runs and audit" },
];

const text = z.string().min(1).optional();

export const initFlags = z.object({
  yes: z.boolean().default(false),
  array: text,
  arrayUser: text,
  arrayPasswordFile: text,
  arrayPasswordEnv: text,
  arrayThumbprint: text,
  arrayCa: text,
  arrayKind: text,
  arraySettings: text,
  vcenter: text,
  vcenterUser: text,
  vcenterPasswordFile: text,
  vcenterPasswordEnv: text,
  vcenterThumbprint: text,
  vcenterCa: text,
  proxy: text,
  store: text,
});

export type InitFlags = z.output<typeof initFlags>;
