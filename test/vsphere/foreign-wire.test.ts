import { describe, expect, test } from "vitest";
import { asMoRef, asVmfsUuid } from "../../src/core/domain/ids.ts";
import { type Answer, object, refs, string } from "./fake-vcenter.ts";
import { host, talk } from "./talk.ts";

/** An envelope with prefixes of its own for everything, and `XMLSchema-instance` for the one that is usually `xsi`. */
const strange = (status: number, body: string): Answer => ({
  status,
  type: "application/soap+xml; charset=utf-8",
  body: `<?xml version='1.0'?><E:Envelope xmlns:E='http://schemas.xmlsoap.org/soap/envelope/' xmlns:XMLSchema-instance='http://www.w3.org/2001/XMLSchema-instance' xmlns:xs='http://www.w3.org/2001/XMLSchema' xmlns:v='urn:vim25'><E:Body>${body}</E:Body></E:Envelope>`,
});

describe("a server with other prefixes", () => {
  test("is understood in properties of any type", async () => {
    const property = (name: string, type: string, value: string): string =>
      `<v:propSet><v:name>${name}</v:name><v:val XMLSchema-instance:type='${type}'>${value}</v:val></v:propSet>`;
    const properties = [
      property("name", "xs:string", "web-01"),
      property(
        "datastore",
        "v:ArrayOfManagedObjectReference",
        "<v:ManagedObjectReference type='Datastore'>datastore-1</v:ManagedObjectReference>",
      ),
      property("runtime.powerState", "v:VirtualMachinePowerState", "poweredOn"),
      property("summary.config.template", "xs:boolean", "true"),
    ];
    const { vsphere } = await talk({
      RetrievePropertiesEx: () =>
        strange(
          200,
          `<v:RetrievePropertiesExResponse><v:returnval><v:objects><v:obj type='VirtualMachine'>vm-1</v:obj>${properties.join("")}</v:objects></v:returnval></v:RetrievePropertiesExResponse>`,
        ),
    });
    expect(await vsphere.reader.vmsOn([asMoRef("datastore-1")])).toMatchObject([
      { id: "vm-1", name: "web-01", powerState: "poweredOn", template: true, datastoreIds: ["datastore-1"] },
    ]);
  });

  test("is understood in results and in faults", async () => {
    const { vsphere } = await talk({
      FindAllByIp: () =>
        strange(
          200,
          "<v:FindAllByIpResponse><v:returnval type='HostSystem'>host-1</v:returnval></v:FindAllByIpResponse>",
        ),
      UnmountVmfsVolume: () =>
        strange(
          500,
          "<E:Fault><faultcode>E:Server</faultcode><faultstring>In use.</faultstring><detail><v:RuntimeFaultFault XMLSchema-instance:type='v:ResourceInUse'><v:name>gold</v:name></v:RuntimeFaultFault></detail></E:Fault>",
        ),
      ResolveMultipleUnresolvedVmfsVolumes: () =>
        strange(
          200,
          "<v:ResolveMultipleUnresolvedVmfsVolumesResponse><v:returnval><v:spec/><v:fault><v:fault XMLSchema-instance:type='v:VmfsAlreadyMounted'/><v:localizedMessage>Mounted already.</v:localizedMessage></v:fault></v:returnval></v:ResolveMultipleUnresolvedVmfsVolumesResponse>",
        ),
    });
    expect(await vsphere.reader.findHost("10.0.0.1", [host])).toEqual(["host-1"]);
    await expect(vsphere.writer.unmount(host, asVmfsUuid("5f"))).rejects.toMatchObject({
      found: { fault: "ResourceInUse", name: "gold" },
      message: expect.stringContaining("In use."),
    });
    await expect(vsphere.writer.forceMount(host, "/vmfs/devices/disks/naa.1:1")).rejects.toMatchObject({
      code: "SIGNATURE_MOUNTED",
      found: { fault: "VmfsAlreadyMounted" },
      message: expect.stringContaining("Mounted already."),
    });
  });
});

