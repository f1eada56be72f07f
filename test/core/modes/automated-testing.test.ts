import { describe, expect, test } from "vitest";
import { safeText } from "../../../src/core/domain/safe-text.ts";
import {
  CLIENT_ID,
  CLONE,
  cloneOf,
  datastoreOf,
  drafted,
  GOLD,
  graphOf,
  HOST,
  mountOf,
  NEWEST,
  OLDEST,
  SIGNATURE,
  seen,
  vmOn,
} from "../../support/observations.ts";

const MODE = "automated_testing";
const running = vmOn(CLONE, "web-01", { powerState: "poweredOn" });
const off = vmOn(CLONE, "db-01");

describe("-A", () => {
  test("with nothing assigned: the latest snapshot is cloned, the clone assigned, seen and force-mounted", () => {
    const draft = drafted(MODE, seen([]));
    expect(graphOf(draft)).toEqual([
      "s1 create_clone",
      "s2 assign after s1",
      "s3 rescan after s2",
      "s4 attach after s3",
      "s5 rescan after s4",
      "s6 mount_copy after s5",
    ]);
    const made = { from: "s1" };
    expect(draft.steps).toMatchObject([
      {
        gold: { id: GOLD.id },
        snapshot: { id: NEWEST.id },
        name: { stem: "AutomatedTest-VMBootImg-Gold-CDS1-ESX165", joint: "-" },
      },
      { volume: made, client: { id: CLIENT_ID } },
      { expectGone: [], expectPresent: made },
      { volume: made },
      { expectGone: [], expectPresent: made, onlyIfChanged: "s4" },
      { volume: made, vmfsUuid: SIGNATURE },
    ]);
    expect(draft.steps[2]).not.toHaveProperty("freedNumbers");
    expect(draft.snapshot).toEqual({ snapshot: NEWEST, chosenBy: "latest" });
    expect(draft.warnings).toEqual([]);
  });

  test("in place of a clone: made and assigned before anything of the old one is touched, one rescan for both, deleted last", () => {
    const draft = drafted(MODE, seen([CLONE], { vms: [running, off] }));
    expect(graphOf(draft)).toEqual([
      "s1 create_clone",
      "s2 assign after s1",
      "s3 power_off after s2",
      "s4 unregister after s2",
      "s5 unmount after s3, s4",
      "s6 detach after s5",
      "s7 unassign after s6",
      "s8 rescan after s7",
      "s9 attach after s8",
      "s10 rescan after s9",
      "s11 mount_copy after s10",
      "s12 delete_clone after s8",
      "s13 forget_device after s12",
    ]);
    expect(draft.steps[2]).toMatchObject({ vms: [{ id: running.id }] });
    expect(draft.steps[3]).toMatchObject({ vms: [{ id: running.id }, { id: off.id }], asStoppedBy: "s3" });
    expect(draft.steps[7]).toMatchObject({ expectGone: [CLONE.naa], expectPresent: { from: "s1" }, freedNumbers: [7] });
    expect(draft.impact).toMatchObject({
      vmsToPowerOff: [{ moref: running.id }],
      vmsToUnregister: [{ moref: running.id }, { moref: off.id }],
      datastoresToUnmount: [{ naa: CLONE.naa }],
      volumesToUnassign: [{ id: CLONE.id }],
      clonesToDelete: [{ id: CLONE.id }],
    });
  });

  test("with releaseFirst the old one goes down to its deletion first", () => {
    const kinds = drafted(MODE, seen([CLONE]), { releaseFirst: true }).steps.map((step) => step.kind);
    expect(kinds.indexOf("create_clone")).toBeGreaterThan(kinds.indexOf("forget_device"));
    expect(kinds.indexOf("forget_device")).toBeGreaterThan(-1);
  });

  test("with keepClone the old one leaves the client and is not deleted", () => {
    const draft = drafted(MODE, seen([CLONE]), { keepClone: true });
    expect(draft.steps.map((step) => step.kind)).toContain("unassign");
    expect(draft.steps.map((step) => step.kind)).not.toContain("delete_clone");
    expect(draft.impact.clonesToDelete).toEqual([]);
  });

  test("with registerVms what the mount brings in sight is registered, its files known then", () => {
    const step = drafted(MODE, seen([]), { registerVms: true }).steps.at(-1);
    expect(step).toEqual({
      id: "s7",
      kind: "register",
      after: ["s6"],
      volume: { from: "s1" },
      folder: HOST.datacenter.vmFolder,
      pool: HOST.resourcePool,
    });
  });

  test("in place of gold: shut down by its guests, unassigned, never deleted, with a warning of what the clone lacks", () => {
    const vms = [vmOn(GOLD, "web-01", { powerState: "poweredOn" })];
    const draft = drafted(MODE, seen([GOLD], { vms }));
    const kinds = draft.steps.map((step) => step.kind);
    expect(kinds.slice(0, 7)).toEqual([
      "create_clone",
      "assign",
      "shut_down_guest",
      "unregister",
      "unmount",
      "detach",
      "unassign",
    ]);
    expect(kinds).not.toContain("delete_clone");
    expect(kinds).not.toContain("power_off");
    expect(draft.warnings.join()).toMatch(/gold volume is assigned after snapshot nightly-27/);
  });

  test("warns where gold was assigned after the snapshot was made, and not where that was before it", () => {
    const warnings = (goldHeldUntil: string): string => drafted(MODE, seen([]), {}, { goldHeldUntil }).warnings.join();
    expect(warnings("2026-11-27T01:00:00.000Z")).toMatch(/was assigned after snapshot nightly-27/);
    expect(warnings(NEWEST.createdAt)).toBe("");
    expect(warnings("2026-11-26T23:00:00.000Z")).toBe("");
  });

  test("an unassigned clone is deleted where the journal has it from an unfinished run, else only listed", () => {
    const idle = cloneOf("idle-one");
    const dependents = new Map([[idle.id, { snapshots: 0, clones: [] }]]);
    const world = seen([], { dependents }, [idle]);
    const listed = drafted(MODE, world);
    expect(listed.impact.clonesToDelete).toEqual([]);
    expect(listed.leftovers.join()).toContain(idle.id);
    const unfinished = { clones: [{ name: idle.name, id: idle.id }], assignsGold: false };
    const deleted = drafted(MODE, world, {}, { unfinished });
    expect(deleted.impact.clonesToDelete).toMatchObject([{ id: idle.id }]);
    expect(deleted.leftovers).toEqual([]);
    expect(deleted.steps.at(-2)).toMatchObject({ kind: "delete_clone", volume: { id: idle.id } });
  });

  test("a dead datastore of the family: its registrations go, its VMs never as if they could be shut down", () => {
    const lost = cloneOf("lost");
    const dead = datastoreOf(lost, { accessible: false });
    const vms = [
      vmOn(lost, "web-01", { powerState: "poweredOn", connectionState: "inaccessible" }),
      vmOn(lost, "db-01", { connectionState: "orphaned" }),
    ];
    const draft = drafted(
      MODE,
      seen([], { vms, leftoverDatastores: [{ datastore: dead, proof: "signature", stillListedDisks: [lost.naa] }] }),
    );
    expect(graphOf(draft).slice(0, 5)).toEqual([
      "s1 create_clone",
      "s2 power_off after s1",
      "s3 unregister after s2",
      "s4 rescan after s3",
      "s5 assign after s4",
    ]);
    expect(draft.steps[1]).toMatchObject({ diskLost: true, vms: [{ id: vms[0]?.id }] });
    expect(draft.steps[2]).toMatchObject({ dead: true, vms: vms.map(({ id }) => ({ id })) });
    expect(draft.steps[3]).toMatchObject({ expectGone: [lost.naa] });
  });

  test("the same input makes the same plan, and names are no part of its fingerprint", () => {
    const plan = drafted(MODE, seen([CLONE], { vms: [off] }));
    expect(drafted(MODE, seen([CLONE], { vms: [off] }))).toEqual(plan);
    const renamed = seen([CLONE], { vms: [{ ...off, name: safeText("renamed") }] });
    expect(drafted(MODE, renamed).fingerprint).toBe(plan.fingerprint);
    const started = seen([CLONE], { vms: [{ ...off, powerState: "poweredOn" }] });
    expect(drafted(MODE, started).fingerprint).not.toBe(plan.fingerprint);
  });

  test("a newer snapshot makes no difference to a plan that names one", () => {
    const named = { snapshot: OLDEST.name };
    const before = drafted(MODE, seen([], { snapshots: [OLDEST] }), named);
    const after = drafted(MODE, seen([]), named);
    expect(after.snapshot).toEqual({ snapshot: OLDEST, chosenBy: "name" });
    expect(after.fingerprint).toBe(before.fingerprint);
  });
});

test("everything goes first where a rescan for a disk that lingers could bring up the old clone, which is unmounted", () => {
  const lost = cloneOf("lost");
  const leftoverDatastores = [
    { datastore: datastoreOf(lost, { accessible: false }), proof: "signature" as const, stillListedDisks: [lost.naa] },
  ];
  const first = (changes: Parameters<typeof seen>[1]): string | undefined =>
    drafted("automated_testing", seen([CLONE], { leftoverDatastores, ...changes })).steps[0]?.kind;
  expect(first({})).toBe("create_clone");
  expect(first({ storage: { mounts: [mountOf(CLONE, { mounted: false })] } })).not.toBe("create_clone");
});
