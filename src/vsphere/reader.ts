import { isIP } from "node:net";
import { plainAddress } from "../core/domain/address.ts";
import type { MoRef } from "../core/domain/ids.ts";
import type { Host, HypervisorReader } from "../core/ports/hypervisor.ts";
import { notOffered } from "./faults.ts";
import { readHostFiles } from "./host-files.ts";
import { readDevices, readStorageAndVms, readUnresolved } from "./host-storage.ts";
import { readInventory } from "./inventory.ts";
import { escapedName } from "./names.ts";
import type { Session } from "./session.ts";
import type { Tasks } from "./tasks.ts";
import { list, reference, refTo } from "./values.ts";
import { readVmDevices, readVmStates, readVmsOn } from "./vms.ts";
import { readVmxFiles } from "./vmx-files.ts";

/** Reads over one session; nothing here changes anything. */
export const createReader = (session: Session, tasks: Tasks): HypervisorReader => ({
  inventory: () => readInventory(session),
  findHost: (address, hosts) => findHost(session, address, hosts),
  findByPath: (from, names) => findByPath(session, from, names),
  hostDevices: (host) => readDevices(session, host),
  unresolvedCopies: (host) => readUnresolved(session, host),
  hostFiles: (host) => readHostFiles(session, host),
  vmsOn: (datastoreIds) => readVmsOn(session, datastoreIds),
  hostStorageAndVms: (host, datastoreIds) => readStorageAndVms(session, host, datastoreIds),
  vmStates: (ids) => readVmStates(session, ids),
  vmDevices: (vmIds) => readVmDevices(session, vmIds),
  vmxFiles: (datastore) => readVmxFiles(session, tasks, datastore),
});

async function findHost(session: Session, address: string, hosts: readonly Host[]): Promise<MoRef[]> {
  const wanted = plainAddress(address);
  const named = hosts.filter((each) => plainAddress(each.name) === wanted).map((each) => each.id);
  if (named.length > 0) return named;
  const { searchIndex } = await session.services();
  const byIp = isIP(wanted) !== 0;
  const operation = byIp ? "FindAllByIp" : "FindAllByDnsName";
  const action = `find a host by its ${byIp ? "address" : "DNS name"}`;
  if (searchIndex === undefined) throw notOffered(operation, action);
  const which = byIp ? { ip: wanted } : { dnsName: address.trim() };
  const args = { _this: refTo(searchIndex.type, searchIndex.id), ...which, vmSearch: false };
  const found = await session.call({ operation, args, action });
  const ids = new Set(list(found).map((each) => reference(each)?.id));
  return hosts.filter((each) => ids.has(each.id)).map((each) => each.id);
}

async function findByPath(
  session: Session,
  from: { type: "Folder" | "ResourcePool"; id: MoRef },
  names: readonly string[],
): Promise<MoRef | undefined> {
  const action = `find ${names.join("/")} below ${from.id}`;
  const { searchIndex } = await session.services();
  if (searchIndex === undefined) throw notOffered("FindChild", action);
  let here: MoRef = from.id;
  for (const name of names) {
    const args = {
      _this: refTo(searchIndex.type, searchIndex.id),
      entity: refTo(from.type, here),
      name: escapedName(name),
    };
    const child = reference(await session.call({ operation: "FindChild", args, action }));
    if (child?.type !== from.type) return undefined;
    here = child.id;
  }
  return here;
}
