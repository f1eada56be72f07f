/** What a plan rests on: where one of these is another than it was, the plan is stale; in another order they are the same. */
import { describe, expect, test } from "vitest";
import { asMoRef, asSnapshotId, asVmfsUuid, asVolumeId } from "../../../src/core/domain/ids.ts";
import type { Mode } from "../../../src/core/domain/modes.ts";
import { safeText } from "../../../src/core/domain/safe-text.ts";
import type { Observation } from "../../../src/core/observe/observe.ts";
import { diffFacts } from "../../../src/core/plans/facts.ts";
import type { Request } from "../../../src/core/request/request.ts";
import {
  assignmentOf,
  CLONE,
  cloneOf,
  datastoreOf,
  diskOf,
  drafted,
  filesOf,
  GOLD,
  HOST,
  mountOf,
  NEWEST,
  OLDEST,
  OTHER_CLIENT_ID,
  SIGNATURE,
  seen,
  vmOn,
  withTraits,
} from "../../support/observations.ts";

const ALL: readonly Mode[] = [
  "automated_testing",
  "maintenance",
  "rollback",
  "release",
  "snapshot",
  "register",
  "unregister",
];
const CLEANING: readonly Mode[] = ["automated_testing", "maintenance", "rollback", "release"];
const MOUNTING: readonly Mode[] = ["automated_testing", "maintenance", "rollback"];

const base = seen([CLONE]);
const { client } = base;
const web = vmOn(CLONE, "web-01");
const { hostId: _, ...onNoHost } = web;
const onGold = vmOn(GOLD, "web-01", { powerState: "poweredOn" });
const elsewhere = asMoRef("host-2");
const otherSite = asMoRef("datacenter-2");
const LOST = cloneOf("lost");
const left = (
  changes: Parameters<typeof datastoreOf>[1] = {},
  stillListedDisks: readonly (typeof LOST.naa)[] = [],
) => ({
  leftoverDatastores: [
    { datastore: datastoreOf(LOST, { accessible: false, ...changes }), proof: "signature" as const, stillListedDisks },
  ],
});

interface Case {
  readonly what: string;
  readonly modes: readonly Mode[];
  readonly before?: Observation;
  readonly after: Observation;
  readonly asked?: Partial<Request>;
  readonly told: string | RegExp;
}

