import type { LabDatastore } from "../world/model.ts";
import { folderRef } from "./folder.ts";
import { MANAGED_ENTITY } from "./managed-entity.ts";
import { mountInfoOf, vmfsVolume } from "./service/host-storage.ts";
import { entityName, type Lookups } from "./service/lookups.ts";
import { managedType } from "./service/managed-type.ts";
import { Ref } from "./wire/value.ts";

const TIB = 1024 ** 4;

const urlOf = (datastore: LabDatastore): string => `ds:///vmfs/volumes/${datastore.vmfsUuid}/`;

const freeSpace = (datastore: LabDatastore, lookups: Lookups): number =>
  Math.floor(lookups.capacityOf(datastore.naas) * 0.6);

export const DATASTORE = managedType<LabDatastore, Lookups>("Datastore", MANAGED_ENTITY, {
  properties: {
    "name string": (datastore) => entityName(datastore.name),
    "parent &ManagedEntity?": (datastore, lookups) =>
      datastore.pod === undefined
        ? folderRef(lookups.datacenter(datastore.datacenterId)?.datastoreFolder)
        : new Ref("StoragePod", datastore.pod.id),
    "disabledMethod string*": (datastore) => datastore.disabledMethods,
    "info DatastoreInfo": (datastore, lookups) => ({
      $type: "VmfsDatastoreInfo",
      name: datastore.name,
      url: urlOf(datastore),
      freeSpace: freeSpace(datastore, lookups),
      maxFileSize: 64 * TIB,
      maxVirtualDiskCapacity: 62 * TIB,
      maxMemoryFileSize: 64 * TIB,
      maxPhysicalRDMFileSize: 64 * TIB,
      maxVirtualRDMFileSize: 62 * TIB,
      vmfs: () => {
        const mounts = lookups.mountsOf(datastore.id).map(({ mount }) => mount);
        return vmfsVolume(
          {
            label: datastore.name,
            vmfsUuid: datastore.vmfsUuid,
            naas: datastore.naas,
            mounted: mounts.some((mount) => mount.mounted),
            forceMounted: mounts.some((mount) => mount.forceMounted),
          },
          lookups,
        );
      },
    }),
    "summary DatastoreSummary": (datastore, lookups) => {
      const mounts = lookups.mountsOf(datastore.id);
      return {
        datastore: new Ref("Datastore", datastore.id),
        name: datastore.name,
        url: urlOf(datastore),
        capacity: lookups.capacityOf(datastore.naas),
        freeSpace: freeSpace(datastore, lookups),
        accessible: mounts.some(({ host, mount }) => host.connected && mount.mounted && mount.accessible),
        multipleHostAccess: mounts.length > 1,
        type: "VMFS",
        maintenanceMode: "normal",
      };
    },
    "host DatastoreHostMount*": (datastore, lookups) =>
      lookups
        .mountsOf(datastore.id)
        .map(({ host, mount }) => ({ key: new Ref("HostSystem", host.id), mountInfo: mountInfoOf(mount) })),
    "vm &VirtualMachine*": (datastore, lookups) =>
      lookups.vmsOnDatastore(datastore.id).map((vm) => new Ref("VirtualMachine", vm.id)),
    "browser &HostDatastoreBrowser": (datastore) => new Ref("HostDatastoreBrowser", datastore.browser),
    "capability DatastoreCapability": () => ({
      directoryHierarchySupported: true,
      rawDiskMappingsSupported: true,
      perFileThinProvisioningSupported: true,
      storageIORMSupported: true,
      nativeSnapshotSupported: false,
    }),
    "iormConfiguration StorageIORMInfo?": (datastore) => ({
      enabled: datastore.ioControl === true,
      congestionThresholdMode: "automatic",
      congestionThreshold: 30,
      percentOfPeakThroughput: 90,
      statsCollectionEnabled: false,
      reservationEnabled: false,
    }),
  },
});
