import { afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PrepError } from "../../src/core/domain/errors.ts";
import { asMoRef, type MoRef } from "../../src/core/domain/ids.ts";
import type { Datastore, Host } from "../../src/core/ports/hypervisor.ts";
import type { RunningLab } from "../../src/lab/start.ts";
import { devicePathOf } from "../../src/lab/world/model.ts";
import type { Vsphere, VsphereOptions } from "../../src/vsphere/vsphere.ts";
import { type ControlClient, withLab } from "../support/lab.ts";
import { connect, recordingLog } from "./fake-vcenter.ts";

let lab: RunningLab;
let control: ControlClient;
let vsphere: Vsphere;
let operations: () => string[];

function open(options: Partial<VsphereOptions> = {}): void {
  const { url, username, password, thumbprint } = lab.info.vcenter;
  const { log, lines } = recordingLog();
  operations = () => lines.flatMap(({ data }) => ("operation" in data && "ms" in data ? [String(data.operation)] : []));
  vsphere = connect(0, {
    address: new URL(url).host,
    username,
    password: () => password,
    tls: { thumbprint },
    log,
    ...options,
  });
}

beforeAll(async () => {
  ({ lab, control } = await withLab());
});
beforeEach(async () => {
  await control.clearFaults();
  await control.reset({ scenario: "clone-assigned" });
  open();
});
afterEach(async () => {
  await vsphere.close();
});

async function lookAt(address = "192.168.1.165"): Promise<{ host: Host; datastore: Datastore; vmIds: MoRef[] }> {
  const { hosts, datastores } = await vsphere.reader.inventory();
  const host = hosts.find((each) => each.name === address);
  const datastore = datastores.find((each) => each.mounts.some((mount) => mount.hostId === host?.id));
  if (host === undefined || datastore === undefined) expect.unreachable("the scenario has a host with a datastore");
  const vms = await vsphere.reader.vmsOn([datastore.id]);
  return { host, datastore, vmIds: vms.map((each) => each.id) };
}

const errorOf = (attempt: Promise<unknown>): Promise<PrepError> =>
  attempt.then(
    () => expect.unreachable("it went through"),
    (thrown: unknown) => (thrown instanceof PrepError ? thrown : Promise.reject(thrown)),
  );

