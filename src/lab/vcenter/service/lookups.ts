/** Look-ups in the world's model that the properties of managed objects need. Made anew for each version of the world. */
import type { LabDatacenter, LabDatastore, LabHost, LabModel, LabMount, LabVm, LabVolume } from "../../world/model.ts";

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
export const virtualNicManagerIdOf = (host: LabHost): string => `virtualNicManager-${tailOf(host.id)}`;
export const optionManagerIdOf = (host: LabHost): string => `EsxHostAdvSettings-${tailOf(host.id)}`;
export const networkSystemIdOf = (host: LabHost): string => `networkSystem-${tailOf(host.id)}`;

export class Lookups {
  readonly model: LabModel;
  /** Those that vCenter lists. */
  readonly datastores: readonly LabDatastore[];
  #byFolder: Map<string, LabVm[]> | undefined;
  #byHost: Map<string, LabVm[]> | undefined;
  #byDatastore: Map<string, LabVm[]> | undefined;
  #mounts: Map<string, HostMount[]> | undefined;
  #volumes: Map<string, LabVolume> | undefined;
  readonly #datastores: Map<string, LabDatastore>;
  readonly #hosts: Map<string, LabHost>;

  constructor(model: LabModel) {
    this.model = model;
    this.datastores = model.datastores.filter((datastore) => datastore.late !== true);
    this.#datastores = new Map(this.datastores.map((datastore) => [datastore.id, datastore]));
    this.#hosts = new Map(model.hosts.map((host) => [host.id, host]));
  }

  datastore(id: string): LabDatastore | undefined {
    return this.#datastores.get(id);
  }

  host(id: string): LabHost | undefined {
    return this.#hosts.get(id);
  }

  datacenter(id: string): LabDatacenter | undefined {
    return this.model.datacenters.find((candidate) => candidate.id === id);
  }

  hostsIn(datacenterId: string): LabHost[] {
    return this.model.hosts.filter((candidate) => candidate.datacenterId === datacenterId);
  }

  datastoresIn(datacenterId: string): LabDatastore[] {
    return this.datastores.filter((candidate) => candidate.datacenterId === datacenterId);
  }

  /** Datastores that a host lists, mounted or not. */
  datastoresOf(host: LabHost): LabDatastore[] {
    const ids = new Set(host.mounts.map((mount) => mount.datastoreId));
    return this.datastores.filter((candidate) => ids.has(candidate.id));
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
    this.#volumes ??= new Map(this.model.volumes.map((volume) => [`naa.${volume.guid}`, volume]));
    return this.#volumes.get(naa);
  }

  /** Bytes of all extents; 0 for volumes that the array has deleted. */
  capacityOf(naas: readonly string[]): number {
    return naas.reduce((sum, naa) => sum + (this.volumeByNaa(naa)?.sizeBytes ?? 0), 0);
  }
}

/** Ids of the datastores that a VM uses, its home first. */
export function datastoresUsedBy(vm: LabVm): readonly string[] {
  const { datastoreId, workingDatastoreId = datastoreId, foreignDevices } = vm;
  if (foreignDevices.length === 0 && workingDatastoreId === datastoreId) return [datastoreId];
  return [...new Set([datastoreId, workingDatastoreId, ...foreignDevices.map((device) => device.datastoreId)])];
}
