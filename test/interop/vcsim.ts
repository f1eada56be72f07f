import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { PrepError } from "../../src/core/domain/errors.ts";
import { asMoRef, asVmfsUuid, naaOf } from "../../src/core/domain/ids.ts";
import type { Host, Inventory } from "../../src/core/ports/hypervisor.ts";
import type { Vsphere } from "../../src/vsphere/vsphere.ts";
import { connect } from "../vsphere/fake-vcenter.ts";

/** Carries a check out and says how it went. */
export type Check = (name: string, body: () => Promise<void>) => Promise<void>;

interface Simulator {
  readonly vsphere: Vsphere;
  /** Ends every session; returns how many there were. */
  expire(): Promise<number>;
  close(): Promise<void>;
}

const CREDENTIALS = { username: "interop@vsphere.local", password: "correct horse & <staple>" };

/** Two Datacenters, one within a folder whose hosts, VMs and datastores lie in folders too; in each, clusters and hosts on their own. */
const MIXED = ["-dc=2", "-cluster=2", "-host=2", "-standalone-host=2", "-folder=1", "-vm=3"];
const HUNDREDS = ["-dc=2", "-cluster=8", "-host=12", "-standalone-host=4", "-folder=2", "-vm=10"];

async function start(binary: string, shape: readonly string[]): Promise<Simulator> {
  const { username, password } = CREDENTIALS;
  const child = spawn(binary, [...shape, "-username", username, "-password", password], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const ended = once(child, "close");
  const lines = createInterface({ input: child.stdout });
  const line = async (): Promise<unknown> => {
    const [text] = await Promise.race([once(lines, "line"), ended.then(() => ["null"])]);
    return JSON.parse(String(text));
  };
  const ready = await line();
  if (typeof ready !== "object" || ready === null || !("port" in ready)) throw new Error("the simulator did not start");
  const vsphere = connect(0, { address: `127.0.0.1:${ready.port}`, username, password: () => password });
  return {
    vsphere,
    expire: async () => {
      const answer = line();
      child.stdin.write("\n");
      return Number(await answer);
    },
    close: async () => {
      await vsphere.close();
      child.stdin.end();
      await ended;
    },
  };
}

/** Our client against govmomi's vCenter simulator (`vcsim/main.go`, built as `binary`). */
export async function judgeOurClient(binary: string, check: Check): Promise<void> {
  await withSimulator(binary, MIXED, (simulator) => mixedWorld(simulator, check));
  await withSimulator(binary, HUNDREDS, (simulator) => twoHundredHosts(simulator, check));
}

async function withSimulator(
  binary: string,
  shape: readonly string[],
  use: (simulator: Simulator) => Promise<void>,
): Promise<void> {
  const simulator = await start(binary, shape);
  try {
    await use(simulator);
  } finally {
    await simulator.close();
  }
}

async function mixedWorld(simulator: Simulator, check: Check): Promise<void> {
  const { reader, writer } = simulator.vsphere;
  let inventory: Inventory = { hosts: [], datastores: [], unreadable: [] };
  const here = (): Host => inventory.hosts.find((each) => each.name === "DC1_H1") ?? assert.fail("no DC1_H1");

  await check("places standalone and cluster hosts of both Datacenters, in folders or not", async () => {
    inventory = await reader.inventory();
    assert.deepEqual(placesOf(inventory), [
      ...["DC0: DC0_C0_H0 DC0_C0_H1", "DC0: DC0_C1_H0 DC0_C1_H1", "DC0: DC0_H0", "DC0: DC0_H1"],
      ...["DC1: DC1_C0_H0 DC1_C0_H1", "DC1: DC1_C1_H0 DC1_C1_H1", "DC1: DC1_H0", "DC1: DC1_H1"],
    ]);
    for (const host of inventory.hosts) {
      assert.match(host.computeResource, host.name.includes("_C") ? /^clustercomputeresource-/ : /^computeresource-/);
      assert.match(host.resourcePool, /^resgroup-/);
      assert.match(host.datacenter.vmFolder, /^folder-/);
    }
  });
  await check("lists VMFS datastores with their extents and mounts, apart though they share a name", async () => {
    const [first, second] = inventory.datastores;
    assert.equal(inventory.datastores.length, 2);
    assert.equal(first?.name, second?.name);
    assert.notEqual(first?.datacenterId, second?.datacenterId);
    const disks = inventory.datastores.flatMap((each) => each.extents).sort();
    assert.deepEqual(disks, ["naa.60060160000000000000000000000000", "naa.60060160000000000000000000000001"]);
    assert.ok(inventory.datastores.every((each) => each.accessible && each.mounts.length > 0));
  });
  await check("finds a host by its name, its IP address and its DNS name, and no stranger", async () => {
    const { hosts } = inventory;
    const byIp = await Promise.all(hosts.map((_, i) => reader.findHost(`10.0.0.${i + 1}`, hosts)));
    const byDns = await Promise.all(hosts.map((_, i) => reader.findHost(`esx-${i + 1}.lab.test`, hosts)));
    assert.deepEqual(byIp.flat().sort(), hosts.map((each) => each.id).sort());
    assert.deepEqual(byDns, byIp);
    assert.deepEqual(await reader.findHost("dc1_c1_h0", hosts), [hosts.find((each) => each.name === "DC1_C1_H0")?.id]);
    assert.deepEqual(await reader.findHost("10.9.9.9", hosts), []);
    assert.deepEqual(await reader.findHost("stranger.lab.test", hosts), []);
  });
  await check("reads a Datacenter's VMs by their datastore, with state, host and devices", async () => {
    const [datastore] = inventory.datastores;
    const vms = await reader.vmsOn(datastore === undefined ? [] : [datastore.id]);
    assert.equal(vms.length, 12);
    for (const vm of vms) {
      assert.equal(vm.powerState, "poweredOn");
      assert.deepEqual(vm.datastoreIds, [datastore?.id]);
      assert.equal(vm.path, `[LocalDS_0] ${vm.name}/${vm.name}.vmx`);
      assert.ok(inventory.hosts.some((each) => each.id === vm.hostId));
    }
    const devices = await reader.vmDevices(vms.map((each) => each.id));
    assert.deepEqual(
      devices.map((each) => each.fileName).sort(),
      vms.map((each) => `[LocalDS_0] ${each.name}/disk1.vmdk`).sort(),
    );
  });
  await check("lists a datastore's VMX files by the paths of its VMs", async () => {
    for (const datastore of inventory.datastores) {
      const [vms, found] = await Promise.all([reader.vmsOn([datastore.id]), reader.vmxFiles(datastore)]);
      assert.deepEqual(found.files.map((each) => each.path).sort(), vms.map((each) => each.path).sort());
      assert.deepEqual(found.unreadable, []);
    }
  });
  await check("powers off, unregisters and registers VMs, waiting for the tasks of all", async () => {
    const host = here();
    const ids = inventory.datastores.map((each) => each.id);
    const vms = (await reader.vmsOn(ids)).filter((each) => each.hostId === host.id);
    assert.equal(vms.length, 3);
    const vmIds = vms.map((each) => each.id);
    assert.deepEqual(
      await writer.powerOff(vmIds),
      vmIds.map((id) => ({ id })),
    );
    assert.ok((await reader.vmStates(vmIds)).every((each) => each.powerState === "poweredOff"));
    assert.deepEqual(
      await writer.powerOff(vmIds),
      vmIds.map((id) => ({ id })),
      "a VM that is off is no error",
    );
    assert.deepEqual(
      await writer.unregister(vmIds),
      vmIds.map((id) => ({ id })),
    );
    assert.deepEqual(await reader.vmStates(vmIds), []);
    const files = vms.map(({ path }) => ({ path, template: false }));
    const where = { host, folder: host.datacenter.vmFolder, pool: host.resourcePool };
    const made = await writer.register(files, where);
    const registered = (await reader.vmsOn(ids)).filter((each) => made.some(({ vmId }) => vmId === each.id));
    assert.deepEqual(
      registered.map((each) => [each.path, each.hostId]).sort(),
      files.map(({ path }) => [path, host.id]).sort(),
    );
    const again = await writer.register(files, where);
    assert.ok(again.every((each) => each.alreadyThere === true && each.error === undefined));
  });
  await check("a task that fails and a call that is refused carry the fault's type and VMware's words", async () => {
    const host = here();
    const where = { host, folder: host.datacenter.vmFolder, pool: host.resourcePool };
    const [outcome] = await writer.register([{ path: "[LocalDS_0] no-such/no-such.vmx", template: false }], where);
    assertFault(outcome?.error, "NotFound");
    const [running] = (await reader.vmsOn(inventory.datastores.map((each) => each.id))).filter(
      (each) => each.powerState === "poweredOn",
    );
    const [refused] = await writer.unregister([running?.id ?? asMoRef("vm-0")]);
    assertFault(refused?.error, "InvalidPowerState");
  });
  await check(
    "goes on in a new session when the old one has ended: reads, changes and the waiting for tasks",
    async () => {
      assert.equal(await simulator.expire(), 1);
      const vms = await reader.vmsOn(inventory.datastores.map((each) => each.id));
      assert.equal(vms.length, 24);
      const running = vms.filter((each) => each.powerState === "poweredOn").slice(0, 4);
      assert.equal(await simulator.expire(), 1);
      assert.deepEqual(
        await writer.powerOff(running.map((each) => each.id)),
        running.map(({ id }) => ({ id })),
      );
      const after = await reader.vmStates(running.map((each) => each.id));
      assert.ok(after.every((each) => each.powerState === "poweredOff"));
    },
  );
  await check("rescans, and names the call that the server lacks where it lacks one", async () => {
    const host = here();
    await writer.rescan(host);
    const uuid = asVmfsUuid("5f1b2c3d-00000000-0000-005056000001");
    const lacking: [string, () => Promise<unknown>][] = [
      ["QueryUnresolvedVmfsVolumes", () => reader.unresolvedCopies(host)],
      ["UnmountVmfsVolume", () => writer.unmount(host, uuid)],
      ["MountVmfsVolume", () => writer.mount(host, uuid)],
      ["ResolveMultipleUnresolvedVmfsVolumes", () => writer.forceMount(host, "/vmfs/devices/disks/naa.1:1")],
      ["DetachScsiLun", () => writer.detach(host, "02000000")],
      ["AttachScsiLun", () => writer.attach(host, "02000000")],
      ["DeleteScsiLunState", () => writer.forgetDevice(host, naaOf("naa.60060160000000000000000000000000"))],
    ];
    for (const [call, attempt] of lacking) {
      const error = await attempt().then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      assertFault(error, "MethodNotFound");
      assert.ok(error.message.includes(`does not offer ${call}`), error.message);
      assert.ok(error.hint.length > 40, "and says what follows");
    }
  });
}

async function twoHundredHosts({ vsphere: { reader } }: Simulator, check: Check): Promise<void> {
  await check("places 200 hosts and their VMs in one read each", async () => {
    const inventory = await reader.inventory();
    assert.equal(inventory.hosts.length, 200);
    const pools = new Map(inventory.hosts.map((each) => [each.computeResource, each.resourcePool]));
    assert.equal(pools.size, 24, "16 clusters and 8 hosts on their own");
    assert.equal(new Set(pools.values()).size, 24, "each with a pool of its own");
    const vms = await reader.vmsOn(inventory.datastores.map((each) => each.id));
    assert.equal(vms.length, 240);
    const [host] = await reader.findHost("10.0.0.199", inventory.hosts);
    assert.ok(inventory.hosts.some((each) => each.id === host));
  });
}

/** `Datacenter: host host`, a line a compute resource. */
function placesOf({ hosts }: Inventory): string[] {
  const groups = Map.groupBy(hosts, (each) => each.computeResource);
  return [...groups.values()]
    .map(
      (group) =>
        `${group[0]?.datacenter.name}: ${group
          .map((each) => each.name)
          .sort()
          .join(" ")}`,
    )
    .sort();
}

function assertFault(thrown: unknown, fault: string): asserts thrown is PrepError {
  assert.ok(thrown instanceof PrepError, String(thrown));
  assert.ok(thrown.message.includes(`(${fault})`), thrown.message);
  assert.ok(typeof thrown.found === "object" && thrown.found !== null && "fault" in thrown.found);
  assert.equal(thrown.found.fault, fault);
  assert.ok(thrown.message.includes(`(${fault})`), thrown.message);
}
