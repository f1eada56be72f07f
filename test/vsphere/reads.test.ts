import { afterEach, describe, expect, test } from "vitest";
import { asMoRef } from "../../src/core/domain/ids.ts";
import type { Vsphere } from "../../src/vsphere/vsphere.ts";
import { connect, object, refs, type Script, startFakeVcenter, string, vmObject } from "./fake-vcenter.ts";
import { host } from "./talk.ts";

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const each of opened.splice(0).reverse()) await each.close();
});

async function talk(script: Script): Promise<Vsphere> {
  const fake = await startFakeVcenter(script);
  const vsphere = connect(fake.port);
  opened.push(fake, vsphere);
  return vsphere;
}

const found = (...objects: string[]): Script => ({
  RetrievePropertiesEx: () => `<returnval>${objects.join("")}</returnval>`,
});
const datastores = [asMoRef("datastore-1")];
const missing = (path: string, fault: string, inside = ""): string =>
  `<missingSet><path>${path}</path><fault><fault xsi:type="${fault}">${inside}</fault><localizedMessage>No.</localizedMessage></fault></missingSet>`;

describe("reading VMs", () => {
  test("an unreachable VM has what is still known of it", async () => {
    const vsphere = await talk(
      found(
        object("VirtualMachine", "vm-9", {
          name: string("/vmfs/volumes/5f/x/x.vmx"),
          "runtime.powerState": string("poweredOff"),
          "runtime.connectionState": string("inaccessible"),
          "summary.config.vmPathName": string("[] /vmfs/volumes/5f/x/x.vmx"),
        }),
      ),
    );
    expect(await vsphere.reader.vmsOn(datastores)).toEqual([
      {
        id: "vm-9",
        name: "/vmfs/volumes/5f/x/x.vmx",
        path: "[] /vmfs/volumes/5f/x/x.vmx",
        powerState: "poweredOff",
        connectionState: "inaccessible",
        template: false,
        toolsRunning: false,
        datastoreIds: [],
      },
    ]);
  });

  test("a VM that uses two of the datastores is listed once", async () => {
    const twice = vmObject("vm-1", { datastore: refs("Datastore", "datastore-1", "datastore-2") });
    const vsphere = await talk(found(twice, twice));
    const vms = await vsphere.reader.vmsOn([...datastores, asMoRef("datastore-2")]);
    expect(vms.map((each) => each.datastoreIds)).toEqual([["datastore-1", "datastore-2"]]);
  });

  test("a property that the account may not read is an error, not an unset one", async () => {
    const denied = vmObject(
      "vm-1",
      {},
      missing(
        "guest.toolsRunningStatus",
        "NoPermission",
        "<object type='VirtualMachine'>vm-1</object><privilegeId>System.Read</privilegeId>",
      ),
    );
    const vsphere = await talk(found(denied));
    await expect(vsphere.reader.vmsOn(datastores)).rejects.toMatchObject({
      code: "REMOTE_FAULT",
      found: { object: "vm-1", property: "guest.toolsRunningStatus", fault: "NoPermission", privilege: "System.Read" },
    });
  });

  test("a VM without a power state is not guessed to be off", async () => {
    const vsphere = await talk(found(vmObject("vm-1", { "runtime.powerState": string("napping") })));
    await expect(vsphere.reader.vmsOn(datastores)).rejects.toMatchObject({ code: "REMOTE_GARBAGE" });
  });

  test("devices tell disks with the parents of a linked clone, and discs, but nothing without a file", async () => {
    const devices = `<val xsi:type="ArrayOfVirtualDevice">
      <VirtualDevice xsi:type="VirtualDisk"><key>1</key><deviceInfo><label>Hard disk 1</label></deviceInfo><backing xsi:type="VirtualDiskFlatVer2BackingInfo"><fileName>[b] x/x-1.vmdk</fileName><datastore type="Datastore">datastore-2</datastore><parent><fileName>[a] x/x.vmdk</fileName><datastore type="Datastore">datastore-1</datastore></parent></backing></VirtualDevice>
      <VirtualDevice xsi:type="VirtualCdrom"><key>2</key><deviceInfo><label>CD/DVD drive 1</label></deviceInfo><backing xsi:type="VirtualCdromIsoBackingInfo"><fileName>[] /vmfs/volumes/iso/a.iso</fileName></backing></VirtualDevice>
      <VirtualDevice xsi:type="VirtualE1000"><key>3</key><deviceInfo><label>Network adapter 1</label></deviceInfo><backing><deviceName>VM Network</deviceName></backing></VirtualDevice></val>`;
    const vsphere = await talk(found(object("VirtualMachine", "vm-1", { "config.hardware.device": devices })));
    expect(await vsphere.reader.vmDevices([asMoRef("vm-1")])).toEqual([
      { vmId: "vm-1", label: "Hard disk 1", fileName: "[b] x/x-1.vmdk", datastoreId: "datastore-2" },
      { vmId: "vm-1", label: "Hard disk 1", fileName: "[a] x/x.vmdk", datastoreId: "datastore-1" },
      { vmId: "vm-1", label: "CD/DVD drive 1", fileName: "[] /vmfs/volumes/iso/a.iso" },
    ]);
  });

  test("asks nothing when there is nothing to ask about", async () => {
    const vsphere = await talk({});
    expect(await vsphere.reader.vmsOn([])).toEqual([]);
    expect(await vsphere.reader.vmStates([])).toEqual([]);
    expect(await vsphere.reader.vmDevices([])).toEqual([]);
  });
});

