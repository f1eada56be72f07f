import { describe, expect, test } from "vitest";
import type { XmlElement } from "../../../../src/lab/vcenter/wire/xml.ts";
import { unassign } from "../../../../src/lab/world/array.ts";
import { change } from "../../../support/change.ts";
import {
  COLLECTOR,
  child,
  propertiesOf,
  ROOT,
  type SoapClient,
  specOf,
  startVim,
  texts,
  typeOf,
  WHOLE_TREE,
} from "../vcenter.ts";

const retrieve = async (soap: SoapClient, spec: string): Promise<XmlElement[]> =>
  (await soap.call("RetrieveProperties", `${COLLECTOR}${spec}`)).values;

const idsOf = (contents: readonly XmlElement[]): string[] => contents.map((one) => child(one, "obj").text);

describe("what is selected", () => {
  test("named selections recurse through folders, and base types match", async () => {
    const { soap, world } = await startVim();
    const spec = specOf(
      ROOT,
      { ManagedEntity: ["name", "parent"], VirtualMachine: ["parentVApp"] },
      { select: WHOLE_TREE },
    );
    const found = await retrieve(soap, spec);
    const { datacenters, hosts, vms } = world.model;
    for (const { id } of [...datacenters, ...hosts, ...vms]) expect(idsOf(found)).toContain(id);
    expect(idsOf(found)).toContain("group-d1");
    const vm = found.find((one) => child(one, "obj").text === vms[0]?.id) ?? expect.fail();
    expect(propertiesOf(vm).get("name")?.text).toBe(vms[0]?.name);
    expect(propertiesOf(vm).get("parent")?.attributes.get("type")).toBe("Folder");
    expect([...propertiesOf(vm).keys()]).not.toContain("parentVApp");
  });

  test("skip leaves the starting object out, and types without a property spec too", async () => {
    const { soap, world } = await startVim();
    const spec = specOf(ROOT, { VirtualMachine: [] }, { select: WHOLE_TREE, skip: true });
    const found = await retrieve(soap, spec);
    expect(idsOf(found).toSorted()).toEqual(world.model.vms.map((vm) => vm.id).toSorted());
    expect(found.every((one) => propertiesOf(one).size === 0)).toBe(true);
  });

  test("a traversal may skip what it goes through", async () => {
    const { soap, world } = await startVim();
    const select = `<selectSet xsi:type="TraversalSpec"><type>Folder</type><path>childEntity</path><skip>true</skip><selectSet xsi:type="TraversalSpec"><type>Datacenter</type><path>datastore</path></selectSet></selectSet>`;
    const found = await retrieve(soap, specOf(ROOT, { ManagedEntity: ["name"] }, { select, skip: true }));
    expect(idsOf(found)).toEqual(world.model.datastores.map((one) => one.id));
  });

  test("an object that is reached by two ways is told once", async () => {
    const { soap } = await startVim();
    const found = idsOf(await retrieve(soap, specOf(ROOT, { ManagedEntity: [] }, { select: WHOLE_TREE })));
    expect(new Set(found).size).toBe(found.length);
  });

  test("a container view traverses to what it holds", async () => {
    const { soap, world } = await startVim({ scenario: "two-hosts" });
    const made = await soap.call(
      "CreateContainerView",
      `<_this type="ViewManager">ViewManager</_this><container type="Folder">group-d1</container><type>Datastore</type><type>HostSystem</type><recursive>true</recursive>`,
    );
    const select = `<selectSet xsi:type="TraversalSpec"><type>ContainerView</type><path>view</path><skip>false</skip></selectSet>`;
    const found = await retrieve(
      soap,
      specOf(
        { type: "ContainerView", id: made.value.text },
        { Datastore: ["name"], HostSystem: ["name"] },
        { select, skip: true },
      ),
    );
    const { datastores, hosts } = world.model;
    expect(idsOf(found).toSorted()).toEqual([...datastores, ...hosts].map((one) => one.id).toSorted());
  });
});

