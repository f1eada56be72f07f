import { describe, expect, test } from "vitest";
import { safeText } from "../../../src/core/domain/safe-text.ts";
import { draftOf } from "../../../src/core/modes/catalog.ts";
import type { Observation } from "../../../src/core/observe/observe.ts";
import {
  assignmentOf,
  CLIENT_ID,
  CLONE,
  cloneOf,
  datastoreOf,
  diskOf,
  drafted,
  filesOf,
  GOLD,
  graphOf,
  mountOf,
  refusedWith,
  requested,
  SIGNATURE,
  seen,
  vmOn,
} from "../../support/observations.ts";

const MODE = "maintenance";
const kindsOf = (draft: ReturnType<typeof drafted>): string[] => draft.steps.map((step) => step.kind);

const leftOf = (volume: typeof GOLD, stillListedDisks: readonly (typeof GOLD.naa)[] = []) => ({
  datastore: datastoreOf(volume, {
    accessible: false,
    name: safeText(`gold-ds of ${volume.name}`),
    pathName: `gold-ds of ${volume.name}`,
  }),
  proof: "signature" as const,
  stillListedDisks,
});
const deadOn = (volume: typeof GOLD, name: string) =>
  vmOn(volume, name, { path: `[gold-ds of ${volume.name}] ${name}/${name}.vmx`, connectionState: "inaccessible" });

describe("-M", () => {
  test("with nothing assigned: gold is assigned, seen and mounted", () => {
    const draft = drafted(MODE, seen([]));
    expect(graphOf(draft)).toEqual([
      "s1 assign",
      "s2 rescan after s1",
      "s3 attach after s2",
      "s4 rescan after s3",
      "s5 mount after s4",
    ]);
    expect(draft.steps[0]).toMatchObject({ volume: { id: GOLD.id }, client: { id: CLIENT_ID } });
    expect(draft.steps[4]).toMatchObject({ volume: { id: GOLD.id }, vmfsUuid: SIGNATURE });
    expect(draft.snapshot).toBeUndefined();
  });

  test("in place of a clone: gold, which mounts by itself, is assigned only when the clone is off the host; one rescan for both", () => {
    const vms = [vmOn(CLONE, "web-01", { powerState: "poweredOn" }), vmOn(CLONE, "db-01")];
    const draft = drafted(MODE, seen([CLONE], { vms }));
    expect(graphOf(draft)).toEqual([
      "s1 power_off",
      "s2 unregister",
      "s3 unmount after s1, s2",
      "s4 detach after s3",
      "s5 assign after s4",
      "s6 unassign after s5",
      "s7 rescan after s6",
      "s8 attach after s7",
      "s9 rescan after s8",
      "s10 mount after s9",
      "s11 delete_clone after s7",
      "s12 forget_device after s11",
    ]);
    expect(draft.steps[1]).toMatchObject({ asStoppedBy: "s1" });
    expect(draft.steps[6]).toMatchObject({
      expectGone: [CLONE.naa],
      expectPresent: { id: GOLD.id },
      freedNumbers: [7],
    });
    expect(draft.impact).toMatchObject({
      volumesToUnassign: [{ id: CLONE.id }],
      clonesToDelete: [{ id: CLONE.id }],
      vmsToUnregister: [{}, {}],
    });
  });

  test("with keepClone the clone leaves the client and is not deleted; with releaseFirst it goes first", () => {
    const kept = drafted(MODE, seen([CLONE]), { keepClone: true });
    expect(kindsOf(kept)).not.toContain("delete_clone");
    const first = kindsOf(drafted(MODE, seen([CLONE]), { releaseFirst: true }));
    expect(first.indexOf("assign")).toBeGreaterThan(first.indexOf("forget_device"));
  });

  test("what is left of disks that are gone: first of those that the host lists still, then of the others, whose mounts a rescan drops", () => {
    const [listed, gone] = [cloneOf("listed"), cloneOf("gone")];
    const world = seen([CLONE], {
      vms: [deadOn(listed, "web-01"), deadOn(gone, "db-01")],
      leftoverDatastores: [leftOf(listed, [listed.naa]), leftOf(gone)],
    });
    const draft = drafted(MODE, world);
    expect(graphOf(draft).slice(0, 7)).toEqual([
      "s1 unregister",
      "s2 rescan after s1",
      "s3 unmount after s2",
      "s4 detach after s3",
      "s5 unregister after s2",
      "s6 rescan after s4, s5",
      "s7 assign after s6",
    ]);
    expect(draft.steps).toMatchObject([
      { vms: [{ id: "vm-web-01" }] },
      { expectGone: [listed.naa] },
      {},
      {},
      { vms: [{ id: "vm-db-01" }] },
      { expectGone: [] },
      ...draft.steps.slice(6).map(() => ({})),
    ]);
    const first = drafted(MODE, world, { releaseFirst: true });
    expect(graphOf(first).slice(0, 6)).toEqual([
      "s1 unregister",
      "s2 unmount",
      "s3 detach after s2",
      "s4 unregister",
      "s5 unassign after s3, s4",
      "s6 rescan after s1, s5",
    ]);
    expect(first.steps[5]).toMatchObject({ expectGone: [CLONE.naa, listed.naa] });
  });

  test("what the count of today's VMX files says is told where files are registered once they are found, and nowhere else", () => {
    const filesToday = { count: 3, volume: { name: GOLD.name, id: GOLD.id, naa: GOLD.naa } };
    const told = (observation: Observation, registerVms: boolean, today?: typeof filesToday) =>
      draftOf({
        request: requested(MODE, { registerVms }),
        observation,
        history: { unfinished: { clones: [], assignsGold: false } },
        filesToday: today,
        now: new Date(),
      }).impact;
    expect(told(seen([]), true, filesToday).vmxFilesToday).toEqual(filesToday);
    for (const impact of [
      told(seen([]), false, filesToday),
      told(seen([]), true),
      told(seen([GOLD], { files: filesOf(["new-01"]) }), true, filesToday),
    ])
      expect(impact).not.toHaveProperty("vmxFilesToday");
  });

  test("an idle clone is never deleted, whoever made it", () => {
    const idle = cloneOf("idle-one");
    const unfinished = { clones: [{ id: idle.id, name: idle.name }], assignsGold: false };
    const draft = drafted(MODE, seen([], {}, [idle]), {}, { unfinished });
    expect(draft.impact.clonesToDelete).toEqual([]);
    expect(draft.leftovers.join()).toContain(idle.id);
  });

  test("what neither gold nor a clone is leaves the client and is kept", () => {
    const other = { ...CLONE, kind: "other" } as const;
    const draft = drafted(MODE, seen([other]));
    expect(kindsOf(draft)).not.toContain("delete_clone");
    expect(draft.leftovers.join()).toMatch(/neither gold nor a clone/);
  });
});