describe("reading the inventory", () => {
  const tree = (datastore: string): string[] => [
    object("Folder", "group-d1", {}),
    object("Folder", "group-h1", {
      parent: `<val type="Datacenter" xsi:type="ManagedObjectReference">datacenter-1</val>`,
    }),
    object("Datacenter", "datacenter-1", {
      name: string("DC"),
      vmFolder: `<val type="Folder" xsi:type="ManagedObjectReference">group-v1</val>`,
      datastore: refs("Datastore", "datastore-1"),
    }),
    object("ClusterComputeResource", "domain-c1", {
      parent: `<val type="Folder" xsi:type="ManagedObjectReference">group-h1</val>`,
      resourcePool: `<val type="ResourcePool" xsi:type="ManagedObjectReference">resgroup-1</val>`,
    }),
    object("HostSystem", "host-1", {
      name: string("esx"),
      parent: `<val type="ClusterComputeResource" xsi:type="ManagedObjectReference">domain-c1</val>`,
      "runtime.connectionState": string("notResponding"),
    }),
    datastore,
  ];

  test("places a host of a cluster, also one that vCenter has lost, and passes over NFS", async () => {
    const nfs = object("Datastore", "datastore-1", {
      name: string("nfs"),
      info: `<val xsi:type="NasDatastoreInfo"><name>nfs</name><nas><name>nfs</name></nas></val>`,
      browser: `<val type="HostDatastoreBrowser" xsi:type="ManagedObjectReference">b</val>`,
    });
    const { hosts, datastores: volumes } = await (await talk(found(...tree(nfs)))).reader.inventory();
    expect(hosts).toMatchObject([
      {
        id: "host-1",
        connectionState: "notResponding",
        computeResource: "domain-c1",
        resourcePool: "resgroup-1",
        datacenter: { id: "datacenter-1", vmFolder: "group-v1" },
      },
    ]);
    expect(volumes).toEqual([]);
  });

  test("tells a spanned volume and hosts where it is unmounted or lost", async () => {
    const vmfs = object("Datastore", "datastore-1", {
      name: string("gold"),
      info: `<val xsi:type="VmfsDatastoreInfo"><name>gold</name><vmfs><uuid>5f-1</uuid><extent><diskName>naa.6000AA</diskName><partition>1</partition></extent><extent><diskName>naa.6000bb</diskName><partition>1</partition></extent></vmfs></val>`,
      host: `<val xsi:type="ArrayOfDatastoreHostMount"><DatastoreHostMount><key type="HostSystem">host-1</key><mountInfo><accessMode>readWrite</accessMode><mounted>false</mounted><accessible>false</accessible></mountInfo></DatastoreHostMount><DatastoreHostMount><key type="HostSystem">host-2</key><mountInfo><accessMode>readWrite</accessMode><inaccessibleReason>PermanentDeviceLoss</inaccessibleReason></mountInfo></DatastoreHostMount></val>`,
      browser: `<val type="HostDatastoreBrowser" xsi:type="ManagedObjectReference">b</val>`,
      "summary.accessible": `<val xsi:type="xsd:boolean">0</val>`,
    });
    const { datastores: volumes } = await (await talk(found(...tree(vmfs)))).reader.inventory();
    expect(volumes).toMatchObject([
      {
        vmfsUuid: "5f-1",
        extents: ["naa.6000aa", "naa.6000bb"],
        accessible: false,
        mounts: [
          { hostId: "host-1", mounted: false, accessible: false },
          { hostId: "host-2", mounted: true, accessible: false, inaccessibleReason: "PermanentDeviceLoss" },
        ],
      },
    ]);
  });

  test("a datastore whose volume may not be read is told apart: its signature may matter", async () => {
    const denied = object("Datastore", "datastore-1", { name: string("?") }, missing("info", "NoPermission"));
    const vsphere = await talk(found(...tree(denied)));
    expect(await vsphere.reader.inventory()).toMatchObject({
      datastores: [],
      unreadable: [{ id: "datastore-1", error: { code: "REMOTE_FAULT", found: { property: "info" } } }],
    });
  });
});

describe("reading a host's adapters", () => {
  test("a world-wide name, a signed number that no double holds, keeps its last digit", async () => {
    const adapter = (name: string): string =>
      `<HostHostBusAdapter xsi:type="HostFibreChannelHba"><portWorldWideName>${name}</portWorldWideName></HostHostBusAdapter>`;
    const adapters = ["2377900603251621889", "2377900603251621890", "-4611686018427387903", "1"].map(adapter).join("");
    const vsphere = await talk({
      ...found(
        object("HostStorageSystem", host.storageSystem, {
          "storageDeviceInfo.hostBusAdapter": `<val xsi:type="ArrayOfHostHostBusAdapter">${adapters}</val>`,
        }),
      ),
      QueryUnresolvedVmfsVolumes: () => "",
    });
    const { storage } = await vsphere.reader.hostStorageAndVms(host, []);
    expect(storage.initiators).toEqual([
      "2100000000000001",
      "2100000000000002",
      "c000000000000001",
      "0000000000000001",
    ]);
  });
});
