/** SearchIndex: objects by address, name, UUID or path. */
import type { LabHost, LabVm } from "../../world/model.ts";
import { addressOf } from "../props-host.ts";
import { guestIdentity, vmPathName } from "../props-vm.ts";
import type { Call, Handler } from "../service/call.ts";
import type { Entity } from "../service/entity.ts";
import { ROOT_FOLDER, unescapeName } from "../service/inventory.ts";
import { flag, optionalRef, ref, text } from "../wire/args.ts";
import { force, Ref } from "../wire/value.ts";

interface Matchers {
  readonly vm: (vm: LabVm) => boolean;
  readonly host: (host: LabHost) => boolean;
}

/** VMs or hosts that match, within one Datacenter where one is given. */
function search(call: Call, matchers: Matchers): Ref[] {
  const { model } = call.vcenter.inventory;
  const within = optionalRef(call.args, "datacenter")?.id;
  const here = (object: { datacenterId: string }): boolean => within === undefined || object.datacenterId === within;
  return flag(call.args, "vmSearch")
    ? model.vms.filter((vm) => here(vm) && matchers.vm(vm)).map((vm) => new Ref("VirtualMachine", vm.id))
    : model.hosts.filter((host) => here(host) && matchers.host(host)).map((host) => new Ref("HostSystem", host.id));
}

function byIp(call: Call): Ref[] {
  const ip = text(call.args, "ip");
  return search(call, {
    vm: (vm) => guestIdentity(vm)?.address === ip,
    host: (host) => addressOf(host, call.vcenter.inventory) === ip,
  });
}

function byDnsName(call: Call): Ref[] {
  const name = text(call.args, "dnsName").toLowerCase();
  return search(call, {
    vm: (vm) => guestIdentity(vm)?.hostName === name,
    host: (host) => host.dnsName.toLowerCase() === name || host.name.toLowerCase() === name,
  });
}

function byUuid(call: Call): Ref[] {
  const uuid = text(call.args, "uuid").toLowerCase();
  const key = flag(call.args, "instanceUuid") ? "instanceUuid" : "uuid";
  return search(call, { vm: (vm) => vm[key].toLowerCase() === uuid, host: () => false });
}

/** The entity's children by name: what an inventory path goes through. A compute resource is followed by its hosts. */
function childNamed(call: Call, parent: Ref, name: string): Ref | undefined {
  const entity = call.find(parent.id);
  const wanted = unescapeName(name);
  return childrenOf(entity).find((child) => {
    const childName = force(call.find(child.id)?.read("name"));
    return typeof childName === "string" && unescapeName(childName) === wanted;
  });
}

const CHILD_PATHS = [
  "childEntity",
  "vmFolder",
  "hostFolder",
  "datastoreFolder",
  "networkFolder",
  "host",
  "resourcePool",
];

function childrenOf(entity: Entity | undefined): Ref[] {
  // A Datastore and a Network have `host` too, and are no parents of theirs.
  if (entity === undefined || ["Datastore", "Network", "VirtualMachine", "HostSystem"].includes(entity.ref.type))
    return [];
  return CHILD_PATHS.flatMap((path) => {
    const value = force(entity.read(path));
    if (value instanceof Ref) return [value];
    return Array.isArray(value) ? value.filter((item) => item instanceof Ref) : [];
  });
}

function byInventoryPath(call: Call): Ref | undefined {
  const parts = text(call.args, "inventoryPath")
    .split("/")
    .filter((part) => part !== "");
  let at: Ref | undefined = ROOT_FOLDER;
  for (const part of parts) at = at === undefined ? undefined : childNamed(call, at, part);
  return at;
}

export const SEARCH_METHODS: Readonly<Record<string, Handler>> = {
  FindByIp: (call) => byIp(call)[0],
  FindAllByIp: byIp,
  FindByDnsName: (call) => byDnsName(call)[0],
  FindAllByDnsName: byDnsName,
  FindByUuid: (call) => byUuid(call)[0],
  FindAllByUuid: byUuid,
  FindByInventoryPath: byInventoryPath,
  FindChild: (call) => childNamed(call, ref(call.args, "entity"), text(call.args, "name")),
  FindByDatastorePath: (call) => {
    const { inventory } = call.vcenter;
    const path = text(call.args, "path");
    const datacenterId = ref(call.args, "datacenter").id;
    const vm = inventory.model.vms.find(
      (one) => one.datacenterId === datacenterId && vmPathName(one, inventory) === path,
    );
    return vm === undefined ? undefined : new Ref("VirtualMachine", vm.id);
  },
};
