/** Refuse rather than guess: each item of the domain's list, provoked on the lab, for every mode whose steps rely on it. */

import { beforeAll, describe, expect, test, vi } from "vitest";
import type { ErrorCode } from "../../../src/core/domain/errors.ts";
import type { Mode } from "../../../src/core/domain/modes.ts";
import type { PrepInputs } from "../../../src/core/request/request.ts";
import { forceMount } from "../../../src/lab/world/storage.ts";
import { commandOf } from "../../../src/text/index.ts";
import { named } from "../../support/array-under-test.ts";
import { change } from "../../support/change.ts";
import {
  assignedTo,
  type Bench,
  CLIENT,
  GOLD,
  goldOf,
  HOST,
  hostOf,
  refusal,
  withEngine,
} from "../../support/engine.ts";
import type { LabState } from "../../support/lab.ts";

let bench: Bench;
beforeAll(async () => {
  bench = await withEngine();
});

const ALL: readonly Mode[] = ["automated_testing", "maintenance", "register", "unregister", "rollback", "release"];
const CLEANING: readonly Mode[] = ["automated_testing", "maintenance", "rollback"];
const CLONING: readonly Mode[] = ["automated_testing", "rollback"];
const ON_DATASTORE: readonly Mode[] = ["register", "unregister"];
const GOLD_2 = named("AutomatedTest-VMBootImg-Gold-2");
const OTHER = "CDS1-ESX166";
/** Stands for the id of the clone that the client has. */
const CLONE_HERE = "the clone here";

interface Case {
  readonly name: string;
  readonly modes: readonly Mode[];
  readonly code: ErrorCode;
  readonly scenario: string;
  readonly touches?: readonly (readonly [string, Record<string, string>?])[];
  readonly inputs?: Partial<PrepInputs>;
  /** What must be among what was found, as ids: taken from the state and from what each touch changed. */
  readonly found?: (state: LabState, touched: readonly (readonly string[])[]) => readonly (string | undefined)[];
  readonly says?: RegExp;
}

const cloneHere = (state: LabState) => assignedTo(state).find((volume) => volume.kind === "clone");
const pairOf = (state: LabState) => [state.clients.find((client) => client.name === CLIENT)?.id, hostOf(state).id];

