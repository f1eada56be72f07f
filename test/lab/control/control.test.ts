import { beforeEach, describe, expect, test } from "vitest";
import { NO_LATENCY } from "../../../src/lab/world/latency.ts";
import { rescanHba, rescanVmfs } from "../../../src/lab/world/rescan.ts";
import { SCENARIOS } from "../../../src/lab/world/scenarios.ts";
import { TOUCHES } from "../../../src/lab/world/touches/targets.ts";
import { powerOff } from "../../../src/lab/world/vms.ts";
import { change } from "../../support/change.ts";
import { withLab } from "../../support/lab.ts";
import { operationIds } from "../arrays/dgs/contract.ts";

const { lab, control } = await withLab();

beforeEach(async () => {
  await control.reset({ scenario: "clone-assigned" });
});

describe("GET /state", () => {
  test("tells the whole world in the documented fields", async () => {
    const state = await control.state();
    const clone = state.volumes.find(({ kind }) => kind === "clone");
    expect(state.hosts[0]).toMatchObject({
      name: "192.168.1.165",
      client: "CDS1-ESX165",
      connected: true,
      disks: [`naa.${clone?.guid}`],
      detached: [],
      mounts: [{ datastore: "AutomatedTest-VMBootImg-Gold", naa: `naa.${clone?.guid}`, forceMounted: true }],
      unresolved: [],
    });
    expect(state.datastores).toMatchObject([{ naa: [`naa.${clone?.guid}`], hosts: ["192.168.1.165"] }]);
    expect(state.vms).toHaveLength(5);
    expect(state.vms[0]).toMatchObject({
      path: "[AutomatedTest-VMBootImg-Gold] web-01/web-01.vmx",
      host: "192.168.1.165",
      powerState: "poweredOn",
    });
    expect(state.files.filter(({ volumeId }) => volumeId === clone?.id)).toHaveLength(6);
    expect(state.volumes.find(({ kind }) => kind === "gold")).toMatchObject({
      policyId: expect.any(String),
      parentVolumeId: null,
      parentSnapshotId: null,
    });
    expect(clone).toMatchObject({ policyId: null, parentVolumeId: expect.any(String) });
    expect(state.mutations).toEqual([]);
  });

  test.each(SCENARIOS)("leaves no documented field out in %s", async (scenario) => {
    await control.reset({ scenario, vms: 5, clients: 3 });
    await control.touch("stray-copy");
    // The client's schema has every documented field as required.
    await expect(control.state()).resolves.toBeDefined();
  });

  test("lists each change once, in order, with who made it", async () => {
    const { world } = lab;
    const id = world.model.vms[0]?.id ?? "";
    const cause = { api: "vim", op: "PowerOffVM_Task", by: "someone" } as const;
    world.change(
      cause,
      (state) => powerOff(state, id),
      () => [id],
    );
    const { mutations } = await control.state();
    expect(mutations).toMatchObject([{ seq: 1, ...cause, target: id }]);
  });
});

describe("POST /reset", () => {
  test("starts another scenario over, with the latency given", async () => {
    await control.faults({ api: "*", op: "*", action: "http500" });
    await control.reset({ scenario: "large", vms: 30, running: 7, latency: "dgs=2ms,task=1s" });
    const state = await control.state();
    expect(state.vms).toHaveLength(30);
    expect(state.vms.filter(({ powerState }) => powerState === "poweredOn")).toHaveLength(7);
    expect(lab.world.latency).toEqual({ ...NO_LATENCY, dgs: 2, clone: 2, task: 1000 });
    expect(lab.world.faults.take("vim", "Login")).toBeUndefined();
    await control.reset();
    expect(lab.world.latency).toEqual(NO_LATENCY);
  });

  test("without a scenario or a latency starts over as the lab was started", async () => {
    const { lab: slow, control: its } = await withLab({ scenario: "fleet", clients: 3, latency: "vim=3ms" });
    await its.reset({ scenario: "clone-assigned", latency: "dgs=1ms" });
    expect(slow.world.latency).toEqual({ ...NO_LATENCY, dgs: 1, clone: 1 });
    await its.reset({ scenario: "clone-assigned" });
    expect(slow.world.latency).toEqual({ ...NO_LATENCY, vim: 3 });
    await its.reset();
    expect((await its.state()).clients).toHaveLength(3);
  });

  test("refuses what it does not know, with nothing changed", async () => {
    const { generation } = lab.world;
    await expect(control.reset({ scenario: "nowhere" })).rejects.toThrow("422");
    await expect(control.reset({ latency: "soon" })).rejects.toThrow("422");
    await expect(control.reset({ speed: 1 })).rejects.toThrow("422");
    await expect(control.reset({ vms: 100_001 })).rejects.toThrow("422");
    await expect(control.reset({ clients: 1 })).rejects.toThrow("422");
    await expect(control.reset({ clients: 1_001 })).rejects.toThrow("422");
    expect(lab.world.generation).toBe(generation);
  });
});

