import { expect, test } from "vitest";
import { escapeXml } from "../../../src/lab/vcenter/wire/xml.ts";
import type { World } from "../../../src/lab/world/world.ts";
import { COLLECTOR, child, nextChange, type SoapClient, self, specOf, startVim, taskInfo, typeOf } from "./vcenter.ts";

const vmNamed = (world: World, name: string) =>
  world.model.vms.find((vm) => vm.name === name) ?? expect.fail(`no ${name}`);
const vmSelf = (world: World, name: string): string => self("VirtualMachine", vmNamed(world, name).id);

function register(soap: SoapClient, world: World, path: string, more: { name?: string; asTemplate?: boolean } = {}) {
  const { name, asTemplate = false } = more;
  const [host] = world.model.hosts;
  const [datacenter] = world.model.datacenters;
  const place = asTemplate
    ? `<host type="HostSystem">${host?.id}</host>`
    : `<pool type="ResourcePool">${host?.resourcePool}</pool>`;
  return soap.call(
    "RegisterVM_Task",
    `${self("Folder", datacenter?.vmFolder ?? "")}<path>${escapeXml(path)}</path>${name === undefined ? "" : `<name>${name}</name>`}<asTemplate>${asTemplate}</asTemplate>${place}`,
  );
}

const DATASTORE = "[AutomatedTest-VMBootImg-Gold]";

test("power-off is a task with a name, a description and its entity", async () => {
  const { soap, world } = await startVim();
  const { value } = await soap.call("PowerOffVM_Task", vmSelf(world, "web-01"));
  const info = await taskInfo(soap, value);
  const told = ["key", "name", "descriptionId", "entityName", "state", "cancelled", "reason.userName"].map(
    (path) => child(info, path).text,
  );
  expect(told).toEqual([
    value.text,
    "PowerOffVM_Task",
    "VirtualMachine.powerOff",
    "web-01",
    "success",
    "false",
    "tester@lab.test",
  ]);
  expect(child(info, "entity").attributes.get("type")).toBe("VirtualMachine");
  expect(vmNamed(world, "web-01").powerState).toBe("poweredOff");
});

test("power-off of a VM that is off is refused at once, without a task", async () => {
  const { soap, world } = await startVim();
  const { fault } = await soap.call("PowerOffVM_Task", vmSelf(world, "db-01"));
  expect(fault?.type).toBe("InvalidPowerState");
  expect(child(fault?.detail ?? expect.fail(), "requestedState").text).toBe("poweredOff");
  expect(child(fault?.detail ?? expect.fail(), "existingState").text).toBe("poweredOff");
});

test("tasks run side by side", async () => {
  const { soap, world } = await startVim({ latency: { dgs: 0, vim: 0, task: 60_000, rescan: 0 } });
  const start = async (name: string) => (await soap.call("PowerOffVM_Task", vmSelf(world, name))).value;
  const tasks = [await start("web-01"), await start("web-02")];
  const states = async (): Promise<string[]> => {
    const specs = tasks.map((task) => specOf({ type: "Task", id: task.text }, { Task: ["info.state"] }));
    const { values } = await soap.call("RetrieveProperties", `${COLLECTOR}${specs.join("")}`);
    return values.map((one) => child(one, "propSet.val").text);
  };
  await expect.poll(states).toEqual(["running", "running"]);
  expect(world.mutations).toEqual([]);
});

test("a guest shuts down by itself, or not at all", async () => {
  const { soap, world } = await startVim();
  const changes = nextChange(world);
  expect((await soap.call("ShutdownGuest", vmSelf(world, "web-01"))).fault).toBeUndefined();
  await changes;
  while (vmNamed(world, "web-01").powerState === "poweredOn") await nextChange(world);
  expect(world.mutations.map(({ op }) => op)).toEqual(["ShutdownGuest"]);

  vmNamed(world, "web-02").ignoresShutdown = true;
  expect((await soap.call("ShutdownGuest", vmSelf(world, "web-02"))).fault).toBeUndefined();
  vmNamed(world, "web-02").toolsRunning = false;
  expect((await soap.call("ShutdownGuest", vmSelf(world, "web-02"))).fault?.type).toBe("ToolsUnavailable");
  expect(vmNamed(world, "web-02").powerState).toBe("poweredOn");
});

