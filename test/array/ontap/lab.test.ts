import { randomUUID } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { StorageArray } from "../../../src/array/driver.ts";
import { naaOfSerial } from "../../../src/array/ontap/reads.ts";
import { asClientId } from "../../../src/core/domain/ids.ts";
import type { Snapshot, Volume } from "../../../src/core/ports/array.ts";
import { serialOf } from "../../../src/lab/arrays/ontap/style.ts";
import type { FaultAction } from "../../../src/lab/world/faults.ts";
import { refusal } from "../dgs/support.ts";
import { GOLD, startLab, type TestLab, TOKEN } from "./support.ts";

const first = <T>(items: readonly T[]): T => {
  const [item] = items;
  if (item === undefined) throw new Error("the lab has none");
  return item;
};

let lab: TestLab;
let array: StorageArray;
const open = async (options: Parameters<typeof startLab>[0] = {}): Promise<void> => {
  await lab?.close();
  lab = await startLab(options);
  array = lab.connect();
};
beforeEach(() => open());
afterEach(async () => {
  // Whatever was met, no secret got into the log.
  expect(lab.log.text()).not.toContain("canary");
  await lab.close();
});

const fault = (
  op: string,
  kind: "reset" | "reset-after" | "hang" | "http503" | "http500" | "garbage" | "job-failed",
  times = 1,
): void => {
  const action: FaultAction = { kind };
  lab.world.faults.add({ api: "dgs", op, times, action });
};
const goldAndSnapshots = async (): Promise<{ gold: Volume; snapshots: Snapshot[] }> => {
  const gold = first(await array.reader.volumes({ name: GOLD }));
  return { gold, snapshots: await array.reader.snapshots({ volumeId: gold.id }) };
};
const clone = async (name: string, snapshot = -1) => {
  const { gold, snapshots } = await goldAndSnapshots();
  const snapshotId = first(snapshots.slice(snapshot)).id;
  return array.writer.createClone({ volumeId: gold.id, snapshotId, name }, randomUUID());
};
const calls = (): Record<string, number> => ({ ...lab.world.faults.calls().dgs });
const named = (name: string): number => lab.world.model.volumes.filter((volume) => volume.name === name).length;

describe("reading", () => {
  it("computes the NAA of a serial as NetApp's code does", () => {
    expect(naaOfSerial("80E7/]LZp1Tt")).toBe("naa.600a0980383045372f5d4c5a70315474");
  });

  it("observes everything in six calls, whatever the number of volumes", async () => {
    await open({ scenario: { scenario: "fleet", clients: 40 } });
    const { reader } = array;
    const [volumes, clients, assignments] = await Promise.all([
      reader.volumes(),
      reader.clients(),
      reader.assignments(),
      reader.traits(),
    ]);
    const gold = first(volumes.filter(({ name }) => name === GOLD));
    expect((await reader.snapshots({ volumeId: gold.id })).length).toBeGreaterThan(2);
    expect([clients.length, assignments.length]).toEqual([40, 40]);
    expect(calls()).toEqual({
      GetCluster: 1,
      ListVolumes: 1,
      ListLuns: 1,
      ListIgroups: 1,
      ListLunMaps: 1,
      ListSnapshots: 1,
    });
  });

  it("has the NAA that hosts see, the parent and the serial of each volume, of its own SVM alone", async () => {
    await open({ scenario: { scenario: "clone-assigned" } });
    const volumes = await array.reader.volumes();
    expect(volumes.filter(({ name }) => name === GOLD)).toHaveLength(1);
    for (const volume of lab.world.model.volumes) {
      expect(volumes.find(({ id }) => id === volume.id)).toMatchObject({
        naa: `naa.${volume.guid}`,
        label: serialOf(volume),
        ...(volume.parentVolumeId === undefined
          ? {}
          : { parent: { volumeId: volume.parentVolumeId, snapshotId: volume.parentSnapshotId } }),
      });
    }
  });

  it("says why a volume cannot be used, and leaves out what is no disk of anybody's", async () => {
    const volumes = await array.reader.volumes();
    const why = Object.fromEntries(volumes.map(({ name, unusable }) => [name, unusable]));
    expect(why).toMatchObject({
      [GOLD]: undefined,
      iso_library: "holds no LUN",
      legacy_luns: "holds 2 LUNs, and what is done to it is done to all of them",
      retired: "is offline, not online",
    });
    expect(Object.keys(why)).not.toContain("mirror_dest");
    expect(Object.keys(why)).not.toContain("lab1_root");
    expect(new Set(volumes.map(({ naa }) => naa)).size).toBe(volumes.length);
  });

  it("counts a map to a group of igroups for each in it, and never unmaps that", async () => {
    const { world } = lab;
    const [one, two] = world.model.clients;
    world.model.clients.push({
      id: "aaaaaaaa-0000-4000-a000-000000000001",
      name: "cluster",
      hostAddress: "",
      initiators: [],
      members: [one?.id ?? "", two?.id ?? ""],
    });
    const { gold } = await goldAndSnapshots();
    await array.writer.assign({ volumeId: gold.id, clientId: asClientId("aaaaaaaa-0000-4000-a000-000000000001") }, "k");
    const held = await array.reader.assignments({ volumeId: gold.id });
    expect(held.map(({ clientId, via }) => [clientId, via])).toEqual([
      ["aaaaaaaa-0000-4000-a000-000000000001", "direct"],
      [one?.id, "group"],
      [two?.id, "group"],
    ]);
    const group = first(await array.reader.clients({ name: "cluster" }));
    expect(group).toMatchObject({ group: true, initiators: [...(one?.initiators ?? []), ...(two?.initiators ?? [])] });
    const mine = first(await array.reader.assignments({ clientId: asClientId(one?.id ?? "") }));
    expect(await refusal(array.writer.unassign(mine.id, "k"))).toMatchObject({ code: "ASSIGNED_THROUGH_GROUP" });
    expect(lab.world.model.assignments).toHaveLength(1);
  });

  it("reads on after broken connections and a busy management service, and passes an internal error on", async () => {
    for (const kind of ["reset", "http503"] as const) {
      fault("ListIgroups", kind);
      expect(await array.reader.clients({ name: "CDS1-ESX165" })).toHaveLength(1);
    }
    fault("ListIgroups", "http500");
    expect(await refusal(array.reader.clients())).toMatchObject({ code: "REMOTE_FAULT", found: { code: "393271" } });
    fault("ListIgroups", "garbage");
    expect(await refusal(array.reader.clients())).toMatchObject({ code: "REMOTE_GARBAGE" });
  });
});

