import { describe, expect, test } from "vitest";
import type { Vsphere } from "../../src/vsphere/vsphere.ts";
import {
  connect,
  type FakeVcenter,
  object,
  refs,
  type Script,
  startFakeVcenter,
  string,
  vmObject,
} from "./fake-vcenter.ts";
import { closing, host, uuid, vm } from "./talk.ts";

const NAA = "naa.60060160000000000000000000000001";
const vmThatIs = (state: string): string => vmObject("vm-1", { "runtime.powerState": string(state) });

const storageThatIs = ({ disk = "ok", mounted = true }: { disk?: string; mounted?: boolean }): string =>
  object("HostStorageSystem", "storageSystem-1", {
    "storageDeviceInfo.scsiLun": `<val xsi:type="ArrayOfScsiLun"><ScsiLun xsi:type="HostScsiDisk"><canonicalName>${NAA}</canonicalName><uuid>0200</uuid><operationalState>${disk}</operationalState></ScsiLun></val>`,
    "fileSystemVolumeInfo.mountInfo": `<val xsi:type="ArrayOfHostFileSystemMountInfo"><HostFileSystemMountInfo><mountInfo><accessMode>readWrite</accessMode><mounted>${mounted}</mounted><accessible>true</accessible></mountInfo><volume xsi:type="HostVmfsVolume"><name>gold</name><uuid>${uuid}</uuid><extent><diskName>${NAA}</diskName><partition>1</partition></extent></volume></HostFileSystemMountInfo></val>`,
  });

interface Case {
  readonly operation: string;
  readonly attempt: (writer: Vsphere["writer"]) => Promise<unknown>;
  /** Objects as the look finds them: still to be changed, or changed already. */
  readonly stillNeeded: string;
  readonly done: string;
}

const REGISTERED = { path: "[gold] vm-1/vm-1.vmx", template: false };
const CASES: Case[] = [
  {
    operation: "PowerOffVM_Task",
    attempt: (writer) => writer.powerOff([vm]),
    stillNeeded: vmThatIs("poweredOn"),
    done: vmThatIs("poweredOff"),
  },
  {
    operation: "ShutdownGuest",
    attempt: (writer) => writer.shutDownGuests([vm], 60_000),
    stillNeeded: vmThatIs("poweredOn"),
    done: vmThatIs("poweredOff"),
  },
  {
    operation: "UnregisterVM",
    attempt: (writer) => writer.unregister([vm]),
    stillNeeded: vmThatIs("poweredOff"),
    done: "",
  },
  {
    operation: "RegisterVM_Task",
    attempt: (writer) =>
      writer.register([REGISTERED], { host, folder: host.datacenter.vmFolder, pool: host.resourcePool }),
    stillNeeded: vmObject("vm-2", { datastore: refs("Datastore", "datastore-1") }),
    done: vmThatIs("poweredOff"),
  },
  {
    operation: "UnmountVmfsVolume",
    attempt: (writer) => writer.unmount(host, uuid),
    stillNeeded: storageThatIs({ mounted: true }),
    done: storageThatIs({ mounted: false }),
  },
  {
    operation: "MountVmfsVolume",
    attempt: (writer) => writer.mount(host, uuid),
    stillNeeded: storageThatIs({ mounted: false }),
    done: storageThatIs({ mounted: true }),
  },
  {
    operation: "ResolveMultipleUnresolvedVmfsVolumes",
    attempt: (writer) => writer.forceMount(host, `/vmfs/devices/disks/${NAA}:1`),
    stillNeeded: storageThatIs({ mounted: false }),
    done: storageThatIs({ mounted: true }),
  },
  {
    operation: "DetachScsiLun",
    attempt: (writer) => writer.detach(host, "0200"),
    stillNeeded: storageThatIs({ disk: "ok" }),
    done: storageThatIs({ disk: "off" }),
  },
  {
    operation: "AttachScsiLun",
    attempt: (writer) => writer.attach(host, "0200"),
    stillNeeded: storageThatIs({ disk: "off" }),
    done: storageThatIs({ disk: "ok" }),
  },
];