const CASES: readonly Case[] = [
  {
    name: "a snapshot that is not there",
    modes: CLONING,
    code: "SNAPSHOT_NOT_FOUND",
    scenario: "empty",
    inputs: { snapshot: "nightly-2001-01-01" },
    found: (state) => [goldOf(state).id],
    says: /Did you mean nightly-/,
  },
  {
    name: "several snapshots of the latest one's name",
    modes: CLONING,
    code: "SNAPSHOT_AMBIGUOUS",
    scenario: "twin-snapshots",
    found: (state) => {
      const own = state.snapshots.filter((snapshot) => snapshot.volumeId === goldOf(state).id);
      return own.filter((one) => own.filter((other) => other.name === one.name).length > 1).map((one) => one.id);
    },
  },
  {
    name: "a snapshot named that is not the only one of its name",
    modes: CLONING,
    code: "SNAPSHOT_AMBIGUOUS",
    scenario: "empty",
    touches: [
      ["new-snapshot", { lun: GOLD, name: "golden" }],
      ["new-snapshot", { lun: GOLD, name: "golden" }],
      ["new-snapshot", { lun: GOLD, name: "later" }],
    ],
    inputs: { snapshot: "golden" },
    found: (_state, touched) => touched.slice(0, 2).flat(),
  },
  {
    name: "two snapshots whose names read the same once what hides is stripped",
    modes: CLONING,
    code: "SNAPSHOT_AMBIGUOUS",
    scenario: "empty",
    touches: [
      ["new-snapshot", { lun: GOLD, name: "golden" }],
      ["new-snapshot", { lun: GOLD, name: "gol\u200bden" }],
    ],
    found: (_state, touched) => touched.flat(),
  },
  {
    name: "gold without a snapshot",
    modes: CLONING,
    code: "NO_SNAPSHOTS",
    scenario: "empty",
    touches: Array.from({ length: 5 }, () => ["delete-snapshot", { lun: GOLD }] as const),
    found: (state) => [goldOf(state).id],
  },
  {
    name: "a LUN that is not there",
    modes: ALL,
    code: "UNKNOWN_LUN",
    scenario: "clone-assigned",
    inputs: { lun: `${GOLD.slice(0, -1)}f` },
    says: new RegExp(`Did you mean .*${GOLD}`),
  },
  {
    name: "a clone named as the LUN",
    modes: ALL,
    code: "UNKNOWN_LUN",
    scenario: "clone-assigned",
    touches: [["rename-volume", { name: "my-clone" }]],
    inputs: { lun: "my-clone" },
    found: (state) => [cloneHere(state)?.id],
  },
  {
    name: "two gold LUNs of one name",
    modes: ALL,
    code: "AMBIGUOUS_LUN",
    scenario: "clone-assigned",
    touches: [["rename-volume", { lun: GOLD_2, name: GOLD }]],
    found: (state) => state.volumes.filter((volume) => volume.name === GOLD).map((volume) => volume.id),
  },
  {
    name: "a client that is not there",
    modes: ALL,
    code: "UNKNOWN_CLIENT",
    scenario: "clone-assigned",
    touches: [["rename-client", { client: CLIENT, name: "CDS1-ESX199" }]],
    says: /Did you mean .*CDS1-ESX199/,
  },
  {
    name: "two clients of one name",
    modes: ALL,
    code: "AMBIGUOUS_CLIENT",
    scenario: "clone-assigned",
    touches: [["rename-client", { client: OTHER, name: CLIENT }]],
    found: (state) => state.clients.map((client) => client.id),
  },
  {
    name: "a host that is not in vCenter",
    modes: ALL,
    code: "UNKNOWN_HOST",
    scenario: "clone-assigned",
    inputs: { client: "CDS1-ESX177", host: "192.168.1.177" },
    touches: [["rename-client", { client: CLIENT, name: "CDS1-ESX177" }]],
    says: /192\.168\.1\.1/,
  },
  {
    name: "two hosts of one name",
    modes: ALL,
    code: "AMBIGUOUS_HOST",
    scenario: "clone-assigned",
    touches: [["rename-host", { host: "192.168.1.166", name: HOST }]],
    found: (state) => state.hosts.map((host) => host.id),
  },
  {
    name: "a client and a host of different pairs",
    modes: ALL,
    code: "PAIR_CONFLICT",
    scenario: "clone-assigned",
    inputs: { client: CLIENT, host: "192.168.1.166" },
  },
  {
    name: "a paired client whose record on the array names another host",
    modes: ALL,
    code: "PAIR_CONFLICT",
    scenario: "clone-assigned",
    touches: [["readdress-client", { client: CLIENT, name: "192.168.1.166" }]],
    found: pairOf,
  },
  {
    name: "one side given that no pair knows",
    modes: ALL,
    code: "UNKNOWN_HOST",
    scenario: "clone-assigned",
    inputs: { host: "192.168.1.99" },
    says: /[Nn]ame both/,
  },
  {
    name: "a host that vCenter is not connected to",
    modes: ALL,
    code: "UNREACHABLE",
    scenario: "clone-assigned",
    touches: [["disconnect-host"]],
    found: (state) => [hostOf(state).id],
  },
  {
    name: "nothing assigned",
    modes: ON_DATASTORE,
    code: "NOTHING_ASSIGNED",
    scenario: "empty",
    found: (state) => [goldOf(state).id, pairOf(state)[0]],
  },
  {
    name: "no datastore on what is assigned",
    modes: ON_DATASTORE,
    code: "DATASTORE_NOT_FOUND",
    scenario: "empty",
    touches: [["assign", { lun: GOLD, client: CLIENT }]],
    found: (state) => [goldOf(state).id, `naa.${goldOf(state).guid}`],
  },
  {
    name: "two volumes of the family assigned",
    modes: ALL,
    code: "SEVERAL_ASSIGNED",
    scenario: "clone-assigned",
    touches: [["assign", { lun: GOLD, client: CLIENT }]],
    found: (state) => assignedTo(state).map((volume) => volume.id),
  },
  {
    name: "two datastores on one GUID",
    modes: ALL,
    code: "DATASTORE_AMBIGUOUS",
    scenario: "twin-datastores",
    found: (state) => state.datastores.map((datastore) => datastore.id).filter((id) => typeof id === "string"),
  },
  {
    name: "a datastore that spans LUNs",
    modes: ALL,
    code: "DATASTORE_SPANNED",
    scenario: "clone-assigned",
    touches: [["span-datastore"]],
    found: (state) => state.datastores.flatMap((datastore) => datastore.naa),
  },
  {
    name: "a datastore that another host has mounted",
    modes: ALL,
    code: "DATASTORE_SHARED",
    scenario: "clone-assigned",
    touches: [["share-datastore"]],
    found: (_state, touched) => touched.flat(),
  },
  {
    name: "a VM on it that is on another host",
    modes: ALL,
    code: "VM_ELSEWHERE",
    scenario: "clone-assigned",
    touches: [["move-vm"]],
    found: (state, touched) => [...touched.flat(), hostOf(state, "192.168.1.166").id],
  },
  {
    name: "a VM from elsewhere that uses a disk on it",
    modes: ALL,
    code: "VM_SPANS_DATASTORES",
    scenario: "clone-assigned",
    touches: [["foreign-disk"]],
    found: (_state, touched) => touched.flat(),
    says: /Hard disk \d/,
  },
  {
    name: "a VM from elsewhere that uses an ISO on it",
    modes: ALL,
    code: "VM_SPANS_DATASTORES",
    scenario: "clone-assigned",
    touches: [["foreign-disk", { device: "cdrom" }]],
    found: (_state, touched) => touched.flat(),
    says: /CD\/DVD drive \d/,
  },
  {
    name: "gold on another client",
    modes: ["maintenance", "rollback"],
    code: "VOLUME_IN_USE",
    scenario: "busy-elsewhere",
    found: (state) => [goldOf(state).id, ...state.assignments.map((assignment) => assignment.id)],
  },
  {
    name: "a clone to be deleted that another client has too",
    modes: CLEANING,
    code: "VOLUME_IN_USE",
    scenario: "clone-assigned",
    touches: [["assign", { lun: CLONE_HERE, client: OTHER }]],
    found: (state, touched) => [cloneHere(state)?.id, ...touched.flat()],
  },
  {
    name: "a clone to be deleted that has a snapshot",
    modes: CLEANING,
    code: "CLONE_HAS_CHILDREN",
    scenario: "clone-assigned",
    touches: [["snapshot-clone"]],
    found: (state) => [cloneHere(state)?.id],
  },
  {
    name: "the signature mounted on another host of the Datacenter",
    modes: CLEANING,
    code: "SIGNATURE_MOUNTED",
    scenario: "one-datacenter",
    found: (state) => [state.datastores[0]?.vmfsUuid, hostOf(state, "192.168.1.166").id],
    says: /Datacenter of its own/,
  },
  {
    name: "another unresolved copy of the signature",
    modes: CLEANING,
    code: "COPY_AMBIGUOUS",
    scenario: "clone-assigned",
    touches: [["stray-copy"]],
    found: (state, touched) =>
      touched.flat().map((id) => `naa.${state.volumes.find((volume) => volume.id === id)?.guid}`),
  },
  {
    name: "a running VM on gold without tools",
    modes: ["automated_testing", "unregister", "rollback"],
    code: "TOOLS_MISSING",
    scenario: "gold-assigned",
    touches: [["no-tools"]],
    found: (_state, touched) => touched.flat(),
    says: /forcePowerOff/,
  },
];

