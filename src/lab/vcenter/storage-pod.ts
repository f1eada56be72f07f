import type { LabDatastore } from "../world/model.ts";
import { FOLDER, type FolderRecord } from "./folder.ts";
import type { Lookups } from "./service/lookups.ts";
import { managedType } from "./service/managed-type.ts";

/** A datastore cluster: a folder of datastores. */
export interface PodRecord extends FolderRecord {
  readonly datastores: readonly LabDatastore[];
}

export const STORAGE_POD = managedType<PodRecord, Lookups>("StoragePod", FOLDER, {
  properties: {
    "summary StoragePodSummary": ({ name, datastores }, lookups) => {
      const capacity = lookups.capacityOf(datastores.flatMap(({ naas }) => naas));
      return { name, capacity, freeSpace: Math.floor(capacity * 0.6) };
    },
  },
  unset: "podStorageDrsEntry anyType?",
});
