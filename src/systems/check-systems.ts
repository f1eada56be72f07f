/** Everything that `doctor` looks at on the array and in vCenter. It changes nothing, and is not audited. */

import { NO_ARRAY } from "../array/kinds.ts";
import type { Config } from "../config/config.ts";
import type { Logger } from "../core/ports/runtime.ts";
import { type ArrayFindings, checkArray } from "./checks/array.ts";
import { checkConnection } from "./checks/connection.ts";
import { checked, type Finding, warning } from "./checks/finding.ts";
import { checkScript } from "./checks/script.ts";
import { checkVcenter } from "./checks/vcenter.ts";
import { loadSystemFactories, vcenterUrl } from "./open-systems.ts";

/** Each system by itself, so that what is wrong with one does not hide the other. Never throws. */
export async function checkSystems(config: Config, log: Logger): Promise<Finding[]> {
  const { array, vcenter } = config;
  const [toArray, toVcenter, within, script] = await Promise.all([
    array.kind === NO_ARRAY
      ? []
      : checkConnection({ system: "array", url: array.url, tls: array.tls, section: array.section }, config),
    checkConnection(
      { system: "vCenter", url: vcenterUrl(vcenter.address), tls: vcenter.tls, section: "vcenter" },
      config,
    ),
    signedIn(config, log),
    checkScript(config, log),
  ]);
  return [...toArray, ...within.array, ...toVcenter, ...within.vcenter, ...script];
}

const NO_ARRAY_FINDING = warning(
  "array",
  "none is configured: names of LUNs, clients and snapshots go to the site's script unchecked",
  "Name it under array as soon as there is a driver for it (docs/driver.md).",
);

async function signedIn(
  config: Config,
  log: Logger,
): Promise<{ array: readonly Finding[]; vcenter: readonly Finding[] }> {
  const factories = loadSystemFactories(config, log);
  const storage: ArrayFindings = await (async () => {
    if (config.array.kind === NO_ARRAY) return { findings: [NO_ARRAY_FINDING] };
    const opened = (await factories).array();
    return checkArray(opened, config).finally(() => opened.close());
  })().catch(async (thrown: unknown) => ({
    findings: await checked("array: sign-in", () => Promise.reject(thrown)),
  }));
  const vcenter = await checked("vCenter: sign-in", async () => {
    const vsphere = (await factories).vsphere();
    return checkVcenter(vsphere, config, storage.clients).finally(() => vsphere.close());
  });
  return { array: storage.findings, vcenter };
}