const each = CASES.flatMap((one) => one.modes.map((mode) => [one.name, mode, one] as const));

describe("refused before any token is issued, with nothing changed", () => {
  test.each(each)("%s: %s", async (_name, mode, { scenario, touches = [], inputs = {}, code, found, says }) => {
    await bench.reset(scenario);
    const touched: string[][] = [];
    const clone = { lun: cloneHere(await bench.control.state())?.id ?? "" };
    for (const [what, on = {}] of touches) {
      touched.push(await bench.control.touch(what, on["lun"] === CLONE_HERE ? { ...on, ...clone } : on));
    }
    // What was read is counted there, too.
    const { calls: _before, ...before } = await bench.control.state();
    const refused = await refusal(bench.plan(mode, inputs), code);
    const said = JSON.stringify(refused.toRecord());
    for (const id of found?.(before, touched) ?? []) expect(said).toContain(id);
    if (found !== undefined) expect(refused.found).toBeDefined();
    if (says !== undefined) expect(`${refused.message} ${refused.hint} ${JSON.stringify(refused.next)}`).toMatch(says);
    expect(await bench.app.engine.listPlans()).toEqual([]);
    const { calls: _after, ...after } = await bench.control.state();
    expect(after).toEqual(before);
    expect(before.mutations).toEqual([]);
  });

  test("the way out that the hint names leads out", async () => {
    await bench.reset("clone-assigned");
    await bench.control.touch("snapshot-clone");
    await refusal(bench.plan("automated_testing"), "CLONE_HAS_CHILDREN");
    expect(await bench.prep("automated_testing", { keepClone: true })).toMatchObject({ state: "succeeded" });
  });

  test("a mount on this very host that is nobody's to clean up counts as well", async () => {
    await bench.reset("empty");
    const [stray] = await bench.control.touch("stray-copy");
    const { world } = bench.lab;
    const [host] = world.model.hosts;
    change(world, forceMount, host?.id ?? "", `/vmfs/devices/disks/${host?.unresolved[0]?.naa}:1`);
    // What the family's signature is shows on the other host, in another Datacenter.
    await bench.prep("automated_testing", { client: OTHER });
    const refused = await refusal(bench.plan("automated_testing"), "SIGNATURE_MOUNTED");
    const guid = (await bench.control.state()).volumes.find((volume) => volume.id === stray)?.guid;
    expect(JSON.stringify(refused.found)).toContain(guid);
  });

  test.each(CLEANING)("%s: a copy that its label alone tells to be of this LUN: COPY_AMBIGUOUS", async (mode) => {
    const fresh = await withEngine({ scenario: "empty" });
    const [stray] = await fresh.control.touch("stray-copy");
    const refused = await refusal(fresh.plan(mode), "COPY_AMBIGUOUS");
    const { volumes } = await fresh.control.state();
    expect(JSON.stringify(refused.found)).toContain(volumes.find((volume) => volume.id === stray)?.guid);
    // Another gold's family is not concerned.
    expect(await fresh.plan(mode, { lun: "Gold2" })).toMatchObject({ mode });
  });

  test("a volume of the family whose NAA another volume has as well: SAME_NAA", async () => {
    await bench.reset("clone-assigned");
    const [clone] = assignedTo(await bench.control.state());
    const foreign = goldOf(await bench.control.state(), GOLD_2);
    const other = bench.lab.world.model.volumes.find((volume) => volume.id === foreign.id);
    change(bench.lab.world, function shareNaa() {
      if (other !== undefined) other.guid = clone?.guid ?? "";
    });
    for (const mode of ALL) {
      const refused = await refusal(bench.plan(mode), "SAME_NAA");
      for (const volume of [clone, foreign]) expect(JSON.stringify(refused.found)).toContain(volume?.id);
    }
  });

  test("a clone that the array makes with an NAA that is taken is not assigned", async () => {
    await bench.reset("clone-assigned");
    // Gold and clone cannot be told apart, by the observer either.
    bench.changesWithoutPlans("reset");
    const plan = await bench.plan("automated_testing");
    const before = await bench.control.state();
    const gold = goldOf(before);
    change(bench.lab.world, function repeatItself({ ids }) {
      Object.defineProperty(ids, "guid", { value: () => gold.guid });
    });
    expect(await bench.run(plan)).toMatchObject({ state: "failed", error: { code: "SAME_NAA" } });
    const ids = (state: LabState) => assignedTo(state).map((volume) => volume.id);
    expect(ids(await bench.control.state())).toEqual(ids(before));
  });

  test("another run that holds the family or the client: LOCKED", async () => {
    await bench.reset("clone-assigned");
    const plan = await bench.plan("automated_testing");
    const waiting = await bench.plan("automated_testing", { lun: "Gold2" });
    await bench.control.faults({ api: "dgs", op: "CloneSnapshot", action: "slow:1500" });
    const run = await bench.app.engine.confirm(plan.planToken ?? "", bench.actor, { waitMs: 0 });
    const refused = await refusal(bench.plan("maintenance"), "LOCKED");
    expect(JSON.stringify(refused.found)).toContain(run.runId);
    await refusal(bench.plan("maintenance", { client: OTHER }), "LOCKED");
    await refusal(bench.app.engine.confirm(waiting.planToken ?? "", bench.actor), "LOCKED");
    // Work on another client that reads gold alone goes on beside it.
    await bench.plan("automated_testing", { client: OTHER });
    expect(await bench.app.engine.getRun(run.runId, { waitMs: 20_000 })).toMatchObject({ state: "succeeded" });
  });
});