describe("faults", () => {
  test("are set and cleared, and calls are counted", async () => {
    await control.faults({ api: "dgs", op: "*", times: 5, action: "slow:7" });
    await control.faults({ api: "vim", op: "PowerOffVM_Task", action: "task-error:ResourceInUse" });
    expect(lab.world.faults.take("dgs", "GetJob")).toEqual({ kind: "slow", ms: 7 });
    expect(lab.world.faults.take("vim", "PowerOffVM_Task")).toEqual({ kind: "task-error", fault: "ResourceInUse" });
    await control.clearFaults();
    expect(lab.world.faults.take("dgs", "GetJob")).toBeUndefined();
    expect(await control.calls()).toEqual({
      dgs: { GetJob: 2 },
      vim: { PowerOffVM_Task: 1 },
      totals: { dgs: 2, vim: 1 },
    });
  });

  test.each([
    ["dgs", "CloneSnapshots", "CloneSnapshot"],
    ["dgs", "PowerOffVM_Task", "the closest"],
    ["vim", "poweroff", "PowerOffVM_Task, PowerOnVM_Task"],
    ["*", "RescanHBA", "RescanHba"],
  ] as const)("%s %s is no operation, and the closest are named", async (api, op, closest) => {
    const setting = control.faults({ api, op, action: "hang" });
    await expect(setting).rejects.toThrow("422");
    await expect(setting).rejects.toThrow(closest);
    expect(lab.world.faults.take("dgs", op)).toBeUndefined();
  });

  test("are taken for every operation of the array's contract, and for every one at once", async () => {
    for (const op of operationIds) await control.faults({ api: "dgs", op, action: "http500" });
    for (const api of ["dgs", "vim", "*"] as const) await control.faults({ api, op: "*", action: "http500" });
    await control.faults({ api: "*", op: "CloneSnapshot", action: "http500" });
    await control.faults({ api: "vim", op: "SearchDatastoreSubFolders_Task", action: "http500" });
  });

  test("say what they are told to say, where they throw something", async () => {
    const says = { localizedMessage: "Busy.", faultCause: { fault: "ResourceInUse" } };
    await control.faults({ api: "vim", op: "UnmountVmfsVolume", action: "fault:HostConfigFault", ...says });
    expect(lab.world.faults.take("vim", "UnmountVmfsVolume")).toMatchObject({ fault: "HostConfigFault", ...says });
    await expect(control.faults({ api: "vim", op: "*", action: "hang", ...says })).rejects.toThrow("422");
  });

  test.each(["explode", "slow", "slow:x", "fault:"])("%s is no action", async (action) => {
    await expect(control.faults({ api: "dgs", op: "*", action })).rejects.toThrow("422");
  });
});

test("GET /state counts the sessions and the calls of both systems", async () => {
  const { world } = lab;
  world.faults.take("vim", "QueryUnresolvedVmfsVolume");
  const state = await (await fetch(`${lab.info.control.url}/state`)).json();
  expect(state).toMatchObject({ sessions: { dgs: 0, vim: 0 }, calls: { vim: { QueryUnresolvedVmfsVolume: 1 } } });
});

