/** Whether vCenter can be used: sign-in, version, clock, every pair, and what the account may do there. */
import { isIP } from "node:net";
import type { Config } from "../../config/config.ts";
import { isSameAddress } from "../../core/domain/address.ts";
import type { MoRef } from "../../core/domain/ids.ts";
import { traitsOf } from "../../core/domain/modes.ts";
import { safeText } from "../../core/domain/safe-text.ts";
import { findPlace } from "../../core/observe/locate.ts";
import type { ArrayClient } from "../../core/ports/array.ts";
import type { Host } from "../../core/ports/hypervisor.ts";
import type { PrivilegesOn } from "../../vsphere/diagnosis.ts";
import { PRIVILEGES, type Privilege, type PrivilegePlace } from "../../vsphere/privileges.ts";
import type { Vsphere } from "../../vsphere/vsphere.ts";
import { checkClock } from "./connection.ts";
import { checked, type Finding, failed, ok, warning } from "./finding.ts";

export async function checkVcenter(
  vsphere: Vsphere,
  config: Config,
  arrayClients: readonly ArrayClient[] | undefined,
): Promise<Finding[]> {
  let hosts: readonly Host[] | undefined;
  const signIn = await checked("vCenter: sign-in", async () => {
    // Signed in first, so that the time of signing in is not taken for a difference of clocks.
    const { fullName, apiType, apiVersion, spoken, userName } = await vsphere.diagnosis.facts();
    const before = Date.now();
    const { time } = await vsphere.diagnosis.facts();
    const after = Date.now();
    hosts = (await vsphere.reader.inventory()).hosts;
    return [
      ok("vCenter: sign-in", `as ${safeText(userName)}; ${hosts.length} hosts`),
      versionFinding({ fullName, apiType, apiVersion, spoken }),
      checkClock("vCenter: clock", time, before, after),
    ];
  });
  if (hosts === undefined) return signIn;
  const known = hosts;
  const pairs = await Promise.all(
    config.pairs.map((pair) =>
      checked(pairName(pair), () => checkPair(vsphere, pair, { config, hosts: known, arrayClients })),
    ),
  );
  return [...signIn, ...pairs.flat()];
}

function versionFinding(about: { fullName: string; apiType: string; apiVersion: string; spoken: string }): Finding {
  const { fullName, apiType, apiVersion, spoken } = about;
  const text = `${safeText(fullName)}, vim25 ${safeText(apiVersion)}, spoken ${spoken}`;
  if (apiType === "VirtualCenter") return ok("vCenter: version", text);
  return warning("vCenter: version", `${text}: a host by itself, not a vCenter`, "Set vcenter.address to the vCenter.");
}

interface Pair {
  readonly client: string;
  readonly host: string;
}

const pairName = ({ client, host }: Pair): string => `pair ${safeText(client, 60)} = ${safeText(host, 60)}`;

async function checkPair(
  vsphere: Vsphere,
  pair: Pair,
  {
    config,
    hosts,
    arrayClients,
  }: { config: Config; hosts: readonly Host[]; arrayClients: readonly ArrayClient[] | undefined },
): Promise<Finding[]> {
  const what = pairName(pair);
  const client = arrayClients === undefined ? [] : clientFinding(what, pair, arrayClients);
  const ids = await vsphere.reader.findHost(pair.host, hosts);
  const [host] = hosts.filter(({ id }) => ids.includes(id));
  if (host === undefined || ids.length > 1) {
    const text = ids.length > 1 ? `${ids.length} hosts in vCenter are meant` : "vCenter has no such host";
    return [...client, failed(what, text, "Mend the line under pairs: `host` as vCenter lists it.")];
  }
  const where = `${safeText(host.name)} in ${safeText(host.datacenter.name)}, ${host.connectionState}`;
  const state =
    host.connectionState === "connected" ? ok(what, where) : failed(what, where, "Reconnect the host in vCenter.");
  const privileges = await checked(`${what}: privileges`, () => checkPrivileges(vsphere, host, config, what));
  return [...client, state, ...privileges];
}

