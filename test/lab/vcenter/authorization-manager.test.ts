import { describe, expect, test } from "vitest";
import type { Touch } from "../../../src/lab/world/touches/targets.ts";
import { touchWorld } from "../../../src/lab/world/touches/touch.ts";
import { COLLECTOR, child, ROOT, self, specOf, startVim, texts, typeOf, WHOLE_TREE } from "./vcenter.ts";

async function withAccess(...touches: Touch[]) {
  const vcenter = await startVim({ scenario: "two-hosts" });
  for (const touch of touches) touchWorld(vcenter.world.state, touch);
  vcenter.world.announce();
  const { model } = vcenter.world;
  const running = model.vms.find((vm) => vm.powerState === "poweredOn")?.id ?? "";
  const host = model.hosts[0] ?? expect.fail();
  const denial = async (method: string, type: string, id: string, args = "") => {
    const { fault } = await vcenter.soap.call(method, `${self(type, id)}${args}`);
    if (fault?.type !== "NoPermission") return fault?.type;
    return [child(fault.detail, "object").text, child(fault.detail, "privilegeId").text];
  };
  return { ...vcenter, model, running, host, denial };
}

describe("a method", () => {
  test("needs its privilege, on the entity that it acts on", async () => {
    const { denial, running, host } = await withAccess({ what: "restricted-role", privileges: ["Datastore.Browse"] });
    expect(await denial("PowerOffVM_Task", "VirtualMachine", running)).toEqual([
      running,
      "VirtualMachine.Interact.PowerOff",
    ]);
    expect(await denial("UnregisterVM", "VirtualMachine", running)).toEqual([
      running,
      "VirtualMachine.Inventory.Unregister",
    ]);
    expect(await denial("RescanVmfs", "HostStorageSystem", host.storageSystem)).toEqual([
      host.id,
      "Host.Config.Storage",
    ]);
    expect(await denial("QueryUnresolvedVmfsVolume", "HostStorageSystem", host.storageSystem)).toBeUndefined();
  });

  test("may be denied on one object and all below it", async () => {
    const { host, model } = await withAccess();
    const [, other = expect.fail()] = model.hosts;
    const second = await withAccess({
      what: "deny-privilege",
      privilege: "Host.Config.Storage",
      object: host.datacenterId,
    });
    expect(await second.denial("RescanVmfs", "HostStorageSystem", host.storageSystem)).toEqual([
      host.id,
      "Host.Config.Storage",
    ]);
    expect(await second.denial("RescanVmfs", "HostStorageSystem", other.storageSystem)).toBeUndefined();
  });
});

describe("what cannot be read", () => {
  test("is a property in the missing set, with object and privilege", async () => {
    const probe = await withAccess();
    const [datastore] = probe.model.datastores;
    const id = datastore?.id ?? "";
    const { soap } = await withAccess({ what: "unreadable", object: id, property: "info" });
    const spec = specOf({ type: "Datastore", id }, { Datastore: ["name", "info"] });
    const { value } = await soap.call("RetrieveProperties", `${COLLECTOR}${spec}`);
    expect(texts(value, "propSet.name")).toEqual(["name"]);
    expect(texts(value, "missingSet.path")).toEqual(["info"]);
    const fault = child(value, "missingSet.fault.fault");
    expect([typeOf(fault), child(fault, "object").text, child(fault, "privilegeId").text]).toEqual([
      "NoPermission",
      id,
      "System.Read",
    ]);
  });

  test("leads nowhere: a Datacenter that the account does not see has no VMs for it", async () => {
    const probe = await withAccess();
    const [near, far] = probe.model.hosts;
    const { soap, model } = await withAccess({
      what: "deny-privilege",
      privilege: "System.Read",
      object: far?.datacenterId ?? "",
    });
    const spec = specOf(ROOT, { VirtualMachine: ["name"] }, { select: WHOLE_TREE });
    const { values } = await soap.call("RetrieveProperties", `${COLLECTOR}${spec}`);
    const seen = values.map((one) => child(one, "obj").text).sort();
    expect(seen).toEqual(
      model.vms
        .filter((vm) => vm.hostId === near?.id)
        .map(({ id }) => id)
        .sort(),
    );
  });
});

test("the authorization manager tells what is held", async () => {
  const privileges = ["VirtualMachine.Interact.PowerOff"];
  const { soap, running } = await withAccess({ what: "restricted-role", privileges });
  const manager = self("AuthorizationManager", "AuthorizationManager");
  const entity = `<entity type="VirtualMachine">${running}</entity>`;
  const asked = [...privileges, "Host.Config.Storage"].map((one) => `<privId>${one}</privId>`).join("");
  const has = await soap.call("HasPrivilegeOnEntities", `${manager}${entity}<sessionId>any</sessionId>${asked}`);
  expect(texts(has.value, "privAvailability.isGranted")).toEqual(["true", "false"]);
  const entities = `<entities type="VirtualMachine">${running}</entities><userName>tester@lab.test</userName>`;
  const fetched = await soap.call("FetchUserPrivilegeOnEntities", `${manager}${entities}`);
  expect(texts(fetched.value, "privileges")).toContain(privileges[0]);
  expect(texts(fetched.value, "privileges")).not.toContain("Host.Config.Storage");
  const spec = specOf({ type: "AuthorizationManager", id: "AuthorizationManager" }, { AuthorizationManager: ["*"] });
  const { value } = await soap.call("RetrieveProperties", `${COLLECTOR}${spec}`);
  expect(texts(value, "propSet.val.AuthorizationRole.name")).toEqual(["Admin", "ReadOnly", "Restricted"]);
});
