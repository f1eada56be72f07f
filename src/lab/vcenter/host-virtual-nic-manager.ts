import type { LabHost } from "../world/model.ts";
import { EXTENSIBLE_MANAGED_OBJECT } from "./managed-entity.ts";
import { virtualNic } from "./service/host-network.ts";
import { type Lookups, virtualNicManagerIdOf } from "./service/lookups.ts";
import { managedType, needs } from "./service/managed-type.ts";
import { text } from "./wire/args.ts";
import { invalidArgument, objectNotFound } from "./wire/faults.ts";
import type { Data } from "./wire/value.ts";

const NIC_TYPES = [
  "management",
  "vmotion",
  "faultToleranceLogging",
  "vSphereReplication",
  "vSphereReplicationNFC",
  "vSphereProvisioning",
  "vsan",
  "vsanWitness",
];

/** Each host has one VMkernel adapter, for management alone. */
function netConfig(nicType: string, host: LabHost, lookups: Lookups): Data {
  const nic = virtualNic(host, lookups);
  return {
    nicType,
    multiSelectAllowed: true,
    candidateVnic: [nic],
    selectedVnic: nicType === "management" ? [String(nic["key"])] : [],
  };
}

export const virtualNicManagerInfo = (host: LabHost, lookups: Lookups): Data => ({
  netConfig: NIC_TYPES.map((type) => netConfig(type, host, lookups)),
});

export const HOST_VIRTUAL_NIC_MANAGER = managedType<LabHost, Lookups>(
  "HostVirtualNicManager",
  EXTENSIBLE_MANAGED_OBJECT,
  {
    properties: { "info HostVirtualNicManagerInfo": virtualNicManagerInfo },
    methods: {
      "QueryNetConfig(nicType string) -> VirtualNicManagerNetConfig?": needs(
        "Host.Config.Network",
        ({ vcenter: { lookups }, self, args }) => {
          const host = lookups.model.hosts.find((candidate) => virtualNicManagerIdOf(candidate) === self.id);
          if (host === undefined) throw objectNotFound(self);
          const nicType = text(args, "nicType");
          if (!NIC_TYPES.includes(nicType)) throw invalidArgument("nicType");
          return netConfig(nicType, host, lookups);
        },
      ),
    },
  },
);