test("a running VM is not unregistered, one that is off is", async () => {
  const { soap, world } = await startVim();
  expect((await soap.call("UnregisterVM", vmSelf(world, "web-01"))).fault?.type).toBe("InvalidPowerState");
  expect((await soap.call("UnregisterVM", vmSelf(world, "db-01"))).fault).toBeUndefined();
  expect(world.model.vms.some((vm) => vm.name === "db-01")).toBe(false);
});

test("registering makes the VM of the file, once", async () => {
  const { soap, world } = await startVim();
  const path = `${DATASTORE} spare-01/spare-01.vmx`;
  const info = await taskInfo(soap, (await register(soap, world, path)).value);
  expect(child(info, "descriptionId").text).toBe("Folder.registerVm");
  expect(typeOf(child(info, "result"))).toBe("ManagedObjectReference");
  expect(child(info, "result").text).toBe(vmNamed(world, "spare-01").id);
  const again = await taskInfo(soap, (await register(soap, world, path)).value);
  expect(child(again, "state").text).toBe("error");
  expect(typeOf(child(again, "error.fault"))).toBe("AlreadyExists");
});

test("paths may be percent-escaped, and need not be", async () => {
  const { soap, world } = await startVim();
  const { file } = vmNamed(world, "büro-01");
  expect(file).toContain("%");
  for (const path of [`${DATASTORE} ${file}`, `${DATASTORE} ${encodeURIComponent(file)}`]) {
    await soap.call("UnregisterVM", vmSelf(world, "büro-01"));
    const info = await taskInfo(soap, (await register(soap, world, path)).value);
    expect(child(info, "state").text).toBe("success");
    expect(vmNamed(world, "büro-01").file).toBe(file);
  }
});

test("a template is registered as one, on a host", async () => {
  const { soap, world } = await startVim();
  await soap.call("UnregisterVM", vmSelf(world, "tpl-base"));
  const path = `${DATASTORE} tpl-base/tpl-base.vmtx`;
  const refused = await taskInfo(soap, (await register(soap, world, path)).value);
  expect(typeOf(child(refused, "error.fault"))).toBe("NotSupported");
  const info = await taskInfo(soap, (await register(soap, world, path, { asTemplate: true })).value);
  expect(child(info, "state").text).toBe("success");
});

test("a name that is taken is DuplicateName, with the object that has it", async () => {
  const { soap, world } = await startVim();
  const reply = await register(soap, world, `${DATASTORE} spare-01/spare-01.vmx`, { name: "web-01" });
  const info = await taskInfo(soap, reply.value);
  expect(typeOf(child(info, "error.fault"))).toBe("DuplicateName");
  const object = child(info, "error.fault.object");
  expect([object.attributes.get("type"), object.text]).toEqual(["VirtualMachine", vmNamed(world, "web-01").id]);
});

test("a task that cannot be cancelled says so, one that can ends as canceled", async () => {
  const { soap, world } = await startVim({ latency: { dgs: 0, vim: 0, task: 60_000, rescan: 0 } });
  const off = await soap.call("PowerOffVM_Task", vmSelf(world, "web-01"));
  expect((await soap.call("CancelTask", self("Task", off.value.text))).fault?.type).toBe("NotSupported");
  const [datastore] = world.model.datastores;
  const search = await soap.call(
    "SearchDatastoreSubFolders_Task",
    `${self("HostDatastoreBrowser", datastore?.browser ?? "")}<datastorePath>${DATASTORE}</datastorePath>`,
  );
  expect((await soap.call("CancelTask", self("Task", search.value.text))).fault).toBeUndefined();
  const info = await taskInfo(soap, search.value);
  expect([child(info, "state").text, child(info, "cancelled").text]).toEqual(["error", "true"]);
  expect(typeOf(child(info, "error.fault"))).toBe("RequestCanceled");
});
