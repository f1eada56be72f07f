import fc from "fast-check";
import { expect, test } from "vitest";
import { asMoRef } from "../../src/core/domain/ids.ts";
import { escapedName, escapedPath, unescapedName, unescapedPath } from "../../src/vsphere/names.ts";
import { object, refs, string, vmObject } from "./fake-vcenter.ts";
import { errorOf, talk } from "./talk.ts";

test("a name is escaped and read back as it was", () => {
  expect(escapedName("50%/a\\b")).toBe("50%25%2fa%5cb");
  expect(unescapedName("a%2Fb %41")).toBe("a/b %41");
  fc.assert(
    fc.property(fc.string(), (name) => {
      expect(unescapedName(escapedName(name))).toBe(name);
    }),
  );
});

test("of a path only the datastore's name is", () => {
  expect(unescapedPath("[a%2fb]  dir%2f/x.vmx")).toBe("[a/b]  dir%2f/x.vmx");
  expect(escapedPath("[a/b] dir/50%.vmx")).toBe("[a%2fb] dir/50%.vmx");
  expect(unescapedPath("[] /vmfs/volumes/u/x.vmx")).toBe("[] /vmfs/volumes/u/x.vmx");
});

test("VMs have the names that people gave them, without blanks at the ends; their paths keep every one", async () => {
  const { vsphere } = await talk({
    RetrievePropertiesEx: () =>
      `<returnval>${vmObject("vm-1", { name: string(" web%2f  01 "), "summary.config.vmPathName": string("[gold%5c2]  web /web .vmx") })}</returnval>`,
  });
  expect(await vsphere.reader.vmsOn([asMoRef("datastore-1")])).toMatchObject([
    { name: "web/  01", path: "[gold\\2]  web /web .vmx" },
  ]);
});

/** A reply with one VM whose name is in these bytes. */
async function* named(name: Uint8Array): AsyncGenerator<Uint8Array> {
  const reply = `<E:Envelope xmlns:E="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><E:Body><RetrievePropertiesExResponse xmlns="urn:vim25"><returnval>${vmObject("vm-1", { name: string("@") })}</returnval></RetrievePropertiesExResponse></E:Body></E:Envelope>`;
  const [before = "", after = ""] = reply.split("@");
  yield Buffer.from(before);
  yield name;
  yield Buffer.from(after);
}

test.each([
  ["half a pair of surrogates", [0x77, 0xed, 0xa0, 0xbd, 0x62]],
  ["the first bytes of a character", [0x77, 0xf0, 0x9f, 0x98, 0x62]],
])("a name that was cut within a character and has %s loses that, and stays text", async (_what, bytes) => {
  const { vsphere } = await talk({
    RetrievePropertiesEx: () => ({ status: 200, type: "text/xml", body: named(Uint8Array.from(bytes)) }),
  });
  const [vm] = await vsphere.reader.vmsOn([asMoRef("datastore-1")]);
  expect(vm?.name).toMatch(/^w\ufffd+b$/);
});

test("half a character as a reference is no XML, and said to be none", async () => {
  const { vsphere } = await talk({
    RetrievePropertiesEx: () => ({ status: 200, type: "text/xml", body: named(Buffer.from("w&#xD83D;b")) }),
  });
  expect((await errorOf(vsphere.reader.vmsOn([asMoRef("datastore-1")]))).code).toBe("REMOTE_GARBAGE");
});

test("hosts, Datacenters and datastores have the names that people gave them", async () => {
  const ref = (type: string, id: string): string => `<val type="${type}" xsi:type="ManagedObjectReference">${id}</val>`;
  const info =
    '<val xsi:type="VmfsDatastoreInfo"><name>gold%2f1</name><vmfs><uuid>4a97b268-9afb283e-80ad-1036eeb7a5a6</uuid><extent><diskName>naa.600</diskName></extent></vmfs></val>';
  const { vsphere } = await talk({
    RetrievePropertiesEx: () =>
      `<returnval>${[
        object("Datacenter", "dc-1", {
          name: string("Lab %28 50%25"),
          vmFolder: ref("Folder", "vms"),
          datastore: refs("Datastore", "datastore-1"),
        }),
        object("ComputeResource", "compute-1", { parent: ref("Datacenter", "dc-1") }),
        object("HostSystem", "host-1", {
          name: string("esx%5c1"),
          parent: ref("ComputeResource", "compute-1"),
          "runtime.connectionState": string("connected"),
        }),
        object("Datastore", "datastore-1", {
          name: string("gold%2f1"),
          info,
          browser: ref("HostDatastoreBrowser", "browser-1"),
        }),
      ].join("")}</returnval>`,
  });
  const { hosts, datastores } = await vsphere.reader.inventory();
  expect(hosts).toMatchObject([{ name: "esx\\1", datacenter: { name: "Lab %28 50%" } }]);
  expect(datastores).toMatchObject([{ name: "gold/1", pathName: "gold/1" }]);
});

test("an object that may not be read is set apart, with its Datacenter where that is known", async () => {
  const ref = (type: string, id: string): string => `<val type="${type}" xsi:type="ManagedObjectReference">${id}</val>`;
  const missing = (path: string): string =>
    `<missingSet><path>${path}</path><fault><fault xsi:type="NoPermission"><privilegeId>System.Read</privilegeId></fault></fault></missingSet>`;
  const datacenter = (id: string, ...datastores: string[]): string =>
    object("Datacenter", id, {
      name: string(id),
      vmFolder: ref("Folder", "vms"),
      datastore: refs("Datastore", ...datastores),
    });
  const host = (id: string, extra = "", values: Record<string, string> = {}): string =>
    object(
      "HostSystem",
      id,
      {
        name: string(id),
        parent: ref("ComputeResource", "compute-1"),
        "runtime.connectionState": string("connected"),
        ...values,
      },
      extra,
    );
  const { vsphere } = await talk({
    RetrievePropertiesEx: () =>
      `<returnval>${[
        datacenter("dc-1"),
        datacenter("dc-2", "datastore-2"),
        object("Datacenter", "dc-3", { name: string("dc-3") }, missing("datastore")),
        object("ComputeResource", "compute-1", { parent: ref("Datacenter", "dc-1") }),
        object("ComputeResource", "compute-2", {}, missing("parent")),
        object("Datastore", "datastore-2", {}, missing("info")),
        host("host-1"),
        host("host-2", missing("configManager.storageSystem")),
        host("host-3", "", { parent: ref("ComputeResource", "compute-2") }),
      ].join("")}</returnval>`,
  });
  const { hosts, datastores, unreadable } = await vsphere.reader.inventory();
  expect(hosts.map(({ id }) => id)).toEqual(["host-1"]);
  expect(datastores).toEqual([]);
  const denied = expect.objectContaining({ code: "REMOTE_FAULT", hint: expect.stringContaining("System.Read") });
  expect(unreadable).toEqual([
    { id: "dc-3", type: "Datacenter", datacenterId: "dc-3", error: denied },
    { id: "host-2", type: "HostSystem", datacenterId: "dc-1", error: denied },
    { id: "host-3", type: "HostSystem", error: denied },
    { id: "datastore-2", type: "Datastore", datacenterId: "dc-2", error: denied },
  ]);
});