describe("POST /touch", () => {
  test.each(TOUCHES)("%s changes the world and logs nothing", async (what) => {
    const before = await control.state();
    const { version } = lab.world;
    const changed = await control.touch(what);
    const { mutations, ...after } = await control.state();
    expect(changed.length).toBeGreaterThan(0);
    expect(mutations).toEqual([]);
    expect(lab.world.version).toBe(version + 1);
    const hidden = ["foreign-disk", "no-tools", "tools-starting", "guest-ignores-shutdown", "fill-array"];
    if (!hidden.includes(what)) expect({ ...after, mutations }).not.toEqual(before);
  });

  const vmNamed = (name: string) => lab.world.model.vms.find((vm) => vm.name === name);

  test("takes names and ids, and refuses what is not there", async () => {
    const id = vmNamed("web-02")?.id ?? "";
    expect(await control.touch("power-off", { vm: "web-02" })).toEqual([id]);
    expect(vmNamed("web-02")?.powerState).toBe("poweredOff");
    await control.touch("power-on", { vm: id });
    expect(vmNamed("web-02")?.powerState).toBe("poweredOn");
    await expect(control.touch("power-off", { vm: "nobody" })).rejects.toThrow("there is no VM nobody");
    await expect(control.touch("assign", { lun: "nothing" })).rejects.toThrow("422");
    await expect(control.touch("explode")).rejects.toThrow("422");
  });

  test("no-tools and guest-ignores-shutdown mark one running guest", async () => {
    await control.touch("no-tools");
    await control.touch("guest-ignores-shutdown", { vm: "web-02" });
    expect(vmNamed("web-01")?.toolsRunning).toBe(false);
    expect(vmNamed("web-02")?.ignoresShutdown).toBe(true);
  });

  test("foreign-disk makes a VM elsewhere that uses the datastore, or gives a VM named a device elsewhere", async () => {
    const home = vmNamed("web-01")?.datastoreId ?? "";
    const [elsewhere] = await control.touch("foreign-disk", { device: "cdrom" });
    const visitor = lab.world.model.vms.find(({ id }) => id === elsewhere);
    expect(visitor?.datastoreId).not.toBe(home);
    expect(visitor?.foreignDevices).toMatchObject([{ kind: "cdrom", datastoreId: home }]);
    await control.touch("foreign-disk", { vm: "web-01" });
    expect(vmNamed("web-01")?.foreignDevices).toMatchObject([{ kind: "disk", datastoreId: visitor?.datastoreId }]);
  });

  test("span-datastore gives it a second extent that a rescan keeps", async () => {
    await control.touch("span-datastore");
    const [host] = lab.world.model.hosts;
    change(lab.world, rescanHba, host?.id ?? "");
    change(lab.world, rescanVmfs, host?.id ?? "");
    expect((await control.state()).datastores[0]?.naa).toHaveLength(2);
    expect(host?.mounts).toMatchObject([{ accessible: true }]);
  });

  test("share-datastore mounts it on a second host of the Datacenter", async () => {
    await control.touch("share-datastore");
    const { datastores, assignments } = await control.state();
    expect(datastores[0]?.hosts).toEqual(["192.168.1.165", "192.168.1.167"]);
    expect(assignments, "the array does not show it").toHaveLength(1);
  });

  test("stray-copy leaves a copy that the array's ancestry does not explain", async () => {
    const [copy] = await control.touch("stray-copy");
    const state = await control.state();
    const volume = state.volumes.find(({ id }) => id === copy);
    expect(volume).toMatchObject({ policyId: null, parentVolumeId: null, parentSnapshotId: null });
    expect(state.hosts[0]?.unresolved).toEqual([
      { naa: `naa.${volume?.guid}`, vmfsUuid: state.hosts[0]?.mounts[0]?.vmfsUuid },
    ]);
  });

  test("snapshot-clone and new-snapshot add to the policy's list", async () => {
    const [ofClone] = await control.touch("snapshot-clone");
    const [ofGold] = await control.touch("new-snapshot", { lun: "AutomatedTest-VMBootImg-Gold-2", name: "by hand" });
    const { snapshots, volumes } = await control.state();
    const volumeOf = (id?: string) => volumes.find((one) => one.id === snapshots.find((s) => s.id === id)?.volumeId);
    expect(volumeOf(ofClone)).toMatchObject({ kind: "clone", policyId: volumes[0]?.policyId });
    expect(volumeOf(ofGold)?.name).toBe("AutomatedTest-VMBootImg-Gold-2");
    expect(await control.touch("delete-snapshot", { snapshot: ofGold ?? "" })).toEqual([ofGold]);
  });

  test("a new snapshot is named by either key", async () => {
    const made = await Promise.all([
      control.touch("new-snapshot", { snapshot: "my-snap" }),
      control.touch("new-snapshot", { name: "another" }),
      control.touch("snapshot-clone", { snapshot: "of-clone" }),
    ]);
    const { snapshots } = await control.state();
    const names = made.map(([id]) => snapshots.find((one) => one.id === id)?.name);
    expect(names).toEqual(["my-snap", "another", "of-clone"]);
  });

  test("rename-vm takes the VM by `vm` and its new name, a very long one too, by `name`", async () => {
    const long = "n".repeat(8_000);
    const [id] = await control.touch("rename-vm", { vm: "db-01", name: long });
    expect((await control.state()).vms.find((vm) => vm.id === id)?.name).toBe(long);
    expect(await control.touch("rename-vm", { vm: long, name: "db-01" })).toEqual([id]);
    await expect(control.touch("rename-vm", { vm: "db-01", name: `${long}n` })).rejects.toThrow("422");
  });

  test("assign gives gold to another client, unassign takes what the client has", async () => {
    await control.touch("unassign");
    const [assigned] = await control.touch("assign", { lun: "AutomatedTest-VMBootImg-Gold" });
    const { assignments, clients, volumes } = await control.state();
    expect(assignments.map(({ id }) => id)).toEqual([assigned]);
    expect(volumes.find(({ id }) => id === assignments[0]?.volumeId)?.kind).toBe("gold");
    expect(clients.find(({ id }) => id === assignments[0]?.clientId)?.name).toBe("CDS1-ESX166");
  });

  test("disconnect-host loses the host, reboot-host brings it back with its VMs off and its storage mounted", async () => {
    await control.touch("disconnect-host", { client: "CDS1-ESX165" });
    expect((await control.state()).hosts[0]?.connected).toBe(false);
    await control.touch("reboot-host", { host: "192.168.1.165" });
    const { hosts, vms } = await control.state();
    expect(hosts[0]).toMatchObject({ connected: true, mounts: [{ forceMounted: true, accessible: true }] });
    expect(new Set(vms.map(({ powerState }) => powerState))).toEqual(new Set(["poweredOff"]));
    expect(new Set(vms.map(({ connectionState }) => connectionState))).toEqual(new Set(["connected"]));
  });
});
