/** SearchIndex: objects by address, name, UUID or path. */
import type { LabHost, LabVm } from "../world/model.ts";
import type { Entity } from "./collector/entity.ts";
import { MANAGED_OBJECT } from "./managed-entity.ts";
import type { SoapCall } from "./service/call.ts";
import { addressOf } from "./service/host-network.ts";
import { unescapeName } from "./service/lookups.ts";
import { managedType, signedIn } from "./service/managed-type.ts";
import { ROOT_FOLDER } from "./service/well-known.ts";
import { guestIdentity, vmPathName } from "./virtual-machine.ts";
import { flag, optionalRef, ref, text } from "./wire/args.ts";
import { force, Ref } from "./wire/value.ts";

interface Matchers {
  readonly vm: (vm: LabVm) => boolean;
  readonly host: (host: LabHost) => boolean;
}

/** VMs or hosts that match, within one Datacenter where one is given. */
function search(call: SoapCall, matchers: Matchers): Ref[] {
  const { model } = call.vcenter.lookups;
  const within = optionalRef(call.args, "datacenter")?.id;
  const here = (object: { datacenterId: string }): boolean => within === undefined || object.datacenterId === within;
  return flag(call.args, "vmSearch")
    ? model.vms.filter((vm) => here(vm) && matchers.vm(vm)).map((vm) => new Ref("VirtualMachine", vm.id))
    : model.hosts.filter((host) => here(host) && matchers.host(host)).map((host) => new Ref("HostSystem", host.id));
}

function byIp(call: SoapCall): Ref[] {
  const ip = text(call.args, "ip");
  return search(call, {
    vm: (vm) => guestIdentity(vm)?.address === ip,
    host: (host) => addressOf(host, call.vcenter.lookups) === ip,
  });
}

function byDnsName(call: SoapCall): Ref[] {
  const name = text(call.args, "dnsName").toLowerCase();
  return search(call, {
    vm: (vm) => guestIdentity(vm)?.hostName === name,
    host: (host) => host.dnsName.toLowerCase() === name || host.name.toLowerCase() === name,
  });
}

function byUuid(call: SoapCall): Ref[] {
  const uuid = text(call.args, "uuid").toLowerCase();
  const key = flag(call.args, "instanceUuid") ? "instanceUuid" : "uuid";
  return search(call, { vm: (vm) => vm[key].toLowerCase() === uuid, host: () => false });
}

/** The entity's children by name: what an inventory path goes through. A compute resource is followed by its hosts. */
function childNamed(call: SoapCall, parent: Ref, name: string): Ref | undefined {
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

function byInventoryPath(call: SoapCall): Ref | undefined {
  const parts = text(call.args, "inventoryPath")
    .split("/")
    .filter((part) => part !== "");
  let at: Ref | undefined = ROOT_FOLDER;
  for (const part of parts) at = at === undefined ? undefined : childNamed(call, at, part);
  return at;
}

export const SEARCH_INDEX_TYPE = managedType("SearchIndex", MANAGED_OBJECT, {
  methods: {
    "FindByUuid(datacenter &Datacenter?, uuid string, vmSearch boolean, instanceUuid boolean?) -> &ManagedEntity?":
      signedIn((call) => byUuid(call)[0]),
    "FindAllByUuid(datacenter &Datacenter?, uuid string, vmSearch boolean, instanceUuid boolean?) -> &ManagedEntity*":
      signedIn(byUuid),
    "FindByDatastorePath(datacenter &Datacenter, path string) -> &VirtualMachine?": signedIn((call) => {
      const { lookups } = call.vcenter;
      const path = text(call.args, "path");
      const datacenterId = ref(call.args, "datacenter").id;
      const vm = lookups.model.vms.find(
        (candidate) => candidate.datacenterId === datacenterId && vmPathName(candidate, lookups) === path,
      );
      return vm === undefined ? undefined : new Ref("VirtualMachine", vm.id);
    }),
    "FindByDnsName(datacenter &Datacenter?, dnsName string, vmSearch boolean) -> &ManagedEntity?": signedIn(
      (call) => byDnsName(call)[0],
    ),
    "FindAllByDnsName(datacenter &Datacenter?, dnsName string, vmSearch boolean) -> &ManagedEntity*":
      signedIn(byDnsName),
    "FindByIp(datacenter &Datacenter?, ip string, vmSearch boolean) -> &ManagedEntity?": signedIn(
      (call) => byIp(call)[0],
    ),
    "FindAllByIp(datacenter &Datacenter?, ip string, vmSearch boolean) -> &ManagedEntity*": signedIn(byIp),
    "FindByInventoryPath(inventoryPath string) -> &ManagedEntity?": signedIn(byInventoryPath),
    "FindChild(entity &ManagedEntity, name string) -> &ManagedEntity?": signedIn((call) =>
      childNamed(call, ref(call.args, "entity"), text(call.args, "name")),
    ),
  },
});
