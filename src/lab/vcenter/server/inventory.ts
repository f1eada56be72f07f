/** The world's model as managed objects. Made anew for each version of the world. */
import type { LabDatacenter, LabHost, LabModel } from "../../world/model.ts";
import type { Entity } from "../collector/entity.ts";
import { COMPUTE_RESOURCE } from "../compute-resource.ts";
import { DATACENTER } from "../datacenter.ts";
import { DATASTORE } from "../datastore.ts";
import { FOLDER, type FolderRecord } from "../folder.ts";
import { type BrowserRecord, HOST_DATASTORE_BROWSER } from "../host-datastore-browser.ts";
import { HOST_DATASTORE_SYSTEM } from "../host-datastore-system.ts";
import { HOST_NETWORK_SYSTEM } from "../host-network-system.ts";
import { HOST_STORAGE_SYSTEM } from "../host-storage-system.ts";
import { HOST_SYSTEM } from "../host-system.ts";
import { NETWORK } from "../network.ts";
import { RESOURCE_POOL } from "../resource-pool.ts";
import { hostBrowserIdOf, Lookups, networkIdOf, networkSystemIdOf } from "../service/lookups.ts";
import { ROOT_FOLDER } from "../service/well-known.ts";
import { VIRTUAL_MACHINE } from "../virtual-machine.ts";
import { Ref } from "../wire/value.ts";

export class Inventory {
  readonly lookups: Lookups;
  readonly #entities = new Map<string, Entity>();

  constructor(model: LabModel) {
    const lookups = new Lookups(model);
    this.lookups = lookups;
    this.#addFolders();
    for (const host of model.hosts) this.#addHost(host);
    for (const datastore of lookups.datastores) {
      this.#add(DATASTORE.entity(datastore.id, datastore, lookups));
      this.#addBrowser(datastore.browser, { datastores: () => [datastore] });
    }
    for (const vm of model.vms) this.#add(VIRTUAL_MACHINE.entity(vm.id, vm, lookups));
  }

  /** The object of this id, or undefined: there is none, or it is gone. */
  find(id: string): Entity | undefined {
    return this.#entities.get(id);
  }

  #add(entity: Entity): void {
    this.#entities.set(entity.ref.id, entity);
  }

  #addFolder(id: string, record: FolderRecord): void {
    this.#add(FOLDER.entity(id, record, undefined));
  }

  #addFolders(): void {
    const { model } = this.lookups;
    this.#addFolder(ROOT_FOLDER.id, {
      name: "Datacenters",
      parent: undefined,
      childType: ["Folder", "Datacenter"],
      children: () => model.datacenters.map((one) => new Ref("Datacenter", one.id)),
    });
    for (const datacenter of model.datacenters) this.#addDatacenter(datacenter);
  }

  #addDatacenter(datacenter: LabDatacenter): void {
    const { lookups } = this;
    const parent = new Ref("Datacenter", datacenter.id);
    const { subfolder } = datacenter;
    this.#add(DATACENTER.entity(datacenter.id, datacenter, lookups));
    this.#add(NETWORK.entity(networkIdOf(datacenter), datacenter, lookups));
    this.#addFolder(datacenter.vmFolder, {
      name: "vm",
      parent,
      childType: ["Folder", "VirtualMachine", "VirtualApp"],
      children: () => [
        ...(subfolder === undefined ? [] : [new Ref("Folder", subfolder.id)]),
        ...lookups.vmsInFolder(datacenter.vmFolder).map((vm) => new Ref("VirtualMachine", vm.id)),
      ],
    });
    if (subfolder !== undefined) {
      this.#addFolder(subfolder.id, {
        name: subfolder.name,
        parent: new Ref("Folder", datacenter.vmFolder),
        childType: ["Folder", "VirtualMachine", "VirtualApp"],
        children: () => lookups.vmsInFolder(subfolder.id).map((vm) => new Ref("VirtualMachine", vm.id)),
      });
    }
    this.#addFolder(datacenter.hostFolder, {
      name: "host",
      parent,
      childType: ["Folder", "ComputeResource"],
      children: () => lookups.hostsIn(datacenter.id).map((host) => new Ref("ComputeResource", host.computeResource)),
    });
    this.#addFolder(datacenter.datastoreFolder, {
      name: "datastore",
      parent,
      childType: ["Folder", "Datastore", "StoragePod"],
      children: () => lookups.datastoresIn(datacenter.id).map((one) => new Ref("Datastore", one.id)),
    });
    this.#addFolder(datacenter.networkFolder, {
      name: "network",
      parent,
      childType: ["Folder", "Network", "DistributedVirtualSwitch"],
      children: () => [new Ref("Network", networkIdOf(datacenter))],
    });
  }

  #addHost(host: LabHost): void {
    const { lookups } = this;
    const { subpool } = host;
    this.#add(COMPUTE_RESOURCE.entity(host.computeResource, host, lookups));
    this.#add(RESOURCE_POOL.entity(host.resourcePool, { host }, lookups));
    if (subpool !== undefined) this.#add(RESOURCE_POOL.entity(subpool.id, { host, sub: subpool }, lookups));
    this.#add(HOST_SYSTEM.entity(host.id, host, lookups));
    this.#add(HOST_STORAGE_SYSTEM.entity(host.storageSystem, host, lookups));
    this.#add(HOST_DATASTORE_SYSTEM.entity(host.datastoreSystem, host, lookups));
    this.#add(HOST_NETWORK_SYSTEM.entity(networkSystemIdOf(host), host, lookups));
    this.#addBrowser(hostBrowserIdOf(host), { datastores: () => lookups.datastoresOf(host) });
  }

  #addBrowser(id: string, record: BrowserRecord): void {
    this.#add(HOST_DATASTORE_BROWSER.entity(id, record, undefined));
  }
}
