import { describe, expect, test } from "vitest";
import { assign, createClone, unassign } from "../../../src/lab/world/array.ts";
import { devicePathOf, type LabHost, type LabVolume, VimFault } from "../../../src/lab/world/model.ts";
import { rescanHba, rescanVmfs } from "../../../src/lab/world/rescan.ts";
import type { ScenarioName } from "../../../src/lab/world/scenarios.ts";
import { naaOfVolume } from "../../../src/lab/world/state.ts";
import {
  attachScsiLun,
  deleteScsiLunState,
  detachScsiLun,
  forceMount,
  mountVmfs,
  unmountVmfs,
} from "../../../src/lab/world/storage.ts";
import { touchWorld } from "../../../src/lab/world/touches/touch.ts";
import { powerOff, unregisterVm } from "../../../src/lab/world/vms.ts";
import { World } from "../../../src/lab/world/world.ts";
import { change } from "../../support/change.ts";
import { goldIn } from "../arrays/dgs/array.ts";

function stage(scenario: ScenarioName) {
  const world = new World({ scenario: { scenario } });
  const [esx165, esx166] = world.model.hosts;
  if (esx165 === undefined || esx166 === undefined) throw new Error("two hosts expected");
  const { gold, policyId, snapshots } = goldIn(world);
  const rescan = (host: LabHost): void => {
    change(world, rescanHba, host.id);
    change(world, rescanVmfs, host.id);
  };
  const newClone = (name = "fresh"): LabVolume =>
    change(world, createClone, policyId, snapshots.at(-1)?.id ?? "", name);
  const present = (volume: LabVolume, host: LabHost): string => {
    const { id } = change(world, assign, volume.id, host.clientId);
    rescan(host);
    return id;
  };
  return { world, esx165, esx166, gold, uuid: gold.header.vmfsUuid, rescan, newClone, present };
}

/** The type of the vim25 fault that `act` is refused with. */
function faultOf(act: () => unknown): string {
  try {
    act();
  } catch (thrown) {
    if (thrown instanceof VimFault) return thrown.type;
    throw thrown;
  }
  return "none";
}

const diskUuid = (host: LabHost): string => host.disks[0]?.uuid ?? "";

function emptyDatastore(world: World): void {
  for (const { id, powerState } of [...world.model.vms]) {
    if (powerState === "poweredOn") change(world, powerOff, id);
    change(world, unregisterVm, id);
  }
}

describe("a rescan", () => {
  test("of the HBAs shows the disk, of VMFS what lies on it", () => {
    const { world, esx165, newClone } = stage("empty");
    const clone = newClone();
    change(world, assign, clone.id, esx165.clientId);
    expect(esx165.disks).toEqual([]);
    change(world, rescanVmfs, esx165.id);
    expect(esx165.disks).toEqual([]);
    change(world, rescanHba, esx165.id);
    expect(esx165.disks.map(({ naa }) => naa)).toEqual([naaOfVolume(clone)]);
    expect(esx165.unresolved).toEqual([]);
    change(world, rescanVmfs, esx165.id);
    expect(esx165.unresolved).toMatchObject([{ naa: naaOfVolume(clone), vmfsUuid: clone.header.vmfsUuid }]);
    expect(esx165.mounts).toEqual([]);
  });

  test("mounts gold by itself", () => {
    const { world, esx165, gold, present } = stage("empty");
    present(gold, esx165);
    expect(esx165.mounts).toMatchObject([{ naas: [naaOfVolume(gold)], accessible: true, forceMounted: false }]);
    expect(world.model.datastores.map(({ name }) => name)).toEqual([gold.name]);
  });

  test("leaves gold alone that was unmounted by hand, until it is mounted", () => {
    const { world, esx165, gold, uuid, rescan, present } = stage("empty");
    const assignment = present(gold, esx165);
    change(world, unmountVmfs, esx165.id, uuid);
    change(world, detachScsiLun, esx165.id, diskUuid(esx165));
    expect(esx165.mounts).toEqual([]);
    change(world, unassign, assignment);
    rescan(esx165);
    expect(esx165.disks).toEqual([]);
    present(gold, esx165);
    expect(esx165.mounts, "still detached").toEqual([]);
    expect(faultOf(() => change(world, mountVmfs, esx165.id, uuid))).toBe("NotFound");
    change(world, attachScsiLun, esx165.id, diskUuid(esx165));
    rescan(esx165);
    expect(esx165.mounts).toMatchObject([{ mounted: false }]);
    change(world, mountVmfs, esx165.id, uuid);
    expect(esx165.mounts).toMatchObject([{ mounted: true, accessible: true }]);
    rescan(esx165);
    expect(esx165.mounts).toMatchObject([{ mounted: true }]);
  });

  test("remembers a force mount", () => {
    const { world, esx165, rescan } = stage("clone-assigned");
    const before = structuredClone(esx165.mounts);
    rescan(esx165);
    expect(esx165.mounts).toEqual(before);
    expect(world.model.vms.every(({ connectionState }) => connectionState === "connected")).toBe(true);
  });

  test("mounts a copy again by itself that was force-mounted, when its disk comes back", () => {
    const { world, esx165, rescan, present } = stage("clone-assigned");
    const clone = world.model.volumes.find(({ kind }) => kind === "clone");
    if (clone === undefined) throw new Error("no clone");
    emptyDatastore(world);
    change(world, unassign, world.model.assignments[0]?.id ?? "");
    rescan(esx165);
    expect(esx165.mounts).toEqual([]);
    present(clone, esx165);
    expect(esx165.mounts).toMatchObject([{ forceMounted: true, accessible: true }]);
    expect(esx165.unresolved).toEqual([]);
  });

  test("after an unassignment leaves datastore and VMs inaccessible, and without VMs drops the datastore", () => {
    const { world, esx165, rescan } = stage("clone-assigned");
    change(world, unassign, world.model.assignments[0]?.id ?? "");
    expect(esx165.mounts).toMatchObject([{ accessible: true }]);
    rescan(esx165);
    expect(esx165.mounts).toMatchObject([{ mounted: true, accessible: false }]);
    expect(new Set(world.model.vms.map((vm) => vm.connectionState))).toEqual(new Set(["inaccessible"]));
    emptyDatastore(world);
    expect(world.model.datastores, "a rescan is what drops it").toHaveLength(1);
    rescan(esx165);
    expect(esx165.mounts).toEqual([]);
    expect(world.model.datastores).toEqual([]);
  });
});

