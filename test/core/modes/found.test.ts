/** What a refusal names: by id, all of what stands in the way and nothing else, and what may be asked for instead. */
import { expect, test } from "vitest";
import { PrepError } from "../../../src/core/domain/errors.ts";
import { asMoRef, asSnapshotId, asVmfsUuid, naaOf } from "../../../src/core/domain/ids.ts";
import type { Mode } from "../../../src/core/domain/modes.ts";
import { safeText } from "../../../src/core/domain/safe-text.ts";
import type { Observation } from "../../../src/core/observe/observe.ts";
import type { Vm } from "../../../src/core/ports/hypervisor.ts";
import type { Request } from "../../../src/core/request/request.ts";
import {
  assignmentOf,
  CLIENT_ID,
  CLONE,
  cloneOf,
  datastoreOf,
  drafted,
  GOLD,
  HOST,
  mountOf,
  NEWEST,
  OLDEST,
  OTHER_CLIENT_ID,
  SIGNATURE,
  seen,
  vmOn,
} from "../../support/observations.ts";

function refusal(mode: Mode, observation: Observation, asked?: Partial<Request>): PrepError {
  try {
    drafted(mode, observation, asked);
  } catch (thrown) {
    if (thrown instanceof PrepError) return thrown;
    throw thrown;
  }
  throw new Error("it was planned");
}

const elsewhere = asMoRef("host-2");
const second = cloneOf("second");
const store = datastoreOf(CLONE);
const on = (changes: Partial<Vm> = {}, name = "web-01"): Vm =>
  vmOn(CLONE, name, { powerState: "poweredOn", ...changes });
const onGold = (changes: Partial<Vm> = {}, name = "web-01"): Vm =>
  vmOn(GOLD, name, { powerState: "poweredOn", ...changes });
/** One that is not in the way, beside those that are. */
const quiet = vmOn(CLONE, "quiet");
const withStores = (...datastores: ReturnType<typeof datastoreOf>[]): Observation =>
  seen([CLONE], { inventory: { datastores } });
const other = datastoreOf(second, { id: asMoRef("datastore-other"), vmfsUuid: asVmfsUuid("5f1a2b3c-9-9-9") });
const { snapshotNames: _, ...takingNone } = seen([]).array.traits;
const KEEP = [{ kind: "plan_with", option: "keepClone" }];
const PREPARE = [{ kind: "prepare" }];

interface Case {
  readonly what: string;
  readonly mode: Mode;
  readonly seen: Observation;
  readonly asked?: Partial<Request>;
  readonly says: RegExp;
  readonly found: unknown;
  readonly next?: unknown;
  readonly hint?: RegExp;
}

