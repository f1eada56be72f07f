/** The array ports over NetApp ONTAP's REST interface, 9.10.1 and later: one LUN in a FlexVol, a clone is a FlexClone volume. */
import * as z from "zod";
import { PrepError } from "../../core/domain/errors.ts";
import { registerSecret } from "../../logging/redact.ts";
import { firstIssue } from "../calls.ts";
import type { ArrayOptions, StorageArray } from "../driver.ts";
import { createTransport } from "../transport.ts";
import { createApi } from "./api.ts";
import { createReads } from "./reads.ts";
import { createWrites } from "./writes.ts";

/** `settings` of this kind. */
const Settings = z.strictObject({
  /** The storage virtual machine whose volumes, LUNs and igroups are meant. */
  svm: z.string().regex(/^[\w.-]{1,63}$/, { error: "is no name of an SVM" }),
});

/** One connection to ONTAP. Nothing is sent before the first call, and there is no session to end. Errors: as the port says. */
export function createOntap(options: ArrayOptions): StorageArray {
  const { section = "array", url, timeouts, clock, log } = options;
  const { connectMs, callMs, jobMs } = timeouts;
  const settings = Settings.safeParse(options.settings ?? {});
  if (!settings.success) {
    throw new PrepError("CONFIG_INVALID", `${section}.settings is not usable: ${firstIssue(settings.error)}.`, {
      hint: "docs/arrays/ontap.md names the settings of an ONTAP: svm.",
    });
  }
  const transport = createTransport({
    url,
    prefix: "/api",
    // Without the links of every object; those to a next page come anyway.
    accept: "application/json",
    tls: options.tls,
    proxy: options.proxy,
    connectMs,
    callMs,
  });
  const { svm } = settings.data;
  const api = createApi({ transport, authorization: authorizationOf(options), section, url, callMs, clock, log });
  const reads = createReads(api, svm);
  return {
    reader: reads.reader,
    writer: { ...reads.reader, ...createWrites({ api, reads, svm, clock, log, jobMs }) },
    close: () => transport.close().catch(() => undefined),
  };
}

/** A token where there is one, else user and password: sent with each call, kept nowhere but among what no log shows. */
function authorizationOf({ username, password, token }: ArrayOptions): () => Promise<string> {
  let hidden = "";
  return async () => {
    const secret =
      token === undefined
        ? Buffer.from(`${username ?? ""}:${(await password?.()) ?? ""}`).toString("base64")
        : await token();
    if (secret !== hidden) registerSecret(secret);
    hidden = secret;
    return `${token === undefined ? "Basic" : "Bearer"} ${secret}`;
  };
}