describe("a lost disk", () => {
  test("stays listed, dead, for as long as a running VM or a template holds on to it", () => {
    const { world, esx165, rescan } = stage("clone-assigned");
    touchWorld(world.state, { what: "lose-disk" });
    const listed = () => {
      rescan(esx165);
      return esx165.disks.map(({ lost }) => lost);
    };
    expect(listed()).toEqual([true]);
    expect(esx165.mounts).toMatchObject([{ mounted: true, accessible: false }]);
    const { vms } = world.model;
    for (const { id } of vms.filter((vm) => vm.powerState === "poweredOn")) change(world, powerOff, id);
    expect(listed(), "the template").toEqual([true]);
    for (const { id } of vms.filter((vm) => vm.template)) change(world, unregisterVm, id);
    expect(listed()).toEqual([]);
  });

  test("is let go when its host boots", () => {
    const { world, esx165 } = stage("clone-assigned");
    touchWorld(world.state, { what: "lose-disk" });
    touchWorld(world.state, { what: "reboot-host" });
    expect(esx165.disks).toEqual([]);
    expect(world.model.vms.every((vm) => vm.powerState === "poweredOff")).toBe(true);
  });
});

describe("a stale registration", () => {
  test.each(["clone", "gold"] as const)("comes back to life when a %s of its family is mounted", (kind) => {
    const { world, esx165, gold, newClone, present } = stage("stale-inventory");
    const stale = world.model.vms.map(({ id }) => id);
    const volume = kind === "gold" ? gold : newClone();
    present(volume, esx165);
    if (kind === "clone") change(world, forceMount, esx165.id, devicePathOf(naaOfVolume(volume)));
    expect(world.model.vms.map(({ id }) => id)).toEqual(stale);
    expect(new Set(world.model.vms.map((vm) => vm.connectionState))).toEqual(new Set(["connected"]));
    expect(world.model.datastores).toMatchObject([{ naas: [naaOfVolume(volume)] }]);
  });
});

describe("unmounting", () => {
  test("is refused with registered VMs, templates among them", () => {
    const { world, esx165, uuid } = stage("clone-assigned");
    for (const { id, powerState, template } of [...world.model.vms]) {
      if (powerState === "poweredOn") change(world, powerOff, id);
      if (!template) change(world, unregisterVm, id);
    }
    expect(world.model.vms).toHaveLength(1);
    expect(faultOf(() => change(world, unmountVmfs, esx165.id, uuid))).toBe("ResourceInUse");
  });

  test("is refused twice, of a dead volume, and of an unknown one", () => {
    const { world, esx165, uuid } = stage("clone-assigned");
    emptyDatastore(world);
    change(world, unmountVmfs, esx165.id, uuid);
    expect(faultOf(() => change(world, unmountVmfs, esx165.id, uuid))).toBe("InvalidState");
    expect(faultOf(() => change(world, unmountVmfs, esx165.id, "0-0-0-0"))).toBe("NotFound");
    const stale = stage("stale-inventory");
    expect(faultOf(() => change(stale.world, unmountVmfs, stale.esx165.id, stale.uuid))).toBe("InvalidState");
  });

  test("keeps the volume listed while its disk is attached, and its datastore with it", () => {
    const { world, esx165, uuid, rescan } = stage("clone-assigned");
    emptyDatastore(world);
    change(world, unmountVmfs, esx165.id, uuid);
    rescan(esx165);
    expect(esx165.mounts).toMatchObject([{ mounted: false, forceMounted: true }]);
    expect(world.model.datastores).toHaveLength(1);
    change(world, mountVmfs, esx165.id, uuid);
    expect(faultOf(() => change(world, mountVmfs, esx165.id, uuid))).toBe("InvalidState");
  });
});

