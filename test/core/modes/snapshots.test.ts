import { describe, expect, test } from "vitest";
import type { Mode } from "../../../src/core/domain/modes.ts";
import {
  CLONE,
  cloneOf,
  drafted,
  GOLD,
  NEWEST,
  OLDEST,
  refusedWith,
  seen,
  withTraits,
} from "../../support/observations.ts";

const CHOOSING: readonly Mode[] = ["automated_testing", "rollback"];

describe.each(CHOOSING)("the snapshot of %s", (mode) => {
  const chosen = (snapshot?: string, snapshots = [NEWEST, OLDEST]) =>
    drafted(mode, seen([], { snapshots }), snapshot === undefined ? {} : { snapshot }).snapshot;
  const refused = (snapshots: readonly (typeof NEWEST)[], snapshot?: string) =>
    refusedWith(mode, seen([], { snapshots }), snapshot === undefined ? {} : { snapshot });

  test("is the latest unless one is named, by its name or its id", () => {
    expect(chosen()).toEqual({ snapshot: NEWEST, chosenBy: "latest" });
    expect(chosen(OLDEST.name)).toEqual({ snapshot: OLDEST, chosenBy: "name" });
    expect(chosen(OLDEST.id)).toEqual({ snapshot: OLDEST, chosenBy: "name" });
  });

  test("is refused where there is none, or none of that name", () => {
    expect(refused([])).toBe("NO_SNAPSHOTS");
    expect(refused([NEWEST], "nightly-26")).toBe("SNAPSHOT_NOT_FOUND");
  });

  test("is refused where its name is not its own, chosen as the latest too; by its id it is that one", () => {
    const twins = [NEWEST, { ...OLDEST, name: NEWEST.name }];
    expect(refused(twins)).toBe("SNAPSHOT_AMBIGUOUS");
    expect(refused(twins, NEWEST.name)).toBe("SNAPSHOT_AMBIGUOUS");
    expect(chosen(OLDEST.id, twins)?.snapshot.id).toBe(OLDEST.id);
  });

  test("is refused where two were made at the same last instant", () => {
    expect(refused([NEWEST, { ...OLDEST, createdAt: NEWEST.createdAt }])).toBe("SNAPSHOT_AMBIGUOUS");
  });
});

describe("snapshots that a rollback would go past", () => {
  const back = { snapshot: OLDEST.name };
  const idle = cloneOf("idle-one");

  test("are lost, each named, where the array loses them", () => {
    const draft = drafted("rollback", seen([]), back);
    expect(draft.impact.snapshotsLost.map(({ id }) => id)).toEqual([NEWEST.id]);
    expect(draft.warnings.join()).toMatch(/8 days old.*1 newer snapshot: nightly-27/);
    expect(draft.steps.find((step) => step.kind === "rollback_volume")).toMatchObject({ lost: [NEWEST.id] });
  });

  test("stay where the array keeps them", () => {
    const draft = drafted("rollback", seen([], { array: withTraits({ newerSnapshots: "kept" }) }), back);
    expect(draft.impact.snapshotsLost).toEqual([]);
  });

  test("forbid it while a clone of one stays, and not for a clone that the plan deletes", () => {
    expect(refusedWith("rollback", seen([], {}, [idle]), back)).toBe("VOLUME_IN_USE");
    expect(refusedWith("rollback", seen([CLONE]), { ...back, keepClone: true })).toBe("VOLUME_IN_USE");
    expect(refusedWith("rollback", seen([CLONE]), back)).toBe("planned");
    expect(refusedWith("rollback", seen([], {}, [cloneOf("idle-one", OLDEST)]), back)).toBe("planned");
  });

  test("forbid it for a clone of gold of which the array does not tell the snapshot", () => {
    const untold = { ...idle, parent: { volumeId: GOLD.id } };
    expect(refusedWith("rollback", seen([], {}, [untold]), back)).toBe("VOLUME_IN_USE");
    expect(refusedWith("rollback", seen([], {}, [untold]))).toBe("planned");
  });

  test("do not forbid it on an array that splits clones off", () => {
    expect(refusedWith("rollback", seen([], { array: withTraits({ blockedByClonesOf: "none" }) }, [idle]), back)).toBe(
      "planned",
    );
  });
});
