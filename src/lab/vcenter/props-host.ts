/** Properties of hosts and of their datastore systems. */
import { isIP } from "node:net";
import type { LabHost } from "../world/model.ts";
import { ENTITY_DEFAULTS, HARDWARE, networksOf } from "./props-containers.ts";
import { fileSystemVolumes, storageDevices } from "./props-storage.ts";
import { ESX_ABOUT } from "./service/about.ts";
import type { Props } from "./service/entity.ts";
import { entityName, hostBrowserIdOf, type Inventory, networkSystemIdOf } from "./service/inventory.ts";
import { type Data, Ref } from "./wire/value.ts";

const connectionState = (host: LabHost): string => (host.connected ? "connected" : "notResponding");

const runtimeOf = (host: LabHost): Data => ({
  connectionState: connectionState(host),
  powerState: host.connected ? "poweredOn" : "unknown",
  inMaintenanceMode: false,
});

/** The host's management address: its client's, or its inventory name where that is one. */
export function addressOf(host: LabHost, inventory: Inventory): string | undefined {
  if (isIP(host.name) !== 0) return host.name;
  const address = inventory.model.clients.find((one) => one.id === host.clientId)?.hostAddress;
  return address !== undefined && isIP(address) !== 0 ? address : undefined;
}

function networkOf(host: LabHost, inventory: Inventory): Data {
  const [hostName = host.dnsName, ...domain] = host.dnsName.split(".");
  const address = addressOf(host, inventory);
  const ip: Data = {
    dhcp: false,
    ...(address === undefined ? {} : { ipAddress: address }),
    subnetMask: "255.255.255.0",
  };
  return {
    vnic: [{ device: "vmk0", key: "key-vim.host.VirtualNic-vmk0", portgroup: "Management Network", spec: { ip } }],
    dnsConfig: {
      $type: "HostDnsConfig",
      dhcp: false,
      hostName,
      domainName: domain.join("."),
      searchDomain: [domain.join(".")],
    },
  };
}

export const HOST: Props<LabHost, Inventory> = {
  ...ENTITY_DEFAULTS,
  name: (host) => entityName(host.name),
  parent: (host) => new Ref("ComputeResource", host.computeResource),
  overallStatus: (host) => (host.connected ? "green" : "red"),
  runtime: runtimeOf,
  summary: (host) => ({
    host: new Ref("HostSystem", host.id),
    hardware: () => ({
      vendor: "Lab",
      model: "Two-socket server",
      uuid: `4c4c4544-0000-1000-8000-${Buffer.from(host.id).toString("hex").slice(-12).padStart(12, "0")}`,
      memorySize: HARDWARE.memory,
      cpuModel: "x86-64",
      cpuMhz: HARDWARE.mhz,
      numCpuPkgs: HARDWARE.packages,
      numCpuCores: HARDWARE.cores,
      numCpuThreads: HARDWARE.threads,
      numNics: 1,
      numHBAs: 1,
    }),
    runtime: () => runtimeOf(host),
    config: () => ({
      name: host.name,
      port: 443,
      product: ESX_ABOUT,
      vmotionEnabled: false,
      faultToleranceEnabled: false,
    }),
    quickStats: {},
    overallStatus: host.connected ? "green" : "red",
    rebootRequired: false,
  }),
  configManager: (host) => ({
    datastoreSystem: new Ref("HostDatastoreSystem", host.datastoreSystem),
    storageSystem: new Ref("HostStorageSystem", host.storageSystem),
    networkSystem: new Ref("HostNetworkSystem", networkSystemIdOf(host)),
  }),
  config: (host, inventory) => ({
    host: new Ref("HostSystem", host.id),
    product: ESX_ABOUT,
    storageDevice: () => storageDevices(host, inventory),
    fileSystemVolume: () => fileSystemVolumes(host, inventory),
    network: () => networkOf(host, inventory),
  }),
  vm: (host, inventory) => inventory.vmsOnHost(host.id).map((vm) => new Ref("VirtualMachine", vm.id)),
  datastore: (host, inventory) => inventory.datastoresOf(host).map((one) => new Ref("Datastore", one.id)),
  network: networksOf,
  datastoreBrowser: (host) => new Ref("HostDatastoreBrowser", hostBrowserIdOf(host)),
};

export const DATASTORE_SYSTEM: Props<LabHost, Inventory> = {
  datastore: (host, inventory) => inventory.datastoresOf(host).map((one) => new Ref("Datastore", one.id)),
  capabilities: () => ({
    nfsMountCreationRequired: true,
    nfsMountCreationSupported: true,
    localDatastoreSupported: false,
    vmfsExtentExpansionSupported: true,
  }),
};
