import { asMoRef, asVmfsUuid, type MoRef, naaOf } from "../core/domain/ids.ts";
import { plainName } from "../core/domain/safe-text.ts";
import type { Datastore, Host, Inventory, UnreadableObject } from "../core/ports/hypervisor.ts";
import { garbage } from "./faults.ts";
import { unescapedName } from "./names.ts";
import { type Properties, retrieve, type Selection, UnreadableProperty } from "./properties.ts";
import type { Session } from "./session.ts";
import { at, flag, list, reference, text } from "./values.ts";

const ACTION = "list its hosts and datastores";

/** From the root through folders of any depth to every Datacenter's hosts and datastores. */
const selectionFrom = (rootFolder: MoRef): Selection => ({
  properties: {
    Folder: ["parent"],
    Datacenter: ["name", "vmFolder", "datastore"],
    ComputeResource: ["parent", "resourcePool"],
    HostSystem: [
      "name",
      "parent",
      "runtime.connectionState",
      "runtime.inMaintenanceMode",
      "configManager.storageSystem",
      "configManager.datastoreSystem",
      "configManager.advancedOption",
      "config.activeDiagnosticPartition.id.diskName",
    ],
    Datastore: ["name", "parent", "info", "host", "browser", "summary.accessible", "iormConfiguration.enabled"],
  },
  from: [
    {
      object: { type: "Folder", id: rootFolder },
      traversals: [
        {
          name: "folder",
          type: "Folder",
          path: "childEntity",
          onward: ["folder", "hosts", "datastores", "computeHosts"],
        },
        { name: "hosts", type: "Datacenter", path: "hostFolder", onward: ["folder", "computeHosts"] },
        { name: "datastores", type: "Datacenter", path: "datastore" },
        { name: "computeHosts", type: "ComputeResource", path: "host" },
      ],
    },
  ],
});

/** The whole vCenter's hosts and VMFS datastores, in one paged read. What the account may not read is set apart. */
export async function readInventory(session: Session): Promise<Inventory> {
  const { rootFolder } = await session.services();
  const objects = await retrieve(session, [selectionFrom(rootFolder.id)], ACTION);
  const byId = new Map(objects.map((each) => [each.ref.id, each]));
  const unreadable: UnreadableObject[] = [];
  const readable = <T>({ ref }: Properties, datacenterId: MoRef | undefined, read: () => T[]): T[] => {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UnreadableProperty)) throw error;
      unreadable.push({ id: ref.id, type: ref.type, error, ...(datacenterId === undefined ? {} : { datacenterId }) });
      return [];
    }
  };
  const ofType = (type: string): Properties[] => objects.filter(({ ref }) => ref.type === type);
  const datacenterOf = new Map(
    ofType("Datacenter").flatMap((each) =>
      readable(each, each.ref.id, () => each.ids("datastore").map((id) => [id, each.ref.id] as const)),
    ),
  );
  const hosts = ofType("HostSystem").flatMap((each) =>
    readable(each, datacenterIdAbove(each, byId), () => [hostFrom(each, byId)]),
  );
  const datastores = ofType("Datastore").flatMap((each) => {
    const datacenterId = datacenterOf.get(each.ref.id);
    return datacenterId === undefined ? [] : readable(each, datacenterId, () => vmfsFrom(each, datacenterId));
  });
  return { hosts, datastores, unreadable };
}

const CONNECTION_STATES = ["connected", "disconnected", "notResponding"] as const;