describe("reading the lab", () => {
  test("lists hosts in their Datacenters and VMFS datastores with their mounts, in three calls from nothing", async () => {
    const { hosts, datastores } = await vsphere.reader.inventory();
    expect(operations()).toEqual(["RetrieveServiceContent", "Login", "RetrievePropertiesEx"]);
    const state = await control.state();
    expect(hosts.map((each) => each.name).sort()).toEqual(state.hosts.map((each) => each.name).sort());
    for (const host of hosts) {
      expect(host.connectionState).toBe("connected");
      expect(host.datacenter.name).toBe(state.hosts.find((each) => each.name === host.name)?.datacenter);
    }
    const shown = state.datastores[0];
    expect(datastores).toHaveLength(state.datastores.length);
    expect(datastores[0]).toMatchObject({
      id: shown?.id,
      name: shown?.name,
      vmfsUuid: shown?.vmfsUuid,
      extents: shown?.naa,
      accessible: true,
      mounts: [{ mounted: true, accessible: true }],
    });
  });

  test("keeps two hosts of one Datacenter together", async () => {
    await control.reset({ scenario: "one-datacenter" });
    const { hosts } = await vsphere.reader.inventory();
    expect(hosts.length).toBeGreaterThan(1);
    expect(new Set(hosts.map((each) => each.datacenter.id)).size).toBe(1);
  });

  test("finds a host by name without asking, else by its DNS name, and nothing for a stranger", async () => {
    const { hosts } = await vsphere.reader.inventory();
    const [first] = hosts;
    const before = operations().length;
    expect(await vsphere.reader.findHost(first?.name ?? "", hosts)).toEqual([first?.id]);
    expect(operations()).toHaveLength(before);
    const dnsName = lab.world.model.hosts.find((each) => each.id === first?.id)?.dnsName ?? "";
    expect(await vsphere.reader.findHost(dnsName, hosts)).toEqual([first?.id]);
    expect(await vsphere.reader.findHost("10.9.8.7", hosts)).toEqual([]);
  });

  test("reads a host's storage and a datastore's VMs in two calls", async () => {
    const { host, datastore } = await lookAt();
    const before = operations().length;
    const { storage, vms } = await vsphere.reader.hostStorageAndVms(host, [datastore.id]);
    expect(operations().slice(before).sort()).toEqual(["QueryUnresolvedVmfsVolumes", "RetrievePropertiesEx"]);
    const [naa] = datastore.extents;
    expect(storage.disks).toContainEqual({ naa, uuid: expect.any(String), state: "ok" });
    expect(storage.mounts).toEqual([
      {
        vmfsUuid: datastore.vmfsUuid,
        label: expect.any(String),
        extents: datastore.extents,
        mounted: true,
        accessible: true,
        forceMounted: true,
      },
    ]);
    expect(storage.unresolved).toEqual([]);
    const state = await control.state();
    const told = vms.map(({ id, name, path, powerState, template, instanceUuid }) => ({
      id,
      name,
      path,
      powerState,
      template,
      instanceUuid,
    }));
    const shown = state.vms.map(({ id, name, path, powerState, template, instanceUuid }) => ({
      id,
      name,
      path,
      powerState,
      template,
      instanceUuid,
    }));
    expect(told).toEqual(shown);
  });

  test("leaves out VMs that are gone", async () => {
    const { vmIds } = await lookAt();
    const vms = await vsphere.reader.vmStates([...vmIds, asMoRef("vm-999999")]);
    expect(vms.map((each) => each.id)).toEqual(vmIds);
  });

  test("tells dead VMs and datastores of a volume that was taken away", async () => {
    await control.reset({ scenario: "stale-inventory" });
    const { datastore } = await lookAt();
    expect(datastore.accessible).toBe(false);
    const vms = await vsphere.reader.vmsOn([datastore.id]);
    expect(vms.length).toBeGreaterThan(0);
    for (const vm of vms) {
      expect(vm.connectionState).not.toBe("connected");
      expect(vm.path).not.toBe("");
    }
  });

  test("lists the disks and discs of VMs, also those elsewhere", async () => {
    await control.reset({ scenario: "two-hosts" });
    await control.touch("foreign-disk");
    const { datastores } = await vsphere.reader.inventory();
    const vms = await vsphere.reader.vmsOn(datastores.map((each) => each.id));
    const devices = await vsphere.reader.vmDevices(vms.map((each) => each.id));
    expect(new Set(devices.map((each) => each.vmId)).size).toBe(vms.length);
    const homes = new Map(
      vms.map((vm) => [vm.id, datastores.find((each) => vm.path.startsWith(`[${each.name}] `))?.id]),
    );
    const foreign = devices.filter((each) => each.datastoreId !== homes.get(each.vmId));
    expect(foreign.length).toBeGreaterThan(0);
    for (const device of foreign) expect(device.label).not.toBe("");
  });

  test("finds every VMX and VMTX with its full path", async () => {
    const { datastore } = await lookAt();
    const { files, unreadable } = await vsphere.reader.vmxFiles(datastore);
    const state = await control.state();
    const volume = state.volumes.find((each) => datastore.extents.some((naa) => naa.endsWith(each.guid)));
    const expected = state.files
      .filter((each) => each.volumeId === volume?.id)
      .map((each) => `[${datastore.name}] ${each.path}`);
    expect(files.map((each) => each.path).sort()).toEqual(expected.sort());
    expect(files.filter((each) => each.template).every((each) => each.path.endsWith(".vmtx"))).toBe(true);
    expect(unreadable).toEqual([]);
  });

  test("follows pages to their end", async () => {
    await control.reset({ scenario: "large", vms: 1200 });
    const { vmIds } = await lookAt();
    expect(vmIds).toHaveLength(1200);
    expect(operations()).toContain("ContinueRetrievePropertiesEx");
  });

  test("reads anew what a session's end cut off between two pages", async () => {
    await control.reset({ scenario: "large", vms: 1200 });
    await control.faults({ api: "vim", op: "ContinueRetrievePropertiesEx", times: 1, action: "expire-session" });
    const { vmIds } = await lookAt();
    expect(new Set(vmIds).size).toBe(1200);
    expect(operations().filter((each) => each === "Login")).toHaveLength(2);
  });

  test("signs in again when the session is gone, and reads on", async () => {
    await vsphere.reader.inventory();
    await control.faults({ api: "vim", op: "RetrievePropertiesEx", times: 1, action: "expire-session" });
    expect((await vsphere.reader.inventory()).hosts.length).toBeGreaterThan(0);
    expect(operations().filter((each) => each === "Login")).toHaveLength(2);
  });

  test("does not talk to a vCenter with another certificate", async () => {
    open({ tls: { thumbprint: "00:11" } });
    const error = await errorOf(vsphere.reader.inventory());
    expect(error.code).toBe("CERTIFICATE_UNTRUSTED");
    expect(error.found).toMatchObject({ thumbprint: lab.info.vcenter.thumbprint });
  });

  test("does not let anybody in with a wrong password", async () => {
    open({ password: () => "wrong" });
    expect((await errorOf(vsphere.reader.inventory())).code).toBe("AUTHENTICATION_FAILED");
  });
});

