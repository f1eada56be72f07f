import { deleteVolume, unassign } from "./array.ts";
import type { ArrayStyle } from "./id-source.ts";
import { type LagSettings, Lags } from "./lag.ts";
import type { LabClient, LabHost, LabVolume } from "./model.ts";
import { rescanHba, rescanVmfs } from "./rescan.ts";
import {
  addDatacenter,
  addFamily,
  addNightly,
  addPair,
  addPolicy,
  COMPUTE_MIGRATION_GOLD,
  type Draft,
  deployClone,
  type Family,
  GOLD,
  GOLD_2,
  newDraft,
  type Pair,
  populate,
  present,
} from "./scenario-parts.ts";
import { naaOfVolume, type WorldState } from "./state.ts";
import { unmountVmfs } from "./storage.ts";
import { removeVm, switchOff } from "./vms.ts";

export const SCENARIOS = [
  "clone-assigned",
  "empty",
  "gold-assigned",
  "two-hosts",
  "busy-elsewhere",
  "twin-snapshots",
  "twin-datastores",
  "half-cleaned",
  "stale-inventory",
  "same-gold",
  "one-datacenter",
  "large",
  "fleet",
] as const;
export type ScenarioName = (typeof SCENARIOS)[number];

/** The largest worlds that are built, and the smallest fleet: the two clients of the domain are always there. */
export const LIMITS = { vms: 100_000, clients: { least: 2, most: 1_000 } } as const;

export interface ScenarioOptions {
  scenario: ScenarioName;
  /** Registered VMs on each volume in use; 5 when left out, in `large` 2000. */
  vms?: number;
  /** How many of them run; 2 when left out, in `large` 100, never more than `vms`. */
  running?: number;
  /** Clients in `fleet`, 10 when left out; the two of the domain are the first. */
  clients?: number;
  /** What appears late from then on. */
  lag?: LagSettings;
  /** As if it began then, so that its times and the names made of them are the same again; now when left out. */
  at?: Date;
}

interface ScenarioContext {
  draft: Draft;
  options: ScenarioOptions;
  gold: Family;
  gold2: Family;
  esx165: Pair;
  esx166: Pair;
  policyId: string;
}

/** Builds the world of a scenario, the same ids each time, its times relative to `now`. */
export function buildScenario(options: ScenarioOptions, now: () => Date, style?: ArrayStyle): WorldState {
  const draft = newDraft(options.at ?? now(), style);
  const policyId = addPolicy(draft);
  const population = populationOf(options);
  const gold = addFamily(draft, GOLD, policyId, population);
  // Families that nobody uses need no crowd.
  const others = options.scenario === "large" ? populationOf({ scenario: "empty" }) : population;
  const gold2 = addFamily(draft, GOLD_2, policyId, others);
  addFamily(draft, COMPUTE_MIGRATION_GOLD, policyId, others);
  const shared = options.scenario === "one-datacenter" ? addDatacenter(draft, "DC-Lab") : undefined;
  const esx165 = addPair(draft, 0, shared);
  const esx166 = addPair(draft, 1, shared);
  applyScenario({ draft, options, gold, gold2, esx165, esx166, policyId });
  return { model: draft.model, ids: draft.ids, lags: new Lags(options.lag), access: draft.access, now };
}

function populationOf({ scenario, vms, running }: ScenarioOptions): { vms: number; running: number } {
  const large = scenario === "large";
  const all = vms ?? (large ? 2000 : 5);
  return { vms: all, running: Math.min(all, running ?? (large ? 100 : 2)) };
}

function applyScenario(context: ScenarioContext): void {
  const { draft, options, gold, gold2, esx165, esx166 } = context;
  const { scenario } = options;
  switch (scenario) {
    case "empty":
      return;
    case "clone-assigned":
    case "large":
      deployClone(draft, gold, esx165);
      return;
    case "gold-assigned":
      present(draft, gold.gold, esx165);
      populate(draft, gold, gold.gold, esx165);
      return;
    case "two-hosts":
      deployClone(draft, gold, esx165);
      deployClone(draft, gold2, esx166);
      return;
    case "busy-elsewhere":
      present(draft, gold.gold, esx166);
      populate(draft, gold, gold.gold, esx166);
      return;
    case "twin-snapshots":
      deployClone(draft, gold, esx165);
      addNightly(draft, gold.gold, 0);
      return;
    case "twin-datastores":
      addSecondPartition(draft, esx165.host, deployClone(draft, gold, esx165));
      return;
    case "half-cleaned":
      haltCleanup(draft, deployClone(draft, gold, esx165), esx165.host);
      return;
    case "stale-inventory":
      removeUnderneath(draft, deployClone(draft, gold, esx165), esx165);
      return;
    case "same-gold":
      deployClone(draft, gold, esx165);
      deployClone(draft, gold, esx166);
      return;
    case "one-datacenter":
      deployClone(draft, gold, esx166);
      return;
    case "fleet":
      deployFleet(context);
      return;
    default:
      scenario satisfies never;
  }
}

/** A second VMFS partition on the same disk: two datastores, one GUID. */
function addSecondPartition(draft: WorldState, host: LabHost, volume: LabVolume): void {
  const { ids, model } = draft;
  const vmfsUuid = ids.vmfsUuid();
  const datastore = {
    id: ids.moref("datastore"),
    name: `${volume.header.label}-part2`,
    datacenterId: host.datacenterId,
    vmfsUuid,
    naas: [naaOfVolume(volume)],
    browser: ids.moref("datastoreBrowser"),
  };
  model.datastores.push(datastore);
  host.mounts.push({
    vmfsUuid,
    label: datastore.name,
    naas: [...datastore.naas],
    mounted: true,
    accessible: true,
    forceMounted: false,
    datastoreId: datastore.id,
  });
}

/** A cleanup that died after the unmount: VMs unregistered, volume unmounted by hand, disk attached, clone assigned. */
function haltCleanup(draft: Draft, clone: LabVolume, host: LabHost): void {
  for (const vm of [...draft.model.vms]) removeVm(draft, vm);
  unmountVmfs(draft, host.id, clone.header.vmfsUuid);
}

/** The clone was unassigned and deleted while mounted, and the host booted since: its datastore and VMs stay behind, inaccessible and off. */
function removeUnderneath(draft: Draft, clone: LabVolume, { host }: { client: LabClient; host: LabHost }): void {
  for (const { id } of draft.model.assignments.filter((assignment) => assignment.volumeId === clone.id))
    unassign(draft, id);
  deleteVolume(draft, clone.id);
  const ran = draft.model.vms.filter((vm) => vm.powerState === "poweredOn");
  for (const vm of ran) switchOff(vm);
  host.disks = [];
  rescanHba(draft, host.id);
  rescanVmfs(draft, host.id);
  // vCenter falls back to this form for some of the VMs that it cannot read any more.
  for (const vm of draft.model.vms.filter((candidate) => !ran.includes(candidate))) vm.pathForm = "absolute";
}

function deployFleet({ draft, options, gold, gold2, esx165, esx166, policyId }: ScenarioContext): void {
  const population = populationOf(options);
  deployClone(draft, gold, esx165);
  deployClone(draft, gold2, esx166);
  for (let index = 2; index < (options.clients ?? 10); index += 1) {
    const name = `AutomatedTest-VMBootImgFleet${String(index + 1).padStart(3, "0")}-Gold`;
    deployClone(draft, addFamily(draft, name, policyId, population), addPair(draft, index));
  }
}
