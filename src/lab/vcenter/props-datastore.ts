/** Properties of datastores and of their browsers. */
import type { LabDatastore } from "../world/model.ts";
import { ENTITY_DEFAULTS, folderRef } from "./props-containers.ts";
import { mountInfoOf, vmfsVolume } from "./props-storage.ts";
import type { Props } from "./service/entity.ts";
import { entityName, type Inventory } from "./service/inventory.ts";
import { Ref } from "./wire/value.ts";

const TIB = 1024 ** 4;

const urlOf = (datastore: LabDatastore): string => `ds:///vmfs/volumes/${datastore.vmfsUuid}/`;

const freeSpace = (datastore: LabDatastore, inventory: Inventory): number =>
  Math.floor(inventory.capacityOf(datastore.naas) * 0.6);

export const DATASTORE: Props<LabDatastore, Inventory> = {
  ...ENTITY_DEFAULTS,
  name: (datastore) => entityName(datastore.name),
  parent: (datastore, inventory) => folderRef(inventory.datacenter(datastore.datacenterId)?.datastoreFolder),
  info: (datastore, inventory) => ({
    $type: "VmfsDatastoreInfo",
    name: datastore.name,
    url: urlOf(datastore),
    freeSpace: freeSpace(datastore, inventory),
    maxFileSize: 64 * TIB,
    maxVirtualDiskCapacity: 62 * TIB,
    maxMemoryFileSize: 64 * TIB,
    maxPhysicalRDMFileSize: 64 * TIB,
    maxVirtualRDMFileSize: 62 * TIB,
    vmfs: () => {
      const mounts = inventory.mountsOf(datastore.id).map(({ mount }) => mount);
      return vmfsVolume(
        {
          label: datastore.name,
          vmfsUuid: datastore.vmfsUuid,
          naas: datastore.naas,
          mounted: mounts.some((mount) => mount.mounted),
          forceMounted: mounts.some((mount) => mount.forceMounted),
        },
        inventory,
      );
    },
  }),
  summary: (datastore, inventory) => {
    const mounts = inventory.mountsOf(datastore.id);
    return {
      datastore: new Ref("Datastore", datastore.id),
      name: datastore.name,
      url: urlOf(datastore),
      capacity: inventory.capacityOf(datastore.naas),
      freeSpace: freeSpace(datastore, inventory),
      accessible: mounts.some(({ host, mount }) => host.connected && mount.mounted && mount.accessible),
      multipleHostAccess: mounts.length > 1,
      type: "VMFS",
      maintenanceMode: "normal",
    };
  },
  host: (datastore, inventory) =>
    inventory
      .mountsOf(datastore.id)
      .map(({ host, mount }) => ({ key: new Ref("HostSystem", host.id), mountInfo: mountInfoOf(mount) })),
  vm: (datastore, inventory) => inventory.vmsOnDatastore(datastore.id).map((vm) => new Ref("VirtualMachine", vm.id)),
  browser: (datastore) => new Ref("HostDatastoreBrowser", datastore.browser),
  capability: () => ({
    directoryHierarchySupported: true,
    rawDiskMappingsSupported: true,
    perFileThinProvisioningSupported: true,
    storageIORMSupported: true,
    nativeSnapshotSupported: false,
  }),
  iormConfiguration: () => ({
    enabled: false,
    congestionThresholdMode: "automatic",
    congestionThreshold: 30,
    percentOfPeakThroughput: 90,
    statsCollectionEnabled: false,
    reservationEnabled: false,
  }),
};

export interface BrowserRecord {
  readonly id: string;
  readonly datastores: () => LabDatastore[];
}

export const BROWSER: Props<BrowserRecord, Inventory> = {
  datastore: (browser) => browser.datastores().map((one) => new Ref("Datastore", one.id)),
  supportedType: () => [
    { $type: "VmConfigFileQuery" },
    { $type: "TemplateConfigFileQuery" },
    { $type: "FolderFileQuery" },
  ],
};
