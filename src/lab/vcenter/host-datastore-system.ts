import type { LabHost } from "../world/model.ts";
import { resignature } from "../world/storage.ts";
import { MANAGED_OBJECT } from "./managed-entity.ts";
import type { SoapCall } from "./service/call.ts";
import type { Lookups } from "./service/lookups.ts";
import { managedType, needs } from "./service/managed-type.ts";
import { hostOf, queryUnresolved, storageTask } from "./service/storage-call.ts";
import { optionalRecord, texts } from "./wire/args.ts";
import { Any, Ref } from "./wire/value.ts";

function resignatureOne(call: SoapCall): Any {
  const devicePaths = texts(optionalRecord(call.args, "resolutionSpec") ?? {}, "extentDevicePath");
  const host = hostOf(call);
  const { datastoreId } = call.change(
    (state) => resignature(state, host.id, ...devicePaths),
    ({ vmfsUuid }) => [vmfsUuid],
  );
  return new Any("HostResignatureRescanResult", {
    rescan: [{ host: new Ref("HostSystem", host.id) }],
    result: new Ref("Datastore", datastoreId),
  });
}

export const HOST_DATASTORE_SYSTEM = managedType<LabHost, Lookups>("HostDatastoreSystem", MANAGED_OBJECT, {
  properties: {
    "datastore &Datastore*": (host, lookups) => lookups.datastoresOf(host).map((item) => new Ref("Datastore", item.id)),
    "capabilities HostDatastoreSystemCapabilities": () => ({
      nfsMountCreationRequired: true,
      nfsMountCreationSupported: true,
      localDatastoreSupported: false,
      vmfsExtentExpansionSupported: true,
    }),
  },
  methods: {
    "QueryUnresolvedVmfsVolumes() -> HostUnresolvedVmfsVolume*": needs("System.Read", queryUnresolved),
    "ResignatureUnresolvedVmfsVolume_Task(resolutionSpec HostUnresolvedVmfsResignatureSpec) -> &Task": needs(
      "Host.Config.Storage",
      (call) => storageTask(call, () => resignatureOne(call)),
    ),
  },
});