const CASES: readonly Case[] = [
  {
    what: "gold is another volume of its name",
    modes: CLEANING,
    after: { ...base, gold: { ...GOLD, id: asVolumeId("vol-gold-2") } },
    told: `LUN ${GOLD.name}: volume changed from vol-gold to vol-gold-2`,
  },
  {
    what: "the client is another one of its name",
    modes: ["release"],
    before: seen([]),
    after: { ...seen([]), client: { ...client, id: OTHER_CLIENT_ID } },
    told: `Client ${client.name}: id changed from client-165 to client-166`,
  },
  {
    what: "the client has another host",
    modes: ALL,
    after: seen([CLONE], { client: { ...client, hostAddress: safeText("192.168.1.9") } }),
    told: `Client ${client.name}: host changed from 192.168.1.165 to 192.168.1.9`,
  },
  {
    what: "a client without an address has another initiator",
    modes: ALL,
    before: seen([CLONE], { client: { id: client.id, name: client.name, initiators: ["iqn.a"] } }),
    after: seen([CLONE], { client: { id: client.id, name: client.name, initiators: ["iqn.b"] } }),
    told: `Client ${client.name}: initiators changed from iqn.a to iqn.b`,
  },
  {
    what: "the array does something else than it did",
    modes: ALL,
    after: seen([CLONE], { array: withTraits({ repeatSafe: false }) }),
    told: /^The array: traits changed/,
  },
  {
    what: "the host is in another Datacenter",
    modes: CLEANING,
    before: seen([]),
    after: seen([], { host: { ...HOST, datacenter: { ...HOST.datacenter, id: otherSite } } }),
    told: `Host ${HOST.name}: datacenter changed from datacenter-1 to datacenter-2`,
  },
  {
    what: "the host is another one of its name",
    modes: ["release"],
    before: seen([]),
    after: seen([], { host: { ...HOST, id: elsewhere } }),
    told: `Host ${HOST.name}: id changed from host-1 to host-2`,
  },
  {
    what: "the client has another volume of the family",
    modes: [...CLEANING, "register", "unregister"],
    after: seen([cloneOf("second")]),
    told: "What CDS1-ESX165 has of this LUN: the assigned volume changed from clone (vol-clone) to second (vol-second)",
  },
  {
    what: "the volume was assigned anew",
    modes: [...CLEANING, "register", "unregister"],
    after: seen([CLONE], { array: { assignments: [{ ...assignmentOf(CLONE), id: assignmentOf(GOLD).id }] } }),
    told: /^What CDS1-ESX165 has of this LUN: the assignment changed from assigned-clone/,
  },
  {
    what: "gold was assigned to the client",
    modes: ["snapshot"],
    before: seen([]),
    after: seen([GOLD]),
    told: /the assigned volume changed from nothing to AutomatedTest-VMBootImg-Gold/,
  },
  {
    what: "the volume was unmounted",
    modes: CLEANING,
    after: seen([CLONE], { storage: { mounts: [mountOf(CLONE, { mounted: false })] } }),
    told: `The VMFS volume on ${CLONE.naa}: mounted changed from true to false`,
  },
  {
    what: "the mount lost its disk",
    modes: CLEANING,
    after: seen([CLONE], { storage: { mounts: [mountOf(CLONE, { accessible: false })] } }),
    told: `The VMFS volume on ${CLONE.naa}: accessible changed from true to false`,
  },
  {
    what: "the volume was resignatured",
    modes: CLEANING,
    after: seen([CLONE], { storage: { mounts: [mountOf(CLONE, { vmfsUuid: asVmfsUuid("5f1a2b3c-2-2-2") })] } }),
    told: `The VMFS volume on ${CLONE.naa}: signature changed from ${SIGNATURE} to 5f1a2b3c-2-2-2`,
  },
  {
    what: "the disk was detached",
    modes: CLEANING,
    after: seen([CLONE], { storage: { disks: [diskOf(CLONE, "off")] } }),
    told: `The VMFS volume on ${CLONE.naa}: disk changed from ok to off`,
  },
  {
    what: "the disk is gone",
    modes: CLEANING,
    after: seen([CLONE], { storage: { disks: [] } }),
    told: `The VMFS volume on ${CLONE.naa}: disk changed from ok to not on the host`,
  },
  {
    what: "the datastore is another one",
    modes: CLEANING,
    after: seen([CLONE], { inventory: { datastores: [datastoreOf(CLONE, { id: asMoRef("datastore-9") })] } }),
    told: `The VMFS volume on ${CLONE.naa}: datastore changed from datastore-clone to datastore-9`,
  },
  {
    what: "no host has the datastore mounted any more",
    modes: CLEANING,
    after: seen([CLONE], {
      inventory: {
        datastores: [datastoreOf(CLONE, { mounts: [{ hostId: HOST.id, mounted: false, accessible: true }] })],
      },
    }),
    told: `The VMFS volume on ${CLONE.naa}: sharing changed from host-1 to none`,
  },
  ...(
    [
      ["was powered on", { powerState: "poweredOn" }, "VM web-01 was powered on since"],
      ["was suspended", { powerState: "suspended" }, "VM web-01 was suspended since"],
      ["lost its files", { connectionState: "inaccessible" }, /^VM web-01: connection changed from connected/],
      ["was moved", { path: "[gold-ds] web-01_1/web-01.vmx" }, /^VM web-01: path changed from \[gold-ds\] web-01\/web/],
      ["became a template", { template: true }, "VM web-01: template changed from false to true"],

      [
        "uses another datastore too",
        { datastoreIds: [...web.datastoreIds, asMoRef("datastore-9")] },
        "VM web-01: datastores changed from datastore-clone to datastore-9 datastore-clone",
      ],
    ] as const
  ).map(
    ([what, changes, told]): Case => ({
      what: `a VM ${what}`,
      modes: [...CLEANING, "register", "unregister"],
      before: seen([CLONE], { vms: [web] }),
      after: seen([CLONE], { vms: [{ ...web, ...changes }] }),
      told,
    }),
  ),
  {
    what: "a VM is on a host again",
    modes: [...CLEANING, "register", "unregister"],
    before: seen([CLONE], { vms: [onNoHost] }),
    after: seen([CLONE], { vms: [web] }),
    told: "VM web-01: host changed from none to host-1",
  },
  {
    what: "a VM came",
    modes: [...CLEANING, "register", "unregister"],
    after: seen([CLONE], { vms: [web] }),
    told: "VM web-01 is there now (it was not when the plan was made)",
  },
  {
    what: "a VM on gold was powered off",
    modes: ["snapshot"],
    asked: { crashConsistent: true },
    before: seen([GOLD], { vms: [onGold] }),
    after: seen([GOLD], { vms: [{ ...onGold, powerState: "poweredOff" }] }),
    told: "VM web-01 was powered off since",
  },
  {
    what: "the tools of a guest on gold ended",
    modes: ["release", "unregister"],
    asked: { forcePowerOff: true },
    before: seen([GOLD], { vms: [onGold] }),
    after: seen([GOLD], { vms: [{ ...onGold, toolsRunning: false }] }),
    told: "VM web-01: tools changed from running to not running",
  },
  {
    what: "the clone that is kept has a snapshot now",
    modes: ["release"],
    asked: { keepClone: true },
    after: seen([CLONE], { dependents: new Map([[CLONE.id, { snapshots: 1, clones: [] }]]) }),
    told: "Clone clone: snapshots changed from 0 to 1",
  },
  {
    what: "what hangs on the clone that is kept cannot be read",
    modes: ["release"],
    asked: { keepClone: true },
    after: seen([CLONE], { dependents: new Map() }),
    told: "Clone clone: snapshots changed from 0 to not read",
  },
  {
    what: "the clone that is kept has a clone now",
    modes: ["release"],
    asked: { keepClone: true },
    after: seen([CLONE], {}, [{ ...cloneOf("grandchild"), parent: { volumeId: CLONE.id } }]),
    told: "Clone clone: children changed from none to vol-grandchild",
  },
  {
    what: "the clone that is kept is another client's too",
    modes: ["release"],
    asked: { keepClone: true },
    after: seen([CLONE], { array: { assignments: [assignmentOf(CLONE), assignmentOf(CLONE, OTHER_CLIENT_ID)] } }),
    told: /^Clone clone: assignments changed from assigned-clone-client-165 to .* assigned-clone-client-166$/,
  },
  {
    what: "something is left of a disk that is gone",
    modes: CLEANING,
    after: seen([CLONE], left()),
    told: "Datastore gold-ds is there now (it was not when the plan was made)",
  },
  {
    what: "what is left of a disk that is gone is in reach again",
    modes: CLEANING,
    before: seen([CLONE], left()),
    after: seen([CLONE], left({ accessible: true })),
    told: "Datastore gold-ds: accessible changed from false to true",
  },
  {
    what: "the snapshot is another one of its name",
    modes: ["automated_testing", "rollback"],
    after: seen([CLONE], { snapshots: [{ ...NEWEST, id: asSnapshotId("snap-9") }, OLDEST] }),
    told: "Snapshot nightly-27 is there now (it was not when the plan was made)",
  },
  {
    what: "the snapshot was made at another time",
    modes: ["automated_testing", "rollback"],
    after: seen([CLONE], { snapshots: [{ ...NEWEST, createdAt: "2026-11-27T00:00:01.000Z" }, OLDEST] }),
    told: /^Snapshot nightly-27: made changed/,
  },
  {
    what: "another snapshot is lost with a rollback",
    modes: ["rollback"],
    asked: { snapshot: OLDEST.name },
    before: seen([]),
    after: seen([], {
      snapshots: [{ ...NEWEST, id: asSnapshotId("snap-9"), name: safeText("nightly-28") }, NEWEST, OLDEST],
    }),
    told: "Snapshots newer than nightly-20: the list changed from snap-nightly-27 to snap-9 snap-nightly-27",
  },
  {
    what: "the signature is mounted in this Datacenter from the disk that goes",
    modes: MOUNTING,
    before: seen([CLONE], { storage: { mounts: [mountOf(CLONE, { mounted: false })] } }),
    after: seen([CLONE]),
    told: `The LUN's VMFS signature: mounted disks changed from none to ${CLONE.naa}`,
  },
  {
    what: "a copy with the signature waits to be mounted",
    modes: MOUNTING,
    after: seen([CLONE], {
      storage: {
        unresolved: [
          {
            vmfsUuid: SIGNATURE,
            label: safeText("gold-ds"),
            extents: [{ naa: CLONE.naa, devicePath: `/vmfs/devices/disks/${CLONE.naa}`, isHead: true }],
            resolvable: true,
            multipleCopies: false,
            incompleteExtents: false,
          },
        ],
      },
    }),
    told: `The LUN's VMFS signature: unresolved copies changed from none to ${CLONE.naa}`,
  },
  {
    what: "another host of the Datacenter mounts what is mounted here, and nothing is left to do",
    modes: ["maintenance"],
    before: seen([GOLD]),
    after: seen([GOLD], {
      inventory: {
        datastores: [
          datastoreOf(GOLD),
          ...["host-9", "host-2"].map((hostId) =>
            datastoreOf(cloneOf("near"), {
              id: asMoRef(`datastore-on-${hostId}`),
              mounts: [{ hostId: asMoRef(hostId), mounted: true, accessible: true }],
            }),
          ),
        ],
      },
    }),
    told: "The LUN's VMFS signature: mounts elsewhere changed from none to datastore-on-host-2@host-2 datastore-on-host-9@host-9",
  },
  {
    what: "a file came that no VM is registered from",
    modes: ["register"],
    before: seen([CLONE], { files: filesOf([]) }),
    after: seen([CLONE], { files: filesOf(["new-01"]) }),
    told: "VMX files on gold-ds: missing changed from none to new-01/new-01.vmx",
  },
  {
    what: "the datastore was renamed, by which files are named",
    modes: ["register"],
    after: seen([CLONE], { inventory: { datastores: [datastoreOf(CLONE, { name: safeText("other") })] } }),
    told: "Datastore other: name changed from gold-ds to other",
  },
  {
    what: "the datastore is another volume",
    modes: ["register", "unregister"],
    after: seen([CLONE], {
      inventory: { datastores: [datastoreOf(CLONE, { vmfsUuid: asVmfsUuid("5f1a2b3c-2-2-2") })] },
    }),
    told: `Datastore gold-ds: signature changed from ${SIGNATURE} to 5f1a2b3c-2-2-2`,
  },
  {
    what: "gold, which is assigned already, was unmounted",
    modes: ["maintenance"],
    before: seen([GOLD]),
    after: seen([GOLD], { storage: { mounts: [mountOf(GOLD, { mounted: false })] } }),
    told: "The gold volume on the host: mounted changed from true to false",
  },
  {
    what: "gold, which is assigned already, lost its disk",
    modes: ["maintenance"],
    before: seen([GOLD]),
    after: seen([GOLD], { storage: { disks: [] } }),
    told: "The gold volume on the host: disk changed from ok to not on the host",
  },
];

