/** Which certificates the configuration trusts: by reference, and read when a connection is made. */
import { readFileSync } from "node:fs";
import { getCACertificates } from "node:tls";
import { PrepError } from "../core/domain/errors.ts";
import type { TlsSettings } from "../net/tls.ts";

/** How a certificate is judged, still by reference; `system` trusts what Node trusts (NODE_EXTRA_CA_CERTS included). */
export type TlsReference =
  | { readonly caFile: string }
  | { readonly thumbprint: string }
  | { readonly insecure: true }
  | { readonly system: true };

/** What a connection needs to judge a certificate; reads the CA file. Errors: `CONFIG_INVALID`. */
export function resolveTls(reference: TlsReference): TlsSettings {
  if ("system" in reference) return { ca: getCACertificates("default").join("\n") };
  if (!("caFile" in reference)) return reference;
  const pem = readCa(reference.caFile);
  if (pem.includes("-----BEGIN CERTIFICATE-----")) return { ca: pem };
  throw new PrepError("CONFIG_INVALID", `${reference.caFile} holds no PEM certificate.`, {
    found: { file: reference.caFile },
    hint: "tls.ca names a file with the authority's certificate in PEM form (-----BEGIN CERTIFICATE-----).",
  });
}

function readCa(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw new PrepError("CONFIG_INVALID", `The CA file ${path} cannot be read.`, {
      found: { file: path },
      hint: "Check tls.ca in the configuration: a relative path is relative to the configuration's folder.",
      cause,
    });
  }
}
