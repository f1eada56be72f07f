/** A host's one network adapter and its names. */
import { isIP } from "node:net";
import type { LabHost } from "../../world/model.ts";
import type { Data } from "../wire/value.ts";
import type { Lookups } from "./lookups.ts";

/** The host's management address: its client's, or its lookups name where that is one. */
export function addressOf(host: LabHost, lookups: Lookups): string | undefined {
  if (isIP(host.name) !== 0) return host.name;
  const address = lookups.model.clients.find((client) => client.id === host.clientId)?.hostAddress;
  return address !== undefined && isIP(address) !== 0 ? address : undefined;
}

export function networkOf(host: LabHost, lookups: Lookups): Data {
  const [hostName = host.dnsName, ...domain] = host.dnsName.split(".");
  return {
    vnic: [virtualNic(host, lookups)],
    dnsConfig: {
      $type: "HostDnsConfig",
      dhcp: false,
      hostName,
      domainName: domain.join("."),
      searchDomain: [domain.join(".")],
    },
  };
}

export function virtualNic(host: LabHost, lookups: Lookups): Data {
  const address = addressOf(host, lookups);
  const ip: Data = {
    dhcp: false,
    ...(address === undefined ? {} : { ipAddress: address }),
    subnetMask: "255.255.255.0",
  };
  return { device: "vmk0", key: "key-vim.host.VirtualNic-vmk0", portgroup: "Management Network", spec: { ip } };
}
