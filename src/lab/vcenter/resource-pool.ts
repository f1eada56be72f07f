import type { LabHost } from "../world/model.ts";
import { computeResourceRef } from "./compute-resource.ts";
import { MANAGED_ENTITY } from "./managed-entity.ts";
import { HARDWARE } from "./service/hardware.ts";
import { entityName, type Lookups } from "./service/lookups.ts";
import { managedType } from "./service/managed-type.ts";
import { type Data, Ref } from "./wire/value.ts";

/** A host's root pool, or the pool that an operator made below it. */
export interface PoolRecord {
  readonly host: LabHost;
  readonly sub?: { readonly id: string; readonly name: string };
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

const poolName = ({ sub }: PoolRecord): string => (sub === undefined ? "Resources" : entityName(sub.name));

const configOf = ({ host, sub }: PoolRecord): Data => ({
  entity: new Ref("ResourcePool", sub?.id ?? host.resourcePool),
  cpuAllocation: ALLOCATION,
  memoryAllocation: ALLOCATION,
});

const runtimeOf = (): Data => ({
  memory: usageOf(HARDWARE.memory),
  cpu: usageOf(HARDWARE.cores * HARDWARE.mhz),
  overallStatus: "green",
});

const computeResourceOf = ({ host }: PoolRecord, lookups: Lookups): Ref => computeResourceRef(host, lookups);

export const RESOURCE_POOL = managedType<PoolRecord, Lookups>("ResourcePool", MANAGED_ENTITY, {
  properties: {
    "name string": poolName,
    "parent &ManagedEntity?": (pool, lookups) =>
      pool.sub === undefined ? computeResourceOf(pool, lookups) : new Ref("ResourcePool", pool.host.resourcePool),
    "owner &ComputeResource": computeResourceOf,
    // A template is in no pool.
    "vm &VirtualMachine*": ({ host, sub }, lookups) =>
      lookups
        .vmsOnHost(host.id)
        .flatMap((vm) => (vm.template || vm.poolId !== sub?.id ? [] : [new Ref("VirtualMachine", vm.id)])),
    "resourcePool &ResourcePool*": ({ host: { subpool }, sub }) =>
      sub !== undefined || subpool === undefined ? [] : [new Ref("ResourcePool", subpool.id)],
    "config ResourceConfigSpec": configOf,
    "runtime ResourcePoolRuntimeInfo": runtimeOf,
    "summary ResourcePoolSummary": (pool) => ({
      name: poolName(pool),
      config: configOf(pool),
      runtime: runtimeOf(),
    }),
  },
  unset: "childConfiguration anyType?",
});

managedType("VirtualApp", RESOURCE_POOL);