describe("changing the lab", () => {
  test("cleans a host up and mounts the copy again", async () => {
    const { host, datastore, vmIds } = await lookAt();
    const { writer } = vsphere;
    const running = (await writer.vmStates(vmIds))
      .filter((each) => each.powerState === "poweredOn")
      .map((each) => each.id);
    expect(await writer.powerOff(running)).toEqual(running.map((id) => ({ id })));
    expect(await writer.powerOff(running)).toEqual(running.map((id) => ({ id })));
    expect(await writer.unregister(vmIds)).toEqual(vmIds.map((id) => ({ id })));
    expect(await writer.unregister(vmIds.slice(0, 1))).toEqual([{ id: vmIds[0] }]);
    await writer.unmount(host, datastore.vmfsUuid);
    const disk = (await writer.hostDevices(host)).disks.find((each) => each.naa === datastore.extents[0]);
    await writer.detach(host, disk?.uuid ?? "");
    await writer.rescan(host);
    expect(await writer.hostDevices(host)).toMatchObject({ disks: [{ state: "off" }], mounts: [] });
    await writer.attach(host, disk?.uuid ?? "");
    await writer.rescan(host);
    await writer.mount(host, datastore.vmfsUuid);
    expect((await writer.hostDevices(host)).mounts).toMatchObject([{ mounted: true }]);
  });

  test("force-mounts a copy by its device path, and is refused while the signature is mounted", async () => {
    await control.reset({ scenario: "one-datacenter" });
    await control.touch("stray-copy", { client: "CDS1-ESX165" });
    const { hosts } = await vsphere.reader.inventory();
    const storages = await Promise.all(
      hosts.map(async (host) => ({ host, unresolved: await vsphere.reader.unresolvedCopies(host) })),
    );
    const holder = storages.find((each) => each.unresolved.length > 0);
    const copy = holder?.unresolved[0];
    const head = copy?.extents.find((each) => each.isHead);
    if (holder === undefined || copy === undefined || head === undefined) expect.unreachable("a copy is visible");
    expect(head.devicePath).toBe(devicePathOf(head.naa));
    expect(copy).toMatchObject({ resolvable: true, multipleCopies: false, incompleteExtents: false });
    expect((await errorOf(vsphere.writer.forceMount(holder.host, head.devicePath))).code).toBe("SIGNATURE_MOUNTED");
  });

  test("registers what is missing and counts what is there", async () => {
    const { host, datastore } = await lookAt();
    const { files } = await vsphere.reader.vmxFiles(datastore);
    const before = new Set((await control.state()).vms.map((each) => each.path));
    const where = { host, folder: host.datacenter.vmFolder, pool: host.resourcePool };
    const outcomes = await vsphere.writer.register(files, where);
    for (const each of outcomes) {
      expect(each.error).toBeUndefined();
      expect(each.alreadyThere ?? false).toBe(before.has(each.id));
    }
    const after = (await control.state()).vms;
    expect(after.map((each) => each.path).sort()).toEqual(files.map((each) => each.path).sort());
  });

  test("shuts guests down, but not one that ignores it", async () => {
    await control.reset({ scenario: "gold-assigned" });
    const { vmIds } = await lookAt();
    const running = (await vsphere.reader.vmStates(vmIds))
      .filter((each) => each.powerState === "poweredOn")
      .map((each) => each.id);
    expect(running.length).toBeGreaterThan(1);
    const [stubborn = ""] = await control.touch("guest-ignores-shutdown");
    // The time is over when all the others are off, however long that takes.
    const timeUp = Promise.withResolvers<void>();
    await vsphere.close();
    open({ clock: { now: () => new Date(), elapsed: () => 0, sleep: () => timeUp.promise } });
    const outcomes = await vsphere.writer.shutDownGuests(running, 1000, (done, total) => {
      if (done === total - 1) timeUp.resolve();
    });
    const codes = outcomes.map(({ id, error }) => [id, error instanceof PrepError ? error.code : undefined]);
    expect(codes).toEqual(running.map((id) => [id, id === stubborn ? "GUEST_STILL_RUNNING" : undefined]));
  });

  test("tells the state that the host refuses, and changes nothing", async () => {
    const { host, datastore } = await lookAt();
    const error = await errorOf(vsphere.writer.unmount(host, datastore.vmfsUuid));
    expect(error).toMatchObject({ code: "REMOTE_FAULT", found: { fault: "ResourceInUse" } });
    expect((await control.state()).mutations).toEqual([]);
  });

  test("a change whose answer is lost is OUTCOME_UNKNOWN and is not sent again", async () => {
    const { host, datastore, vmIds } = await lookAt();
    await vsphere.writer.powerOff(vmIds);
    await vsphere.writer.unregister(vmIds);
    await control.faults({ api: "vim", op: "UnmountVmfsVolume", times: 1, action: "reset-after" });
    expect((await errorOf(vsphere.writer.unmount(host, datastore.vmfsUuid))).code).toBe("OUTCOME_UNKNOWN");
    const { mutations } = await control.state();
    expect(mutations.filter((each) => each.op === "UnmountVmfsVolume")).toHaveLength(1);
  });

  test("a change in a session that has ended is made once, in a new one", async () => {
    const { vmIds } = await lookAt();
    const [vm = asMoRef("")] = vmIds;
    await vsphere.writer.powerOff([vm]);
    await control.faults({ api: "vim", op: "UnregisterVM", times: 1, action: "expire-session" });
    expect(await vsphere.writer.unregister([vm])).toEqual([{ id: vm }]);
    const { mutations } = await control.state();
    expect(mutations.filter((each) => each.op === "UnregisterVM")).toHaveLength(1);
  });

  test.each(["reset", "expire-session", "garbage", "http503"])("waits on for its tasks through %s", async (action) => {
    const { vmIds } = await lookAt();
    const running = (await vsphere.reader.vmStates(vmIds))
      .filter((each) => each.powerState === "poweredOn")
      .map((each) => each.id);
    await control.faults({ api: "vim", op: "WaitForUpdatesEx", times: 1, action });
    expect(await vsphere.writer.powerOff(running)).toEqual(running.map((id) => ({ id })));
    const { mutations } = await control.state();
    expect(mutations.filter((each) => each.op === "PowerOffVM_Task")).toHaveLength(running.length);
  });

  test("a task that fails tells VMware's fault", async () => {
    const { vmIds } = await lookAt();
    const running = (await vsphere.reader.vmStates(vmIds))
      .filter((each) => each.powerState === "poweredOn")
      .map((each) => each.id);
    await control.faults({ api: "vim", op: "PowerOffVM_Task", times: 1, action: "task-error:TaskInProgress" });
    const failed = (await vsphere.writer.powerOff(running)).filter((each) => each.error !== undefined);
    expect(failed).toHaveLength(1);
    expect(failed[0]?.error).toMatchObject({ code: "REMOTE_FAULT", found: { fault: "TaskInProgress" } });
  });
});
