/** States that no mode plans over, each for the modes that rely on it; the lab provokes the same in refusals.test.ts. */
import { describe, expect, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asMoRef, asVmfsUuid } from "../../../src/core/domain/ids.ts";
import type { Mode } from "../../../src/core/domain/modes.ts";
import { safeText } from "../../../src/core/domain/safe-text.ts";
import { assignedVolumes } from "../../../src/core/modes/checks.ts";
import {
  assignmentOf,
  CLONE,
  cloneOf,
  datastoreOf,
  drafted,
  GOLD,
  HOST,
  mountOf,
  OTHER_CLIENT_ID,
  refusedWith,
  seen,
  vmOn,
} from "../../support/observations.ts";

const CLEANING: readonly Mode[] = ["automated_testing", "maintenance", "rollback", "release"];
const ON_GOLD: readonly Mode[] = ["maintenance", "rollback"];
const ON_DATASTORE: readonly Mode[] = ["register", "unregister"];
const ALL: readonly Mode[] = [...CLEANING, ...ON_DATASTORE];

const elsewhere = asMoRef("host-2");
const off = vmOn(CLONE, "db-01");
const withDatastores = (...datastores: ReturnType<typeof datastoreOf>[]) =>
  seen([CLONE], { inventory: { datastores } });

describe.each([
  ["several volumes of the family assigned", ALL, "SEVERAL_ASSIGNED", seen([CLONE, cloneOf("second")])],
  [
    "a clone to be deleted that another client has too",
    CLEANING,
    "VOLUME_IN_USE",
    seen([CLONE], { array: { assignments: [assignmentOf(CLONE), assignmentOf(CLONE, OTHER_CLIENT_ID)] } }),
  ],
  [
    "gold on another client",
    ON_GOLD,
    "VOLUME_IN_USE",
    seen([], { array: { assignments: [assignmentOf(GOLD, OTHER_CLIENT_ID)] } }),
  ],
  [
    "a clone to be deleted with a snapshot of its own",
    CLEANING,
    "CLONE_HAS_CHILDREN",
    seen([CLONE], { dependents: new Map([[CLONE.id, { snapshots: 1, clones: [] }]]) }),
  ],
  [
    "a clone to be deleted of which it was not read what hangs on it",
    CLEANING,
    "CLONE_HAS_CHILDREN",
    seen([CLONE], { dependents: new Map() }),
  ],
  [
    "an assignment to a group of clients",
    CLEANING,
    "ASSIGNED_THROUGH_GROUP",
    seen([CLONE], { array: { assignments: [{ ...assignmentOf(CLONE), via: "group" }] } }),
  ],
  ["a volume that the array has offline", ALL, "VOLUME_UNUSABLE", seen([{ ...CLONE, unusable: "is offline" }])],
  [
    "two datastores on one disk",
    ALL,
    "DATASTORE_AMBIGUOUS",
    withDatastores(datastoreOf(CLONE), { ...datastoreOf(CLONE), id: asMoRef("datastore-2") }),
  ],
  [
    "a datastore over two disks",
    ALL,
    "DATASTORE_SPANNED",
    withDatastores(datastoreOf(CLONE, { extents: [CLONE.naa, cloneOf("second").naa] })),
  ],
  [
    "a datastore that another host has mounted",
    ALL,
    "DATASTORE_SHARED",
    withDatastores(datastoreOf(CLONE, { mounts: [{ hostId: elsewhere, mounted: true, accessible: true }] })),
  ],
  ["a mount of which vCenter lists no datastore", ALL, "DATASTORE_NOT_FOUND", withDatastores()],
  ["a VM on another host", ALL, "VM_ELSEWHERE", seen([CLONE], { vms: [{ ...off, hostId: elsewhere }] })],
  [
    "a VM from elsewhere that uses the datastore",
    ALL,
    "VM_SPANS_DATASTORES",
    seen([CLONE], { vms: [{ ...off, path: "[local] x/x.vmx" }] }),
  ],
] as const)("%s", (_case, modes, code, observation) => {
  test.each(modes)(`%s: ${code}`, (mode) => expect(refusedWith(mode, observation)).toBe(code));
});

