import { describe, expect, test } from "vitest";
import {
  assignmentOf,
  CLONE,
  cloneOf,
  datastoreOf,
  diskOf,
  drafted,
  GOLD,
  graphOf,
  HOST,
  mountOf,
  seen,
  vmOn,
} from "../../support/observations.ts";

const MODE = "release";

describe("--release", () => {
  test("takes a clone off the host and the array, and makes nothing", () => {
    const draft = drafted(MODE, seen([CLONE], { vms: [vmOn(CLONE, "web-01", { powerState: "poweredOn" })] }));
    expect(graphOf(draft)).toEqual([
      "s1 power_off",
      "s2 unregister",
      "s3 unmount after s1, s2",
      "s4 detach after s3",
      "s5 unassign after s4",
      "s6 rescan after s5",
      "s7 delete_clone after s6",
      "s8 forget_device after s7",
    ]);
    expect(draft.steps[5]).toMatchObject({ expectGone: [CLONE.naa] });
    expect(draft.steps[5]).not.toHaveProperty("expectPresent");
  });

  test("unassigns gold and never deletes it; its device is never forgotten", () => {
    expect(graphOf(drafted(MODE, seen([GOLD])))).toEqual([
      "s1 unmount",
      "s2 detach after s1",
      "s3 unassign after s2",
      "s4 rescan after s3",
    ]);
  });

  test("with nothing there is done already", () => {
    expect(drafted(MODE, seen([])).steps).toEqual([]);
  });

  test.each([
    ["never mounted", { mounts: [], disks: [diskOf(CLONE)] }, ["detach", "unassign", "rescan"]],
    ["unmounted and detached", { mounts: [], disks: [diskOf(CLONE, "off")] }, ["unassign", "rescan"]],
    ["not on the host", { mounts: [], disks: [] }, ["unassign", "rescan"]],
    ["a mount that is dead", { mounts: [mountOf(CLONE, { accessible: false })], disks: [] }, ["unassign", "rescan"]],
  ] as const)("of a volume %s only what is left to do", (_case, storage, kinds) => {
    const datastores = storage.mounts.length === 0 ? [] : [datastoreOf(CLONE, { accessible: false })];
    const draft = drafted(MODE, seen([CLONE], { storage, inventory: { datastores } }));
    expect(draft.steps.map((step) => step.kind)).toEqual([...kinds, "delete_clone", "forget_device"]);
    expect(JSON.parse(JSON.stringify(draft))).toStrictEqual(draft);
  });

  test("a VM elsewhere is in nobody's way where the volume has no datastore", () => {
    const far = vmOn(CLONE, "far", { path: "[local] far/far.vmx", datastoreIds: [] });
    const bare = { vms: [far], storage: { mounts: [] }, inventory: { datastores: [] } };
    expect(drafted(MODE, seen([CLONE], bare)).impact.vmsToUnregister).toEqual([]);
  });

  test("what is deleted is held against its parent where only that tells that it is a clone", () => {
    const { declaredKind: _, ...undeclared } = CLONE;
    const { parent: __, ...alone } = undeclared;
    const deleted = (volume: typeof undeclared) =>
      drafted(MODE, seen([volume])).steps.find(({ kind }) => kind === "delete_clone");
    expect(deleted(undeclared)).toHaveProperty("parent", GOLD.id);
    for (const volume of [CLONE, alone]) expect(deleted(volume)).not.toHaveProperty("parent");
  });

  test("LUN numbers are free again as far as the array tells them", () => {
    const { lunNumber: _, ...untold } = assignmentOf(CLONE);
    const rescan = (assignment: ReturnType<typeof assignmentOf>) =>
      drafted("maintenance", seen([CLONE], { array: { assignments: [assignment] } })).steps.find(
        ({ kind }) => kind === "rescan",
      );
    expect(rescan({ ...untold, lunNumber: 9 })).toHaveProperty("freedNumbers", [9]);
    expect(rescan(untold)).not.toHaveProperty("freedNumbers");
  });

  test("an idle clone goes where the journal has it from an unfinished run, is listed else, and stays where something hangs on it", () => {
    const idle = cloneOf("idle-one");
    const unfinished = { clones: [{ id: idle.id, name: idle.name }], assignsGold: false };
    const free = { dependents: new Map([[idle.id, { snapshots: 0, clones: [] }]]) };
    const busy = { dependents: new Map([[idle.id, { snapshots: 1, clones: [] }]]) };
    expect(graphOf(drafted(MODE, seen([], free, [idle]), {}, { unfinished }))).toEqual([
      "s1 delete_clone",
      "s2 forget_device after s1",
    ]);
    for (const draft of [
      drafted(MODE, seen([], free, [idle])),
      drafted(MODE, seen([], busy, [idle]), {}, { unfinished }),
    ]) {
      expect(draft.steps).toEqual([]);
      expect(draft.leftovers.join()).toContain(idle.id);
    }
  });

  test("a clone that is in use and is to be kept stays, also where an unfinished run made it", () => {
    const unfinished = { clones: [{ id: CLONE.id, name: CLONE.name }], assignsGold: false };
    const draft = drafted(MODE, seen([CLONE]), { keepClone: true }, { unfinished });
    expect(draft.impact).toMatchObject({ clonesToDelete: [], volumesToUnassign: [{ id: CLONE.id }] });
  });

  test("an idle clone that the host still lists is seen gone before it is deleted; one that cannot be used stays", () => {
    const idle = cloneOf("idle-one");
    const unfinished = { clones: [{ id: idle.id, name: idle.name }], assignsGold: false };
    const free = {
      dependents: new Map([[idle.id, { snapshots: 0, clones: [] }]]),
      storage: { disks: [diskOf(idle)], mounts: [] },
    };
    const listed = drafted(MODE, seen([], free, [idle]), {}, { unfinished });
    expect(graphOf(listed)).toEqual(["s1 rescan", "s2 delete_clone after s1", "s3 forget_device after s2"]);
    expect(listed.steps[0]).toMatchObject({ expectGone: [idle.naa] });
    const broken = drafted(MODE, seen([], free, [{ ...idle, unusable: "is offline" }]), {}, { unfinished });
    expect(broken.impact.clonesToDelete).toEqual([]);
    expect(broken.leftovers.join()).toContain(idle.id);
  });

  test("two volumes that an unfinished run left both go, one rescan for both; what was asked to be kept is the one in use", () => {
    const second = cloneOf("second");
    const unfinished = { clones: [{ id: second.id, name: second.name }], assignsGold: false };
    const dependents = new Map([CLONE, second].map(({ id }) => [id, { snapshots: 0, clones: [] }]));
    const world = seen([CLONE, second], {
      dependents,
      inventory: { datastores: [datastoreOf(CLONE)] },
      storage: { mounts: [mountOf(CLONE)] },
    });
    const draft = drafted(MODE, world, {}, { unfinished });
    expect(draft.steps.filter((step) => step.kind === "rescan")).toMatchObject([
      { expectGone: [CLONE.naa, second.naa] },
    ]);
    expect(draft.impact.clonesToDelete.map(({ id }) => id)).toEqual([CLONE.id, second.id]);
    const kept = drafted(MODE, world, { keepClone: true }, { unfinished });
    expect(kept.impact.clonesToDelete.map(({ id }) => id)).toEqual([second.id]);
  });

  test("a lost datastore's registrations go, and a rescan drops the dead mount", () => {
    const lost = cloneOf("lost");
    const dead = vmOn(lost, "web-01", { connectionState: "inaccessible" });
    const leftover = {
      datastore: datastoreOf(lost, { accessible: false }),
      proof: "label",
      stillListedDisks: [],
    } as const;
    const draft = drafted(MODE, seen([], { vms: [dead], leftoverDatastores: [leftover] }));
    expect(graphOf(draft)).toEqual(["s1 unregister", "s2 rescan after s1"]);
    expect(draft.warnings.join()).toMatch(/left from an earlier failure.*concluded from its label/);
  });

  test("on a host in maintenance mode works: nothing is made or registered there", () => {
    const host = { ...HOST, inMaintenanceMode: true };
    expect(drafted(MODE, seen([CLONE], { host })).steps).not.toEqual([]);
  });
});
