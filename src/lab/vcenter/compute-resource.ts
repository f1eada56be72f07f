import type { LabHost } from "../world/model.ts";
import { folderRef } from "./folder.ts";
import { MANAGED_ENTITY } from "./managed-entity.ts";
import { networksOf } from "./network.ts";
import { HARDWARE } from "./service/hardware.ts";
import { entityName, type Lookups } from "./service/lookups.ts";
import { managedType } from "./service/managed-type.ts";
import { Ref } from "./wire/value.ts";

/** The compute resource of a standalone host. */
export const COMPUTE_RESOURCE = managedType<LabHost, Lookups>("ComputeResource", MANAGED_ENTITY, {
  properties: {
    "name string": (host) => entityName(host.name),
    "parent &ManagedEntity?": (host, lookups) => folderRef(lookups.datacenter(host.datacenterId)?.hostFolder),
    "resourcePool &ResourcePool?": (host) => new Ref("ResourcePool", host.resourcePool),
    "host &HostSystem*": (host) => [new Ref("HostSystem", host.id)],
    "datastore &Datastore*": (host, lookups) => lookups.datastoresOf(host).map((one) => new Ref("Datastore", one.id)),
    "network &Network*": networksOf,
    "summary ComputeResourceSummary": (host) => ({
      totalCpu: HARDWARE.cores * HARDWARE.mhz,
      totalMemory: HARDWARE.memory,
      numCpuCores: HARDWARE.cores,
      numCpuThreads: HARDWARE.threads,
      effectiveCpu: HARDWARE.cores * HARDWARE.mhz,
      effectiveMemory: HARDWARE.memory / 1024 ** 2,
      numHosts: 1,
      numEffectiveHosts: host.connected ? 1 : 0,
      overallStatus: "green",
    }),
    "configurationEx ComputeResourceConfigInfo": () => ({ vmSwapPlacement: "vmDirectory" }),
  },
  unset: "environmentBrowser anyType?",
});

managedType("ClusterComputeResource", COMPUTE_RESOURCE);