describe("allowed, with a warning", () => {
  test("a VM on the datastore that has a disk elsewhere", async () => {
    await bench.reset("clone-assigned");
    await bench.control.touch("foreign-disk", { vm: "db-01" });
    const plan = await bench.plan("automated_testing");
    expect(plan.warnings.join()).toMatch(/db-01 uses Hard disk \d elsewhere/);
    expect(await bench.run(plan)).toMatchObject({ state: "succeeded" });
  });

  test("the signature mounted in another Datacenter, for every mode that mounts", async () => {
    for (const mode of CLEANING) {
      await bench.reset("same-gold");
      const plan = await bench.plan(mode);
      expect(plan.warnings.join()).toMatch(/another Datacenter: VM identities and MAC addresses/);
    }
  });

  test("gold assigned after the snapshot was made", async () => {
    await bench.reset("gold-assigned");
    expect((await bench.plan("automated_testing")).warnings.join()).toMatch(/changes since then are not in this clone/);
    await bench.prep("automated_testing");
    expect((await bench.plan("automated_testing")).warnings.join()).toMatch(/was assigned after snapshot/);
    const command = commandOf(await bench.plan("automated_testing"));
    const [, snapshot = ""] = / -s (\S+)/.exec(command) ?? [];
    // An array may tell no more than the second in which a snapshot was made: one of the same second is warned of.
    await vi.waitFor(async () => {
      await bench.control.touch("new-snapshot", { lun: GOLD });
      expect((await bench.plan("automated_testing")).warnings.join()).not.toMatch(/changes since then/);
    }, 5_000);
    expect((await bench.plan("automated_testing", { snapshot })).warnings.join()).toMatch(
      /was assigned after snapshot/,
    );
  });

  test("a snapshot named where none is used, which the command leaves out", async () => {
    await bench.reset("clone-assigned");
    const plan = await bench.plan("maintenance", { snapshot: "whatever" });
    expect(plan.warnings.join()).toMatch(/does not use one/);
    expect(commandOf(plan)).not.toContain("-s");
  });
});
