/** The pieces that scenarios are put together from. They act through the world's own operations, so that what they leave is what those would leave. */

import { fullAccess } from "./access.ts";
import { assign, createClone } from "./array.ts";
import { type ArrayStyle, IdSource } from "./id-source.ts";
import { Lags } from "./lag.ts";
import type { LabClient, LabFile, LabHost, LabVm, LabVolume } from "./model.ts";
import { devicePathOf, portNamesOf } from "./model.ts";
import { rescanHba, rescanVmfs } from "./rescan.ts";
import { copyFiles, naaOfVolume, type WorldState } from "./state.ts";
import { forceMount } from "./storage.ts";
import { bulkRegistration, switchOn } from "./vms.ts";

export const GOLD = "AutomatedTest-VMBootImg-Gold";
export const GOLD_2 = "AutomatedTest-VMBootImg-Gold-2";
export const COMPUTE_MIGRATION_GOLD = "AutomatedTest-VMBootImgComputeMigration-Gold";

const DAY_MS = 86_400_000;
const NIGHTLIES = 5;

/** A world in the making; its clock can be set back, so that things get the age they should have. */
export interface Draft extends WorldState {
  readonly start: Date;
  clock: Date;
}

export function newDraft(start: Date, style?: ArrayStyle): Draft {
  return {
    ids: new IdSource(style),
    lags: new Lags(),
    access: fullAccess(),
    start,
    clock: start,
    now() {
      return this.clock;
    },
    model: {
      datacenters: [],
      hosts: [],
      datastores: [],
      vms: [],
      clients: [],
      policies: [],
      volumes: [],
      snapshots: [],
      assignments: [],
    },
  };
}

const ago = (draft: Draft, ms: number): Date => new Date(draft.start.getTime() - ms);

export function addPolicy(draft: Draft): string {
  const id = draft.ids.array("pol");
  draft.model.policies.push({ id, name: "gold-nightly" });
  return id;
}

export function addDatacenter({ ids, model }: WorldState, name: string): string {
  const id = ids.moref("datacenter");
  model.datacenters.push({
    id,
    name,
    vmFolder: ids.moref("group-v"),
    hostFolder: ids.moref("group-h"),
    datastoreFolder: ids.moref("group-s"),
    networkFolder: ids.moref("group-n"),
  });
  return id;
}

/** Client number 0 is `CDS1-ESX165` with host 192.168.1.165, and so on; past 192.168.1.250 it goes on in the next networks. */
function clientNaming(index: number): { name: string; address: string } {
  const last = 165 + index;
  const address =
    last <= 250 ? `192.168.1.${last}` : `192.168.${2 + Math.floor((last - 251) / 250)}.${1 + ((last - 251) % 250)}`;
  return { name: `CDS1-ESX${last}`, address };
}

export interface Pair {
  client: LabClient;
  host: LabHost;
}

/** A client and its host, in the Datacenter given or in one of its own. */
export function addPair(state: WorldState, index: number, datacenterId?: string): Pair {
  const { ids, model } = state;
  const { name, address } = clientNaming(index);
  const client: LabClient = {
    id: ids.array("cl"),
    name,
    hostAddress: address,
    initiators: [],
  };
  const host: LabHost = {
    id: ids.moref("host"),
    name: address,
    dnsName: `esx${165 + index}.lab.test`,
    clientId: client.id,
    datacenterId: datacenterId ?? addDatacenter(state, `DC-ESX${165 + index}`),
    computeResource: ids.moref("domain-s"),
    resourcePool: ids.moref("resgroup"),
    storageSystem: ids.moref("storageSystem"),
    datastoreSystem: ids.moref("datastoreSystem"),
    connected: true,
    disks: [],
    detached: new Set(),
    unmountedByHand: new Set(),
    forceMounted: new Map(),
    mounts: [],
    unresolved: [],
  };
  client.initiators = portNamesOf(host).map((port) => port.toString(16).match(/../g)?.join(":") ?? "");
  model.clients.push(client);
  model.hosts.push(host);
  return { client, host };
}

/** How many VMs a volume carries: registered ones, running ones among them; one more VMX at least is never registered. */
export interface Population {
  vms: number;
  running: number;
}

/** Registered VMs in the order of `files`, with what they are to be; files past these stay unregistered. */
interface VmFixture {
  file: LabFile;
  role: "running" | "off" | "template" | "unregistered";
}

const NESTED = "QA Überprüfung/100% [alt] copy/büro-01.vmx";

/**
 * The VMs of a family: `running` running ones, then as room is left a powered-off one, a template and one in a nested
 * folder with a trying name, then more that are off. `spare-01` is never registered.
 */