test.each(ALL)("%s: a VM without a path is not said to live elsewhere", (mode) => {
  const nowhere = { ...off, path: "", connectionState: "orphaned" } as const;
  const several = { ...nowhere, datastoreIds: [...nowhere.datastoreIds, asMoRef("datastore-9")] };
  expect(refusedWith(mode, seen([CLONE], { vms: [several] }))).toBe("VM_SPANS_DATASTORES");
  expect(() => drafted(mode, seen([CLONE], { vms: [several] }))).toThrow(/does not tell its path/);
  expect(refusedWith(mode, seen([CLONE], { vms: [nowhere] }))).toBe("planned");
});

describe("no reason to refuse", () => {
  test.each(CLEANING)("%s: children of a clone that is kept", (mode) => {
    const observation = seen([CLONE], { dependents: new Map([[CLONE.id, { snapshots: 1, clones: [] }]]) });
    expect(drafted(mode, observation, { keepClone: true }).impact.clonesToDelete).toEqual([]);
  });

  test.each(ALL)("%s: a datastore that another host lists and has not mounted", (mode) => {
    const mounts = [HOST.id, elsewhere].map((hostId) => ({ hostId, mounted: hostId === HOST.id, accessible: true }));
    expect(refusedWith(mode, withDatastores(datastoreOf(CLONE, { mounts })))).toBe("planned");
  });

  test.each(ALL)("%s: a VM here with a disk elsewhere, of which it warns, and of no other device", (mode) => {
    const device = (vmId: string, label: string, datastoreId?: string) => ({
      vmId: asMoRef(vmId),
      label: safeText(label),
      fileName: safeText("[local] db-01/data.vmdk"),
      ...(datastoreId === undefined ? {} : { datastoreId: asMoRef(datastoreId) }),
    });
    const devices = [
      device(off.id, "Hard disk 1", datastoreOf(CLONE).id),
      device(off.id, "Hard disk 2", "datastore-9"),
      device(off.id, "CD/DVD drive 1"),
      device("vm-another", "Hard disk 3", "datastore-9"),
    ];
    const { warnings } = drafted(mode, seen([CLONE], { vms: [off], devices }));
    expect(warnings.filter((warning) => warning.includes("elsewhere"))).toEqual([
      "VM db-01 uses Hard disk 2 elsewhere ([local] db-01/data.vmdk); that stays as it is.",
    ]);
  });
});

describe("VMs on the volume's datastore", () => {
  const isIn = (mode: Mode, ...vms: (typeof off)[]): boolean[] => {
    const { facts } = drafted(mode, seen([CLONE], { vms }));
    return vms.map(({ id }) => `vm:${id}` in facts);
  };

  test.each(ALL)("%s: those that live there, whatever else vCenter says that they use", (mode) => {
    expect(isIn(mode, { ...off, datastoreIds: [] }, vmOn(CLONE, "web-01"))).toEqual([true, true]);
  });

  test.each(ALL)("%s: not those that neither live there nor use it", (mode) => {
    const far = { ...off, path: "[local] db-01/db-01.vmx", datastoreIds: [asMoRef("datastore-9")] };
    const nowhere = { ...off, path: "", datastoreIds: [] };
    expect([isIn(mode, far), isIn(mode, nowhere)]).toEqual([[false], [false]]);
  });
});

