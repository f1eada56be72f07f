/** What is mounted, and what is not, by what the host shows for the volume's disk. */
import { describe, expect, it, test } from "vitest";
import { type ErrorCode, PrepError } from "../../../src/core/domain/errors.ts";
import { asMoRef, asVolumeId } from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { Datastore, UnresolvedCopy, VmfsMount } from "../../../src/core/ports/hypervisor.ts";
import type { Step } from "../../../src/core/steps/types.ts";
import { refusal } from "../../support/engine.ts";
import { datastoreLike, mountLike, NAA, OTHER_NAA, OTHER_VMFS, smallWorld, VMFS } from "../../support/small-world.ts";
import { actOf, doneOf } from "../../support/step-world.ts";

const step: Step = {
  id: "s1",
  after: [],
  kind: "mount_copy",
  volume: { id: asVolumeId("vol-1"), naa: NAA, name: plainName("clone") },
  vmfsUuid: VMFS,
};

const extent = (devicePath: string, more: { naa?: typeof NAA; isHead?: boolean } = {}) => ({
  naa: NAA,
  devicePath,
  isHead: true,
  ...more,
});

const copyLike = (changes: Partial<UnresolvedCopy> = {}): UnresolvedCopy => ({
  vmfsUuid: VMFS,
  label: plainName("Gold"),
  extents: [extent("own:1")],
  resolvable: true,
  multipleCopies: false,
  incompleteExtents: false,
  ...changes,
});

const other = mountLike({ vmfsUuid: OTHER_VMFS, label: plainName("Silver"), extents: [OTHER_NAA] });
const unmounted = mountLike({ mounted: false, accessible: false });
const inaccessible = mountLike({ accessible: false });

type Look<T> = readonly T[] | ErrorCode;

interface Shown {
  /** What the host shows before anything is mounted, look for look, the last from then on. */
  readonly mounts?: readonly Look<VmfsMount>[];
  readonly copies?: readonly (readonly UnresolvedCopy[])[];
  /** And after it. */
  readonly after?: Look<VmfsMount>;
  readonly datastores?: Look<Datastore>;
}

/** A host and what it was asked to do. */
function host({ mounts = [[other]], copies = [[]], after = [mountLike()], datastores = [datastoreLike()] }: Shown) {
  const asked: string[] = [];
  let isMounted = false;
  let looks = 0;
  let reads = 0;
  const seen = <T>(look: Look<T>): readonly T[] => {
    if (typeof look === "string") throw new PrepError(look, "Away.", { hint: "Wait." });
    return look;
  };
  const nth = <T>(all: readonly T[], at: number): T => all[Math.min(at, all.length) - 1] ?? expect.fail();
  const ask = (what: string) => {
    asked.push(what);
    isMounted = true;
  };
  const small = smallWorld({
    hypervisor: {
      hostDevices: async () => {
        looks += 1;
        return { disks: [], mounts: seen(isMounted ? after : nth(mounts, looks)) };
      },
      unresolvedCopies: async () => {
        reads += 1;
        return [...nth(copies, reads)];
      },
      inventory: async () => ({ hosts: [], datastores: seen(datastores), unreadable: [] }),
      rescanVolumes: async () => void asked.push("rescan"),
      mount: async (_host, vmfsUuid) => ask(`mount ${vmfsUuid}`),
      forceMount: async (_host, devicePath) => ask(`force-mount ${devicePath}`),
    },
  });
  const carryOut = async (one: Step = step) => (await actOf(one, small.world))(small.world);
  return { ...small, asked, carryOut };
}

describe("a volume that the host has mounted", () => {
  test("is done, and nothing is asked for", async () => {
    const { world } = host({ mounts: [[other, mountLike()]] });
    const datastore = { id: "datastore-1", name: "Gold", vmfsUuid: VMFS };
    expect(await doneOf(step, world)).toEqual({ detail: "mounted by itself as Gold", outputs: { datastore } });
  });

  test("by itself, while it was waited for, is done", async () => {
    const { carryOut, asked } = host({ mounts: [[other], [mountLike()]] });
    expect((await carryOut()).detail).toBe("mounted by itself as Gold");
    expect(asked).toEqual([]);
  });

  it.each([
    [
      "has no datastore yet, which is another Datacenter's",
      [datastoreLike({ datacenterId: asMoRef("dc-2") }), datastoreLike({ extents: [OTHER_NAA] })],
      "mounted by itself; vCenter does not list its datastore yet",
    ],
    [
      "has a datastore that cannot be read",
      "UNREACHABLE",
      "mounted by itself; its datastore could not be read in vCenter (Away.)",
    ],
  ] as const)("%s, and is done", async (_what, datastores, detail) => {
    const { world } = host({ mounts: [[mountLike()]], datastores });
    expect(await doneOf(step, world)).toEqual({ detail });
  });
});

