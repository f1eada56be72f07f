import { describe, expect, test } from "vitest";
import type { Touch } from "../../../src/lab/world/touches/targets.ts";
import { touchWorld } from "../../../src/lab/world/touches/touch.ts";
import {
  COLLECTOR,
  child,
  propertiesOf,
  self,
  specOf,
  startVim,
  type TestVcenter,
  taskInfo,
  texts,
  typeOf,
} from "./vcenter.ts";

/** A vCenter with something in the way, and how to read an object of it. */
async function blocked(touch: Touch) {
  const vcenter = await startVim();
  const [id = ""] = touchWorld(vcenter.world.state, touch);
  vcenter.world.announce();
  const read = async (type: string, of: string, ...paths: string[]) => {
    const spec = specOf({ type, id: of }, { [type]: paths });
    return propertiesOf((await vcenter.soap.call("RetrieveProperties", `${COLLECTOR}${spec}`)).value);
  };
  const text = async (type: string, of: string, path: string) => (await read(type, of, path)).get(path)?.text;
  return { ...vcenter, id, read, text };
}

const emptied = (world: TestVcenter["world"]): void => {
  world.model.vms = [];
};

async function unmountFault({ soap, world }: TestVcenter): Promise<string | undefined> {
  const [host] = world.model.hosts;
  const uuid = host?.mounts[0]?.vmfsUuid;
  const unmount = `${self("HostStorageSystem", host?.storageSystem ?? "")}<vmfsUuid>${uuid}</vmfsUuid>`;
  return (await soap.call("UnmountVmfsVolume", unmount)).fault?.type;
}

const powerOff = async ({ soap }: TestVcenter, id: string) =>
  taskInfo(soap, (await soap.call("PowerOffVM_Task", self("VirtualMachine", id))).value);

describe("a VM", () => {
  test("that waits for an answer keeps its power until it has one of those offered", async () => {
    const lab = await blocked({ what: "question", name: "Moved or copied?" });
    const question = (await lab.read("VirtualMachine", lab.id, "runtime.question")).get("runtime.question");
    const asked = question ?? expect.fail();
    expect(child(asked, "text").text).toBe("Moved or copied?");
    expect(texts(asked, "choice.choiceInfo.key")).toEqual(["0", "1", "2"]);
    const refused = child(await powerOff(lab, lab.id), "error.fault");
    expect([typeOf(refused), child(refused, "text").text]).toEqual(["QuestionPending", "Moved or copied?"]);
    const answer = (choice: string) =>
      lab.soap.call(
        "AnswerVM",
        `${self("VirtualMachine", lab.id)}<questionId>${child(asked, "id").text}</questionId><answerChoice>${choice}</answerChoice>`,
      );
    expect((await answer("9")).fault?.type).toBe("InvalidArgument");
    expect((await answer("1")).fault).toBeUndefined();
    expect((await answer("1")).fault?.type).toBe("ConcurrentAccess");
    expect(child(await powerOff(lab, lab.id), "state").text).toBe("success");
  });

  test("of an extension says whose it is", async () => {
    const lab = await blocked({ what: "managed-vm" });
    const vm = await lab.read("VirtualMachine", lab.id, "name", "config.managedBy", "summary.config.managedBy.type");
    expect(vm.get("name")?.text).toMatch(/^vCLS-/);
    expect(child(vm.get("config.managedBy") ?? expect.fail(), "extensionKey").text).toBe("com.vmware.vim.eam");
    expect(vm.get("summary.config.managedBy.type")?.text).toBe("cluster-agent");
  });

  test("of a fault tolerant pair says so", async () => {
    const lab = await blocked({ what: "fault-tolerance" });
    const vm = await lab.read("VirtualMachine", lab.id, "runtime.faultToleranceState", "config.ftInfo.role");
    expect([...vm.values()].map(({ text }) => text).sort()).toEqual(["1", "running"]);
  });

  test("may have its snapshots alone on a datastore, which it holds that way", async () => {
    const lab = await blocked({ what: "snapshot-elsewhere" });
    const path = (await lab.text("VirtualMachine", lab.id, "config.files.snapshotDirectory")) ?? "";
    const home = (await lab.text("VirtualMachine", lab.id, "config.files.vmPathName")) ?? "";
    expect(path.split("]")[0]).not.toBe(home.split("]")[0]);
    lab.world.model.vms = lab.world.model.vms.filter(({ id }) => id === lab.id);
    expect(await unmountFault(lab)).toBe("ResourceInUse");
  });

  test("with a method disabled refuses it", async () => {
    const lab = await blocked({ what: "disabled-method", method: "PowerOffVM_Task" });
    const { fault } = await lab.soap.call("PowerOffVM_Task", self("VirtualMachine", lab.id));
    expect(fault?.type).toBe("MethodDisabled");
    const vm = await lab.read("VirtualMachine", lab.id, "disabledMethod");
    expect(texts(vm.get("disabledMethod") ?? expect.fail(), "string")).toEqual([
      "PowerOnVM_Task",
      "UnregisterVM",
      "PowerOffVM_Task",
    ]);
  });

  test("with slash, percent and backslash in its name has them escaped wherever vCenter names it", async () => {
    const lab = await blocked({ what: "rename-vm", name: "a/b%c\\d" });
    const vm = await lab.read("VirtualMachine", lab.id, "name", "config.name", "summary.config.name");
    expect([...vm.values()].map(({ text }) => text)).toEqual(Array(3).fill("a%2fb%25c%5cd"));
  });
});