function clientFinding(what: string, pair: Pair, clients: readonly ArrayClient[]): Finding[] {
  const named = clients.filter(({ name }) => name === pair.client);
  const [client] = named;
  if (client === undefined || named.length > 1) {
    const text =
      named.length > 1 ? `${named.length} clients of the array are called so` : "the array has no such client";
    return [failed(what, text, "Mend the line under pairs: `client` as the array lists it.")];
  }
  // A host is often known by its name on one side and its address on the other, which proves nothing.
  const { hostAddress = "" } = client;
  const comparable = isIP(hostAddress) !== 0 && isIP(pair.host) !== 0;
  if (!comparable || isSameAddress(hostAddress, pair.host)) return [];
  const text = `the array says that this client is ${safeText(hostAddress)}`;
  return [
    warning(
      what,
      text,
      "Make sure that client and host belong together: a LUN would be assigned to one, and expected on the other.",
    ),
  ];
}

async function checkPrivileges(vsphere: Vsphere, host: Host, config: Config, what: string): Promise<Finding[]> {
  const { register } = config;
  const [folder, pool] = await Promise.all([
    findPlace({ type: "Folder", id: host.datacenter.vmFolder }, register.folder ?? "", vsphere.reader),
    findPlace({ type: "ResourcePool", id: host.resourcePool }, register.pool ?? "", vsphere.reader),
  ]);
  const missingPlaces = [
    ...(folder === undefined
      ? [
          failed(
            `${what}: folder`,
            `there is no VM folder ${safeText(register.folder ?? "")}`,
            "Make it in vCenter, or mend register.folder.",
          ),
        ]
      : []),
    ...(pool === undefined
      ? [
          failed(
            `${what}: pool`,
            `there is no resource pool ${safeText(register.pool ?? "")}`,
            "Make it in vCenter, or mend register.pool.",
          ),
        ]
      : []),
  ];
  const places: Readonly<Record<PrivilegePlace, { type: PrivilegesOn["type"]; id: MoRef; name: string }>> = {
    datacenter: { type: "Datacenter", id: host.datacenter.id, name: `Datacenter ${safeText(host.datacenter.name)}` },
    host: { type: "HostSystem", id: host.id, name: `host ${safeText(host.name)}` },
    vmFolder: {
      type: "Folder",
      id: folder ?? host.datacenter.vmFolder,
      name: `VM folder of ${safeText(host.datacenter.name)}`,
    },
    pool: { type: "ResourcePool", id: pool ?? host.resourcePool, name: `resource pool of ${safeText(host.name)}` },
  };
  const wanted = Object.entries(places).map(([place, { type, id }]) => ({
    type,
    id,
    privileges: PRIVILEGES.filter(({ on }) => on === place).map(({ id: privilege }) => privilege),
  }));
  const answer = await vsphere.diagnosis.missingPrivileges(wanted);
  if (answer === undefined) {
    const fix = "Compare the account's role with docs/privileges.md.";
    return [...missingPlaces, warning(`${what}: privileges`, "this vCenter does not report them", fix)];
  }
  const missing = new Set(answer.flat());
  const notGranted = PRIVILEGES.filter(({ id }) => missing.has(id));
  if (notGranted.length === 0)
    return [...missingPlaces, ok(`${what}: privileges`, "the account has what every mode needs")];
  return [...missingPlaces, ...notGranted.map((privilege) => lackOf(what, privilege, places[privilege.on].name))];
}

function lackOf(what: string, privilege: Privilege, place: string): Finding {
  const flags = privilege.modes.map((mode) => `-${traitsOf(mode).flag.short ?? `-${traitsOf(mode).flag.long}`}`);
  const forModes = flags.length > 0 ? flags.join(", ") : "registering VMs";
  return failed(
    `${what}: privileges`,
    `${privilege.id} is missing on the ${place}: needed for ${forModes}`,
    `Add "${privilege.name}" to the account's role, and give it there with propagation (docs/privileges.md).`,
  );
}