describe("two volumes of the family on one client", () => {
  const second = cloneOf("second");
  const ids = (...known: Parameters<typeof assignedVolumes>): string[] =>
    assignedVolumes(...known).map(({ volume }) => volume.id);
  const nothing = { clones: [], assignsGold: false };
  const made = { clones: [{ id: second.id, name: second.name }], assignsGold: false };

  test("are what an unfinished run left, where the journal has one of them: the other is the one in use", () => {
    expect(ids(seen([second, CLONE]), made)).toEqual([CLONE.id, second.id]);
  });

  test("are recognised by name where the reply with the id was lost, not by an id under another name or a name under another id", () => {
    expect(ids(seen([CLONE, second]), { ...nothing, clones: [{ name: second.name }] })).toHaveLength(2);
    for (const { id, name } of [{ ...second, name: "another" }, { ...second, id: "vol-another" }, GOLD]) {
      const clones = [{ id, name }];
      expect(() => ids(seen([CLONE, second]), { ...nothing, clones })).toThrow(/2 volumes/);
      expect(() => ids(seen([CLONE, GOLD]), { ...nothing, clones })).toThrow(/2 volumes/);
    }
  });

  test("gold among them is an unfinished run's only where one began to assign it", () => {
    expect(ids(seen([GOLD, CLONE]), { ...nothing, assignsGold: true })).toEqual([CLONE.id, GOLD.id]);
    expect(() => ids(seen([GOLD, CLONE]), nothing)).toThrow(/2 volumes/);
  });

  test("all of unfinished runs: the one that the host has mounted is in use", () => {
    const both = { ...nothing, clones: [CLONE, second].map(({ id, name }) => ({ id, name })) };
    const [, mounted] = seen([CLONE, second]).storage.mounts;
    if (mounted === undefined) throw new Error("no mount");
    expect(ids(seen([CLONE, second], { storage: { mounts: [mounted] } }), both)).toEqual([second.id, CLONE.id]);
  });

  test("a third that nobody knows is refused: strangers' doubles are nobody's to clean up", () => {
    expect(() => ids(seen([CLONE, second, cloneOf("the third")]), made)).toThrow(/3 volumes/);
  });
});