describe("a datastore", () => {
  test("of a cluster is below its pod, and not to be unmounted", async () => {
    const lab = await blocked({ what: "datastore-cluster", name: "Gold pod" });
    const parent = (await lab.read("Datastore", lab.id, "parent")).get("parent") ?? expect.fail();
    expect(parent.attributes.get("type")).toBe("StoragePod");
    expect(await lab.text("StoragePod", parent.text, "name")).toBe("Gold pod");
    const children = (await lab.read("StoragePod", parent.text, "childEntity")).get("childEntity") ?? expect.fail();
    expect(texts(children, "ManagedObjectReference")).toEqual([lab.id]);
    emptied(lab.world);
    expect(await unmountFault(lab)).toBe("ResourceInUse");
  });

  test("with storage I/O control says so, and is in use", async () => {
    const lab = await blocked({ what: "io-control" });
    expect(await lab.text("Datastore", lab.id, "iormConfiguration.enabled")).toBe("true");
    emptied(lab.world);
    expect(await unmountFault(lab)).toBe("ResourceInUse");
  });

  test("with heartbeats is known to its cluster, and cannot be quiesced", async () => {
    const lab = await blocked({ what: "ha-heartbeat" });
    const [host] = lab.world.model.hosts;
    const parent = (await lab.read("HostSystem", host?.id ?? "", "parent")).get("parent") ?? expect.fail();
    expect(parent.attributes.get("type")).toBe("ClusterComputeResource");
    const cluster = self("ClusterComputeResource", parent.text);
    const { value } = await lab.soap.call("RetrieveDasAdvancedRuntimeInfo", cluster);
    expect(texts(value, "heartbeatDatastoreInfo.datastore")).toEqual([lab.id]);
    emptied(lab.world);
    expect(await unmountFault(lab)).toBe("QuiesceDatastoreIOForHAFailed");
  });
});

describe("a host", () => {
  test.each([
    ["scratch", "ScratchConfig.CurrentScratchLocation", /^\/vmfs\/volumes\/UUID\//],
    ["syslog", "Syslog.global.logDir", /^\[LABEL\] \//],
  ] as const)("with its %s on the datastore tells it by %s", async (use, option, form) => {
    const lab = await blocked({ what: "host-files", use });
    const [host] = lab.world.model.hosts;
    const manager = (await lab.text("HostSystem", host?.id ?? "", "configManager.advancedOption")) ?? "";
    const query = `${self("OptionManager", manager)}<name>${option}</name>`;
    const { value } = await lab.soap.call("QueryOptions", query);
    const { vmfsUuid = "", label = "" } = host?.mounts[0] ?? {};
    expect(child(value, "value").text.replace(vmfsUuid, "UUID").replace(label, "LABEL")).toMatch(form);
    emptied(lab.world);
    expect(await unmountFault(lab)).toBe("ResourceInUse");
  });

  test("with its core dump there names the disk", async () => {
    const lab = await blocked({ what: "host-files", use: "coredump" });
    const [host] = lab.world.model.hosts;
    const disk = await lab.text("HostSystem", host?.id ?? "", "config.activeDiagnosticPartition.id.diskName");
    expect(disk).toBe(host?.mounts[0]?.naas[0]);
  });

  test("in maintenance mode says so", async () => {
    const lab = await blocked({ what: "maintenance-mode" });
    expect(await lab.text("HostSystem", lab.id, "runtime.inMaintenanceMode")).toBe("true");
  });

  test("tells its hardware, its paths to its disks and its management address", async () => {
    const lab = await startVim();
    const [host] = lab.world.model.hosts;
    const paths = ["hardware.memorySize", "config.storageDevice.scsiTopology", "configManager.virtualNicManager"];
    const spec = specOf({ type: "HostSystem", id: host?.id ?? "" }, { HostSystem: paths });
    const read = propertiesOf((await lab.soap.call("RetrieveProperties", `${COLLECTOR}${spec}`)).value);
    expect(read.get("hardware.memorySize")?.text).toBe(String(512 * 1024 ** 3));
    const topology = read.get("config.storageDevice.scsiTopology") ?? expect.fail();
    expect(new Set(texts(topology, "adapter.target.lun.scsiLun"))).toEqual(new Set(host?.disks.map(({ key }) => key)));
    const nics = self("HostVirtualNicManager", read.get("configManager.virtualNicManager")?.text ?? "");
    const { value } = await lab.soap.call("QueryNetConfig", `${nics}<nicType>management</nicType>`);
    expect(child(value, "candidateVnic.spec.ip.ipAddress").text).toBe(host?.name);
  });
});
