import { beforeEach, describe, expect, it } from "vitest";
import type { ErrorCode } from "../../../src/core/domain/errors.ts";
import {
  asAssignmentId,
  asClientId,
  asSnapshotId,
  asVolumeId,
  naaOf,
  type SnapshotId,
} from "../../../src/core/domain/ids.ts";
import { plainName } from "../../../src/core/domain/safe-text.ts";
import type { Snapshot, Volume } from "../../../src/core/ports/array.ts";
import type { WritableWorld } from "../../../src/core/steps/types.ts";
import { refusal, withEngine } from "../../support/engine.ts";
import { smallWorld, traitsLike, volumeLike } from "../../support/small-world.ts";
import { actOf, codeOf, stepBench } from "../../support/step-world.ts";

const bench = await withEngine();
const steps = await stepBench(bench);

beforeEach(() => bench.reset("empty"));

/** Gold back to its latest snapshot: nothing else is lost. */
async function toLatest() {
  const { volume, snapshots } = await steps.gold();
  const [snapshot] = snapshots;
  if (snapshot === undefined) throw new Error("gold has no snapshot");
  const rolledBack = async (): Promise<boolean> =>
    (await bench.control.state()).mutations.some((change) => change.op === "RollbackSnapshot");
  const step = { id: "s1", after: [], kind: "rollback_volume", gold: volume, snapshot, lost: [] } as const;
  return { step, volume, snapshot, rolledBack };
}

it("rolls gold back", async () => {
  const { step, rolledBack } = await toLatest();
  const world = await steps.world();
  await (await actOf(step, world))(world);
  expect(await rolledBack()).toBe(true);
});

it.each([
  { change: "gold is assigned", touch: "assign", code: "VOLUME_IN_USE" },
  { change: "a newer snapshot is taken", touch: "new-snapshot", code: "STALE_PLAN" },
  { change: "the snapshot is deleted", touch: "delete-snapshot", code: "STALE_PLAN" },
])("does not roll back where $change after the check", async ({ touch, code }) => {
  const { step, volume, snapshot, rolledBack } = await toLatest();
  const world = await steps.world();
  const act = await actOf(step, world);
  await bench.control.touch(touch, {
    lun: volume.id,
    ...(touch === "delete-snapshot" ? { snapshot: snapshot.id } : {}),
  });
  expect(await codeOf(act(world))).toBe(code);
  expect(await rolledBack()).toBe(false);
});

it("does not roll back past snapshots that have clones, and names these: one of no known snapshot may be of any", async () => {
  const { volume, snapshots } = await steps.gold();
  const [newest, older] = snapshots;
  if (newest === undefined || older === undefined) throw new Error("gold has one snapshot");
  const world = await steps.world();
  const cloneOf = (id: string, snapshotId?: SnapshotId): Volume => ({
    id: asVolumeId(id),
    name: plainName(id),
    naa: volume.naa,
    sizeBytes: 1,
    createdAt: newest.createdAt,
    parent: { volumeId: volume.id, ...(snapshotId === undefined ? {} : { snapshotId }) },
  });
  const withClones = (...clones: Volume[]): WritableWorld => ({
    ...world,
    array: { ...world.array, volumes: async () => clones },
  });
  const to = (snapshot: Snapshot) =>
    ({
      id: "s1",
      after: [],
      kind: "rollback_volume",
      gold: volume,
      snapshot,
      lost: snapshots.map(({ id }) => id),
    }) as const;
  const clones = [cloneOf("a", newest.id), cloneOf("b", older.id), cloneOf("c")];
  const error = await refusal(actOf(to(older), withClones(...clones)), "VOLUME_IN_USE");
  expect(error.found).toEqual({ clones: ["a", "c"] });
  await actOf(to(older), withClones(cloneOf("b", older.id)));
  // To the newest nothing is lost, whatever was made of it.
  await actOf(to(newest), withClones(...clones));
  const unplanned = await refusal(actOf({ ...to(older), lost: [] }, world), "STALE_PLAN");
  expect(unplanned.found).toMatchObject({ snapshots: expect.arrayContaining([{ id: newest.id, name: newest.name }]) });
});

