import type { LabDatacenter, LabHost } from "../world/model.ts";
import { MANAGED_ENTITY } from "./managed-entity.ts";
import { type Lookups, networkIdOf } from "./service/lookups.ts";
import { managedType } from "./service/managed-type.ts";
import { Ref } from "./wire/value.ts";

/** Each Datacenter has one network, and every host and VM in it is on that. */
export const NETWORK = managedType<LabDatacenter, Lookups>("Network", MANAGED_ENTITY, {
  properties: {
    "name string": () => "VM Network",
    "parent &ManagedEntity?": (dc) => new Ref("Folder", dc.networkFolder),
    "summary NetworkSummary": (dc) => ({
      network: new Ref("Network", networkIdOf(dc)),
      name: "VM Network",
      accessible: true,
      ipPoolName: "",
    }),
    "host &HostSystem*": (dc, lookups) => lookups.hostsIn(dc.id).map((item) => new Ref("HostSystem", item.id)),
    "vm &VirtualMachine*": (dc, { model }) =>
      model.vms.filter((vm) => vm.datacenterId === dc.id).map((vm) => new Ref("VirtualMachine", vm.id)),
  },
});

export const networksOf = (host: LabHost, lookups: Lookups): Ref[] => {
  const datacenter = lookups.datacenter(host.datacenterId);
  return datacenter === undefined ? [] : [new Ref("Network", networkIdOf(datacenter))];
};

// Known by name only: clients ask for them.
managedType("DistributedVirtualPortgroup", NETWORK);
managedType("OpaqueNetwork", NETWORK);
managedType("VmwareDistributedVirtualSwitch", managedType("DistributedVirtualSwitch", MANAGED_ENTITY));
