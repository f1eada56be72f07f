/** The world's model as managed objects. Made anew for each version of the world. */
import type { LabDatacenter, LabDatastore, LabHost, LabModel } from "../../world/model.ts";
import type { Entity } from "../collector/entity.ts";
import { CLUSTER_COMPUTE_RESOURCE, COMPUTE_RESOURCE, computeResourceRef, isClustered } from "../compute-resource.ts";
import { DATACENTER } from "../datacenter.ts";
import { DATASTORE } from "../datastore.ts";
import { FOLDER, type FolderRecord } from "../folder.ts";
import { type BrowserRecord, HOST_DATASTORE_BROWSER } from "../host-datastore-browser.ts";
import { HOST_DATASTORE_SYSTEM } from "../host-datastore-system.ts";
import { HOST_NETWORK_SYSTEM } from "../host-network-system.ts";
import { HOST_STORAGE_SYSTEM } from "../host-storage-system.ts";
import { HOST_SYSTEM } from "../host-system.ts";
import { HOST_VIRTUAL_NIC_MANAGER } from "../host-virtual-nic-manager.ts";
import { NETWORK } from "../network.ts";
import { OPTION_MANAGER } from "../option-manager.ts";
import { RESOURCE_POOL } from "../resource-pool.ts";
import {
  entityName,
  hostBrowserIdOf,
  Lookups,
  networkIdOf,
  networkSystemIdOf,
  optionManagerIdOf,
  virtualNicManagerIdOf,
} from "../service/lookups.ts";
import { ROOT_FOLDER } from "../service/well-known.ts";
import { STORAGE_POD } from "../storage-pod.ts";
import { VIRTUAL_MACHINE } from "../virtual-machine.ts";
import { Ref } from "../wire/value.ts";

export class Inventory {
  readonly lookups: Lookups;
  readonly #entities = new Map<string, Entity>();

  constructor(model: LabModel) {
    const lookups = new Lookups(model);
    this.lookups = lookups;
    this.#addFolders();
    this.#addPods();
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
      children: () => model.datacenters.map((datacenter) => new Ref("Datacenter", datacenter.id)),
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
      children: () => lookups.hostsIn(datacenter.id).map((host) => computeResourceRef(host, lookups)),
    });
    this.#addFolder(datacenter.datastoreFolder, {
      name: "datastore",
      parent,
      childType: ["Folder", "Datastore", "StoragePod"],
      children: () => datastoresAndPods(lookups.datastoresIn(datacenter.id)),
    });
    this.#addFolder(datacenter.networkFolder, {
      name: "network",
      parent,
      childType: ["Folder", "Network", "DistributedVirtualSwitch"],
      children: () => [new Ref("Network", networkIdOf(datacenter))],
    });
  }

  #addPods(): void {
    const pods = Map.groupBy(this.lookups.datastores, ({ pod }) => pod);
    for (const [pod, datastores] of pods) {
      const datacenter = this.lookups.datacenter(datastores[0]?.datacenterId ?? "");
      if (pod === undefined || datacenter === undefined) continue;
      const record = {
        name: entityName(pod.name),
        parent: new Ref("Folder", datacenter.datastoreFolder),
        childType: ["Datastore"],
        children: () => datastores.map((datastore) => new Ref("Datastore", datastore.id)),
        datastores,
      };
      this.#add(STORAGE_POD.entity(pod.id, record, this.lookups));
    }
  }

  #addHost(host: LabHost): void {
    const { lookups } = this;
    const { subpool } = host;
    const resource = isClustered(host, lookups) ? CLUSTER_COMPUTE_RESOURCE : COMPUTE_RESOURCE;
    this.#add(resource.entity(host.computeResource, host, lookups));
    this.#add(HOST_VIRTUAL_NIC_MANAGER.entity(virtualNicManagerIdOf(host), host, lookups));
    this.#add(OPTION_MANAGER.entity(optionManagerIdOf(host), host, lookups));
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

/** What stands in a Datacenter's datastore folder: datastores of a cluster are below it. */
const datastoresAndPods = (datastores: readonly LabDatastore[]): Ref[] => [
  ...new Map(
    datastores.map(({ id, pod }) => [
      pod?.id ?? id,
      pod === undefined ? new Ref("Datastore", id) : new Ref("StoragePod", pod.id),
    ]),
  ).values(),
];