export function fixturesOf(ids: IdSource, { vms, running }: Population): VmFixture[] {
  const fixture = (path: string, role: VmFixture["role"]): VmFixture => {
    const vmName = /([^/]+)\.vmt?x$/.exec(path)?.[1] ?? path;
    return { role, file: { path, vmName, instanceUuid: ids.uuid(), template: path.endsWith(".vmtx") } };
  };
  const plain = (name: string): string => `${name}/${name}.vmx`;
  const runningNames = Array.from({ length: running }, (_, i) =>
    i < 2 ? `web-0${i + 1}` : `app-${String(i - 1).padStart(4, "0")}`,
  );
  const idle = Math.max(0, vms - running);
  const special: VmFixture[] = [
    fixture(plain("db-01"), "off"),
    fixture("tpl-base/tpl-base.vmtx", "template"),
    fixture(NESTED, "off"),
  ];
  const more = Array.from({ length: Math.max(0, idle - special.length) }, (_, i) =>
    fixture(plain(`idle-${String(i + 1).padStart(4, "0")}`), "off"),
  );
  return [
    ...runningNames.map((name) => fixture(plain(name), "running")),
    ...special.slice(0, idle),
    ...more,
    fixture(plain("spare-01"), "unregistered"),
  ];
}

export interface Family {
  gold: LabVolume;
  fixtures: VmFixture[];
}

/** A gold volume with a nightly snapshot for each of the last days, today among them. */
export function addFamily(draft: Draft, name: string, policyId: string, population: Population): Family {
  const { ids, model } = draft;
  const fixtures = fixturesOf(ids, population);
  const files = fixtures.map(({ file }) => file);
  const guid = ids.guid();
  const gold: LabVolume = {
    id: ids.array("vol"),
    name: ids.style.volumeName(name),
    kind: "gold",
    guid,
    sizeBytes: 2_199_023_255_552,
    policyId,
    createdAt: ago(draft, 400 * DAY_MS).toISOString(),
    dataVersion: NIGHTLIES + 1,
    header: { vmfsUuid: ids.vmfsUuid(), naa: `naa.${guid}`, label: ids.style.volumeName(name) },
    files: copyFiles(files),
  };
  model.volumes.push(gold);
  for (let age = NIGHTLIES - 1; age >= 0; age -= 1) addNightly(draft, gold, age);
  return { gold, fixtures };
}

/** The snapshot of `age` days ago, taken just after midnight UTC and never in the future. */
export function addNightly(draft: Draft, volume: LabVolume, age: number): string {
  const { ids, model, start } = draft;
  const day = ago(draft, age * DAY_MS)
    .toISOString()
    .slice(0, 10);
  const at = Math.min(Date.parse(`${day}T00:05:00Z`) + model.volumes.length * 1000, start.getTime() - 60_000);
  const id = ids.array("snap");
  model.snapshots.push({
    id,
    name: `nightly-${day}`,
    volumeId: volume.id,
    createdAt: new Date(at).toISOString(),
    dataVersion: NIGHTLIES - age,
    files: copyFiles(volume.files),
  });
  return id;
}

/** Clones yesterday's snapshot under the name that a run would give it. */
function addClone(draft: Draft, { gold }: Family, client: LabClient): LabVolume {
  const { ids, model } = draft;
  const yesterday = model.snapshots.filter((snapshot) => snapshot.volumeId === gold.id).at(-2);
  if (yesterday === undefined || gold.policyId === undefined) throw new Error(`${gold.name} has no snapshot to clone`);
  draft.clock = new Date(Math.max(Date.parse(yesterday.createdAt) + 9.5 * 3_600_000, draft.start.getTime() - DAY_MS));
  const stamp = draft.clock.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
  const name = ids.style.volumeName(`${gold.name}-${client.name}-${stamp}-${ids.tail(6)}`);
  return createClone(draft, gold.policyId, yesterday.id, name);
}

/** Assigns the volume, rescans, and mounts what is not mounted by itself. */
export function present(state: WorldState, volume: LabVolume, { client, host }: Pair): void {
  assign(state, volume.id, client.id);
  rescanHba(state, host.id);
  rescanVmfs(state, host.id);
  const naa = naaOfVolume(volume);
  if (host.unresolved.some((copy) => copy.naa === naa)) forceMount(state, host.id, devicePathOf(naa));
}

/** Registers the family's VMs from the mounted volume and powers on the ones that run. */
export function populate(draft: Draft, { fixtures }: Family, volume: LabVolume, { host }: Pair): LabVm[] {
  const { model } = draft;
  const mount = host.mounts.find((candidate) => candidate.naas.includes(naaOfVolume(volume)));
  const datastore = model.datastores.find((candidate) => candidate.id === mount?.datastoreId);
  const datacenter = model.datacenters.find((candidate) => candidate.id === host.datacenterId);
  if (datastore === undefined || datacenter === undefined) throw new Error(`${volume.name} is not mounted`);
  const before = model.vms.length;
  const register = bulkRegistration(draft, datacenter.id);
  for (const { file, role } of fixtures) {
    if (role === "unregistered") continue;
    const where = role === "template" ? { hostId: host.id } : { hostId: host.id, poolId: host.resourcePool };
    const vm = register({
      folderId: datacenter.vmFolder,
      path: `[${datastore.name}] ${file.path}`,
      asTemplate: role === "template",
      ...where,
    });
    if (role === "running") switchOn(vm);
  }
  draft.clock = draft.start;
  return model.vms.slice(before);
}

/** A clone from yesterday, assigned, mounted and in use. */
export function deployClone(draft: Draft, family: Family, pair: Pair): LabVolume {
  const clone = addClone(draft, family, pair.client);
  present(draft, clone, pair);
  populate(draft, family, clone, pair);
  return clone;
}
