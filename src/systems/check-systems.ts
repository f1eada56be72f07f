/** Everything that `doctor` looks at on the array and in vCenter. It changes nothing, and is not audited. */
import type { Config } from "../config/config.ts";
import type { Logger } from "../core/ports/runtime.ts";
import { checkArray } from "./checks/array.ts";
import { checkConnection } from "./checks/connection.ts";
import { checked, type Finding } from "./checks/finding.ts";
import { checkVcenter } from "./checks/vcenter.ts";
import { loadSystemFactories, vcenterUrl } from "./open-systems.ts";

/** Each system by itself, so that what is wrong with one does not hide the other. Never throws. */
export async function checkSystems(config: Config, log: Logger): Promise<Finding[]> {
  const { array, vcenter } = config;
  const [toArray, toVcenter, within] = await Promise.all([
    checkConnection({ system: "array", url: array.url, tls: array.tls, section: array.section }, config),
    checkConnection(
      { system: "vCenter", url: vcenterUrl(vcenter.address), tls: vcenter.tls, section: "vcenter" },
      config,
    ),
    signedIn(config, log),
  ]);
  return [...toArray, ...within.array, ...toVcenter, ...within.vcenter];
}

async function signedIn(
  config: Config,
  log: Logger,
): Promise<{ array: readonly Finding[]; vcenter: readonly Finding[] }> {
  const factories = loadSystemFactories(config, log);
  const storage = await (async () => {
    const opened = (await factories).array();
    return checkArray(opened, config).finally(() => opened.close());
  })().catch(async (thrown: unknown) => ({
    findings: await checked("array: sign-in", () => Promise.reject(thrown)),
    clients: undefined,
  }));
  const vcenter = await checked("vCenter: sign-in", async () => {
    const vsphere = (await factories).vsphere();
    return checkVcenter(vsphere, config, storage.clients).finally(() => vsphere.close());
  });
  return { array: storage.findings, vcenter };
}