test.each<Case>([
  {
    what: "several volumes",
    mode: "release",
    seen: seen([CLONE, second]),
    says: /CDS1-ESX165 has 2 volumes of AutomatedTest-VMBootImg-Gold's family assigned/,
    found: {
      assigned: [CLONE, second].map((volume) => ({
        assignmentId: assignmentOf(volume).id,
        volumeId: volume.id,
        name: volume.name,
        kind: "clone",
      })),
    },
  },
  {
    what: "an assignment through a group",
    mode: "release",
    seen: seen([CLONE], { array: { assignments: [{ ...assignmentOf(CLONE), via: "group" }] } }),
    says: /^clone is assigned to a group/,
    found: { assignmentId: assignmentOf(CLONE).id, volumeId: CLONE.id, naa: CLONE.naa },
  },
  {
    what: "gold on another client",
    mode: "maintenance",
    seen: seen([CLONE], {
      array: {
        assignments: [assignmentOf(CLONE), assignmentOf(GOLD, OTHER_CLIENT_ID), assignmentOf(second, OTHER_CLIENT_ID)],
      },
    }),
    says: /itself is assigned to CDS1-ESX166\.$/,
    found: {
      volumeId: GOLD.id,
      assignments: [{ id: assignmentOf(GOLD, OTHER_CLIENT_ID).id, clientId: OTHER_CLIENT_ID }],
    },
  },
  {
    what: "gold on a client that the array does not list",
    mode: "maintenance",
    seen: seen([], { array: { clients: [], assignments: [assignmentOf(GOLD, OTHER_CLIENT_ID)] } }),
    says: /itself is assigned to client-166\.$/,
    found: {
      volumeId: GOLD.id,
      assignments: [{ id: assignmentOf(GOLD, OTHER_CLIENT_ID).id, clientId: OTHER_CLIENT_ID }],
    },
  },
  {
    what: "a clone that another client has too",
    mode: "release",
    seen: seen([CLONE], {
      array: {
        assignments: [assignmentOf(CLONE), assignmentOf(CLONE, OTHER_CLIENT_ID), assignmentOf(second, OTHER_CLIENT_ID)],
      },
    }),
    says: /^Clone clone \(vol-clone\) is also assigned to CDS1-ESX166\.$/,
    found: {
      volumeId: CLONE.id,
      assignments: [{ id: assignmentOf(CLONE, OTHER_CLIENT_ID).id, clientId: OTHER_CLIENT_ID }],
    },
    next: KEEP,
  },
  {
    what: "a clone with snapshots",
    mode: "release",
    seen: seen([CLONE], { dependents: new Map([[CLONE.id, { snapshots: 2, clones: [] }]]) }),
    says: /has snapshots or clones of its own/,
    found: { volumeId: CLONE.id, children: [], snapshotCount: 2 },
    next: KEEP,
  },
  {
    what: "a clone of which it was not read what hangs on it",
    mode: "release",
    seen: seen([CLONE], { dependents: new Map() }),
    says: /has snapshots or clones of its own/,
    found: { volumeId: CLONE.id, children: [], snapshotCount: 0 },
    next: KEEP,
  },
  {
    what: "a clone with clones that the array tells of",
    mode: "release",
    seen: seen([CLONE], { dependents: new Map([[CLONE.id, { snapshots: 0, clones: [second.id] }]]) }),
    says: /has snapshots or clones of its own/,
    found: { volumeId: CLONE.id, children: [second.id], snapshotCount: 0 },
    next: KEEP,
  },
  {
    what: "a clone with a clone in the family",
    mode: "release",
    seen: seen([CLONE], {}, [{ ...second, parent: { volumeId: CLONE.id } }]),
    says: /has snapshots or clones of its own/,
    found: { volumeId: CLONE.id, children: [], snapshotCount: 0 },
    next: KEEP,
  },
  {
    what: "two datastores on one disk",
    mode: "release",
    seen: withStores(store, { ...store, id: asMoRef("datastore-2") }),
    says: /^2 datastores lie on disk/,
    found: { naa: CLONE.naa, datastores: [store.id, "datastore-2"].map((id) => ({ id, name: store.name })) },
  },
  {
    what: "a datastore over two disks",
    mode: "release",
    seen: withStores(datastoreOf(CLONE, { extents: [CLONE.naa, second.naa] })),
    says: /spans 2 disks/,
    found: {
      naa: CLONE.naa,
      datastores: [{ id: store.id, name: store.name }],
      extents: [CLONE.naa, second.naa],
    },
  },
  {
    what: "a datastore that others have mounted",
    mode: "release",
    seen: withStores(
      datastoreOf(CLONE, {
        mounts: [
          { hostId: HOST.id, mounted: true, accessible: true },
          { hostId: elsewhere, mounted: true, accessible: true },
          { hostId: asMoRef("host-3"), mounted: false, accessible: false },
        ],
      }),
    ),
    says: /is mounted on other hosts too/,
    found: { naa: CLONE.naa, datastores: [{ id: store.id, name: store.name }], hosts: [elsewhere] },
  },
  {
    what: "a mount of which vCenter lists no datastore",
    mode: "release",
    seen: withStores(),
    says: /has a VMFS volume mounted from clone/,
    found: { volumeId: CLONE.id, naa: CLONE.naa, vmfsUuid: SIGNATURE },
  },
  {
    what: "VMs on other hosts",
    mode: "release",
    seen: seen([CLONE], { vms: [quiet, { ...vmOn(CLONE, "web-01"), hostId: elsewhere }] }),
    says: /^1 VM on gold-ds is on another host: 1 VM: web-01\.$/,
    found: { datastore: store.id, vms: [{ id: "vm-web-01", name: "web-01", host: elsewhere }] },
  },
  {
    what: "a VM from elsewhere with a disk there",
    mode: "release",
    seen: seen([CLONE], {
      vms: [quiet, { ...vmOn(CLONE, "far"), path: "[local] far/far.vmx" }],
      devices: [
        {
          vmId: asMoRef("vm-far"),
          label: safeText("Hard disk 1"),
          fileName: safeText("[local] far/far.vmdk"),
          datastoreId: other.id,
        },
        {
          vmId: asMoRef("vm-far"),
          label: safeText("Hard disk 2"),
          fileName: safeText("[gold-ds] far/far.vmdk"),
          datastoreId: store.id,
        },
        {
          vmId: quiet.id,
          label: safeText("Hard disk 1"),
          fileName: safeText("[gold-ds] quiet/q.vmdk"),
          datastoreId: store.id,
        },
      ],
    }),
    says: /^VM far \(vm-far\) lives elsewhere, but uses Hard disk 2 on gold-ds\.$/,
    found: {
      datastore: store.id,
      vms: [{ id: "vm-far", name: "far", path: "[local] far/far.vmx" }],
      devices: [{ vm: "vm-far", label: "Hard disk 2", file: "[gold-ds] far/far.vmdk" }],
    },
    hint: /^Detach that disk or ISO/,
  },
  {
    what: "VMs from elsewhere, of which one has a disk there",
    mode: "release",
    seen: seen([CLONE], {
      vms: ["far", "farther"].map((name) => ({ ...vmOn(CLONE, name), path: `[local] ${name}/${name}.vmx` })),
      devices: [
        {
          vmId: asMoRef("vm-farther"),
          label: safeText("CD/DVD drive 1"),
          fileName: safeText("[gold-ds] tools.iso"),
          datastoreId: store.id,
        },
      ],
    }),
    says: /^VM far \(vm-far\) lives elsewhere, but uses a snapshot, working or other directory on gold-ds\.$/,
    found: {
      datastore: store.id,
      vms: ["far", "farther"].map((name) => ({ id: `vm-${name}`, name, path: `[local] ${name}/${name}.vmx` })),
      devices: [{ vm: "vm-farther", label: "CD/DVD drive 1", file: "[gold-ds] tools.iso" }],
    },
    hint: /^Give the VM another working directory/,
  },
  {
    what: "questions",
    mode: "release",
    seen: seen([CLONE], { vms: [quiet, on({ question: "Moved or copied?" })] }),
    says: /^VM web-01 \(vm-web-01\) waits for an answer: Moved or copied\?$/,
    found: { vms: [{ id: "vm-web-01", name: "web-01", question: "Moved or copied?" }] },
  },
  {
    what: "a managed VM",
    mode: "release",
    seen: seen([CLONE], { vms: [quiet, on({ managedBy: "com.example" }), on({}, "vCLS-1")] }),
    says: /^VM web-01 \(vm-web-01\) is managed by com\.example;/,
    found: {
      vms: [
        { id: "vm-web-01", name: "web-01", managedBy: "com.example" },
        { id: "vm-vCLS-1", name: "vCLS-1" },
      ],
    },
  },
  {
    what: "a VM of vSphere Cluster Services, by its name",
    mode: "unregister",
    seen: seen([CLONE], { vms: [quiet, on({}, "vCLS (1)")] }),
    says: /is managed by vSphere Cluster Services;/,
    found: { vms: [{ id: "vm-vCLS (1)", name: "vCLS (1)" }] },
  },
  {
    what: "maintenance mode",
    mode: "automated_testing",
    seen: seen([CLONE], { host: { ...HOST, inMaintenanceMode: true } }),
    says: /is in maintenance mode/,
    found: { host: HOST.id },
  },
  {
    what: "a method that is disabled",
    mode: "release",
    seen: seen([CLONE], { vms: [quiet, on({ disabled: ["powerOff"] }), { ...quiet, disabled: ["powerOff"] }] }),
    says: /^VM web-01 \(vm-web-01\) cannot be powered off/,
    found: { vms: [{ id: "vm-web-01", name: "web-01", disabled: "powerOff" }] },
  },
  {
    what: "all that keeps a datastore from being unmounted",
    mode: "release",
    seen: seen([CLONE], {
      host: { ...HOST, dumpDisk: CLONE.naa.slice("naa.".length) },
      inventory: { datastores: [datastoreOf(CLONE, { storagePod: asMoRef("group-p1"), ioControl: true })] },
      hostFiles: {
        heartbeats: [store.id],
        folders: [
          { use: "scratch", path: `/vmfs/volumes/${SIGNATURE}/.locker` },
          { use: "syslog", path: "[local] logs" },
        ],
        unread: [],
      },
    }),
    says: /is in a datastore cluster, and has Storage I\/O Control enabled, and holds vSphere HA's heartbeats, and holds the host's scratch location, and lies on the disk of the host's core dump partition, so/,
    found: {
      datastore: store.id,
      uses: [
        { use: "is in a datastore cluster", id: "group-p1" },
        { use: "has Storage I/O Control enabled" },
        { use: "holds vSphere HA's heartbeats", id: HOST.computeResource },
        { use: "holds the host's scratch location", id: HOST.id },
        { use: "lies on the disk of the host's core dump partition", id: HOST.id },
      ],
    },
  },
  {
    what: "guests on gold without tools",
    mode: "release",
    seen: seen([GOLD], { vms: [onGold(), onGold({ toolsRunning: false }, "deaf")] }),
    says: /^VM deaf \(vm-deaf\) runs on the gold volume without guest tools/,
    found: { vms: [{ id: "vm-deaf", name: "deaf" }] },
    next: [{ kind: "plan_with", option: "forcePowerOff" }],
  },
  {
    what: "a guest on gold that has lost its storage",
    mode: "release",
    seen: seen([GOLD], { vms: [onGold({ connectionState: "inaccessible" })] }),
    says: /^VM web-01 \(vm-web-01\) runs on the gold volume and has lost its storage/,
    found: { vms: [{ id: "vm-web-01", name: "web-01" }] },
    next: [{ kind: "plan_with", option: "forcePowerOff" }],
  },
  {
    what: "the signature on another host",
    mode: "automated_testing",
    seen: withStores(
      store,
      datastoreOf(second, {
        id: asMoRef("datastore-2"),
        mounts: [
          { hostId: elsewhere, mounted: true, accessible: false },
          { hostId: asMoRef("host-3"), mounted: false, accessible: false },
        ],
      }),
      other,
    ),
    says: /is mounted on host-2 in the same Datacenter \(DC1\)\.$/,
    found: [{ datastore: "datastore-2", datacenter: HOST.datacenter.id, vmfsUuid: SIGNATURE, host: elsewhere }],
  },
  {
    what: "the signature on another host that vCenter lists",
    mode: "automated_testing",
    seen: seen([], {
      inventory: {
        hosts: [HOST, { ...HOST, id: elsewhere, name: safeText("192.168.1.166") }],
        datastores: [
          datastoreOf(second, { mounts: [{ hostId: elsewhere, mounted: true, accessible: true }] }),
          { ...other, mounts: [{ hostId: elsewhere, mounted: true, accessible: true }] },
        ],
      },
    }),
    says: /is mounted on 192\.168\.1\.166 in the same Datacenter \(DC1\)\.$/,
    found: [
      { datastore: datastoreOf(second).id, datacenter: HOST.datacenter.id, vmfsUuid: SIGNATURE, host: elsewhere },
    ],
  },
  {
    what: "the signature from a stranger's disk on this host",
    mode: "automated_testing",
    seen: seen([], { storage: { mounts: [mountOf(second), mountOf(GOLD, { mounted: false })] } }),
    says: /is mounted on the host itself, from a disk that is not this LUN's/,
    found: { host: HOST.id, mounted: [{ vmfsUuid: SIGNATURE, disks: [second.naa] }] },
  },
  {
    what: "no snapshots",
    mode: "automated_testing",
    seen: seen([CLONE], { snapshots: [] }),
    says: /has no snapshots\.$/,
    found: { volumeId: GOLD.id },
  },
  {
    what: "no snapshot of that name",
    mode: "automated_testing",
    seen: seen([CLONE]),
    asked: { snapshot: "nightly-72" },
    says: /has no snapshot named nightly-72\.$/,
    found: { closest: [NEWEST.name, OLDEST.name], volumeId: GOLD.id },
  },
  {
    what: "no snapshot of that name, the nearest first",
    mode: "rollback",
    seen: seen([]),
    asked: { snapshot: "nightly-200" },
    says: /has no snapshot named nightly-200\.$/,
    found: { closest: [OLDEST.name, NEWEST.name], volumeId: GOLD.id },
  },
  {
    what: "snapshots of one name",
    mode: "automated_testing",
    seen: seen([CLONE], {
      snapshots: [
        { ...NEWEST, id: asSnapshotId("snap-0"), name: safeText("alone") },
        NEWEST,
        { ...OLDEST, name: NEWEST.name },
      ],
    }),
    asked: { snapshot: NEWEST.name },
    says: /has 2 snapshots named nightly-27\.$/,
    found: {
      snapshots: [NEWEST, OLDEST].map(({ id, createdAt }) => ({ id, name: NEWEST.name, createdAt })),
    },
  },
  {
    what: "snapshots of one instant",
    mode: "automated_testing",
    seen: seen([CLONE], { snapshots: [NEWEST, { ...OLDEST, createdAt: NEWEST.createdAt }] }),
    says: /has 2 latest snapshots, made at the same instant\.$/,
    found: {
      snapshots: [NEWEST, OLDEST].map(({ id, name }) => ({ id, name, createdAt: NEWEST.createdAt })),
    },
  },
  {
    what: "clones of snapshots that would be lost",
    mode: "rollback",
    seen: seen([], {}, [CLONE, cloneOf("of-oldest", OLDEST), { ...second, parent: { volumeId: GOLD.id } }]),
    asked: { snapshot: OLDEST.name },
    says: /^Snapshots newer than nightly-20 have clones/,
    found: {
      clones: [
        { id: CLONE.id, name: CLONE.name, snapshotId: NEWEST.id },
        { id: second.id, name: second.name },
      ],
    },
  },
  {
    what: "a snapshot on an array that takes none",
    mode: "snapshot",
    seen: seen([], { array: { traits: takingNone } }),
    asked: { newSnapshot: "today" },
    says: /^an array takes no snapshots for others/,
    found: { volumeId: GOLD.id },
  },
  {
    what: "a snapshot of that name",
    mode: "snapshot",
    seen: seen([]),
    asked: { newSnapshot: NEWEST.name },
    says: /has a snapshot nightly-27 \(snap-nightly-27\) already/,
    found: { snapshots: [{ id: NEWEST.id, name: NEWEST.name, createdAt: NEWEST.createdAt }] },
  },
  {
    what: "a snapshot whose id is that name",
    mode: "snapshot",
    seen: seen([], { snapshots: [NEWEST, { ...OLDEST, id: asSnapshotId("today") }] }),
    asked: { newSnapshot: "today" },
    says: /has a snapshot nightly-20 \(today\) already/,
    found: { snapshots: [{ id: "today", name: OLDEST.name, createdAt: OLDEST.createdAt }] },
  },
  {
    what: "VMs that run on gold while it is to be kept",
    mode: "snapshot",
    seen: seen([GOLD], { vms: [onGold(), vmOn(GOLD, "off")] }),
    asked: { newSnapshot: "today" },
    says: /^Running on the gold volume: 1 VM: web-01\.$/,
    found: { vms: [{ id: "vm-web-01", name: "web-01" }] },
    next: [{ kind: "plan_with", option: "crashConsistent" }],
  },
  {
    what: "nothing assigned",
    mode: "register",
    seen: seen([]),
    says: /^Nothing of AutomatedTest-VMBootImg-Gold is assigned to CDS1-ESX165\.$/,
    found: { client: CLIENT_ID, volumeId: GOLD.id },
    next: PREPARE,
  },
  {
    what: "no datastore",
    mode: "unregister",
    seen: withStores(),
    says: /^No datastore lies on the assigned volume clone/,
    found: { volumeId: CLONE.id, naa: CLONE.naa },
    next: PREPARE,
  },
  {
    what: "a datastore that is not accessible",
    mode: "register",
    seen: withStores(datastoreOf(CLONE, { accessible: false })),
    says: /is there, but not accessible/,
    found: { datastore: store.id, naa: CLONE.naa },
    next: PREPARE,
  },
  {
    what: "what is left of another disk, under gold that is assigned already",
    mode: "maintenance",
    seen: seen([GOLD], {
      leftoverDatastores: [
        { datastore: datastoreOf(second, { accessible: false }), proof: "signature", stillListedDisks: [second.naa] },
        { datastore: { ...other, accessible: false }, proof: "signature", stillListedDisks: [] },
      ],
    }),
    says: /^The host still has gold-ds mounted from naa\.\w+, which is not assigned any more/,
    found: [{ datastore: datastoreOf(second).id, disks: [second.naa] }],
  },
])("$what: $mode", ({ mode, seen: observation, asked, says, found, next, hint = /./ }) => {
  const error = refusal(mode, observation, asked);
  expect(error.message).toMatch(says);
  expect(error.found).toStrictEqual(found);
  expect(error.next).toEqual(next ?? []);
  expect(error.hint).toMatch(hint);
});

test("a datastore is held by a folder on it however its path is written, and by none beside it", () => {
  const withFolder = (path: string): Observation =>
    seen([CLONE], { hostFiles: { heartbeats: [], folders: [{ use: "scratch", path }], unread: [] } });
  for (const path of [
    `/vmfs/volumes/${SIGNATURE}`,
    `/vmfs/volumes/${SIGNATURE}/.locker`,
    "/vmfs/volumes/gold-ds/logs",
    "[gold-ds] logs",
    "[gold-ds]",
    `[] /vmfs/volumes/${SIGNATURE}/logs`,
  ])
    expect(refusal("release", withFolder(path)).code).toBe("UNMOUNT_BLOCKED");
  for (const path of [
    "/vmfs/volumes/gold-ds-2/logs",
    "[gold-ds-2] logs",
    "/scratch",
    naaOf("6000c29f000000000000000000000000"),
  ])
    expect(drafted("release", withFolder(path)).steps).not.toEqual([]);
  const elsewhereDumped = seen([CLONE], { host: { ...HOST, dumpDisk: second.naa.slice("naa.".length) } });
  expect(drafted("release", elsewhereDumped).steps).not.toEqual([]);
});