describe("who it is", () => {
  it("may be a token instead of a user, where the release takes them", async () => {
    const { username: _user, password: _password, ...rest } = lab.options;
    const { createOntap } = await import("../../../src/array/ontap/array.ts");
    const byToken = createOntap({ ...rest, token: () => TOKEN });
    expect((await byToken.reader.clients()).length).toBe(2);
    await byToken.close();
    await open({ version: "9.10" });
    const old = createOntap({ ...lab.options, token: () => TOKEN });
    expect(await refusal(old.reader.clients())).toMatchObject({ code: "AUTHENTICATION_FAILED" });
    await old.close();
  });

  it("needs the SVM's name, and says so", () => {
    for (const settings of [undefined, {}, { svm: "" }, { svm: "a", more: 1 }]) {
      expect(() => lab.connect({ settings })).toThrow(expect.objectContaining({ code: "CONFIG_INVALID" }));
    }
  });

  it("names the release, goes on where the account may not read it, and refuses one that is too old", async () => {
    expect((await array.reader.traits()).product).toBe("ONTAP 9.14.1");
    await open({ doubts: "version=forbidden" });
    expect((await array.reader.traits()).product).toBe("ONTAP");
    await open({ version: "9.9" });
    expect(await refusal(array.reader.traits())).toMatchObject({ message: expect.stringContaining("9.9.1") });
  });
});