describe("a plan is stale once", () => {
  test.each(CASES.flatMap((one) => one.modes.map((mode) => ({ ...one, mode }))))(
    "$what: $mode",
    ({ mode, before = base, after, asked, told }) => {
      const request = { newSnapshot: "before-the-update", ...asked };
      const [was, is] = [drafted(mode, before, request), drafted(mode, after, request)];
      const lines = diffFacts(was.facts, is.facts);
      // What is stored of a plan is all of it: nothing in it is lost in JSON.
      for (const draft of [was, is]) expect(JSON.parse(JSON.stringify(draft))).toStrictEqual(draft);
      expect(lines).toContainEqual(typeof told === "string" ? told : expect.stringMatching(told));
    },
  );

  test.each([
    ["snapshot", GOLD, { newSnapshot: "today", crashConsistent: true }],
    ["register", CLONE, {}],
    ["release", CLONE, {}],
  ] as const)("not once guest tools end where no guest is asked: %s", (mode, volume, asked) => {
    const of = (toolsRunning: boolean) =>
      drafted(
        mode,
        seen([volume], { vms: [vmOn(volume, "web-01", { powerState: "poweredOn", toolsRunning })] }),
        asked,
      );
    expect(of(true).fingerprint).toBe(of(false).fingerprint);
  });

  test.each([
    [
      "what another client has of the family",
      [CLONE],
      seen([CLONE], {
        array: { assignments: [assignmentOf(CLONE), assignmentOf(cloneOf("second"), OTHER_CLIENT_ID)] },
      }),
      { keepClone: true },
    ],
    ["what is made of gold", [GOLD], seen([GOLD], {}, [cloneOf("second")]), {}],
    [
      "the initiators of a client that goes by its address",
      [CLONE],
      seen([CLONE], { client: { ...client, initiators: ["iqn.a"] } }),
      {},
    ],
  ])("not for %s", (_what, held, after, asked) => {
    expect(drafted("release", after, asked).fingerprint).toBe(drafted("release", seen(held), asked).fingerprint);
  });

  test("once an idle clone that it deletes is on another disk", () => {
    const idle = cloneOf("idle-one");
    const unfinished = { clones: [{ id: idle.id, name: idle.name }], assignsGold: false };
    const dependents = new Map([[idle.id, { snapshots: 0, clones: [] }]]);
    const facts = (volume: typeof idle) =>
      drafted("release", seen([], { dependents }, [volume]), {}, { unfinished }).facts;
    expect(diffFacts(facts(idle), facts({ ...idle, naa: CLONE.naa }))).toEqual([
      `Clone idle-one: naa changed from ${idle.naa} to ${CLONE.naa}`,
    ]);
  });

  test.each(MOUNTING)("not once another Datacenter mounts the signature, which is in nobody's way: %s", (mode) => {
    const far = datastoreOf(CLONE, {
      id: asMoRef("datastore-far"),
      datacenterId: otherSite,
      extents: [cloneOf("far").naa],
      mounts: [{ hostId: elsewhere, mounted: true, accessible: true }],
    });
    const after = seen([CLONE], { inventory: { datastores: [datastoreOf(CLONE), far] } });
    expect(drafted(mode, after).fingerprint).toBe(drafted(mode, base).fingerprint);
  });
});

