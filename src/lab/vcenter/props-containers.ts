/** Properties of folders, Datacenters, compute resources, pools and networks. */
import type { LabDatacenter, LabHost } from "../world/model.ts";
import type { Props } from "./service/entity.ts";
import { entityName, type Inventory, networkIdOf } from "./service/inventory.ts";
import { type Data, Ref } from "./wire/value.ts";

/** What every entity has besides its name and parent. */
export const ENTITY_DEFAULTS: Props<unknown, unknown> = {
  overallStatus: () => "green",
  configStatus: () => "green",
  effectiveRole: () => [-1],
  alarmActionsEnabled: () => true,
};

export interface FolderRecord {
  readonly id: string;
  readonly name: string;
  readonly parent: Ref | undefined;
  readonly childType: readonly string[];
  readonly children: () => Ref[];
}

export const FOLDER: Props<FolderRecord, Inventory> = {
  ...ENTITY_DEFAULTS,
  name: (folder) => folder.name,
  parent: (folder) => folder.parent,
  childType: (folder) => folder.childType,
  childEntity: (folder) => folder.children(),
};

export const DATACENTER: Props<LabDatacenter, Inventory> = {
  ...ENTITY_DEFAULTS,
  name: (dc) => entityName(dc.name),
  parent: () => new Ref("Folder", "group-d1"),
  vmFolder: (dc) => new Ref("Folder", dc.vmFolder),
  hostFolder: (dc) => new Ref("Folder", dc.hostFolder),
  datastoreFolder: (dc) => new Ref("Folder", dc.datastoreFolder),
  networkFolder: (dc) => new Ref("Folder", dc.networkFolder),
  datastore: (dc, inventory) => inventory.datastoresIn(dc.id).map((one) => new Ref("Datastore", one.id)),
  network: (dc) => [new Ref("Network", networkIdOf(dc))],
  configuration: () => ({}),
};

const GIB = 1024 ** 3;
/** Each host of the lab: 2 × 16 cores at 2.6 GHz, 512 GiB. */
export const HARDWARE = { packages: 2, cores: 32, threads: 64, mhz: 2600, memory: 512 * GIB } as const;

export const COMPUTE: Props<LabHost, Inventory> = {
  ...ENTITY_DEFAULTS,
  name: (host) => entityName(host.name),
  parent: (host, inventory) => folderRef(inventory.datacenter(host.datacenterId)?.hostFolder),
  resourcePool: (host) => new Ref("ResourcePool", host.resourcePool),
  host: (host) => [new Ref("HostSystem", host.id)],
  datastore: (host, inventory) => inventory.datastoresOf(host).map((one) => new Ref("Datastore", one.id)),
  network: networksOf,
  summary: (host) => ({
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
  configurationEx: () => ({ vmSwapPlacement: "vmDirectory" }),
};

export function folderRef(id: string | undefined): Ref | undefined {
  return id === undefined ? undefined : new Ref("Folder", id);
}

export function networksOf(host: LabHost, inventory: Inventory): Ref[] {
  const datacenter = inventory.datacenter(host.datacenterId);
  return datacenter === undefined ? [] : [new Ref("Network", networkIdOf(datacenter))];
}

const ALLOCATION: Data = {
  reservation: 0,
  expandableReservation: true,
  limit: -1,
  shares: { shares: 4000, level: "normal" },
};

const usageOf = (max: number): Data => ({
  reservationUsed: 0,
  reservationUsedForVm: 0,
  unreservedForPool: max,
  unreservedForVm: max,
  overallUsage: 0,
  maxUsage: max,
});

const POOL_CONFIG = (host: LabHost): Data => ({
  entity: new Ref("ResourcePool", host.resourcePool),
  cpuAllocation: ALLOCATION,
  memoryAllocation: ALLOCATION,
});

const POOL_RUNTIME = (): Data => ({
  memory: usageOf(HARDWARE.memory),
  cpu: usageOf(HARDWARE.cores * HARDWARE.mhz),
  overallStatus: "green",
});

export const POOL: Props<LabHost, Inventory> = {
  ...ENTITY_DEFAULTS,
  name: () => "Resources",
  parent: (host) => new Ref("ComputeResource", host.computeResource),
  owner: (host) => new Ref("ComputeResource", host.computeResource),
  // The root pool shows the VMs of its host; a template is in no pool.
  vm: (host, inventory) =>
    inventory
      .vmsOnHost(host.id)
      .flatMap((vm) => (vm.template || vm.poolId !== undefined ? [] : [new Ref("VirtualMachine", vm.id)])),
  resourcePool: ({ subpool }) => (subpool === undefined ? [] : [new Ref("ResourcePool", subpool.id)]),
  config: POOL_CONFIG,
  runtime: POOL_RUNTIME,
  summary: (host) => ({
    $type: "ResourcePoolSummary",
    name: "Resources",
    config: POOL_CONFIG(host),
    runtime: POOL_RUNTIME(),
  }),
};

/** The pool that an operator made below a host's root pool. */
export const SUBPOOL: Props<LabHost, Inventory> = {
  ...POOL,
  name: (host) => entityName(host.subpool?.name ?? ""),
  parent: (host) => new Ref("ResourcePool", host.resourcePool),
  resourcePool: () => [],
  vm: (host, inventory) =>
    inventory
      .vmsOnHost(host.id)
      .flatMap((vm) => (vm.poolId === host.subpool?.id ? [new Ref("VirtualMachine", vm.id)] : [])),
};

export const NETWORK: Props<LabDatacenter, Inventory> = {
  ...ENTITY_DEFAULTS,
  name: () => "VM Network",
  parent: (dc) => new Ref("Folder", dc.networkFolder),
  summary: (dc) => ({
    network: new Ref("Network", networkIdOf(dc)),
    name: "VM Network",
    accessible: true,
    ipPoolName: "",
  }),
  host: (dc, inventory) => inventory.hostsIn(dc.id).map((one) => new Ref("HostSystem", one.id)),
  vm: (dc, inventory) =>
    inventory.model.vms.filter((vm) => vm.datacenterId === dc.id).map((vm) => new Ref("VirtualMachine", vm.id)),
};