describe("-M with gold assigned here", () => {
  const unmounted = mountOf(GOLD, { mounted: false });
  const off = diskOf(GOLD, "off");

  test("and mounted: nothing is left to do, and its VMs stay as they are", () => {
    const draft = drafted(MODE, seen([GOLD], { vms: [vmOn(GOLD, "web-01", { powerState: "poweredOn" })] }));
    expect(draft.steps).toEqual([]);
    expect(draft.impact.vmsToPowerOff).toEqual([]);
  });

  test.each([
    ["unmounted by hand", { mounts: [unmounted] }, ["mount"]],
    ["detached too", { mounts: [unmounted], disks: [off] }, ["rescan", "attach", "rescan", "mount"]],
    ["never seen by the host", { mounts: [], disks: [] }, ["rescan", "attach", "rescan", "mount"]],
  ] as const)("%s: only what is missing", (_case, storage, kinds) => {
    const datastores = storage.mounts.length === 0 ? [] : [datastoreOf(GOLD, { accessible: false })];
    expect(kindsOf(drafted(MODE, seen([GOLD], { storage, inventory: { datastores } })))).toEqual(kinds);
    const vms = [vmOn(GOLD, "db-01", { connectionState: "orphaned" })];
    expect(kindsOf(drafted(MODE, seen([GOLD], { storage, vms, inventory: { datastores } })))).toEqual(kinds);
  });

  test("and mounted, beside what is left of a disk that is gone: a rescan drops the dead mount", () => {
    const draft = drafted(MODE, seen([GOLD], { leftoverDatastores: [leftOf(cloneOf("lost"))] }));
    expect(kindsOf(draft)).toEqual(["rescan"]);
  });

  test("with registerVms what is missing is registered, a lost registration first taken away", () => {
    const lost = vmOn(GOLD, "db-01", { connectionState: "orphaned" });
    const files = filesOf(["web-01", "db-01", "new-01"]);
    const draft = drafted(MODE, seen([GOLD], { vms: [vmOn(GOLD, "web-01"), lost], files }), { registerVms: true });
    expect(graphOf(draft)).toEqual(["s1 unregister", "s2 register after s1"]);
    expect(draft.steps[0]).toMatchObject({ vms: [{ id: lost.id }], dead: true });
    expect(draft.steps[1]).toMatchObject({ files: ["db-01/db-01.vmx", "new-01/new-01.vmx"] });
  });

  test("with registerVms, mounted and not listed by vCenter yet: what is found once it is listed is registered", () => {
    const far = vmOn(cloneOf("far"), "far", { path: "[other] far/far.vmx" });
    for (const datastores of [[], [datastoreOf(GOLD, { accessible: false })]]) {
      const draft = drafted(MODE, seen([GOLD], { vms: [far], inventory: { datastores } }), { registerVms: true });
      expect(kindsOf(draft)).toEqual(["register"]);
      expect(draft.steps[0]).not.toHaveProperty("files");
    }
    const lost = vmOn(GOLD, "db-01", { connectionState: "orphaned", powerState: "poweredOn" });
    const dead = seen([GOLD], { vms: [lost], inventory: { datastores: [datastoreOf(GOLD, { accessible: false })] } });
    const draft = drafted(MODE, dead, { registerVms: true });
    expect(graphOf(draft)).toEqual(["s1 unregister", "s2 register after s1"]);
    expect(draft.facts[`vm:${lost.id}`]?.fields).not.toHaveProperty("tools");
    expect(drafted(MODE, dead).steps).toEqual([]);
  });

  test("to be mounted again, with registerVms: what comes back with the mount stays registered, what is lost goes first", () => {
    const lost = vmOn(GOLD, "db-01", { connectionState: "orphaned" });
    const asleep = vmOn(GOLD, "web-01", { connectionState: "inaccessible" });
    const observation = seen([GOLD], {
      vms: [asleep, lost],
      storage: { mounts: [unmounted] },
      inventory: { datastores: [datastoreOf(GOLD, { accessible: false })] },
    });
    const draft = drafted(MODE, observation, { registerVms: true });
    expect(graphOf(draft)).toEqual(["s1 unregister", "s2 mount after s1", "s3 register after s2"]);
    expect(draft.steps[0]).toMatchObject({ vms: [{ id: lost.id }], dead: true });
  });

  test("beside a clone that a run left: the clone goes, gold is not assigned again", () => {
    const observation = seen([CLONE, GOLD], {
      inventory: { datastores: [datastoreOf(CLONE)] },
      storage: { mounts: [mountOf(CLONE)], disks: [diskOf(CLONE)] },
    });
    const draft = drafted(MODE, observation, {}, { unfinished: { clones: [], assignsGold: true } });
    expect(kindsOf(draft)).not.toContain("assign");
    expect(draft.impact.volumesToUnassign.map(({ id }) => id)).toEqual([CLONE.id]);
    expect(refusedWith(MODE, observation)).toBe("SEVERAL_ASSIGNED");
  });

  test("to be mounted again, beside the dead mount of a disk that is gone: that is what is left, and not in the way", () => {
    const lost = cloneOf("lost");
    const observation = seen([GOLD], {
      storage: { mounts: [unmounted, mountOf(lost, { accessible: false })] },
      inventory: { datastores: [datastoreOf(GOLD, { accessible: false })] },
      leftoverDatastores: [
        { datastore: datastoreOf(lost, { accessible: false }), proof: "signature", stillListedDisks: [] },
      ],
    });
    expect(kindsOf(drafted(MODE, observation))).toEqual(["rescan", "attach", "rescan", "mount"]);
    expect(refusedWith(MODE, { ...observation, leftoverDatastores: [] })).toBe("SIGNATURE_MOUNTED");
  });

  test("is refused where a rescan would put gold under what still runs from a lost disk", () => {
    const lost = cloneOf("lost");
    const leftover = { datastore: datastoreOf(lost), proof: "signature", stillListedDisks: [lost.naa] } as const;
    expect(refusedWith(MODE, seen([GOLD], { leftoverDatastores: [leftover] }))).toBe("SIGNATURE_MOUNTED");
  });
});

test("what -M does to an assignment names it by its id", () => {
  const unassign = drafted(MODE, seen([CLONE])).steps.find((step) => step.kind === "unassign");
  expect(unassign).toMatchObject({ assignmentId: assignmentOf(CLONE).id });
});
