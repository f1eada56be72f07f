/** Finds what a request names, on both systems: exactly one of it, or a refusal with the closest names there are. */
import { isSameAddress } from "../domain/address.ts";
import { PrepError } from "../domain/errors.ts";
import type { MoRef } from "../domain/ids.ts";
import { safeText } from "../domain/safe-text.ts";
import type { ArrayClient } from "../ports/array.ts";
import type { Host, HostStorage, HypervisorReader, Inventory } from "../ports/hypervisor.ts";
import { nearest, type PlaceNames, type Target } from "../request/request.ts";
import type { LunVolume } from "./kinds.ts";

/** The one gold volume of this name. */
export function findGold(name: string, volumes: readonly LunVolume[]): LunVolume {
  const named = volumes.filter((volume) => volume.name === name);
  const golds = named.filter((volume) => volume.kind === "gold");
  const [gold] = golds;
  if (gold !== undefined && golds.length === 1) return gold;
  if (golds.length > 1) {
    throw new PrepError("AMBIGUOUS_LUN", `The array has ${golds.length} gold volumes named ${safeText(name)}.`, {
      found: { volumes: golds.map(({ id, naa }) => ({ id, naa })) },
      hint: "Have one of them renamed on the array; atvm_prep picks volumes by name only where the name is unique.",
    });
  }
  const known = volumes.filter((volume) => volume.kind === "gold").map((volume) => volume.name);
  const closest = nearest(name, known);
  const [other] = named;
  const suggestion =
    closest.length > 0
      ? `Did you mean ${closest.join(", or ")}? Only gold LUNs can be named.`
      : "Only gold LUNs can be named.";
  throw new PrepError(
    "UNKNOWN_LUN",
    other === undefined
      ? `The array has no gold LUN named ${safeText(name)}.`
      : `${safeText(name)} is ${other.kind === "clone" ? "a clone" : "a volume that nothing calls gold"} (${other.id}), not a gold LUN.`,
    {
      found: { closest },
      hint:
        other?.kind === "other" ? `If it is one, name it under luns in the configuration. ${suggestion}` : suggestion,
      next: [{ kind: "see_luns" }],
    },
  );
}

function findClient(name: string, clients: readonly ArrayClient[]): ArrayClient {
  const named = clients.filter((client) => client.name === name);
  const [client] = named;
  if (client !== undefined && named.length === 1) return client;
  if (named.length > 1) {
    throw new PrepError("AMBIGUOUS_CLIENT", `The array has ${named.length} clients named ${safeText(name)}.`, {
      found: { clients: named.map(({ id, hostAddress }) => ({ id, hostAddress: safeText(hostAddress ?? "") })) },
      hint: "Have one of them renamed on the array.",
    });
  }
  const closest = nearest(
    name,
    clients.map((other) => other.name),
  );
  throw new PrepError("UNKNOWN_CLIENT", `The array has no client named ${safeText(name)}.`, {
    found: { closest },
    hint:
      closest.length > 0
        ? `Did you mean ${closest.join(", or ")}?`
        : "Register the host as a client on the array first.",
  });
}

export async function findHost(address: string, inventory: Inventory, hypervisor: HypervisorReader): Promise<Host> {
  const ids = await hypervisor.findHost(address, inventory.hosts);
  const matches = inventory.hosts.filter((host) => ids.includes(host.id));
  const [host] = matches;
  if (host === undefined) {
    // It may be one of those that cannot be read.
    const hidden = inventory.unreadable.find(({ type }) => type === "HostSystem");
    const closest = nearest(
      address,
      inventory.hosts.map((other) => other.name),
    );
    throw new PrepError("UNKNOWN_HOST", `vCenter has no host ${safeText(address)}.`, {
      found: { closest },
      hint: [
        closest.length > 0 ? `Did you mean ${closest.join(", or ")}?` : "Add the host to vCenter first.",
        ...(hidden === undefined ? [] : [`Or it is one that cannot be read: ${hidden.error.message}`]),
      ].join(" "),
    });
  }
  if (matches.length > 1) {
    throw new PrepError("AMBIGUOUS_HOST", `${safeText(address)} means ${matches.length} hosts in vCenter.`, {
      found: { hosts: matches.map(({ id, name }) => ({ id, name: safeText(name) })) },
      hint: "Name the host as vCenter's inventory lists it.",
    });
  }
  return host;
}

/** Nothing is planned on a host of which vCenter may show what was. */
export function refuseDisconnected({ id, name, connectionState }: Host): void {
  if (connectionState === "connected") return;
  throw new PrepError("UNREACHABLE", `vCenter is not connected to host ${name} (${connectionState}).`, {
    found: { host: id, connectionState },
    hint: "Reconnect the host in vCenter, then plan again.",
  });
}