describe("what is read", () => {
  test("values carry their types: primitives, enumerations, references, subclasses and arrays of them", async () => {
    const { soap, world } = await startVim();
    const [datastore] = world.model.datastores;
    const spec = specOf(
      { type: "Datastore", id: datastore?.id ?? "" },
      {
        Datastore: [
          "name",
          "info",
          "info.vmfs.extent",
          "summary.accessible",
          "summary.capacity",
          "overallStatus",
          "vm",
          "host",
          "parent",
        ],
      },
    );
    const [content] = await retrieve(soap, spec);
    const read = propertiesOf(content ?? expect.fail());
    expect([...read].map(([name, value]) => [name, typeOf(value)])).toEqual([
      ["name", "xsd:string"],
      ["info", "VmfsDatastoreInfo"],
      ["info.vmfs.extent", "ArrayOfHostScsiDiskPartition"],
      ["summary.accessible", "xsd:boolean"],
      ["summary.capacity", "xsd:long"],
      ["overallStatus", "ManagedEntityStatus"],
      ["vm", "ArrayOfManagedObjectReference"],
      ["host", "ArrayOfDatastoreHostMount"],
      ["parent", "ManagedObjectReference"],
    ]);
    expect(texts(read.get("info") ?? expect.fail(), "vmfs.extent.diskName")).toEqual(datastore?.naas);
    expect(texts(read.get("vm") ?? expect.fail(), "ManagedObjectReference")).toEqual(
      world.model.vms.map((vm) => vm.id),
    );
  });

  test("all=true reads every property that is set", async () => {
    const { soap, world } = await startVim();
    const [content] = await retrieve(
      soap,
      specOf({ type: "HostSystem", id: world.model.hosts[0]?.id ?? "" }, { HostSystem: ["*"] }),
    );
    const names = [...propertiesOf(content ?? expect.fail()).keys()];
    expect(names).toEqual(
      expect.arrayContaining(["name", "parent", "summary", "config", "configManager", "vm", "datastore"]),
    );
  });

  test("an item of a list is read by its key", async () => {
    const { soap, world } = await startVim();
    const path = "config.hardware.device[2000].backing.fileName";
    const [content] = await retrieve(
      soap,
      specOf({ type: "VirtualMachine", id: world.model.vms[0]?.id ?? "" }, { VirtualMachine: [path] }),
    );
    expect(propertiesOf(content ?? expect.fail()).get(path)?.text).toMatch(/^\[.*\] web-01\/web-01\.vmdk$/);
  });

  test("an inaccessible VM has no config, silently, and tells its path in the summary in either form", async () => {
    const { soap, world } = await startVim({ scenario: "stale-inventory" });
    const spec = specOf(
      ROOT,
      { VirtualMachine: ["config.files.vmPathName", "config", "summary.config.vmPathName", "runtime.connectionState"] },
      { select: WHOLE_TREE, skip: true },
    );
    const found = await retrieve(soap, spec);
    expect(found).toHaveLength(world.model.vms.length);
    for (const content of found) {
      const read = propertiesOf(content);
      expect([...read.keys()]).toEqual(["summary.config.vmPathName", "runtime.connectionState"]);
      expect(read.get("runtime.connectionState")?.text).toBe("inaccessible");
      expect(texts(content, "missingSet")).toEqual([]);
    }
    const paths = found.map((one) => propertiesOf(one).get("summary.config.vmPathName")?.text);
    expect(paths.some((path) => path?.startsWith("[] /vmfs/volumes/"))).toBe(true);
    expect(paths.some((path) => path?.startsWith("[AutomatedTest"))).toBe(true);
  });

  test("what cannot be read is in the missing set with its fault", async () => {
    const { soap, world } = await startVim();
    const [host] = world.model.hosts;
    if (host !== undefined) host.connected = false;
    world.announce();
    const [content] = await retrieve(
      soap,
      specOf(
        { type: "HostStorageSystem", id: host?.storageSystem ?? "" },
        { HostStorageSystem: ["storageDeviceInfo"] },
      ),
    );
    const missing = child(content ?? expect.fail(), "missingSet");
    expect(child(missing, "path").text).toBe("storageDeviceInfo");
    expect(typeOf(child(missing, "fault.fault"))).toBe("HostNotConnected");
  });

  test("a disk's state follows detach, attachment and its assignment", async () => {
    const { soap, world } = await startVim();
    const [host] = world.model.hosts;
    const [assignment] = world.model.assignments;
    const states = async (): Promise<string[]> => {
      const [content] = await retrieve(
        soap,
        specOf(
          { type: "HostStorageSystem", id: host?.storageSystem ?? "" },
          { HostStorageSystem: ["storageDeviceInfo.scsiLun"] },
        ),
      );
      return texts(
        propertiesOf(content ?? expect.fail()).get("storageDeviceInfo.scsiLun") ?? expect.fail(),
        "ScsiLun.operationalState",
      );
    };
    expect(await states()).toEqual(["ok"]);
    change(world, unassign, assignment?.id ?? "");
    expect(await states()).toEqual(["lostCommunication"]);
    host?.detached.add(host.disks[0]?.naa ?? "");
    world.announce();
    expect(await states()).toEqual(["off"]);
  });

  test.each([
    ["a property that the type does not have", specOf(ROOT, { Folder: ["nonsense"] }), "InvalidProperty"],
    ["a property below a reference", specOf(ROOT, { Folder: ["parent.name"] }), "InvalidProperty"],
    ["a property below a list", specOf(ROOT, { Datastore: ["host.mountInfo"] }), "InvalidProperty"],
    ["a subclass's property on the base type", specOf(ROOT, { ManagedEntity: ["childEntity"] }), "InvalidProperty"],
    ["an unknown type", specOf(ROOT, { NoSuchType: [] }), "InvalidArgument"],
    ["a data type", specOf(ROOT, { PropertySpec: [] }), "InvalidArgument"],
    [
      "a selection that nobody defines",
      specOf(ROOT, { Folder: [] }, { select: "<selectSet><name>x</name></selectSet>" }),
      "InvalidArgument",
    ],
    [
      "a traversal along a property that is no reference",
      specOf(
        ROOT,
        { Folder: [] },
        { select: `<selectSet xsi:type="TraversalSpec"><type>Folder</type><path>name</path></selectSet>` },
      ),
      "InvalidProperty",
    ],
  ])("%s fails the call", async (_, spec, fault) => {
    const { soap } = await startVim();
    expect((await soap.call("RetrieveProperties", `${COLLECTOR}${spec}`)).fault?.type).toBe(fault);
  });

  test("a starting object that is gone fails the call, unless it is to be reported", async () => {
    const { soap } = await startVim();
    const gone = { type: "VirtualMachine", id: "vm-999999" };
    const call = (reportMissing: boolean) =>
      soap.call("RetrieveProperties", `${COLLECTOR}${specOf(gone, { VirtualMachine: ["name"] }, { reportMissing })}`);
    expect((await call(false)).fault?.type).toBe("ManagedObjectNotFound");
    expect((await call(true)).values).toEqual([]);
  });
});