describe("a volume that is there and not mounted", () => {
  it.each<[string, Shown, string, string]>([
    ["is mounted where somebody unmounted it", { mounts: [[other, unmounted]] }, `mount ${VMFS}`, "mounted as Gold"],
    ["is force-mounted where it is a copy", { copies: [[copyLike()]] }, "force-mount own:1", "force-mounted as Gold"],
    [
      "is mounted from its own disk among the copies of its signature",
      {
        copies: [
          [
            copyLike({ vmfsUuid: OTHER_VMFS, extents: [extent("other:1", { naa: OTHER_NAA })] }),
            copyLike({ extents: [extent("other:1", { naa: OTHER_NAA }), extent("own:1")] }),
          ],
        ],
      },
      "force-mount own:1",
      "force-mounted as Gold",
    ],
    [
      "is mounted by its first partition",
      { copies: [[copyLike({ extents: [extent("own:2", { isHead: false }), extent("own:1")] })]] },
      "force-mount own:1",
      "force-mounted as Gold",
    ],
    [
      "is mounted by what there is where the host calls none the first",
      { copies: [[copyLike({ extents: [extent("own:1", { isHead: false }), extent("own:2", { isHead: false })] })]] },
      "force-mount own:1",
      "force-mounted as Gold",
    ],
  ])("%s", async (_what, shown, ask, detail) => {
    const { carryOut, asked, progress } = host(shown);
    expect((await carryOut()).detail).toBe(detail);
    expect(asked).toEqual([ask]);
    expect(progress).toEqual([]);
  });

  test("is looked for again, each time after a rescan, of which is told", async () => {
    const { carryOut, asked, progress } = host({ copies: [[], [], [copyLike()]] });
    await carryOut();
    expect(asked).toEqual(["rescan", "rescan", "force-mount own:1"]);
    expect(progress).toEqual(Array(2).fill(`waiting for the VMFS volume on ${NAA}`));
  });

  it.each<[string, Shown]>([
    ["the host shows nothing of it", {}],
    ["its mount has lost its disk", { mounts: [[inaccessible]] }],
    [
      "only copies on other disks are there",
      { copies: [[copyLike({ extents: [extent("other:1", { naa: OTHER_NAA })] })]] },
    ],
  ])("is not mounted where %s", async (_what, shown) => {
    const { carryOut, asked, waits } = host(shown);
    const error = await refusal(carryOut(), "COPY_NOT_FOUND");
    expect(error.found).toEqual({ naa: NAA, host: "host-1" });
    expect(asked).toEqual(waits.map(() => "rescan"));
  });
});

describe("nothing is mounted of what is not surely the volume", () => {
  const strange = { naa: NAA, vmfsUuid: OTHER_VMFS, expected: VMFS };

  it.each<[string, Shown, unknown]>([
    ["a mount of another signature", { mounts: [[other], [mountLike({ vmfsUuid: OTHER_VMFS })]] }, strange],
    ["a copy of another signature", { copies: [[copyLike({ vmfsUuid: OTHER_VMFS })]] }, strange],
    [
      "two copies on one disk",
      { copies: [[copyLike(), copyLike({ vmfsUuid: OTHER_VMFS })]] },
      { naa: NAA, copies: [VMFS, OTHER_VMFS] },
    ],
  ])("%s", async (_what, shown, found) => {
    const { carryOut, asked } = host(shown);
    expect((await refusal(carryOut(), "COPY_AMBIGUOUS")).found).toEqual(found);
    expect(asked).toEqual([]);
  });

  test("where the family's signature was never seen, any is the volume's", async () => {
    const { carryOut } = host({
      copies: [[copyLike({ vmfsUuid: OTHER_VMFS })]],
      after: [mountLike({ vmfsUuid: OTHER_VMFS })],
    });
    const { vmfsUuid: _, ...unknown } = { ...step, kind: "mount_copy" as const, volume: step.volume };
    expect((await carryOut(unknown)).detail).toMatch(/^force-mounted/);
  });

  it.each([
    ["extents are missing", { incompleteExtents: true, multipleCopies: true }, []],
    ["there are several copies", { multipleCopies: true }, []],
    [
      "there are several copies",
      { extents: [OTHER_NAA, NAA, OTHER_NAA, NAA].map((naa) => extent("x", { naa })) },
      [OTHER_NAA],
    ],
    ["the host gives no reason", {}, []],
  ])("what the host cannot resolve: %s", async (why, changes, otherDisks) => {
    const { carryOut, asked } = host({ copies: [[copyLike({ resolvable: false, ...changes })]] });
    const error = await refusal(carryOut(), "REMOTE_FAULT");
    const beside = otherDisks.length === 0 ? "" : ` Other disks with its signature: ${OTHER_NAA}.`;
    expect(error.message).toBe(`The host says that the copy on ${NAA} cannot be resolved: ${why}.${beside}`);
    expect(error.found).toEqual({ naa: NAA, vmfsUuid: VMFS, otherDisks });
    expect(error.hint).toMatch(otherDisks.length === 0 ? /Mount VMFS dialogue/ : /^Unassign the other disks/);
    expect(asked).toEqual([]);
  });
});

describe("a mount that was asked for", () => {
  it.each([
    [
      "names what came up in its place",
      [other, unmounted],
      /Silver \(.*\)\.$/,
      [{ vmfsUuid: OTHER_VMFS, disks: [OTHER_NAA] }],
    ],
    ["says so where nothing came up", [unmounted], /now: no VMFS volume\.$/, []],
    ["counts for nothing without its disk", [inaccessible], /Gold \(.*\)\.$/, [{ vmfsUuid: VMFS, disks: [NAA] }]],
  ])("%s", async (_what, after, message, mounted) => {
    const { carryOut, waits } = host({ copies: [[copyLike()]], after });
    const error = await refusal(carryOut(), "TIMED_OUT");
    expect(error.message).toMatch(message);
    expect(error.found).toEqual({ naa: NAA, host: "host-1", mounted });
    expect(waits.length).toBeGreaterThan(1);
  });

  test("is done where the host cannot be asked, and that is said", async () => {
    const { carryOut } = host({ copies: [[copyLike()]], after: "UNREACHABLE" });
    expect(await carryOut()).toEqual({
      detail: "force-mounted, as vCenter says; the host could not be asked (Away.)",
    });
  });
});
