import { expect, test } from "vitest";
import { type LabVm, VimFault } from "../../../src/lab/world/model.ts";
import type { ScenarioName } from "../../../src/lab/world/scenarios.ts";
import { touchWorld } from "../../../src/lab/world/touches/touch.ts";
import {
  filesOn,
  finishShutdown,
  powerOff,
  registerVm,
  shutdownGuest,
  unregisterVm,
} from "../../../src/lab/world/vms.ts";
import { World } from "../../../src/lab/world/world.ts";
import { change } from "../../support/change.ts";

function stage(scenario: ScenarioName = "clone-assigned") {
  const world = new World({ scenario: { scenario } });
  const [host] = world.model.hosts;
  const datacenter = world.model.datacenters.find(({ id }) => id === host?.datacenterId);
  const [datastore] = world.model.datastores;
  if (host === undefined || datacenter === undefined || datastore === undefined) throw new Error("no inventory");
  const vm = (name: string): LabVm => {
    const found = world.model.vms.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no VM ${name}`);
    return found;
  };
  const register = (path: string, more: { asTemplate?: boolean; name?: string; pool?: boolean } = {}): string => {
    const { asTemplate = false, name, pool = !asTemplate } = more;
    return change(world, registerVm, {
      folderId: datacenter.vmFolder,
      path: `[${datastore.name}] ${path}`,
      asTemplate,
      hostId: host.id,
      ...(pool ? { poolId: host.resourcePool } : {}),
      ...(name === undefined ? {} : { name }),
    });
  };
  return { world, host, datastore, vm, register };
}

function faultOf(act: () => unknown): VimFault {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof VimFault) return thrown;
    throw thrown;
  }
  throw new Error("was not refused");
}

test("power-off is refused for a VM that is off, and for a template", () => {
  const { world, vm } = stage();
  const fault = faultOf(() => change(world, powerOff, vm("db-01").id));
  expect(fault.type).toBe("InvalidPowerState");
  expect(fault.detail).toEqual({ requestedState: "poweredOff", existingState: "poweredOff" });
  expect(faultOf(() => change(world, powerOff, vm("tpl-base").id)).type).toBe("NotSupported");
  expect(faultOf(() => change(world, powerOff, "vm-0")).type).toBe("ManagedObjectNotFound");
});

test("a guest without tools cannot be shut down, one that ignores it stays on, one that heeds it is off at its end", () => {
  const { world, vm } = stage("gold-assigned");
  const [web1, web2] = [vm("web-01"), vm("web-02")];
  web1.toolsRunning = false;
  expect(faultOf(() => change(world, shutdownGuest, web1.id)).type).toBe("ToolsUnavailable");
  web1.toolsRunning = true;
  web1.ignoresShutdown = true;
  expect(change(world, shutdownGuest, web1.id)).toBe(false);
  expect(change(world, shutdownGuest, web2.id)).toBe(true);
  expect(web2.powerState).toBe("poweredOn");
  change(world, finishShutdown, web2.id);
  expect(web2.powerState).toBe("poweredOff");
  expect(faultOf(() => change(world, shutdownGuest, web2.id)).type).toBe("InvalidPowerState");
});

test("a running VM is not unregistered, also when its storage is lost; a suspended one is", () => {
  const { world, vm } = stage();
  expect(faultOf(() => change(world, unregisterVm, vm("web-01").id)).type).toBe("InvalidPowerState");
  vm("web-01").powerState = "suspended";
  change(world, unregisterVm, vm("web-01").id);
  vm("web-02").connectionState = "inaccessible";
  expect(faultOf(() => change(world, unregisterVm, vm("web-02").id)).type).toBe("InvalidPowerState");
  change(world, powerOff, vm("web-02").id);
  change(world, unregisterVm, vm("web-02").id);
  expect(world.model.vms.filter(({ name }) => name.startsWith("web-"))).toEqual([]);
});

test("a VM whose power-off fails runs on", () => {
  const { world, vm } = stage();
  touchWorld(world.state, { what: "power-off-fails", vm: "web-01", fault: "GenericVmConfigFault" });
  expect(faultOf(() => change(world, powerOff, vm("web-01").id)).type).toBe("GenericVmConfigFault");
  expect(vm("web-01").powerState).toBe("poweredOn");
});

test("a path is registered once, under a name that is free, from a file that is there", () => {
  const { world, vm, register } = stage();
  const twice = faultOf(() => register("web-01/web-01.vmx"));
  expect([twice.type, twice.detail]).toEqual(["AlreadyExists", { name: vm("web-01").id }]);
  expect(faultOf(() => register("spare-01/spare-01.vmx", { name: "web-01" })).type).toBe("DuplicateName");
  expect(faultOf(() => register("nowhere/x.vmx")).type).toBe("NotFound");
  const id = register("spare-01/spare-01.vmx");
  expect(world.model.vms.at(-1)).toMatchObject({ id, name: "spare-01", powerState: "poweredOff", template: false });
});

test("a template is registered as one, on a host and in no pool", () => {
  const { world, vm, register } = stage();
  const { id, file, instanceUuid } = vm("tpl-base");
  change(world, unregisterVm, id);
  expect(faultOf(() => register(file)).type).toBe("NotSupported");
  expect(faultOf(() => register(file, { asTemplate: true, pool: true })).type).toBe("InvalidArgument");
  const again = register(file, { asTemplate: true });
  expect(again).not.toBe(id);
  expect(vm("tpl-base")).toMatchObject({ id: again, template: true, instanceUuid });
});

test("a datastore that is not mounted shows no files and takes no registration", () => {
  const { world, datastore, register } = stage("stale-inventory");
  expect(faultOf(() => change(world, filesOn, datastore.id)).type).toBe("InaccessibleDatastore");
  expect(faultOf(() => register("spare-01/spare-01.vmx")).type).toBe("InaccessibleDatastore");
});

test("an unknown datastore or an unreadable path is refused by name", () => {
  const { world, host } = stage();
  const folderId = world.model.datacenters[0]?.vmFolder ?? "";
  const at = (path: string) => () =>
    change(world, registerVm, { folderId, path, asTemplate: false, poolId: host.resourcePool });
  expect(faultOf(at("[nowhere] a/a.vmx")).type).toBe("InvalidDatastore");
  expect(faultOf(at("a/a.vmx")).type).toBe("InvalidDatastorePath");
});

test("VMs of several clones share name, path and UUIDs, but no reference", () => {
  const { world } = stage("same-gold");
  const [left, right] = world.model.vms.filter(({ name }) => name === "web-01");
  expect(left?.instanceUuid).toBe(right?.instanceUuid);
  expect(left?.file).toBe(right?.file);
  expect(left?.id).not.toBe(right?.id);
});
