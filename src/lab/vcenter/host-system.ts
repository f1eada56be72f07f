import type { LabHost } from "../world/model.ts";
import { computeResourceRef } from "./compute-resource.ts";
import { virtualNicManagerInfo } from "./host-virtual-nic-manager.ts";
import { MANAGED_ENTITY } from "./managed-entity.ts";
import { networksOf } from "./network.ts";
import { optionsOf } from "./option-manager.ts";
import { ESX_ABOUT } from "./service/about.ts";
import { HARDWARE } from "./service/hardware.ts";
import { networkOf } from "./service/host-network.ts";
import { fileSystemVolumes, storageDevices } from "./service/host-storage.ts";
import {
  entityName,
  hostBrowserIdOf,
  type Lookups,
  networkSystemIdOf,
  optionManagerIdOf,
  virtualNicManagerIdOf,
} from "./service/lookups.ts";
import { managedType } from "./service/managed-type.ts";
import { type Data, Ref } from "./wire/value.ts";

const connectionState = (host: LabHost): string => (host.connected ? "connected" : "notResponding");

const runtimeOf = (host: LabHost): Data => ({
  connectionState: connectionState(host),
  powerState: host.connected ? "poweredOn" : "unknown",
  inMaintenanceMode: host.maintenance === true,
});

const uuidOf = (host: LabHost): string =>
  `4c4c4544-0000-1000-8000-${Buffer.from(host.id).toString("hex").slice(-12).padStart(12, "0")}`;

const MACHINE = { vendor: "Lab", model: "Two-socket server" } as const;
const HZ = HARDWARE.mhz * 1_000_000;

/** `HostHardwareInfo` */
function hardwareOf(host: LabHost): Data {
  const perPackage = HARDWARE.threads / HARDWARE.packages;
  return {
    systemInfo: { ...MACHINE, uuid: uuidOf(host) },
    cpuInfo: {
      numCpuPackages: HARDWARE.packages,
      numCpuCores: HARDWARE.cores,
      numCpuThreads: HARDWARE.threads,
      hz: HZ,
    },
    cpuPkg: Array.from({ length: HARDWARE.packages }, (_, index) => ({
      index,
      vendor: "intel",
      hz: HZ,
      busHz: 100_000_000,
      description: "x86-64",
      threadId: Array.from({ length: perPackage }, (_thread, number) => index * perPackage + number),
    })),
    memorySize: HARDWARE.memory,
    biosInfo: { biosVersion: "1.0", releaseDate: new Date(0) },
  };
}

/** `HostDiagnosticPartition`, where the host dumps its core to a datastore's disk. */
function diagnosticPartition(host: LabHost, lookups: Lookups): Data | undefined {
  const kept = host.keeps?.find(({ what }) => what === "coredump");
  const [diskName] = (kept === undefined ? undefined : lookups.datastore(kept.datastoreId))?.naas ?? [];
  if (diskName === undefined) return undefined;
  return { storageType: "networkAttached", diagnosticType: "singleHost", slots: 1, id: { diskName, partition: 9 } };
}

export const HOST_SYSTEM = managedType<LabHost, Lookups>("HostSystem", MANAGED_ENTITY, {
  properties: {
    "name string": (host) => entityName(host.name),
    "parent &ManagedEntity?": computeResourceRef,
    "disabledMethod string*": (host) => host.disabledMethods,
    "hardware HostHardwareInfo?": hardwareOf,
    "overallStatus ManagedEntityStatus": (host) => (host.connected ? "green" : "red"),
    "runtime HostRuntimeInfo": runtimeOf,
    "summary HostListSummary": (host) => ({
      host: new Ref("HostSystem", host.id),
      hardware: () => ({
        ...MACHINE,
        uuid: uuidOf(host),
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
      virtualNicManager: new Ref("HostVirtualNicManager", virtualNicManagerIdOf(host)),
      advancedOption: new Ref("OptionManager", optionManagerIdOf(host)),
    }),
    "config HostConfigInfo?": (host, lookups) => ({
      host: new Ref("HostSystem", host.id),
      product: ESX_ABOUT,
      storageDevice: () => storageDevices(host, lookups),
      fileSystemVolume: () => fileSystemVolumes(host, lookups),
      network: () => networkOf(host, lookups),
      virtualNicManagerInfo: () => virtualNicManagerInfo(host, lookups),
      activeDiagnosticPartition: () => diagnosticPartition(host, lookups),
      option: () => optionsOf(host, lookups),
    }),
    "vm &VirtualMachine*": (host, lookups) => lookups.vmsOnHost(host.id).map((vm) => new Ref("VirtualMachine", vm.id)),
    "datastore &Datastore*": (host, lookups) => lookups.datastoresOf(host).map((item) => new Ref("Datastore", item.id)),
    "network &Network*": networksOf,
    "datastoreBrowser &HostDatastoreBrowser": (host) => new Ref("HostDatastoreBrowser", hostBrowserIdOf(host)),
  },
  unset:
    "capability anyType?, licensableResource anyType?, systemResources anyType?, remediationState anyType?, precheckRemediationResult anyType?, remediationResult anyType?, complianceCheckState anyType?, complianceCheckResult anyType?, answerFileValidationState anyType?, answerFileValidationResult anyType?",
});