/** Client and host that no pair vouches for must be paired by the array's own record; a pair that the record contradicts is no pair. */
async function checkPair(
  target: Target,
  client: ArrayClient,
  host: Host,
  inventory: Inventory,
  hypervisor: HypervisorReader,
): Promise<void> {
  if (client.group) {
    throw new PrepError("PAIR_CONFLICT", `${client.name} stands for several hosts, not for one.`, {
      found: { client: client.id },
      hint: "Name the client of the one host.",
    });
  }
  // The initiators tell instead, once the host's are read.
  if (client.hostAddress === undefined && client.initiators.length > 0) return;
  const { hostAddress } = client;
  if (hostAddress !== undefined && [target.host, host.name].some((name) => isSameAddress(name, hostAddress))) return;
  const recorded = hostAddress === undefined ? [] : await hypervisor.findHost(hostAddress, inventory.hosts);
  if (recorded.length === 1 && recorded[0] === host.id) return;
  throw new PrepError(
    "PAIR_CONFLICT",
    `The array's record of client ${client.name} names the host ${safeText(hostAddress ?? "") || "(none)"}, not ${safeText(target.host)}.`,
    {
      found: { client: client.id, hostAddress: safeText(hostAddress ?? ""), host: host.id },
      hint: "Name the client and the host that belong together, or have the array's record corrected.",
    },
  );
}

/** An IQN in lower case, a world-wide name as its 16 hex digits. */
function initiatorOf(raw: string): string {
  const name = raw.trim().toLowerCase();
  const digits = name.replace(/^(naa\.|wwn[.-]|0x)/, "").replaceAll(/[:-]/g, "");
  return /^[0-9a-f]{16}$/.test(digits) ? digits : name;
}

/**
 * Where the array has no address of a client's host, its initiators tell whose it is: each must be one of the host's own
 * adapters, also where the configuration has the pair. One of another host would get every volume as well.
 */
export function checkInitiators(
  target: Target,
  client: ArrayClient,
  on: Pick<Host, "id"> & Pick<HostStorage, "initiators">,
): void {
  if (client.hostAddress !== undefined || client.initiators.length === 0) return;
  const host = new Set(on.initiators.map(initiatorOf));
  const foreign = client.initiators.filter((initiator) => !host.has(initiatorOf(initiator)));
  if (foreign.length === 0) return;
  const none = foreign.length === client.initiators.length;
  throw new PrepError(
    "PAIR_CONFLICT",
    none
      ? `No initiator of client ${client.name} is an adapter of host ${safeText(target.host)}.`
      : `Client ${client.name} has initiators that are no adapters of host ${safeText(target.host)}: what is assigned to it is presented elsewhere too.`,
    {
      found: {
        client: client.id,
        host: on.id,
        foreign: foreign.slice(0, 20).map((initiator) => safeText(initiator)),
        hostInitiators: [...host].slice(0, 20),
      },
      hint: "Name the client and the host that belong together, or have the client's initiators corrected on the array.",
    },
  );
}

/** Where the target host's VMs are registered. */
export interface VmPlacement {
  readonly folder: MoRef;
  readonly pool: MoRef;
}

/** The names in a configured path, in which a slash that is part of a name is written as vSphere writes it. */
const namesIn = (path: string): string[] =>
  path
    .split("/")
    .filter((name) => name !== "")
    .map((name) => name.replaceAll(/%(2f|25)/gi, (escaped) => decodeURIComponent(escaped)));

/** What lies at a configured path below `top`, itself for an empty one; undefined where nothing does. */
export async function findPlace(
  top: Parameters<HypervisorReader["findByPath"]>[0],
  path: string,
  hypervisor: HypervisorReader,
): Promise<MoRef | undefined> {
  const names = namesIn(path);
  return names.length === 0 ? top.id : hypervisor.findByPath(top, names);
}

/** The configured folder and pool, below the target's own. `CONFIG_INVALID` where there is none of that name. */
export async function findPlacement(host: Host, names: PlaceNames, hypervisor: HypervisorReader): Promise<VmPlacement> {
  const find = async (key: keyof VmPlacement, type: "Folder" | "ResourcePool", top: MoRef): Promise<MoRef> => {
    const found = await findPlace({ type, id: top }, names[key] ?? "", hypervisor);
    if (found !== undefined) return found;
    throw new PrepError("CONFIG_INVALID", `vCenter has no ${key} ${safeText(names[key] ?? "")} for ${host.name}.`, {
      found: { setting: `register.${key}`, below: top },
      hint: `Make it in vCenter (in each target's ${key === "folder" ? "Datacenter" : "host"}), or correct register.${key} in the configuration.`,
    });
  };
  const [folder, pool] = await Promise.all([
    find("folder", "Folder", host.datacenter.vmFolder),
    find("pool", "ResourcePool", host.resourcePool),
  ]);
  return { folder, pool };
}

/** Client and host, found on both systems and checked to belong together. */
export async function locate(
  target: Target,
  clients: readonly ArrayClient[],
  inventory: Inventory,
  hypervisor: HypervisorReader,
): Promise<{ client: ArrayClient; host: Host }> {
  const client = findClient(target.client, clients);
  const host = await findHost(target.host, inventory, hypervisor);
  await checkPair(target, client, host, inventory, hypervisor);
  return { client, host };
}