describe("pages", () => {
  const VMS = specOf(ROOT, { VirtualMachine: ["name"] }, { select: WHOLE_TREE, skip: true });
  const ex = (soap: SoapClient, options: string) =>
    soap.call("RetrievePropertiesEx", `${COLLECTOR}${VMS}<options>${options}</options>`);

  test("no page is larger than the server's limit, and every object comes once", async () => {
    const { soap, world } = await startVim({ scenario: "large", vms: 1050, running: 0 });
    const first = (await ex(soap, "")).value;
    expect(texts(first, "objects.obj")).toHaveLength(1000);
    const token = child(first, "token").text;
    const second = (await soap.call("ContinueRetrievePropertiesEx", `${COLLECTOR}<token>${token}</token>`)).value;
    expect(texts(second, "token")).toEqual([]);
    const all = [...texts(first, "objects.obj"), ...texts(second, "objects.obj")];
    expect(all.toSorted()).toEqual(world.model.vms.map((vm) => vm.id).toSorted());
    expect((await soap.call("ContinueRetrievePropertiesEx", `${COLLECTOR}<token>${token}</token>`)).fault?.type).toBe(
      "InvalidArgument",
    );
  });

  test("maxObjects is kept to, and must be positive", async () => {
    const { soap } = await startVim();
    expect(texts((await ex(soap, "<maxObjects>2</maxObjects>")).value, "objects.obj")).toHaveLength(2);
    expect((await ex(soap, "<maxObjects>0</maxObjects>")).fault?.type).toBe("InvalidArgument");
  });

  test("no objects are no result at all", async () => {
    const { soap } = await startVim({ scenario: "empty" });
    expect((await ex(soap, "")).values).toEqual([]);
  });
});
