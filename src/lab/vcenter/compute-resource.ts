import type { LabHost } from "../world/model.ts";
import { folderRef } from "./folder.ts";
import { MANAGED_ENTITY } from "./managed-entity.ts";
import { networksOf } from "./network.ts";
import { HARDWARE } from "./service/hardware.ts";
import { entityName, type Lookups } from "./service/lookups.ts";
import { managedType, needs } from "./service/managed-type.ts";
import { Ref } from "./wire/value.ts";

/** The compute resource of a standalone host. */
export const COMPUTE_RESOURCE = managedType<LabHost, Lookups>("ComputeResource", MANAGED_ENTITY, {
  properties: {
    "name string": (host) => entityName(host.name),
    "parent &ManagedEntity?": (host, lookups) => folderRef(lookups.datacenter(host.datacenterId)?.hostFolder),
    "resourcePool &ResourcePool?": (host) => new Ref("ResourcePool", host.resourcePool),
    "host &HostSystem*": (host) => [new Ref("HostSystem", host.id)],
    "datastore &Datastore*": (host, lookups) => lookups.datastoresOf(host).map((item) => new Ref("Datastore", item.id)),
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

/** What vSphere HA keeps on datastores is known of a cluster only: a host with heartbeats is in one of its own. */
export const CLUSTER_COMPUTE_RESOURCE = managedType<LabHost, Lookups>("ClusterComputeResource", COMPUTE_RESOURCE, {
  methods: {
    "RetrieveDasAdvancedRuntimeInfo() -> ClusterDasAdvancedRuntimeInfo?": needs("System.Read", ({ vcenter, self }) => {
      const { lookups } = vcenter;
      const host = lookups.model.hosts.find(({ computeResource }) => computeResource === self.id);
      const kept = host === undefined ? [] : lookups.datastoresOf(host).filter(({ heartbeat }) => heartbeat === true);
      const hosts = host === undefined ? [] : [new Ref("HostSystem", host.id)];
      return { heartbeatDatastoreInfo: kept.map(({ id }) => ({ datastore: new Ref("Datastore", id), hosts })) };
    }),
  },
});

export const isClustered = (host: LabHost, lookups: Lookups): boolean =>
  lookups.datastoresOf(host).some(({ heartbeat }) => heartbeat === true);

export const computeResourceRef = (host: LabHost, lookups: Lookups): Ref =>
  new Ref(isClustered(host, lookups) ? "ClusterComputeResource" : "ComputeResource", host.computeResource);
