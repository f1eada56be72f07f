/** The world's model as managed objects, with the look-ups that their properties need. Made anew for each version of the world. */
import type { LabDatacenter, LabDatastore, LabHost, LabModel, LabMount, LabVm, LabVolume } from "../../world/model.ts";
import { COMPUTE, DATACENTER, FOLDER, type FolderRecord, NETWORK, POOL, SUBPOOL } from "../props-containers.ts";
import { BROWSER, type BrowserRecord, DATASTORE } from "../props-datastore.ts";
import { DATASTORE_SYSTEM, HOST } from "../props-host.ts";
import { STORAGE_SYSTEM } from "../props-storage.ts";
import { VIRTUAL_MACHINE } from "../props-vm.ts";
import { Ref } from "../wire/value.ts";
import { type Entity, entityOf } from "./entity.ts";

export const ROOT_FOLDER = new Ref("Folder", "group-d1");

/** A mount with the host that lists it. */
export interface HostMount {
  readonly host: LabHost;
  readonly mount: LabMount;
}

const ENTITY_NAME_ESCAPES: Readonly<Record<string, string>> = { "%": "%25", "/": "%2f", "\\": "%5c" };

/** vCenter escapes these three in the names of its entities. */
export const entityName = (name: string): string =>
  /[%/\\]/.test(name) ? name.replace(/[%/\\]/g, (char) => ENTITY_NAME_ESCAPES[char] ?? char) : name;