/** Lists of things come in any order; what a thing's own list tells by its order (a disk's extents) stays. */
const turned = (observation: Observation): Observation => ({
  ...observation,
  client: { ...observation.client, initiators: observation.client.initiators.toReversed() },
  family: observation.family.toReversed(),
  vms: observation.vms.map((vm) => ({ ...vm, datastoreIds: vm.datastoreIds.toReversed() })).toReversed(),
  devices: observation.devices.toReversed(),
  leftoverDatastores: observation.leftoverDatastores.toReversed(),
  signatures: new Set([...observation.signatures].toReversed()),
  array: {
    ...observation.array,
    volumes: observation.array.volumes.toReversed(),
    assignments: observation.array.assignments.toReversed(),
  },
  inventory: {
    ...observation.inventory,
    datastores: observation.inventory.datastores
      .map((one) => ({ ...one, mounts: one.mounts.toReversed() }))
      .toReversed(),
  },
  storage: {
    ...observation.storage,
    disks: observation.storage.disks.toReversed(),
    mounts: observation.storage.mounts.toReversed(),
    unresolved: observation.storage.unresolved.toReversed(),
  },
  ...(observation.files === undefined
    ? {}
    : { files: { ...observation.files, files: observation.files.files.toReversed() } }),
});

describe("a plan is the same where the same things come in another order", () => {
  const second = cloneOf("second");
  const far = asMoRef("host-3");
  const many = seen(
    [CLONE],
    {
      client: { id: client.id, name: client.name, initiators: ["iqn.a", "iqn.b"] },
      vms: [
        { ...web, datastoreIds: [...web.datastoreIds, asMoRef("datastore-8"), asMoRef("datastore-9")] },
        vmOn(CLONE, "db-01"),
      ],
      files: filesOf(["new-01", "new-02"]),
      array: { assignments: [assignmentOf(CLONE), assignmentOf(CLONE, OTHER_CLIENT_ID)] },
      inventory: {
        datastores: [
          datastoreOf(CLONE, {
            mounts: [HOST.id, far].map((hostId) => ({ hostId, mounted: hostId === HOST.id, accessible: true })),
          }),
        ],
      },
    },
    [
      { ...cloneOf("grandchild"), parent: { volumeId: CLONE.id } },
      { ...cloneOf("grandchild-2"), parent: { volumeId: CLONE.id } },
    ],
  );
  const third = cloneOf("the third");
  const unfinished = { clones: [second, third].map(({ name, id }) => ({ name, id })), assignsGold: false };

  test.each(["release", "register", "unregister"] as const)("a clone that is kept, its VMs and files: %s", (mode) => {
    const draft = (observation: Observation) => drafted(mode, observation, { keepClone: true });
    expect(draft(turned(many)).fingerprint).toBe(draft(many).fingerprint);
    expect(draft(many).facts).not.toEqual({});
  });

  test.each(MOUNTING)("three clones, two of them runs' that did not end, and what is left of two: %s", (mode) => {
    const three = seen([CLONE, second, third], {
      leftoverDatastores: [LOST, cloneOf("lost-too")].map((volume) => ({
        datastore: datastoreOf(volume, { accessible: false }),
        proof: "signature" as const,
        stillListedDisks: [],
      })),
      storage: {
        unresolved: [CLONE, second].map(({ naa }) => ({
          vmfsUuid: SIGNATURE,
          label: safeText("gold-ds"),
          extents: [{ naa, devicePath: `/vmfs/devices/disks/${naa}`, isHead: true }],
          resolvable: true,
          multipleCopies: false,
          incompleteExtents: false,
        })),
        mounts: [CLONE, second, third].map((volume) => mountOf(volume)),
      },
    });
    const draft = (observation: Observation) => drafted(mode, observation, { snapshot: NEWEST.name }, { unfinished });
    expect(draft(turned(three)).fingerprint).toBe(draft(three).fingerprint);
  });

  test("snapshots that are lost with a rollback", () => {
    const between = { ...NEWEST, id: asSnapshotId("snap-0"), name: safeText("nightly-26") };
    const of = (...snapshots: Observation["snapshots"]) =>
      drafted("rollback", seen([], { snapshots }), { snapshot: OLDEST.id });
    expect(of(between, NEWEST, OLDEST).fingerprint).toBe(of(NEWEST, between, OLDEST).fingerprint);
  });
});