function hostFrom(host: Properties, byId: ReadonlyMap<MoRef, Properties>): Host {
  const computeResource = host.id("parent");
  const compute = computeResource === undefined ? undefined : byId.get(computeResource);
  const datacenter = datacenterAbove(compute, byId);
  const state = CONNECTION_STATES.find((each) => each === host.text("runtime.connectionState"));
  const vmFolder = datacenter?.id("vmFolder");
  const optionManager = host.id("configManager.advancedOption");
  const dumpDisk = host.text("config.activeDiagnosticPartition.id.diskName");
  if (compute === undefined || datacenter === undefined || vmFolder === undefined || state === undefined) {
    throw garbage(ACTION, { host: host.ref.id, missing: "its place in a Datacenter, or its connection state" });
  }
  return {
    id: host.ref.id,
    name: plainName(unescapedName(host.text("name") ?? host.ref.id)),
    connectionState: state,
    ...(host.flag("runtime.inMaintenanceMode") === true ? { inMaintenanceMode: true } : {}),
    datacenter: {
      id: datacenter.ref.id,
      name: plainName(unescapedName(datacenter.text("name") ?? datacenter.ref.id)),
      vmFolder,
    },
    computeResource: compute.ref.id,
    resourcePool: compute.id("resourcePool") ?? NONE,
    storageSystem: host.id("configManager.storageSystem") ?? NONE,
    datastoreSystem: host.id("configManager.datastoreSystem") ?? NONE,
    ...(optionManager === undefined ? {} : { optionManager }),
    ...(compute.ref.type === "ClusterComputeResource" ? { clustered: true } : {}),
    ...(dumpDisk === undefined ? {} : { dumpDisk }),
  };
}

/** A host that vCenter has lost may come without its managers; nothing is asked of such a host. */
const NONE = asMoRef("");

function datacenterAbove(from: Properties | undefined, byId: ReadonlyMap<MoRef, Properties>): Properties | undefined {
  let here = from;
  // The inventory is a tree; the bound is for a server that says otherwise.
  for (let depth = 0; here !== undefined && depth < 100; depth++) {
    if (here.ref.type === "Datacenter") return here;
    const parent: MoRef | undefined = here.id("parent");
    here = parent === undefined ? undefined : byId.get(parent);
  }
  return undefined;
}

function datacenterIdAbove(from: Properties, byId: ReadonlyMap<MoRef, Properties>): MoRef | undefined {
  try {
    return datacenterAbove(from, byId)?.ref.id;
  } catch (error) {
    if (error instanceof UnreadableProperty) return undefined;
    throw error;
  }
}

/** Nothing for a datastore that is no VMFS volume. */
function vmfsFrom(datastore: Properties, datacenterId: MoRef): Datastore[] {
  const info = datastore.value("info");
  const uuid = text(info, "vmfs", "uuid");
  if (uuid === undefined) return [];
  const browser = datastore.id("browser");
  const parent = reference(datastore.value("parent"));
  if (browser === undefined) throw garbage(ACTION, { datastore: datastore.ref.id, missing: "browser" });
  const pathName = unescapedName(datastore.text("name") ?? text(info, "name") ?? datastore.ref.id);
  return [
    {
      id: datastore.ref.id,
      name: plainName(pathName),
      pathName,
      datacenterId,
      vmfsUuid: asVmfsUuid(uuid),
      extents: list(info, "vmfs", "extent").flatMap((each) => {
        const disk = text(each, "diskName");
        return disk === undefined ? [] : [naaOf(disk)];
      }),
      accessible: datastore.flag("summary.accessible") ?? false,
      browser,
      ...(parent?.type === "StoragePod" ? { storagePod: parent.id } : {}),
      ...(datastore.flag("iormConfiguration.enabled") === true ? { ioControl: true } : {}),
      mounts: datastore.items("host").flatMap((each) => {
        const hostId = reference(each, "key")?.id;
        return hostId === undefined ? [] : [{ hostId, ...mountState(at(each, "mountInfo")) }];
      }),
    },
  ];
}

interface MountState {
  readonly mounted: boolean;
  readonly accessible: boolean;
  readonly inaccessibleReason?: string;
}

/** `HostMountInfo`: `mounted` unset means mounted, `accessible` unset is told by a reason's absence. */
export function mountState(info: unknown): MountState {
  const inaccessibleReason = text(info, "inaccessibleReason");
  return {
    mounted: flag(info, "mounted") ?? true,
    accessible: flag(info, "accessible") ?? inaccessibleReason === undefined,
    ...(inaccessibleReason === undefined ? {} : { inaccessibleReason }),
  };
}