describe("sockets and time limits", () => {
  test("waiting has connections of its own", async () => {
    const { fake, vsphere } = await talk({
      PowerOffVM_Task: () => '<returnval type="Task">task-1</returnval>',
      CreatePropertyCollector: () => '<returnval type="PropertyCollector">pc-1</returnval>',
      CreateListView: () => '<returnval type="ListView">list-1</returnval>',
      CreateFilter: () => '<returnval type="PropertyFilter">filter-1</returnval>',
      ModifyListView: () => "",
      WaitForUpdatesEx: () =>
        `<returnval><version>1</version><filterSet><filter type="PropertyFilter">f</filter><objectSet><kind>enter</kind><obj type="Task">task-1</obj><changeSet><name>info.state</name><op>assign</op>${string("success")}</changeSet></objectSet></filterSet></returnval>`,
    });
    await vsphere.writer.powerOff([asMoRef("vm-1")]);
    const waits = fake.requests.filter((each) => each.operation === "WaitForUpdatesEx");
    const others = new Set(
      fake.requests.filter((each) => each.operation !== "WaitForUpdatesEx").map((each) => each.socket),
    );
    expect(waits).not.toHaveLength(0);
    expect(waits.filter((each) => others.has(each.socket))).toEqual([]);
  });

  test("a rescan may outlast the limit of other calls", async () => {
    const rescanned = Promise.withResolvers<string>();
    const { vsphere } = await talk(
      { RescanAllHba: () => rescanned.promise, RescanVmfs: () => "", RetrievePropertiesEx: () => "hang" },
      { timeouts: { connect: 5000, call: 1000, storage: 20_000, task: 5000 } },
    );
    const rescan = vsphere.writer.rescan(host);
    await expect(vsphere.reader.inventory()).rejects.toMatchObject({ code: "TIMED_OUT" });
    rescanned.resolve("");
    await expect(rescan).resolves.toBeUndefined();
  });
});

describe("a large inventory", () => {
  const HOSTS = 200;
  const reference = (type: string, id: string): string =>
    `<val type="${type}" xsi:type="ManagedObjectReference">${id}</val>`;

  /** Two Datacenters, each below two folders, with ten clusters of ten hosts below three. */
  function objects(): string[] {
    const all = [object("Folder", "group-d1", {})];
    const folder = (id: string, parent: string): void => {
      all.push(object("Folder", id, { parent }));
    };
    for (const dc of [0, 1]) {
      folder(`region-${dc}`, reference("Folder", "group-d1"));
      folder(`site-${dc}`, reference("Folder", `region-${dc}`));
      all.push(
        object("Datacenter", `datacenter-${dc}`, {
          name: string(`DC${dc}`),
          vmFolder: reference("Folder", `vm-${dc}`),
          datastore: refs("Datastore"),
        }),
      );
      folder(`hosts-${dc}`, reference("Datacenter", `datacenter-${dc}`));
      folder(`racks-${dc}`, reference("Folder", `hosts-${dc}`));
      folder(`rack-${dc}`, reference("Folder", `racks-${dc}`));
      for (let cluster = dc * 10; cluster < dc * 10 + 10; cluster++) {
        all.push(
          object("ClusterComputeResource", `domain-${cluster}`, {
            parent: reference("Folder", `rack-${dc}`),
            resourcePool: reference("ResourcePool", `pool-${cluster}`),
          }),
        );
        for (let i = cluster * 10; i < cluster * 10 + 10; i++) {
          all.push(
            object("HostSystem", `host-${i}`, {
              name: string(`esx-${i}.lab.test`),
              parent: reference("ClusterComputeResource", `domain-${cluster}`),
              "runtime.connectionState": string("connected"),
              "configManager.storageSystem": reference("HostStorageSystem", `storage-${i}`),
              "configManager.datastoreSystem": reference("HostDatastoreSystem", `datastores-${i}`),
            }),
          );
        }
      }
    }
    return all;
  }

  test("two hundred hosts in clusters in folders in folders are placed, over as many pages as it takes", async () => {
    const all = objects();
    const page = (from: number): string => {
      const next = from + 50;
      const token = next < all.length ? `<token>${next}</token>` : "";
      return `<returnval>${token}${all.slice(from, next).join("")}</returnval>`;
    };
    const { fake, vsphere } = await talk({
      RetrievePropertiesEx: () => page(0),
      ContinueRetrievePropertiesEx: (xml) => page(Number(/token>(\d+)</.exec(xml)?.[1])),
    });
    const { hosts } = await vsphere.reader.inventory();
    expect(hosts).toHaveLength(HOSTS);
    for (const [i, each] of hosts.entries()) {
      expect(each).toMatchObject({
        id: `host-${i}`,
        computeResource: `domain-${Math.floor(i / 10)}`,
        resourcePool: `pool-${Math.floor(i / 10)}`,
        datacenter: { name: i < 100 ? "DC0" : "DC1", vmFolder: i < 100 ? "vm-0" : "vm-1" },
        storageSystem: `storage-${i}`,
      });
    }
    expect(fake.operations().filter((each) => each.endsWith("RetrievePropertiesEx"))).toHaveLength(
      Math.ceil(all.length / 50),
    );
    expect(await vsphere.reader.findHost("ESX-137.lab.test", hosts)).toEqual(["host-137"]);
  });
});