/** A vCenter that ended the session before the change came, and shows `objects` to who stillNeeded. */
async function ended(operation: string, objects: string): Promise<{ fake: FakeVcenter; vsphere: Vsphere }> {
  const task = `<returnval type="Task">task-1</returnval>`;
  const off =
    operation === "ShutdownGuest" ? ["VirtualMachine", "vm-1", "runtime.powerState", "poweredOff"] : undefined;
  const [type, id, path, value] = off ?? ["Task", "task-1", "info.state", "success"];
  const script: Script = {
    [operation]: (_xml, nth) => (nth === 1 ? { fault: "NotAuthenticated" } : operation.endsWith("_Task") ? task : ""),
    RetrievePropertiesEx: () => (objects === "" ? "" : `<returnval>${objects}</returnval>`),
    QueryUnresolvedVmfsVolumes: () => "",
    CreatePropertyCollector: () => '<returnval type="PropertyCollector">pc-1</returnval>',
    CreateListView: () => '<returnval type="ListView">list-1</returnval>',
    CreateFilter: () => '<returnval type="PropertyFilter">filter-1</returnval>',
    ModifyListView: () => "",
    DestroyPropertyCollector: () => "",
    WaitForUpdatesEx: () =>
      `<returnval><version>1</version><filterSet><filter type="PropertyFilter">f</filter><objectSet><kind>enter</kind><obj type="${type}">${id}</obj><changeSet><name>${path}</name><op>assign</op>${string(value ?? "")}</changeSet></objectSet></filterSet></returnval>`,
  };
  const fake = await startFakeVcenter(script);
  const vsphere = connect(fake.port);
  closing(fake, vsphere);
  return { fake, vsphere };
}

const failed = (outcome: unknown): boolean =>
  Array.isArray(outcome) && outcome.some((each) => typeof each === "object" && each !== null && "error" in each);

describe("a change that finds its session ended is looked at before it is sent again", () => {
  test.each(CASES)(
    "$operation is sent once more where it is still to be made",
    async ({ operation, attempt, stillNeeded }) => {
      const { fake, vsphere } = await ended(operation, stillNeeded);
      expect(failed(await attempt(vsphere.writer))).toBe(false);
      const order = fake.operations().filter((each) => ["Login", "RetrievePropertiesEx", operation].includes(each));
      expect(order).toEqual(["Login", operation, "Login", "RetrievePropertiesEx", operation]);
    },
  );

  test.each(CASES)("$operation is not where the state is reached already", async ({ operation, attempt, done }) => {
    const { fake, vsphere } = await ended(operation, done);
    expect(failed(await attempt(vsphere.writer))).toBe(false);
    expect(fake.operations().filter((each) => each === operation)).toHaveLength(1);
  });

  test("a registered path counts as there already", async () => {
    const { vsphere } = await ended("RegisterVM_Task", vmThatIs("poweredOff"));
    const where = { host, folder: host.datacenter.vmFolder, pool: host.resourcePool };
    expect(await vsphere.writer.register([REGISTERED], where)).toEqual([{ id: REGISTERED.path, alreadyThere: true }]);
  });
});

describe("a read that finds its session ended", () => {
  test("is sent once more also where the server says so inside the answer", async () => {
    const lost = object(
      "VirtualMachine",
      "vm-1",
      {},
      '<missingSet><path>name</path><fault><fault xsi:type="NotAuthenticated"/></fault></missingSet>',
    );
    const { fake, vsphere } = await talkTo((nth) => (nth === 1 ? lost : vmThatIs("poweredOff")));
    expect(await vsphere.reader.vmStates([vm])).toMatchObject([{ id: "vm-1" }]);
    expect(fake.operations().filter((each) => each === "Login")).toHaveLength(2);
  });

  test("is not sent a third time", async () => {
    const fake = await startFakeVcenter({ RetrievePropertiesEx: () => ({ fault: "NotAuthenticated" }) });
    const vsphere = connect(fake.port);
    closing(fake, vsphere);
    await expect(vsphere.reader.vmStates([vm])).rejects.toMatchObject({ code: "AUTHENTICATION_FAILED" });
    expect(fake.operations().filter((each) => each === "RetrievePropertiesEx")).toHaveLength(2);
  });
});

async function talkTo(objects: (nth: number) => string): Promise<{ fake: FakeVcenter; vsphere: Vsphere }> {
  const fake = await startFakeVcenter({
    RetrievePropertiesEx: (_xml, nth) => `<returnval>${objects(nth)}</returnval>`,
  });
  const vsphere = connect(fake.port);
  closing(fake, vsphere);
  return { fake, vsphere };
}
