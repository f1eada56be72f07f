import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { IdSource } from "../../../src/lab/world/id-source.ts";
import { rescanHba, rescanVmfs } from "../../../src/lab/world/rescan.ts";
import { fixturesOf } from "../../../src/lab/world/scenario-parts.ts";
import { SCENARIOS, type ScenarioOptions } from "../../../src/lab/world/scenarios.ts";
import { World } from "../../../src/lab/world/world.ts";
import { change } from "../../support/change.ts";

const NOW = new Date("2026-11-23T00:02:00Z");
const build = (options: ScenarioOptions): World => new World({ scenario: options, now: () => NOW });
const GOLDS = [
  "AutomatedTest-VMBootImg-Gold",
  "AutomatedTest-VMBootImg-Gold-2",
  "AutomatedTest-VMBootImgComputeMigration-Gold",
];

describe.each(SCENARIOS)("%s", (scenario) => {
  const world = build(scenario === "large" ? { scenario, vms: 50 } : { scenario });
  const { model } = world;

  test("has the golds, each with several snapshots under one policy with equal names, and both clients", () => {
    expect(model.volumes.filter(({ kind }) => kind === "gold").map(({ name }) => name)).toEqual(
      expect.arrayContaining(GOLDS),
    );
    const namesOf = (name: string): string[] => {
      const gold = model.volumes.find((one) => one.name === name);
      return [...new Set(model.snapshots.filter((one) => one.volumeId === gold?.id).map((one) => one.name))];
    };
    const [names] = GOLDS.map(namesOf);
    expect(names).toHaveLength(5);
    expect(names?.at(-1)).toBe("nightly-2026-11-23");
    for (const gold of GOLDS) expect(namesOf(gold)).toEqual(names);
    expect(new Set(model.volumes.map(({ policyId }) => policyId).filter((id) => id !== undefined)).size).toBe(1);
    expect(model.clients.slice(0, 2).map(({ name, hostAddress }) => [name, hostAddress])).toEqual([
      ["CDS1-ESX165", "192.168.1.165"],
      ["CDS1-ESX166", "192.168.1.166"],
    ]);
    for (const host of model.hosts) {
      expect(model.clients.find(({ id }) => id === host.clientId)?.hostAddress).toBe(host.name);
    }
  });

  test("starts without mutations, with unique ids and GUIDs, and nothing made in the future", () => {
    expect(world.mutations).toEqual([]);
    const ids = [model.volumes, model.snapshots, model.clients, model.hosts, model.vms, model.datastores].flatMap(
      (list) => list.map(({ id }) => id),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(model.volumes.map(({ guid }) => guid)).size).toBe(model.volumes.length);
    for (const { guid } of model.volumes) expect(guid).toMatch(/^60a9d1c0[0-9a-f]{24}$/);
    const times = [...model.volumes, ...model.snapshots, ...model.assignments].map(({ createdAt }) => createdAt);
    expect(times.filter((at) => Date.parse(at) > NOW.getTime())).toEqual([]);
  });

  test("is the same each time", () => {
    const again = build(scenario === "large" ? { scenario, vms: 50 } : { scenario });
    expect(again.model).toEqual(model);
  });

  test("gives the family of a gold one signature", () => {
    for (const { parentVolumeId, header } of model.volumes) {
      const parent = model.volumes.find(({ id }) => id === parentVolumeId);
      if (parent !== undefined) expect(header).toEqual(parent.header);
    }
  });
});

const holder = ({ model }: World, client: string) => {
  const id = model.clients.find(({ name }) => name === client)?.id;
  return model.assignments
    .filter(({ clientId }) => clientId === id)
    .map(({ volumeId }) => model.volumes.find((volume) => volume.id === volumeId));
};