describe("a clone", () => {
  it("is made once over repeats, off the snapshot schedule, its LUN ready", async () => {
    await open({ doubts: "clone-lun=late,records=absent" });
    const made = await clone("one");
    expect(await clone("one")).toEqual(made);
    expect(named("one")).toBe(1);
    expect(await array.reader.volume(made.volumeId)).toMatchObject({
      name: "one",
      naa: expect.stringMatching(/^naa\.600a0980/),
    });
    const ops = lab.world.mutations.map(({ op }) => op);
    expect(ops).toEqual(["CloneVolume", "ModifyVolume"]);
  });

  it("is not taken for another snapshot's of the same name", async () => {
    await clone("one", -1);
    expect(await refusal(clone("one", -2))).toMatchObject({
      code: "REMOTE_FAULT",
      message: expect.stringContaining("no clone of this snapshot"),
      extra: { settled: true },
    });
  });

  it.each(["reset", "reset-after", "garbage"] as const)(
    "is not known of when the call met %s; a repeat makes one, not two and not none",
    async (kind) => {
      fault("CloneVolume", kind);
      expect(await refusal(clone("lost"))).toMatchObject({ code: "OUTCOME_UNKNOWN", extra: { settled: false } });
      await clone("lost");
      expect(named("lost")).toBe(1);
    },
  );

  it("is not known of where no answer comes in time, which names the limit", async () => {
    const { gold, snapshots } = await goldAndSnapshots();
    const hurried = lab.connect({ timeouts: { connectMs: 5_000, callMs: 300, jobMs: 60_000 } });
    const what = { volumeId: gold.id, snapshotId: first(snapshots).id, name: "late" };
    fault("CloneVolume", "hang");
    const error = await refusal(hurried.writer.createClone(what, randomUUID()));
    expect(error).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    expect(error.message).toContain("limits.arrayCall");
    fault("ListVolumes", "hang");
    expect(await refusal(hurried.reader.volumes())).toMatchObject({
      code: "TIMED_OUT",
      found: { action: expect.any(String), limit: "limits.arrayCall" },
      hint: expect.stringContaining("limits.arrayCall"),
    });
  });

  it.each(["string", "integer"])("fails with its job's own words, also with a code that is a %s", async (code) => {
    await open({ doubts: `job-code=${code}` });
    fault("CloneVolume", "job-failed");
    expect(await refusal(clone("failed"))).toMatchObject({
      code: "REMOTE_FAULT",
      found: { code: "460770", jobId: expect.any(String) },
      extra: { settled: true },
    });
    expect(named("failed")).toBe(0);
  });

  it("is looked for where the cluster forgets its jobs, and followed through an outage", async () => {
    fault("GetJob", "reset", 5);
    await clone("outage");
    await open({ doubts: "ended-jobs=forgotten" });
    await clone("forgotten");
    expect(named("forgotten")).toBe(1);
  });
});

describe("a deletion", () => {
  it("never forces, so that the volume waits in the recovery queue; a mapped clone and gold are refused unsent", async () => {
    await open({ doubts: "delete-mapped=allowed,ended-jobs=forgotten" });
    const { volumeId } = await clone("one");
    const clientId = first(await array.reader.clients()).id;
    const { assignmentId } = await array.writer.assign({ volumeId, clientId }, "k");
    expect(await refusal(array.writer.deleteClone(volumeId, "k"))).toMatchObject({ code: "REMOTE_FAULT" });
    await array.writer.unassign(assignmentId, "k");
    await array.writer.deleteClone(volumeId, "k");
    expect(lab.server.recoveryQueue()).toEqual([expect.stringMatching(/^one_/)]);
    const { gold } = await goldAndSnapshots();
    expect(await refusal(array.writer.deleteClone(gold.id, "k"))).toMatchObject({ code: "FORBIDDEN" });
    expect(calls()["DeleteVolume"]).toBe(1);
  });

  it("of a clone with clones of its own is refused by the array, in words that say what to do", async () => {
    const { volumeId } = await clone("one");
    const { snapshotId } = await array.writer.takeSnapshot({ volumeId, name: "inner" }, "k");
    await array.writer.createClone({ volumeId, snapshotId, name: "two" }, "k");
    expect(await array.reader.dependents(volumeId)).toMatchObject({ snapshots: 1, clones: [expect.any(String)] });
    expect(await refusal(array.writer.deleteClone(volumeId, "k"))).toMatchObject({ found: { code: "524615" } });
  });
});

describe("a restore", () => {
  const restore = async (back: number) => {
    const { gold, snapshots } = await goldAndSnapshots();
    const snapshotId = first(snapshots.slice(back)).id;
    return { gold, done: array.writer.rollback({ volumeId: gold.id, snapshotId }, "k") };
  };

  it("gives back the LUN's NAA, the same or another", async () => {
    const { gold, done } = await restore(-1);
    expect(await done).toEqual({ naa: gold.naa });
    await open({ doubts: "restore=renews" });
    const other = await restore(-1);
    expect((await other.done).naa).not.toBe(other.gold.naa);
  });

  it.each(["job", "call"])("past a snapshot with clones is refused in the array's words, by the %s", async (where) => {
    await open({ doubts: `blocked-restore=${where}` });
    await clone("one");
    expect(await refusal((await restore(-2)).done)).toMatchObject({
      code: "REMOTE_FAULT",
      found: { code: "524511" },
      extra: { settled: true },
    });
  });

  it("is not known of where the cluster forgets its jobs, nor sent again where it is busy", async () => {
    await open({ doubts: "ended-jobs=forgotten" });
    expect(await refusal((await restore(-1)).done)).toMatchObject({ code: "OUTCOME_UNKNOWN" });
    fault("RestoreVolume", "http503");
    expect(await refusal((await restore(-1)).done)).toMatchObject({ code: "UNREACHABLE" });
    expect(calls()["RestoreVolume"]).toBe(2);
  });
});
