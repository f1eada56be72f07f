/** What `init` reads from the systems while a configuration is being written. It changes nothing. */
import type { Config } from "../config/config.ts";
import { proxyFor } from "../config/proxy.ts";
import type { Logger } from "../core/ports/runtime.ts";
import { translateNetworkError } from "../net/errors.ts";
import { type PresentedCertificate, presentedCertificate } from "../net/presented.ts";
import { loadSystemFactories, vcenterUrl } from "./open-systems.ts";

interface ArraySurvey {
  readonly clients: readonly { readonly name: string; readonly hostAddress: string }[];
  /** Names of the gold LUNs. */
  readonly golds: readonly string[];
}

/** Errors: as `translateNetworkError`. Undefined for plain http. */
export async function presentedBy(
  system: "array" | "vCenter",
  config: Config,
): Promise<PresentedCertificate | undefined> {
  const address = system === "array" ? config.array.url : vcenterUrl(config.vcenter.address);
  const { protocol, hostname, port } = new URL(address);
  if (protocol !== "https:") return undefined;
  return presentedCertificate({
    host: hostname.replace(/^\[(.*)\]$/, "$1"),
    port: port === "" ? 443 : Number(port),
    connectTimeout: config.limits.connect,
    proxy: proxyFor(address, config.proxy),
  }).catch((thrown: unknown) => {
    throw translateNetworkError(thrown, {
      system,
      address,
      section: system === "array" ? config.array.section : "vcenter",
    });
  });
}

export async function surveyArray(config: Config, log: Logger): Promise<ArraySurvey> {
  const array = (await loadSystemFactories(config, log)).array();
  try {
    const [clients, volumes] = await Promise.all([array.reader.clients(), array.reader.volumes()]);
    // Where the array declares nothing, whatever could be gold is for the operator to choose from.
    const golds = volumes.filter(({ declaredKind, parent, unusable }) =>
      declaredKind === undefined ? parent === undefined && unusable === undefined : declaredKind === "gold",
    );
    return {
      clients: clients.map(({ name, hostAddress = "" }) => ({ name, hostAddress })),
      golds: golds.map(({ name }) => name),
    };
  } finally {
    await array.close();
  }
}

/** For each address that means exactly one host, that host's name. */
export async function surveyVcenter(
  config: Config,
  log: Logger,
  addresses: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const vsphere = (await loadSystemFactories(config, log)).vsphere();
  try {
    const { hosts } = await vsphere.reader.inventory();
    const found = await Promise.all(
      addresses.map(async (address) => {
        const ids = await vsphere.reader.findHost(address, hosts);
        const [host, ...others] = hosts.filter(({ id }) => ids.includes(id));
        return host === undefined || others.length > 0 ? [] : [[address, host.name] as const];
      }),
    );
    return new Map(found.flat());
  } finally {
    await vsphere.close();
  }
}
