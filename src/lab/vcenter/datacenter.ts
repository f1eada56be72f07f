import type { LabDatacenter } from "../world/model.ts";
import { MANAGED_ENTITY } from "./managed-entity.ts";
import { entityName, type Lookups, networkIdOf } from "./service/lookups.ts";
import { managedType } from "./service/managed-type.ts";
import { ROOT_FOLDER } from "./service/well-known.ts";
import { Ref } from "./wire/value.ts";

export const DATACENTER = managedType<LabDatacenter, Lookups>("Datacenter", MANAGED_ENTITY, {
  properties: {
    "name string": (dc) => entityName(dc.name),
    "parent &ManagedEntity?": () => ROOT_FOLDER,
    "vmFolder &Folder": (dc) => new Ref("Folder", dc.vmFolder),
    "hostFolder &Folder": (dc) => new Ref("Folder", dc.hostFolder),
    "datastoreFolder &Folder": (dc) => new Ref("Folder", dc.datastoreFolder),
    "networkFolder &Folder": (dc) => new Ref("Folder", dc.networkFolder),
    "datastore &Datastore*": (dc, lookups) => lookups.datastoresIn(dc.id).map((item) => new Ref("Datastore", item.id)),
    "network &Network*": (dc) => [new Ref("Network", networkIdOf(dc))],
    "configuration DatacenterConfigInfo": () => ({}),
  },
});
