/** When a rescan is over, and what is said of disks that stay or do not come. */
import { describe, expect, it, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asAssignmentId, asClientId, asMoRef, asVolumeId, type Naa } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { Datastore, Vm } from "../../../src/core/ports/hypervisor.ts";
import { describeStep } from "../../../src/core/steps/catalog.ts";
import type { StepOf } from "../../../src/core/steps/types.ts";
import { refusal } from "../../support/engine.ts";
import { datastoreLike, diskLike, NAA, OTHER_NAA, smallWorld, vmLike } from "../../support/small-world.ts";
import { actOf, doneOf } from "../../support/step-world.ts";

const volume = { id: asVolumeId("vol-1"), naa: NAA, name: plainName("clone") };
const stepOf = (changes: Partial<StepOf<"rescan">> = {}): StepOf<"rescan"> => ({
  id: "s2",
  after: [],
  kind: "rescan",
  expectGone: [],
  ...changes,
});

interface Shown {
  /** What the host has after each rescan, the last from then on. */
  readonly disks?: readonly (readonly Naa[])[];
  readonly datastores?: readonly Datastore[];
  readonly vms?: readonly Vm[];
  readonly lunNumbers?: readonly (number | undefined)[] | undefined;
}

function host({ disks = [[]], datastores = [], vms = [], lunNumbers }: Shown) {
  let rescans = 0;
  const read: string[][] = [];
  const small = smallWorld({
    array: lunNumbers && {
      assignments: async () =>
        lunNumbers.map((lunNumber, at) => ({
          id: asAssignmentId(`a-${at}`),
          volumeId: volume.id,
          clientId: asClientId("client-1"),
          via: "direct",
          ...(lunNumber !== undefined && { lunNumber }),
        })),
    },
    hypervisor: {
      rescan: async () => {
        rescans += 1;
      },
      hostDevices: async () => ({
        disks: (disks[Math.min(rescans, disks.length) - 1] ?? expect.fail("was not rescanned")).map((naa) =>
          diskLike(naa),
        ),
        mounts: [],
      }),
      inventory: async () => {
        read.push(["inventory"]);
        return { hosts: [], datastores, unreadable: [] };
      },
      vmsOn: async (ids) => {
        read.push([...ids]);
        return [...vms];
      },
    },
  });
  const carryOut = async (step: StepOf<"rescan">) => (await actOf(step, small.world))(small.world);
  return { ...small, carryOut, read, rescans: () => rescans };
}

test("tells what it looks for", () => {
  expect(describeStep(stepOf())).toBe("Rescan the host");
  expect(describeStep(stepOf({ expectGone: [NAA, OTHER_NAA] }))).toBe(
    `Rescan the host and see ${NAA}, ${OTHER_NAA} gone`,
  );
  expect(describeStep(stepOf({ expectPresent: { from: "s1" } }))).toBe(
    "Rescan the host and see the disk of the new clone",
  );
  expect(describeStep(stepOf({ expectPresent: volume, onlyIfChanged: "s1" }))).toBe(
    `Rescan the host and see the disk of clone (${NAA}), if a disk was attached`,
  );
});

describe("a rescan", () => {
  it.each<[string, Shown, Partial<StepOf<"rescan">>, number, string]>([
    ["that is for nothing special is made once", { disks: [[NAA]] }, {}, 1, "rescanned"],
    [
      "is repeated until the disks are gone",
      { disks: [[NAA, OTHER_NAA], [OTHER_NAA], []] },
      { expectGone: [NAA, OTHER_NAA] },
      3,
      "rescanned",
    ],
    [
      "is repeated until the disk is there",
      { disks: [[], [OTHER_NAA], [NAA]] },
      { expectPresent: volume },
      3,
      `rescanned, ${NAA} is there`,
    ],
    [
      "is repeated until one disk is gone and the other there",
      { disks: [[OTHER_NAA, NAA], [NAA]] },
      { expectGone: [OTHER_NAA], expectPresent: volume },
      2,
      `rescanned, ${NAA} is there`,
    ],
  ])("%s", async (_what, shown, changes, times, detail) => {
    const { carryOut, rescans } = host(shown);
    expect(await carryOut(stepOf(changes))).toEqual({ detail });
    expect(rescans()).toBe(times);
  });

  it.each<[string, readonly (number | undefined)[] | undefined, number[] | undefined, boolean]>([
    ["under the number of a disk that goes", [undefined, 7], [3, 7], true],
    ["under a number of its own", [8, undefined], [3, 7], false],
    ["under a number that nobody tells", [undefined], [3, 7], false],
    ["where no number is freed, of which the array is not asked", undefined, undefined, false],
  ])("for a disk that comes %s", async (_what, lunNumbers, freedNumbers, isTwice) => {
    // What goes is gone at the first rescan, what comes is there at the second.
    const { carryOut, rescans } = host({ lunNumbers, disks: [[], [NAA]] });
    const { detail } = await carryOut(
      stepOf({
        expectGone: [OTHER_NAA],
        expectPresent: volume,
        ...(freedNumbers && { freedNumbers: [...freedNumbers] }),
      }),
    );
    expect(detail.includes("twice, since its LUN number was that of a removed disk")).toBe(isTwice);
    expect(rescans()).toBe(2);
  });

  test("sees what goes gone before it looks for the disk that comes under its number", async () => {
    const { carryOut } = host({ lunNumbers: [7], disks: [[OTHER_NAA, NAA]] });
    const error = await refusal(
      carryOut(stepOf({ expectGone: [OTHER_NAA], expectPresent: volume, freedNumbers: [7] })),
      "TIMED_OUT",
    );
    expect(error.found).toEqual({ host: "host-1", gone: [OTHER_NAA], present: undefined, holders: [] });
  });

  test("is made where the step before it has changed something, and not needed where it has not", async () => {
    const { world } = host({});
    const step = stepOf({ onlyIfChanged: "s1" });
    expect(await doneOf(step, world)).toEqual({ detail: "not needed" });
    await actOf(step, { ...world, changed: (id) => id === "s1" });
    await actOf(stepOf(), world);
  });
});

