import { describe, expect, test, vi } from "vitest";
import { assign, createClone } from "../../../src/lab/world/array.ts";
import { devicePathOf, type LabHost } from "../../../src/lab/world/model.ts";
import { touchWorld } from "../../../src/lab/world/touches/touch.ts";
import type { World } from "../../../src/lab/world/world.ts";
import { change } from "../../support/change.ts";
import { child, type SoapClient, type SoapReply, self, startVim, taskInfo, texts, typeOf } from "./vcenter.ts";

const GOLD_2 = "AutomatedTest-VMBootImg-Gold-2";

/** Another clone of a gold, assigned to the first client; returns its NAA. */
function assignCopy(world: World, gold: string): string {
  const { volumes, snapshots, clients } = world.model;
  const volume = volumes.find((one) => one.name === gold);
  const snapshot = snapshots.find((one) => one.volumeId === volume?.id);
  const clone = change(world, createClone, volume?.policyId ?? "", snapshot?.id ?? "", "copy");
  change(world, assign, clone.id, clients[0]?.id ?? "");
  return `naa.${clone.guid}`;
}

const firstHost = (world: World): LabHost => world.model.hosts[0] ?? expect.fail();
const system = (world: World): string => self("HostStorageSystem", firstHost(world).storageSystem);

const resolve = (soap: SoapClient, world: World, devicePath: string, how = "forceMount") =>
  soap.call(
    "ResolveMultipleUnresolvedVmfsVolumes",
    `${system(world)}<resolutionSpec><extentDevicePath>${devicePath}</extentDevicePath><uuidResolution>${how}</uuidResolution></resolutionSpec>`,
  );

test("a disk shows up with RescanAllHba, its unresolved copy with RescanVmfs", async () => {
  const { soap, world } = await startVim();
  const naa = assignCopy(world, GOLD_2);
  const copies = async (): Promise<string[]> =>
    (await soap.call("QueryUnresolvedVmfsVolume", system(world))).values.flatMap((one) =>
      texts(one, "extent.device.diskName"),
    );
  await soap.call("RescanVmfs", system(world));
  expect(await copies()).toEqual([]);
  await soap.call("RescanAllHba", system(world));
  expect(await copies()).toEqual([]);
  await soap.call("RefreshStorageSystem", system(world));
  expect(await copies()).toEqual([naa]);
});

test("a copy is told with its head extent's device path, and is resolvable", async () => {
  const { soap, world } = await startVim();
  const naa = assignCopy(world, GOLD_2);
  await soap.call("RescanAllHba", system(world));
  await soap.call("RescanVmfs", system(world));
  const query = self("HostDatastoreSystem", firstHost(world).datastoreSystem);
  const { value } = await soap.call("QueryUnresolvedVmfsVolumes", query);
  expect(child(value, "extent.devicePath").text).toBe(devicePathOf(naa));
  expect(child(value, "extent.isHeadExtent").text).toBe("true");
  expect(child(value, "resolveStatus.resolvable").text).toBe("true");
  expect(child(value, "resolveStatus.multipleCopies").text).toBe("false");
});

const refusalIn = ({ value }: SoapReply): string | undefined => typeOf(child(value, "fault.fault"));

describe("several copies of one signature", () => {
  const twoCopies = async (touch?: "copies-unresolvable") => {
    const { soap, world } = await startVim({ scenario: "empty" });
    const naas = [assignCopy(world, GOLD_2), assignCopy(world, GOLD_2)];
    if (touch !== undefined) touchWorld(world.state, { what: touch });
    await soap.call("RescanAllHba", system(world));
    await soap.call("RescanVmfs", system(world));
    const { values } = await soap.call("QueryUnresolvedVmfsVolume", system(world));
    return { soap, world, naas, values };
  };

  test("are one unresolved volume with an extent for each disk", async () => {
    const { values, naas } = await twoCopies();
    expect(values).toHaveLength(1);
    const [volume = expect.fail()] = values;
    expect(texts(volume, "extent.device.diskName")).toEqual(naas);
    expect(texts(volume, "extent.devicePath")).toEqual(naas.map(devicePathOf));
    expect(texts(volume, "extent.isHeadExtent")).toEqual(["true", "true"]);
    expect(texts(volume, "extent.ordinal")).toEqual(["0", "0"]);
    expect(child(volume, "resolveStatus.multipleCopies").text).toBe("true");
    expect(child(volume, "resolveStatus.resolvable").text).toBe("true");
  });

  test("are resolved where one is named, and ambiguous where several are", async () => {
    const { soap, world, naas, values } = await twoCopies();
    const [first = "", second = ""] = naas.map(devicePathOf);
    const both = `${first}</extentDevicePath><extentDevicePath>${second}`;
    expect(refusalIn(await resolve(soap, world, both))).toBe("VmfsAmbiguousMount");
    expect(child((await resolve(soap, world, second)).value, "vmfs.extent.diskName").text).toBe(naas[1]);
    expect(values).toHaveLength(1);
  });

  test("cannot be resolved on a host that says so", async () => {
    const { soap, world, naas, values } = await twoCopies("copies-unresolvable");
    expect(values.map((one) => child(one, "resolveStatus.resolvable").text)).toEqual(["false"]);
    expect(refusalIn(await resolve(soap, world, devicePathOf(naas[0] ?? "")))).toBe("HostConfigFault");
  });
});

