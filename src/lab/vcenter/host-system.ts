import { isIP } from "node:net";
import type { LabHost } from "../world/model.ts";
import { MANAGED_ENTITY } from "./managed-entity.ts";
import { networksOf } from "./network.ts";
import { ESX_ABOUT } from "./service/about.ts";
import { HARDWARE } from "./service/hardware.ts";
import { fileSystemVolumes, storageDevices } from "./service/host-storage.ts";
import { entityName, hostBrowserIdOf, type Lookups, networkSystemIdOf } from "./service/lookups.ts";
import { managedType } from "./service/managed-type.ts";
import { type Data, Ref } from "./wire/value.ts";

const connectionState = (host: LabHost): string => (host.connected ? "connected" : "notResponding");

const runtimeOf = (host: LabHost): Data => ({
  connectionState: connectionState(host),
  powerState: host.connected ? "poweredOn" : "unknown",
  inMaintenanceMode: false,
});

/** The host's management address: its client's, or its lookups name where that is one. */
export function addressOf(host: LabHost, lookups: Lookups): string | undefined {
  if (isIP(host.name) !== 0) return host.name;
  const address = lookups.model.clients.find((one) => one.id === host.clientId)?.hostAddress;
  return address !== undefined && isIP(address) !== 0 ? address : undefined;
}

function networkOf(host: LabHost, lookups: Lookups): Data {
  const [hostName = host.dnsName, ...domain] = host.dnsName.split(".");
  const address = addressOf(host, lookups);
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

export const HOST_SYSTEM = managedType<LabHost, Lookups>("HostSystem", MANAGED_ENTITY, {
  properties: {
    "name string": (host) => entityName(host.name),
    "parent &ManagedEntity?": (host) => new Ref("ComputeResource", host.computeResource),
    "overallStatus ManagedEntityStatus": (host) => (host.connected ? "green" : "red"),
    "runtime HostRuntimeInfo": runtimeOf,
    "summary HostListSummary": (host) => ({
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
    "configManager HostConfigManager": (host) => ({
      datastoreSystem: new Ref("HostDatastoreSystem", host.datastoreSystem),
      storageSystem: new Ref("HostStorageSystem", host.storageSystem),
      networkSystem: new Ref("HostNetworkSystem", networkSystemIdOf(host)),
    }),
    "config HostConfigInfo?": (host, lookups) => ({
      host: new Ref("HostSystem", host.id),
      product: ESX_ABOUT,
      storageDevice: () => storageDevices(host, lookups),
      fileSystemVolume: () => fileSystemVolumes(host, lookups),
      network: () => networkOf(host, lookups),
    }),
    "vm &VirtualMachine*": (host, lookups) => lookups.vmsOnHost(host.id).map((vm) => new Ref("VirtualMachine", vm.id)),
    "datastore &Datastore*": (host, lookups) => lookups.datastoresOf(host).map((one) => new Ref("Datastore", one.id)),
    "network &Network*": networksOf,
    "datastoreBrowser &HostDatastoreBrowser": (host) => new Ref("HostDatastoreBrowser", hostBrowserIdOf(host)),
  },
  unset:
    "hardware anyType?, capability anyType?, licensableResource anyType?, systemResources anyType?, remediationState anyType?, precheckRemediationResult anyType?, remediationResult anyType?, complianceCheckState anyType?, complianceCheckResult anyType?, answerFileValidationState anyType?, answerFileValidationResult anyType?",
});