describe("disks that are not as expected in time", () => {
  const gone = datastoreLike({ extents: [OTHER_NAA, NAA] });
  const step = stepOf({ expectGone: [NAA] });

  test("one that does not come lacks a path; nobody is asked who holds it", async () => {
    const { carryOut, read } = host({ datastores: [gone], vms: [vmLike("on")] });
    const error = await refusal(carryOut(stepOf({ expectPresent: volume })), "TIMED_OUT");
    expect(error.message).toBe(`After repeated rescans: ${NAA} is not there.`);
    expect(error.hint).toMatch(/^Check the host's paths to the array .*raise limits\.deviceWait/);
    expect(read).toEqual([]);
  });

  test("both are named", async () => {
    const { carryOut } = host({ disks: [[OTHER_NAA]] });
    const error = await refusal(carryOut(stepOf({ expectGone: [OTHER_NAA], expectPresent: volume })), "TIMED_OUT");
    expect(error.message).toBe(`After repeated rescans: ${OTHER_NAA} is still there; ${NAA} is not there.`);
  });

  test("one that stays is held by the host's running VMs and templates on its datastores", async () => {
    const vms = [
      vmLike("on"),
      vmLike("template", { template: true, powerState: "poweredOff" }),
      vmLike("off", { powerState: "poweredOff" }),
      vmLike("far", { hostId: asMoRef("host-2") }),
      vmLike("far-template", { hostId: asMoRef("host-2"), template: true }),
    ];
    const other = datastoreLike({ id: asMoRef("datastore-2"), extents: [OTHER_NAA] });
    const { carryOut, read } = host({ disks: [[NAA]], datastores: [other, gone], vms });
    const error = await refusal(carryOut(step), "TIMED_OUT");
    expect(read).toEqual([["inventory"], ["datastore-1"]]);
    expect(error.message).toBe(`After repeated rescans: ${NAA} is still there. It is held by 2 VMs: on, template.`);
    expect(error.found).toEqual({
      host: "host-1",
      gone: [NAA],
      present: undefined,
      holders: [
        { id: "vm-on", name: "on", template: false },
        { id: "vm-template", name: "template", template: true },
      ],
    });
    expect(error.hint).toMatch(/^Power off and unregister the VMs and templates/);
  });

  test("one that stays without a datastore is held by no VM, and none is asked for", async () => {
    const { carryOut, read } = host({ disks: [[NAA]], vms: [vmLike("on")] });
    const error = await refusal(carryOut(step), "TIMED_OUT");
    expect(read).toEqual([["inventory"]]);
    expect(error.message).toBe(`After repeated rescans: ${NAA} is still there.`);
    expect(error.hint).toMatch(/^Check what on the host still refers to the disk/);
  });

  test("who holds it may be unknown; a defect is not hidden", async () => {
    const { world } = host({ disks: [[NAA]] });
    const act = await actOf(step, world);
    const failing = (thrown: Error) => ({
      ...world,
      hypervisor: { ...world.hypervisor, inventory: () => Promise.reject(thrown) },
    });
    const away = new PrepError("UNREACHABLE", "Away.", { hint: "Wait." });
    expect((await refusal(act(failing(away)), "TIMED_OUT")).found).toMatchObject({ holders: [] });
    const defect = new TypeError("a defect");
    await expect(act(failing(defect))).rejects.toBe(defect);
  });
});