test("a force mount returns the volume; refusals are in the result while the call succeeds", async () => {
  const { soap, world } = await startVim({ scenario: "one-datacenter" });
  const naa = assignCopy(world, GOLD_2);
  const rival = assignCopy(world, "AutomatedTest-VMBootImg-Gold");
  await soap.call("RescanAllHba", system(world));
  await soap.call("RescanVmfs", system(world));

  const { value } = await resolve(soap, world, devicePathOf(naa));
  expect(child(value, "vmfs.forceMountedInfo.persist").text).toBe("true");
  expect(child(value, "vmfs.extent.diskName").text).toBe(naa);

  const refusals = [
    ["VmfsAlreadyMounted", await resolve(soap, world, devicePathOf(rival))],
    ["NotFound", await resolve(soap, world, "/vmfs/devices/disks/naa.0:1")],
    ["HostConfigFault", await resolve(soap, world, "/vmfs/devices/disks/naa.0:1", "resignature")],
  ] as const;
  for (const [type, reply] of refusals) expect(typeOf(child(reply.value, "fault.fault"))).toBe(type);
  expect(child(refusals[0][1].value, "fault.fault.uuid").text).not.toBe("");
  expect((await resolve(soap, world, devicePathOf(rival), "forceMounted")).fault?.type).toBe("InvalidArgument");
});

test("a host that does not answer refuses storage calls", async () => {
  const { soap, world } = await startVim();
  firstHost(world).connected = false;
  for (const method of ["RescanAllHba", "RescanVmfs", "QueryUnresolvedVmfsVolume"]) {
    expect((await soap.call(method, system(world))).fault?.type).toBe("HostNotConnected");
  }
});

test("an adapter that the host does not have is not rescanned", async () => {
  const { soap, world } = await startVim();
  const rescan = (device: string) => soap.call("RescanHba", `${system(world)}<hbaDevice>${device}</hbaDevice>`);
  expect((await rescan("vmhba9")).fault?.type).toBe("NotFound");
  expect((await rescan("vmhba64")).fault).toBeUndefined();
});

test("a rescan that is under way when the world is reset does not touch the new one", async () => {
  const { soap, world } = await startVim({ latency: { rescan: 60_000 } });
  const pending = soap.call("RescanAllHba", system(world));
  await vi.waitFor(() => expect(world.faults.calls().vim).toMatchObject({ RescanAllHba: 1 }));
  world.reset({ scenario: "clone-assigned" });
  expect((await pending).fault?.type).toBe("ManagedObjectNotFound");
  expect(world.mutations).toEqual([]);
});

test("tasks do the same as the calls, tell refusals one by one, and are logged under their own names", async () => {
  const { soap, world } = await startVim({ scenario: "one-datacenter" });
  const naa = assignCopy(world, "AutomatedTest-VMBootImg-Gold");
  await soap.call("RescanAllHba", system(world));
  await soap.call("RescanVmfs", system(world));
  const results = async (method: string, args: string) => {
    const { value } = await soap.call(method, args);
    return (await taskInfo(soap, value)).children.find((one) => one.name === "result") ?? expect.fail();
  };
  const before = world.mutations.length;
  const spec = `<resolutionSpec><extentDevicePath>${devicePathOf(naa)}</extentDevicePath></resolutionSpec>`;
  const query = self("HostDatastoreSystem", firstHost(world).datastoreSystem);
  const made = await results("ResignatureUnresolvedVmfsVolume_Task", `${query}${spec}`);
  const datastore = world.model.datastores.find((one) => one.id === child(made, "result").text);
  expect(datastore).toMatchObject({ naas: [naa], name: expect.stringMatching(/^snap-[0-9a-f]{8}-/) });
  const uuid = datastore?.vmfsUuid ?? "";
  expect(world.model.volumes.filter((one) => one.header.vmfsUuid === uuid)).toHaveLength(1);

  const unmount = `${system(world)}<vmfsUuid>${uuid}</vmfsUuid><vmfsUuid>no-such</vmfsUuid>`;
  const told = await results("UnmountVmfsVolumeEx_Task", unmount);
  expect(told.children.map((one) => child(one, "key").text)).toEqual([uuid, "no-such"]);
  expect(typeOf(child(told.children[1] ?? expect.fail(), "fault.fault"))).toBe("NotFound");
  const lun = firstHost(world).disks.find((one) => one.naa === naa)?.uuid ?? "";
  await results("DetachScsiLunEx_Task", `${system(world)}<lunUuid>${lun}</lunUuid>`);
  await results("AttachScsiLunEx_Task", `${system(world)}<lunUuid>${lun}</lunUuid>`);
  await soap.call("RescanVmfs", system(world));
  await results("MountVmfsVolumeEx_Task", `${system(world)}<vmfsUuid>${uuid}</vmfsUuid>`);
  expect(world.mutations.slice(before).map(({ op, target }) => [op, target])).toEqual([
    ["ResignatureUnresolvedVmfsVolume_Task", uuid],
    ["UnmountVmfsVolumeEx_Task", uuid],
    ["DetachScsiLunEx_Task", naa],
    ["AttachScsiLunEx_Task", naa],
    ["RescanVmfs", expect.any(String)],
    ["MountVmfsVolumeEx_Task", uuid],
  ]);
});

test("a query for unresolved volumes takes its latency, and none of the reset world's", async () => {
  const { soap, world } = await startVim({ latency: { unresolved: 60_000 } });
  const pending = soap.call("QueryUnresolvedVmfsVolume", system(world));
  await vi.waitFor(() => expect(world.faults.calls().vim).toMatchObject({ QueryUnresolvedVmfsVolume: 1 }));
  world.reset({ scenario: "clone-assigned" });
  expect((await pending).fault?.type).toBe("ManagedObjectNotFound");
});