it("says so where gold is another disk since", async () => {
  const { step, volume } = await toLatest();
  const world = await steps.world();
  const naa = naaOf("6".repeat(32));
  const other = { ...world, array: { ...world.array, rollback: async () => ({ naa }) } };
  const error = await refusal((await actOf(step, world))(other), "REMOTE_FAULT");
  expect(error.found).toEqual({ volumeId: volume.id, planned: volume.naa, now: naa });
  expect(error.extra).toEqual({ settled: true });
});

describe("by what the array does with newer snapshots, and what stops it", () => {
  const at = (day: number) => ({ createdAt: `2026-11-${day}T00:00:00.000Z` });
  const snapshotOf = (id: string, day: number): Snapshot => ({
    id: asSnapshotId(id),
    name: plainName(`${id}'s name`),
    volumeId: asVolumeId("gold"),
    ...at(day),
  });
  const chosen = snapshotOf("chosen", 12);
  const newer = [snapshotOf("newer", 13), snapshotOf("newest", 14)];
  const own = [snapshotOf("older", 11), chosen, ...newer];
  const gold = volumeLike("gold");
  const cloneOf = (snapshot?: Snapshot): Volume =>
    volumeLike("clone", { parent: { volumeId: gold.id, ...(snapshot && { snapshotId: snapshot.id }) } });

  interface Case {
    readonly newerSnapshots?: "lost" | "kept";
    readonly blockedByClonesOf?: "newer" | "none";
    readonly lost?: readonly Snapshot[];
    readonly snapshots?: readonly Snapshot[];
    readonly clones?: readonly Volume[];
    readonly assigned?: boolean;
  }

  function check({
    newerSnapshots = "lost",
    blockedByClonesOf = "newer",
    lost = newer,
    snapshots = own,
    clones = [],
    assigned = false,
  }: Case): Promise<unknown> {
    const { world } = smallWorld({
      array: {
        traits: async () => traitsLike({ newerSnapshots, blockedByClonesOf }),
        assignments: async () =>
          assigned ? [{ id: asAssignmentId("a"), volumeId: gold.id, clientId: asClientId("c"), via: "direct" }] : [],
        snapshots: async () => [...snapshots],
        volumes: async () => [...clones],
      },
    });
    return actOf(
      { id: "s1", after: [], kind: "rollback_volume", gold, snapshot: chosen, lost: lost.map(({ id }) => id) },
      world,
    );
  }

  it.each<[string, Case]>([
    ["all that is lost is planned", {}],
    ["nothing newer is there", { lost: [], snapshots: [snapshotOf("older", 11), chosen], clones: [cloneOf()] }],
    ["newer ones are kept", { newerSnapshots: "kept", lost: [] }],
    ["only older ones, or itself, have clones", { clones: [cloneOf(own[0]), cloneOf(chosen)] }],
    ["clones stop nothing there", { blockedByClonesOf: "none", clones: [cloneOf(newer[0])] }],
  ])("goes on where %s", async (_what, one) => {
    await check(one);
  });

  it.each<[string, Case, ErrorCode, unknown]>([
    [
      "a newer one is not planned",
      { lost: newer.slice(1) },
      "STALE_PLAN",
      { snapshots: [{ id: "newer", name: "newer's name" }] },
    ],
    ["the snapshot is gone", { snapshots: newer }, "STALE_PLAN", { snapshot: "chosen" }],
    [
      "one of the newer has a clone",
      { clones: [cloneOf(newer[1]), cloneOf(chosen)] },
      "VOLUME_IN_USE",
      { clones: ["clone"] },
    ],
    ["a clone may be of any", { clones: [cloneOf()] }, "VOLUME_IN_USE", { clones: ["clone"] }],
    ["a clone's descent is not told", { clones: [volumeLike("clone")] }, "VOLUME_IN_USE", { clones: ["clone"] }],
    ["gold is assigned", { assigned: true }, "VOLUME_IN_USE", { assignments: [{ id: "a", clientId: "c" }] }],
  ])("stops where %s", async (_what, one, code, found) => {
    expect((await refusal(check(one), code)).found).toEqual(found);
  });
});