describe("what is planned only where it is so", () => {
  const running = vmOn(CLONE, "web-01", { powerState: "poweredOn" });
  const lost = cloneOf("lost");
  const lostStore = datastoreOf(lost, { accessible: false, name: safeText("lost-ds"), pathName: "lost-ds" });
  const leftover = (stillListedDisks: readonly (typeof lost.naa)[] = []) => ({
    leftoverDatastores: [{ datastore: lostStore, proof: "signature" as const, stillListedDisks }],
  });
  const onLost = vmOn(lost, "left", {
    path: "[lost-ds] left/left.vmx",
    connectionState: "inaccessible",
    powerState: "poweredOn",
  });

  test.each(["automated_testing", "maintenance", "rollback", "register"] as const)(
    "nothing on a host in maintenance mode: %s",
    (mode) => {
      expect(refusedWith(mode, seen([CLONE], { host: { ...HOST, inMaintenanceMode: true } }))).toBe(
        "HOST_IN_MAINTENANCE",
      );
    },
  );

  test("no word of a hard power-off where nothing runs on gold", () => {
    const asked = { forcePowerOff: true };
    expect(drafted("release", seen([GOLD], { vms: [vmOn(GOLD, "off")] }), asked).warnings).toEqual([]);
    const on = seen([GOLD], { vms: [vmOn(GOLD, "on", { powerState: "poweredOn" })] });
    expect(drafted("release", on, asked).warnings.join()).toMatch(/may be powered off hard/);
  });

  test.each(["release", "unregister"] as const)(
    "a guest whose tools are starting is asked as one whose tools run: %s",
    (mode) => {
      const starting = { toolsRunning: false, toolsStarting: true };
      const of = (changes: Partial<typeof running>) =>
        drafted(mode, seen([GOLD], { vms: [vmOn(GOLD, "web-01", { powerState: "poweredOn", ...changes })] }));
      expect(of(starting).steps[0]).toMatchObject({ kind: "shut_down_guest", vms: [{ id: "vm-web-01" }] });
      expect(of(starting).facts).toEqual(of({}).facts);
      expect(() => of({ disabled: ["shutDownGuest"] })).toThrow(expect.objectContaining({ code: "METHOD_DISABLED" }));
      // Until they have, vCenter has that disabled.
      expect(of({ ...starting, disabled: ["shutDownGuest"] }).steps[0]).toMatchObject({ kind: "shut_down_guest" });
    },
  );

  test.each(CLEANING)("what vCenter has disabled says nothing of a VM whose files are out of reach: %s", (mode) => {
    const vm = { ...off, disabled: ["unregister"] } as const;
    expect(refusedWith(mode, seen([CLONE], { vms: [vm] }))).toBe("METHOD_DISABLED");
    expect(refusedWith(mode, seen([CLONE], { vms: [{ ...vm, connectionState: "inaccessible" }] }))).toBe("planned");
  });

  test.each(CLEANING)("a VM under Fault Tolerance, and no other, is warned of: %s", (mode) => {
    const vms = [{ ...running, faultTolerant: true }, vmOn(CLONE, "plain", { powerState: "poweredOn" })];
    const { warnings } = drafted(mode, seen([CLONE], { vms }));
    expect(warnings.filter((warning) => warning.includes("Fault Tolerance"))).toEqual([
      expect.stringMatching(/^VM web-01 /),
    ]);
  });

  test.each(ALL)("of what the account may not read in other Datacenters, it is warned: %s", (mode) => {
    const id = asMoRef("datacenter-9");
    const error = new PrepError("REMOTE_FAULT", "Denied.", { hint: "Grant it." });
    const unreadable = [{ type: "Datacenter", id, datacenterId: id, error }];
    const { warnings } = drafted(mode, seen([CLONE], { inventory: { datastores: [datastoreOf(CLONE)], unreadable } }));
    expect(warnings).toContainEqual(expect.stringMatching(/^The account may not read Datacenter datacenter-9 in/));
  });

  test.each(CLEANING)("of what a host has that could not be read, it is warned: %s", (mode) => {
    const error = new PrepError("REMOTE_FAULT", "Denied.", { hint: "Grant it." });
    const hostFiles = { heartbeats: [], folders: [], unread: [{ what: "its scratch location", error }] };
    expect(drafted(mode, seen([CLONE], { hostFiles })).warnings).toContainEqual(
      "Of host 192.168.1.165, its scratch location could not be read: whether it keeps datastore gold-ds from being unmounted is not checked. Denied.",
    );
  });

  test("VMs go by their instance uuid too, where vCenter tells it", () => {
    const draft = drafted("release", seen([CLONE], { vms: [{ ...running, instanceUuid: "5031" }, off] }));
    expect(
      draft.impact.vmsToUnregister.map((vm) => Object.entries(vm).filter(([key]) => key === "instanceUuid")),
    ).toEqual([[["instanceUuid", "5031"]], []]);
    expect(draft.steps[0]).toMatchObject({ vms: [{ instanceUuid: "5031" }] });
  });

  test("what the client has of another LUN stays, and is named where the array lists it, with its gold", () => {
    const stranger = { ...GOLD, id: cloneOf("stranger").id, name: safeText("stranger") };
    const copy = { ...cloneOf("copy"), parent: { volumeId: stranger.id } };
    const of = (volumes: (typeof GOLD)[], ...theirs: Parameters<typeof assignmentOf>[]) =>
      drafted(
        "release",
        seen([CLONE], {
          array: { volumes, assignments: [assignmentOf(CLONE), ...theirs.map((one) => assignmentOf(...one))] },
        }),
      ).leftovers;
    const all = [GOLD, CLONE, stranger, copy];
    expect(of(all, [stranger], [copy])).toEqual([
      "stranger (vol-stranger) stays assigned to CDS1-ESX165.",
      "copy (vol-copy), of stranger, stays assigned to CDS1-ESX165.",
    ]);
    expect(of(all, [stranger, OTHER_CLIENT_ID])).toEqual([]);
    expect(of([GOLD, CLONE], [stranger])).toEqual([]);
  });

  test.each(CLEANING)(
    "a question on what is left of a lost disk is answered first, and its VMs are what the plan rests on: %s",
    (mode) => {
      const world = (vm: typeof onLost) => seen([CLONE], { ...leftover(), vms: [vm] });
      expect(refusedWith(mode, world({ ...onLost, question: "Moved?" }))).toBe("VM_HAS_QUESTION");
      expect(refusedWith(mode, world({ ...onLost, managedBy: "com.example" }))).toBe("VM_MANAGED");
      const { impact, facts: today } = drafted(mode, world(onLost));
      expect([impact.vmsToPowerOff, impact.vmsToUnregister]).toMatchObject([
        [{ moref: onLost.id }],
        [{ moref: onLost.id }],
      ]);
      expect(today).toHaveProperty(`vm:${onLost.id}`);
      const facts = (vm: typeof onLost) => drafted(mode, world(vm)).facts;
      expect(facts(onLost)).not.toEqual(facts({ ...onLost, powerState: "poweredOff" }));
      expect(facts(onLost)).toEqual(facts({ ...onLost, toolsRunning: !onLost.toolsRunning }));
    },
  );

  test("how long the array keeps deleted clones is told where it does, and clones are deleted", () => {
    const { traits } = seen([]).array;
    const keeping = { array: { traits: { ...traits, deletion: { ...traits.deletion, keptHours: 24 } } } };
    expect(drafted("release", seen([CLONE], { array: { ...keeping.array } })).impact.clonesKeptHours).toBe(24);
    expect(drafted("release", seen([GOLD], { array: { ...keeping.array } })).impact.clonesKeptHours).toBeUndefined();
    expect(drafted("release", seen([CLONE])).impact.clonesKeptHours).toBeUndefined();
  });

  test.each([
    ["automated_testing", true],
    ["release", true],
    ["maintenance", false],
    ["rollback", false],
  ] as const)("an idle clone that an unfinished run made goes only with -A and --release: %s %s", (mode, goes) => {
    const idle = cloneOf("idle-one");
    const free = { dependents: new Map([[idle.id, { snapshots: 0, clones: [] }]]) };
    const unfinished = { clones: [{ id: idle.id, name: idle.name }], assignsGold: false };
    const draft = drafted(mode, seen([], free, [idle]), {}, { unfinished });
    expect(draft.impact.clonesToDelete.map(({ id }) => id)).toEqual(goes ? [idle.id] : []);
  });

  test.each(["automated_testing", "maintenance", "rollback"] as const)(
    "nothing beside a volume on the family's own disk that carries another signature: %s",
    (mode) => {
      const other = { vmfsUuid: asVmfsUuid("6f1a2b3c-00000001-0002-000000000003") };
      const mounts = [mountOf(cloneOf("second"), other)];
      expect(refusedWith(mode, seen([], { storage: { mounts } }, [cloneOf("second")]))).toBe("SIGNATURE_MOUNTED");
      expect(refusedWith(mode, seen([], { storage: { mounts } }))).toBe("planned");
    },
  );

  test("a snapshot that is crash consistent says so only where something runs; templates are nothing to be off", () => {
    const asked = { newSnapshot: "today", crashConsistent: true };
    const of = (...vms: (typeof off)[]) => drafted("snapshot", seen([GOLD], { vms }), asked);
    expect(of(vmOn(GOLD, "off")).warnings).toEqual([]);
    expect(of(vmOn(GOLD, "on", { powerState: "poweredOn" })).warnings.join()).toMatch(
      /crash consistent only.*1 VM: on/,
    );
    expect(of(vmOn(GOLD, "asleep", { powerState: "suspended" })).warnings.join()).toMatch(/asleep is suspended/);
    const clean = drafted("snapshot", seen([GOLD], { vms: [vmOn(GOLD, "off"), vmOn(GOLD, "t", { template: true })] }), {
      newSnapshot: "today",
    });
    expect(clean.steps).toMatchObject([{ off: [{ id: "vm-off" }] }]);
    expect(clean.steps[0]).toHaveProperty("off.length", 1);
  });

  test.each(["maintenance", "rollback", "automated_testing"] as const)(
    "everything of the old first where it is asked for, or where a rescan could bring the old one up: %s",
    (mode) => {
      const kinds = (observation: Parameters<typeof drafted>[1], releaseFirst = false) =>
        drafted(mode, observation, { releaseFirst }).steps.map(({ kind }) => kind);
      const isFirst = (steps: readonly string[]): boolean => steps.indexOf("delete_clone") < steps.indexOf("assign");
      expect(isFirst(kinds(seen([CLONE])))).toBe(false);
      expect(isFirst(kinds(seen([CLONE]), true))).toBe(true);
      const unmounted = { storage: { mounts: [mountOf(CLONE, { mounted: false })] } };
      expect(isFirst(kinds(seen([CLONE], { ...unmounted, ...leftover([lost.naa]) })))).toBe(true);
      expect(isFirst(kinds(seen([CLONE], leftover([lost.naa]))))).toBe(false);
      expect(isFirst(kinds(seen([CLONE], unmounted)))).toBe(false);
    },
  );
});
