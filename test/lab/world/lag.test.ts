import { describe, expect, onTestFinished, test, vi } from "vitest";
import { assign, createClone } from "../../../src/lab/world/array.ts";
import { type LagSettings, parseLag } from "../../../src/lab/world/lag.ts";
import { devicePathOf } from "../../../src/lab/world/model.ts";
import { rescanHba, rescanVmfs } from "../../../src/lab/world/rescan.ts";
import { naaOfVolume } from "../../../src/lab/world/state.ts";
import { forceMount } from "../../../src/lab/world/storage.ts";
import { touchWorld } from "../../../src/lab/world/touches/touch.ts";
import { World } from "../../../src/lab/world/world.ts";
import { change } from "../../support/change.ts";
import { goldIn } from "../arrays/dgs/array.ts";

/** A fresh copy is assigned to the host, and nobody has rescanned. */
function stage(lag: LagSettings) {
  const world = new World({ scenario: { scenario: "empty", lag } });
  const [host] = world.model.hosts;
  if (host === undefined) throw new Error("a host expected");
  const { policyId, snapshots } = goldIn(world);
  const clone = change(world, createClone, policyId, snapshots.at(-1)?.id ?? "", "fresh");
  change(world, assign, clone.id, host.clientId);
  return {
    world,
    host,
    naa: naaOfVolume(clone),
    hba: () => change(world, rescanHba, host.id),
    vmfs: () => change(world, rescanVmfs, host.id),
    disks: () => host.disks.length,
    copies: () => host.unresolved.length,
  };
}

function seeAfter(act: () => void, see: () => number): number {
  act();
  return see();
}

describe("what is late by rescans", () => {
  test("a disk shows with so many further rescans of the HBAs, whatever is read", () => {
    const { world, hba, vmfs, disks } = stage({ disk: { rescans: 2 } });
    const seen = [hba, hba, vmfs, () => world.countRead(), hba].map((act) => seeAfter(act, disks));
    expect(seen).toEqual([0, 0, 0, 0, 1]);
  });

  test("an unresolved copy shows with a further rescan of VMFS, and stays", () => {
    const { hba, vmfs, copies } = stage({ volume: { rescans: 1 } });
    expect([hba, vmfs, hba, vmfs, vmfs].map((act) => seeAfter(act, copies))).toEqual([0, 0, 0, 1, 1]);
  });

  test("gold mounts by itself with a further rescan", () => {
    const { world, host, hba, vmfs } = stage({ volume: { rescans: 1 } });
    change(world, assign, goldIn(world).gold.id, host.clientId);
    hba();
    expect([vmfs, vmfs].map((act) => seeAfter(act, () => host.mounts.length))).toEqual([0, 1]);
  });
});

test("what is late by reads shows with the last of them, without a rescan", () => {
  const { world, hba, vmfs, copies } = stage({ volume: { reads: 2 } });
  hba();
  const seen = [vmfs, vmfs, () => world.countRead(), () => world.countRead()].map((act) => seeAfter(act, copies));
  expect(seen).toEqual([0, 0, 0, 1]);
});

test("what is late by milliseconds shows when they have passed, and wakes who waits", () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const { world, hba, disks } = stage({ disk: { ms: 5000 } });
  hba();
  vi.advanceTimersByTime(4999);
  expect(disks()).toBe(0);
  const { version } = world;
  vi.advanceTimersByTime(2);
  expect(disks()).toBe(1);
  expect(world.version).toBe(version + 1);
});

test("a datastore is mounted on its host before vCenter lists it", () => {
  const { world, host, naa, hba, vmfs } = stage({ datastore: { reads: 1 } });
  hba();
  vmfs();
  change(world, forceMount, host.id, devicePathOf(naa));
  expect(host.mounts).toMatchObject([{ mounted: true, accessible: true }]);
  expect(world.model.datastores).toMatchObject([{ late: true }]);
  world.countRead();
  expect(world.model.datastores.map(({ late }) => late)).toEqual([undefined]);
});

test("a touch sets the lag from then on, and ends it", () => {
  const { world, hba, vmfs, copies } = stage({});
  touchWorld(world.state, { what: "lag", kind: "volume", rescans: 1 });
  hba();
  vmfs();
  expect(copies()).toBe(0);
  touchWorld(world.state, { what: "lag", kind: "volume", rescans: 0 });
  vmfs();
  expect(copies()).toBe(1);
});

test("the option's words are read, and others are refused with the right ones", () => {
  expect(parseLag("disk=1rescan, volume=2rescans,volume=3reads,datastore=2s")).toEqual({
    disk: { rescans: 1 },
    volume: { rescans: 2, reads: 3 },
    datastore: { ms: 2000 },
  });
  for (const bad of ["disk", "disk=1", "lun=1rescan"]) expect(() => parseLag(bad)).toThrow(RangeError);
});