describe("a disk", () => {
  test("is not detached while mounted, nor detached or attached twice", () => {
    const { world, esx165, uuid } = stage("clone-assigned");
    const lun = diskUuid(esx165);
    expect(faultOf(() => change(world, detachScsiLun, esx165.id, lun))).toBe("ResourceInUse");
    expect(faultOf(() => change(world, attachScsiLun, esx165.id, lun))).toBe("InvalidState");
    emptyDatastore(world);
    change(world, unmountVmfs, esx165.id, uuid);
    change(world, detachScsiLun, esx165.id, lun);
    expect(faultOf(() => change(world, detachScsiLun, esx165.id, lun))).toBe("InvalidState");
    expect(faultOf(() => change(world, detachScsiLun, esx165.id, "no such"))).toBe("NotFound");
    expect(world.model.datastores, "nothing lists it any more").toEqual([]);
    expect(faultOf(() => change(world, forceMount, esx165.id, devicePathOf(esx165.disks[0]?.naa ?? "")))).toBe(
      "NotFound",
    );
  });

  test("is forgotten once", () => {
    const { world, esx165, uuid } = stage("clone-assigned");
    emptyDatastore(world);
    change(world, unmountVmfs, esx165.id, uuid);
    const naa = esx165.disks[0]?.naa ?? "";
    expect(faultOf(() => change(world, deleteScsiLunState, esx165.id, naa))).toBe("NotFound");
    change(world, detachScsiLun, esx165.id, diskUuid(esx165));
    change(world, deleteScsiLunState, esx165.id, naa);
    expect(esx165.detached.size).toBe(0);
  });
});

describe("a force mount", () => {
  test("is refused while the signature is mounted in the datacenter, whichever host has it", () => {
    const { world, esx165, newClone, present } = stage("one-datacenter");
    const clone = newClone();
    present(clone, esx165);
    expect(faultOf(() => change(world, forceMount, esx165.id, devicePathOf(naaOfVolume(clone))))).toBe(
      "VmfsAlreadyMounted",
    );
    expect(esx165.unresolved).toHaveLength(1);
    expect(world.model.datastores).toHaveLength(1);
  });

  test("works while it is mounted in another datacenter", () => {
    const { world, esx165, esx166, newClone, present } = stage("empty");
    for (const host of [esx165, esx166]) {
      const clone = newClone();
      present(clone, host);
      change(world, forceMount, host.id, devicePathOf(naaOfVolume(clone)));
    }
    expect(world.model.datastores.map(({ name }) => name)).toEqual([goldIn(world).gold.name, goldIn(world).gold.name]);
  });

  test("does not bring back a signature that is remembered as unmounted", () => {
    const { world, esx165, uuid, newClone, present, rescan } = stage("half-cleaned");
    change(world, detachScsiLun, esx165.id, diskUuid(esx165));
    change(world, unassign, world.model.assignments[0]?.id ?? "");
    rescan(esx165);
    const clone = newClone();
    present(clone, esx165);
    change(world, forceMount, esx165.id, devicePathOf(naaOfVolume(clone)));
    expect(esx165.unmountedByHand.has(uuid)).toBe(false);
    rescan(esx165);
    expect(esx165.mounts).toMatchObject([{ naas: [naaOfVolume(clone)], mounted: true }]);
  });
});

test("gold that mounts by itself beside a mounted clone of the datacenter is merged into its datastore", () => {
  const { world, esx165, gold, present } = stage("one-datacenter");
  present(gold, esx165);
  expect(world.model.datastores).toHaveLength(1);
  expect(world.model.datastores[0]?.naas).toHaveLength(2);
});

test("a host that vCenter has lost refuses everything", () => {
  const { world, esx165 } = stage("clone-assigned");
  esx165.connected = false;
  expect(faultOf(() => change(world, rescanHba, esx165.id))).toBe("HostNotConnected");
  expect(faultOf(() => change(world, powerOff, world.model.vms[0]?.id ?? ""))).toBe("HostNotConnected");
});

test("a refusal changes and logs nothing", () => {
  const { world, esx165, uuid } = stage("clone-assigned");
  const before = structuredClone(world.model);
  const { version } = world;
  faultOf(() => change(world, unmountVmfs, esx165.id, uuid));
  faultOf(() => change(world, detachScsiLun, esx165.id, diskUuid(esx165)));
  expect(world.model).toEqual(before);
  expect(world.mutations).toEqual([]);
  expect(world.version).toBe(version);
});
