import { describe, expect, test } from "vitest";
import { CLONE, cloneOf, drafted, GOLD, graphOf, NEWEST, OLDEST, seen, vmOn } from "../../support/observations.ts";

const MODE = "rollback";
const kindsOf = (draft: ReturnType<typeof drafted>): string[] => draft.steps.map((step) => step.kind);

describe("-rvgd", () => {
  test("with nothing assigned: gold is rolled back while it is free, then assigned, seen and mounted", () => {
    const draft = drafted(MODE, seen([]));
    expect(graphOf(draft)).toEqual([
      "s1 rollback_volume",
      "s2 assign after s1",
      "s3 rescan after s2",
      "s4 attach after s3",
      "s5 rescan after s4",
      "s6 mount after s5",
    ]);
    expect(draft.steps[0]).toMatchObject({ gold: { id: GOLD.id }, snapshot: { id: NEWEST.id }, lost: [] });
    expect(draft.warnings).toEqual([
      "Everything written to the gold volume since snapshot nightly-27 (1 day old) is destroyed.",
    ]);
  });

  test("in place of a clone that is not in its way: rolled back before anything of the old environment is touched", () => {
    const draft = drafted(MODE, seen([CLONE], { vms: [vmOn(CLONE, "web-01", { powerState: "poweredOn" })] }));
    expect(graphOf(draft)).toEqual([
      "s1 rollback_volume",
      "s2 power_off after s1",
      "s3 unregister after s1",
      "s4 unmount after s2, s3",
      "s5 detach after s4",
      "s6 assign after s5",
      "s7 unassign after s6",
      "s8 rescan after s7",
      "s9 attach after s8",
      "s10 rescan after s9",
      "s11 mount after s10",
      "s12 delete_clone after s8",
      "s13 forget_device after s12",
    ]);
  });

  test.each([
    ["gold itself", seen([GOLD]), {}],
    ["a clone of a snapshot that is lost", seen([CLONE]), { snapshot: OLDEST.name }],
    ["a clone, with releaseFirst", seen([CLONE]), { releaseFirst: true }],
  ] as const)(
    "in place of %s: that leaves first, for the array rolls nothing back under it",
    (_case, observation, asked) => {
      const draft = drafted(MODE, observation, asked);
      const kinds = kindsOf(draft);
      expect(kinds.indexOf("rollback_volume")).toBeGreaterThan(kinds.indexOf("rescan"));
      expect(kinds.indexOf("rollback_volume")).toBeGreaterThan(kinds.indexOf("delete_clone"));
      expect(kinds.filter((kind) => kind === "assign" || kind === "mount")).toEqual(["assign", "mount"]);
      expect(draft.impact.clonesToDelete).toHaveLength(observation.family.length - 1);
    },
  );

  test("in place of gold and a clone beside it that a run left: both leave first", () => {
    const unfinished = { clones: [{ id: CLONE.id, name: CLONE.name }], assignsGold: false };
    const kinds = kindsOf(drafted(MODE, seen([GOLD, CLONE]), {}, { unfinished }));
    expect(kinds.filter((kind) => kind === "unassign")).toHaveLength(2);
    expect(kinds.indexOf("rollback_volume")).toBeGreaterThan(kinds.lastIndexOf("unassign"));
  });

  test("in place of a volume of which the array tells no parent: rolled back first", () => {
    const kinds = kindsOf(drafted(MODE, seen([{ ...GOLD, id: cloneOf("old").id, naa: CLONE.naa, kind: "other" }])));
    expect(kinds[0]).toBe("rollback_volume");
    expect(kinds).toContain("unassign");
  });

  test("gold that is assigned already is rolled back all the same: it is never done already", () => {
    expect(kindsOf(drafted(MODE, seen([GOLD])))).toEqual(
      expect.arrayContaining(["unassign", "rollback_volume", "assign"]),
    );
  });

  test("rests on the snapshots that it would lose: one more makes it another plan", () => {
    const named = { snapshot: OLDEST.name };
    const before = drafted(MODE, seen([], { snapshots: [OLDEST] }), named);
    expect(drafted(MODE, seen([]), named).fingerprint).not.toBe(before.fingerprint);
  });

  test("an idle clone of the chosen snapshot is in nobody's way and stays", () => {
    const draft = drafted(MODE, seen([], {}, [cloneOf("idle-one", OLDEST)]), { snapshot: OLDEST.name });
    expect(draft.impact.clonesToDelete).toEqual([]);
    expect(draft.leftovers.join()).toContain("idle-one");
  });
});