describe("what each scenario shows", () => {
  test("clone-assigned: yesterday's clone, with VMs in every state and one VMX unregistered", () => {
    const world = build({ scenario: "clone-assigned" });
    const [clone] = holder(world, "CDS1-ESX165");
    expect(clone?.name).toMatch(/^AutomatedTest-VMBootImg-Gold-CDS1-ESX165-20261122-\d{6}-[0-9a-z]{6}$/);
    const snapshot = world.model.snapshots.find(({ id }) => id === clone?.parentSnapshotId);
    expect(snapshot?.name).toBe("nightly-2026-11-22");
    const { vms } = world.model;
    expect(vms.filter(({ powerState }) => powerState === "poweredOn").length).toBe(2);
    expect(vms.filter((vm) => vm.powerState === "poweredOff" && !vm.template).length).toBeGreaterThan(0);
    expect(vms.filter(({ template }) => template)).toHaveLength(1);
    const registered = vms.map(({ file }) => file);
    expect(clone?.files.filter(({ path }) => !registered.includes(path))).toHaveLength(1);
  });

  test("gold-assigned: gold mounted by itself, its running guests with tools", () => {
    const world = build({ scenario: "gold-assigned" });
    expect(holder(world, "CDS1-ESX165")[0]?.kind).toBe("gold");
    expect(world.model.hosts[0]?.mounts).toMatchObject([{ forceMounted: false, accessible: true }]);
    const running = world.model.vms.filter(({ powerState }) => powerState === "poweredOn");
    expect(running.map(({ toolsRunning }) => toolsRunning)).toEqual([true, true]);
  });

  test("two-hosts and busy-elsewhere: the other host holds a clone of Gold-2, or gold", () => {
    expect(holder(build({ scenario: "two-hosts" }), "CDS1-ESX166")[0]).toMatchObject({
      kind: "clone",
      header: { label: "AutomatedTest-VMBootImg-Gold-2" },
    });
    expect(holder(build({ scenario: "busy-elsewhere" }), "CDS1-ESX166")[0]).toMatchObject({ kind: "gold" });
  });

  test("twin-snapshots: two of gold's snapshots carry the latest name", () => {
    const { model } = build({ scenario: "twin-snapshots" });
    const gold = model.volumes.find(({ name }) => name === GOLDS[0]);
    const today = model.snapshots.filter((one) => one.volumeId === gold?.id && one.name === "nightly-2026-11-23");
    expect(today).toHaveLength(2);
  });

  test("twin-datastores: two datastores on one GUID, also after a rescan", () => {
    const world = build({ scenario: "twin-datastores" });
    const [host] = world.model.hosts;
    change(world, rescanHba, host?.id ?? "");
    change(world, rescanVmfs, host?.id ?? "");
    const [left, right] = world.model.datastores;
    expect(left?.naas).toEqual(right?.naas);
    expect(left?.vmfsUuid).not.toBe(right?.vmfsUuid);
  });

  test("half-cleaned: unmounted and empty, but assigned and attached", () => {
    const world = build({ scenario: "half-cleaned" });
    expect(world.model.vms).toEqual([]);
    expect(holder(world, "CDS1-ESX165")).toHaveLength(1);
    expect(world.model.hosts[0]).toMatchObject({ mounts: [{ mounted: false }], disks: [{}] });
    expect(world.model.hosts[0]?.detached.size).toBe(0);
  });

  test("stale-inventory: nothing assigned and no clone left, datastore and VMs inaccessible", () => {
    const world = build({ scenario: "stale-inventory" });
    expect(world.model.assignments).toEqual([]);
    expect(world.model.volumes.filter(({ kind }) => kind === "clone")).toEqual([]);
    expect(world.model.datastores).toHaveLength(1);
    expect(new Set(world.model.vms.map(({ connectionState }) => connectionState))).toEqual(new Set(["inaccessible"]));
  });

  test("same-gold and one-datacenter: ESX166 holds its own clone of Gold, in its own Datacenter or the common one", () => {
    const apart = build({ scenario: "same-gold" });
    const together = build({ scenario: "one-datacenter" });
    for (const world of [apart, together]) {
      expect(holder(world, "CDS1-ESX166")[0]).toMatchObject({ kind: "clone", header: { label: GOLDS[0] } });
    }
    expect(apart.model.datacenters).toHaveLength(2);
    expect(together.model.datacenters).toHaveLength(1);
  });

  test("large: 2000 VMs unless told otherwise", () => {
    const { model } = build({ scenario: "large" });
    expect(model.vms).toHaveLength(2000);
    expect(model.vms.filter(({ powerState }) => powerState === "poweredOn")).toHaveLength(100);
  });

  test("fleet: so many clients, each with a clone of a family of its own", () => {
    const { model } = build({ scenario: "fleet", clients: 100, vms: 1 });
    expect(model.clients).toHaveLength(100);
    expect(new Set(model.clients.map(({ hostAddress }) => hostAddress)).size).toBe(100);
    expect(new Set(model.assignments.map(({ clientId }) => clientId)).size).toBe(100);
    const held = model.assignments.map(({ volumeId }) => model.volumes.find(({ id }) => id === volumeId));
    expect(new Set(held.map((volume) => volume?.header.vmfsUuid)).size).toBe(100);
  });
});

test("a family has exactly the VMs asked for, so many of them running, and one VMX more", () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), (a, b) => {
      const [running, vms] = [Math.min(a, b), Math.max(a, b)];
      const fixtures = fixturesOf(new IdSource(), { vms, running });
      expect(fixtures.filter(({ role }) => role !== "unregistered")).toHaveLength(vms);
      expect(fixtures.filter(({ role }) => role === "running")).toHaveLength(running);
      expect(fixtures.filter(({ role }) => role === "unregistered")).toHaveLength(1);
      expect(new Set(fixtures.map(({ file }) => file.path)).size).toBe(fixtures.length);
    }),
    { numRuns: 50 },
  );
});