/** Undoes the escapes that clients put into names and paths. */
export const unescapeName = (name: string): string =>
  name.replace(/%(25|2f|5c)/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const tailOf = (id: string): string => id.slice(id.lastIndexOf("-") + 1);
export const networkIdOf = (datacenter: LabDatacenter): string => `network-${tailOf(datacenter.id)}`;
export const hostBrowserIdOf = (host: LabHost): string => `datastoreBrowser-${tailOf(host.id)}`;
export const networkSystemIdOf = (host: LabHost): string => `networkSystem-${tailOf(host.id)}`;

export class Inventory {
  readonly model: LabModel;
  readonly #entities = new Map<string, Entity>();
  #byFolder: Map<string, LabVm[]> | undefined;
  #byHost: Map<string, LabVm[]> | undefined;
  #byDatastore: Map<string, LabVm[]> | undefined;
  #mounts: Map<string, HostMount[]> | undefined;
  #volumes: Map<string, LabVolume> | undefined;
  readonly #datastores: Map<string, LabDatastore>;
  readonly #hosts: Map<string, LabHost>;

  constructor(model: LabModel) {
    this.model = model;
    this.#datastores = new Map(model.datastores.map((one) => [one.id, one]));
    this.#hosts = new Map(model.hosts.map((one) => [one.id, one]));
    this.#addFolders();
    for (const host of model.hosts) this.#addHost(host);
    for (const datastore of model.datastores) {
      this.#add(entityOf(new Ref("Datastore", datastore.id), datastore, DATASTORE, this));
      this.#addBrowser({ id: datastore.browser, datastores: () => [datastore] });
    }
    for (const vm of model.vms) this.#add(entityOf(new Ref("VirtualMachine", vm.id), vm, VIRTUAL_MACHINE, this));
  }

  /** The object of this id, or undefined: there is none, or it is gone. */
  find(id: string): Entity | undefined {
    return this.#entities.get(id);
  }

  refOf(id: string): Ref | undefined {
    return this.#entities.get(id)?.ref;
  }

  datastore(id: string): LabDatastore | undefined {
    return this.#datastores.get(id);
  }

  host(id: string): LabHost | undefined {
    return this.#hosts.get(id);
  }

  datacenter(id: string): LabDatacenter | undefined {
    return this.model.datacenters.find((one) => one.id === id);
  }

  hostsIn(datacenterId: string): LabHost[] {
    return this.model.hosts.filter((one) => one.datacenterId === datacenterId);
  }

  datastoresIn(datacenterId: string): LabDatastore[] {
    return this.model.datastores.filter((one) => one.datacenterId === datacenterId);
  }

  /** Datastores that a host lists, mounted or not. */
  datastoresOf(host: LabHost): LabDatastore[] {
    const ids = new Set(host.mounts.map((one) => one.datastoreId));
    return this.model.datastores.filter((one) => ids.has(one.id));
  }

  vmsInFolder(folderId: string): readonly LabVm[] {
    this.#byFolder ??= Map.groupBy(this.model.vms, (vm) => vm.folderId);
    return this.#byFolder.get(folderId) ?? [];
  }

  vmsOnHost(hostId: string): readonly LabVm[] {
    this.#byHost ??= Map.groupBy(this.model.vms, (vm) => vm.hostId);
    return this.#byHost.get(hostId) ?? [];
  }

  /** VMs that use the datastore: as their home, or for a disk or an ISO. */
  vmsOnDatastore(datastoreId: string): readonly LabVm[] {
    if (this.#byDatastore === undefined) {
      this.#byDatastore = new Map();
      for (const vm of this.model.vms) {
        for (const id of datastoresUsedBy(vm)) {
          const list = this.#byDatastore.get(id);
          if (list === undefined) this.#byDatastore.set(id, [vm]);
          else list.push(vm);
        }
      }
    }
    return this.#byDatastore.get(datastoreId) ?? [];
  }

  mountsOf(datastoreId: string): readonly HostMount[] {
    this.#mounts ??= Map.groupBy(
      this.model.hosts.flatMap((host) => host.mounts.map((mount) => ({ host, mount }))),
      ({ mount }) => mount.datastoreId,
    );
    return this.#mounts.get(datastoreId) ?? [];
  }

  volumeByNaa(naa: string): LabVolume | undefined {
    this.#volumes ??= new Map(this.model.volumes.map((one) => [`naa.${one.guid}`, one]));
    return this.#volumes.get(naa);
  }

  /** Bytes of all extents; 0 for volumes that the array has deleted. */
  capacityOf(naas: readonly string[]): number {
    return naas.reduce((sum, naa) => sum + (this.volumeByNaa(naa)?.sizeBytes ?? 0), 0);
  }

  #add(entity: Entity): void {
    this.#entities.set(entity.ref.id, entity);
  }

  #addFolder(record: FolderRecord): void {
    this.#add(entityOf(new Ref("Folder", record.id), record, FOLDER, this));
  }

  #addFolders(): void {
    const { model } = this;
    this.#addFolder({
      id: ROOT_FOLDER.id,
      name: "Datacenters",
      parent: undefined,
      childType: ["Folder", "Datacenter"],
      children: () => model.datacenters.map((one) => new Ref("Datacenter", one.id)),
    });
    for (const datacenter of model.datacenters) this.#addDatacenter(datacenter);
  }

  #addDatacenter(datacenter: LabDatacenter): void {
    const parent = new Ref("Datacenter", datacenter.id);
    const { subfolder } = datacenter;
    this.#add(entityOf(parent, datacenter, DATACENTER, this));
    this.#add(entityOf(new Ref("Network", networkIdOf(datacenter)), datacenter, NETWORK, this));
    this.#addFolder({
      id: datacenter.vmFolder,
      name: "vm",
      parent,
      childType: ["Folder", "VirtualMachine", "VirtualApp"],
      children: () => [
        ...(subfolder === undefined ? [] : [new Ref("Folder", subfolder.id)]),
        ...this.vmsInFolder(datacenter.vmFolder).map((vm) => new Ref("VirtualMachine", vm.id)),
      ],
    });
    if (subfolder !== undefined) {
      this.#addFolder({
        ...subfolder,
        parent: new Ref("Folder", datacenter.vmFolder),
        childType: ["Folder", "VirtualMachine", "VirtualApp"],
        children: () => this.vmsInFolder(subfolder.id).map((vm) => new Ref("VirtualMachine", vm.id)),
      });
    }
    this.#addFolder({
      id: datacenter.hostFolder,
      name: "host",
      parent,
      childType: ["Folder", "ComputeResource"],
      children: () => this.hostsIn(datacenter.id).map((host) => new Ref("ComputeResource", host.computeResource)),
    });
    this.#addFolder({
      id: datacenter.datastoreFolder,
      name: "datastore",
      parent,
      childType: ["Folder", "Datastore", "StoragePod"],
      children: () => this.datastoresIn(datacenter.id).map((one) => new Ref("Datastore", one.id)),
    });
    this.#addFolder({
      id: datacenter.networkFolder,
      name: "network",
      parent,
      childType: ["Folder", "Network", "DistributedVirtualSwitch"],
      children: () => [new Ref("Network", networkIdOf(datacenter))],
    });
  }

  #addHost(host: LabHost): void {
    this.#add(entityOf(new Ref("ComputeResource", host.computeResource), host, COMPUTE, this));
    this.#add(entityOf(new Ref("ResourcePool", host.resourcePool), host, POOL, this));
    if (host.subpool !== undefined) this.#add(entityOf(new Ref("ResourcePool", host.subpool.id), host, SUBPOOL, this));
    this.#add(entityOf(new Ref("HostSystem", host.id), host, HOST, this));
    this.#add(entityOf(new Ref("HostStorageSystem", host.storageSystem), host, STORAGE_SYSTEM, this));
    this.#add(entityOf(new Ref("HostDatastoreSystem", host.datastoreSystem), host, DATASTORE_SYSTEM, this));
    this.#add(entityOf(new Ref("HostNetworkSystem", networkSystemIdOf(host)), host, {}, this));
    this.#addBrowser({ id: hostBrowserIdOf(host), datastores: () => this.datastoresOf(host) });
  }

  #addBrowser(record: BrowserRecord): void {
    this.#add(entityOf(new Ref("HostDatastoreBrowser", record.id), record, BROWSER, this));
  }
}

/** Ids of the datastores that a VM uses, its home first. */
export function datastoresUsedBy(vm: LabVm): readonly string[] {
  if (vm.foreignDevices.length === 0) return [vm.datastoreId];
  return [...new Set([vm.datastoreId, ...vm.foreignDevices.map((device) => device.datastoreId)])];
}
